"""Storms: random commands over the real protocol, with kills of page, server and worker at random moments.

Whatever was acknowledged is there afterwards, and what the page shows, kept by its patches, is what the server holds.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import websockets
from drawing import some

sys.path.insert(0, str(Path(__file__).parent / "browser"))

from editor_page import Server

from spark.editor.draft import apply
from spark.io.model_file import INPUT, OUTPUT, write_document

CALM, KILLS = [""] * 5, ["server", "page", "worker"]
EXAMPLES = ("noise", "cartpole", "nested")


class Gone(Exception):
    """The line broke."""


class Client:
    """A page without a screen: the document by its first greeting and by every patch since."""

    def __init__(self, server, session=None):
        self.server, self.session, self.number = server, session, 0
        self.document = None
        self.key = None

    async def connect(self):
        more = f"?session={self.session}" if self.session else ""
        address = f"ws://127.0.0.1:{self.server.port}/ws{more}"
        headers = {"Authorization": f"Bearer {self.server.token}"}
        # No answer is late on a machine that does much else; who is gone breaks the line.
        patience = {"open_timeout": 300, "ping_interval": None, "max_size": None}
        self.line = await websockets.connect(address, additional_headers=headers, **patience)
        while self.document is None or self.session is None:
            self.take(await self.line.recv())

    def take(self, said):
        """What the server says; returns the number of the request that it answers, if it does."""
        if isinstance(said, bytes):
            return None, None
        message = json.loads(said)
        if message.get("push") in ("hello", "document"):
            self.document, self.key = message["document"], message["key"]
            self.session = message.get("session", self.session)
        elif message.get("push") == "patch":
            apply(self.document, message["patch"])
        return message.get("reply"), message

    async def ask(self, do, **arguments):
        """The answer to a request.

        Raises:
            Gone: The line broke before it came.
        """
        self.number += 1
        try:
            await self.line.send(json.dumps({"id": self.number, "do": do, **arguments}))
            while True:
                answered, message = self.take(await self.line.recv())
                if answered == self.number:
                    return message
        except websockets.ConnectionClosed as error:
            raise Gone from error

    async def close(self):
        with contextlib.suppress(Exception):
            await self.line.close()


def some_commands(draw, document):
    """One to three commands that a page could send."""
    return [one_command(draw, document) for _ in range(draw.randint(1, 3))]


def one_command(draw, document):
    nodes, edges, notes = (sorted(document[t]) for t in ("nodes", "edges", "notes"))
    some = [k for k in nodes if draw.random() < 0.4] or nodes[:1] or ["n1"]
    key = draw.choice(nodes) if nodes else "n1"
    other = draw.choice(nodes) if nodes else "n2"
    place = {"x": draw.randint(-500, 500), "y": draw.randint(-500, 500)}
    kinds = ("LIFNeuron", "Pool", "PoissonSpiker", "ExponentialIntegrator", "ALIFNeuron", INPUT, OUTPUT, "NoSuchThing")
    ports = ("value", "spikes", "out_spikes", "signal"), ("in_spikes", "signal", "value", "excitation", "fast")
    pools = [k for k in nodes if document["nodes"][k]["type"] == "Pool"]
    pool, receptor, dendrite = draw.choice(pools or [key]), draw.choice(["excitation", "fast"]), draw.choice("de")
    receptors = [f"{kind}Config" for kind in ("Jump", "AlphaCurrent", "NMDA")]
    dendrites = [f"{kind}DendriteConfig" for kind in ("Leaky", "Plateau", "Backpropagating")]
    return draw.choice(
        [
            {"do": "add", "type": draw.choice(kinds), **place},
            {"do": "add", "type": draw.choice(kinds), **place},
            {"do": "remove", "ids": [draw.choice([key, *edges])]},
            {"do": "move", "places": {k: [place["x"], place["y"]] for k in some}},
            {"do": "rename", "id": key, "name": draw.choice(["a", "b", "über", "pool", "1x"])},
            {"do": "configure", "ids": [key], "path": ["units"], "value": [draw.randint(1, 50)]},
            {"do": "configure", "ids": [key], "path": ["soma", "threshold"], "value": -draw.random() * 50},
            {"do": "configure", "ids": [key], "path": ["units"], "reset": True},
            {"do": "connect", "begin": [key, draw.choice(ports[0])], "end": [other, draw.choice(ports[1])]},
            {"do": "put_projection", "id": draw.choice(edges or ["e1"]), "own": draw.choice([True, False])},
            {"do": "put_receptor", "id": pool, "name": receptor, "receptor": draw.choice(receptors)},
            {"do": "rename_receptor", "id": pool, "name": receptor, "to": draw.choice(["excitation", "fast", "soma"])},
            {"do": "remove_receptor", "id": pool, "name": receptor},
            {"do": "put_dendrite", "id": pool, "name": dendrite, "dendrite": draw.choice(dendrites)},
            {"do": "configure", "ids": [pool], "path": ["onto", receptor], "value": dendrite},
            {"do": "rename_dendrite", "id": pool, "name": dendrite, "to": draw.choice("de")},
            {"do": "remove_dendrite", "id": pool, "name": dendrite},
            {"do": "put_note", "text": f"note {draw.random()}", "id": draw.choice([None, *notes]), **place},
            {"do": "group", "ids": some, "name": "frame"},
            {"do": "encapsulate", "ids": some},
            {"do": "unpack", "id": key},
            {"do": "lay_out"},
            {"do": "set_meta", "key": "seed", "value": draw.randint(0, 99)},
            {"do": "set_run", "key": "speed", "value": draw.randint(0, 3)},
            {"do": "set_input", "name": "level", "source": {"value": draw.random()}},
            {"do": "put_probe", "path": "pool.out_spikes", "view": draw.choice(["raster", "rate"])},
        ]
    )


def workers(server):
    """The brains' processes of an editor."""
    listed = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    found = []
    for child in listed.read_text().split():
        with contextlib.suppress(OSError):
            if b"spark.editor.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


EDITS = ("apply", "undo", "redo")


class Storm:
    """One page, its editor, and what was promised to it.

    Attributes:
        promised: The document by the last answer; None where it is not known.
        done: Edits that were acknowledged.
    """

    def __init__(self, server, seed, threats):
        self.server, self.seed, self.threats = server, seed, threats
        self.draw = random.Random(seed)
        self.promised, self.done = None, 0
        # A brain that is built takes seconds: one storm in four runs it.
        self.others = ["run", "pause", "step"] if seed % 4 == 0 else ["save"]

    async def rage(self, steps):
        self.page = Client(self.server)
        await self.page.connect()
        await self.page.ask("open_example", name=self.draw.choice(EXAMPLES))
        self.promised = write_document(self.page.document)
        for _ in range(steps):
            threat = self.draw.choice(self.threats)
            request = self.draw.choice([*["apply"] * 8, "undo", "redo", *self.others])
            known = await self.ask(request, threat)
            await self.check(request, threat, known)
            held = json.loads((await self.page.ask("export", kind="model"))["ok"]["text"])
            assert write_document(held) == write_document(self.page.document), (self.seed, "shown and held differ")
        await self.page.close()
        return self.done

    async def ask(self, request, threat):
        """Ask, with a threat on the way; returns whether the answer came."""
        commands = some_commands(self.draw, self.page.document)
        given = {"apply": {"commands": commands}, "step": {"steps": 3}, "save": {"path": "storm", "overwrite": True}}
        if threat == "worker":
            for process in workers(self.server):
                os.kill(process, signal.SIGKILL)
        asked = asyncio.create_task(self.page.ask(request, **given.get(request, {})))
        if threat in ("server", "page"):
            # At any moment: before it is sent, while it is done, when it is answered.
            await asyncio.sleep(self.draw.choice([0, 0.001, 0.003, 0.01, 0.03]))
            if threat == "server":
                self.server.kill()
            else:
                await self.page.close()
        try:
            answer = await asyncio.wait_for(asked, 120)
        except Gone:
            return False
        if "ok" in answer and request in EDITS:
            self.done += 1
            self.promised = write_document(self.page.document)
        return True

    async def check(self, request, threat, known):
        """Come back after a kill, and compare with what was promised."""
        if threat in ("server", "page"):
            if threat == "server":
                await asyncio.to_thread(self.server.start, self.server.port)
            self.page = Client(self.server, self.page.session)
            await self.page.connect()
        now = write_document(self.page.document)
        if self.promised is None or known or request not in EDITS:
            assert self.promised in (None, now), (self.seed, request, threat)
        elif threat == "page":
            # The last command of a page that was closed may be done after the next page was greeted.
            self.promised = None
        elif now != self.promised:
            # What was on its way is there whole: taking it back leads to what was promised.
            back, again = ("redo", "undo") if request == "undo" else ("undo", "redo")
            for step, wanted in ((back, self.promised), (again, now)):
                await self.page.ask(step)
                assert write_document(self.page.document) == wanted, (self.seed, request, step)
            self.promised = now


class Editor(Server):
    """An editor whose token the test knows."""

    token = "a-token-that-the-storm-knows"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("storms")
    (base / "files").mkdir()
    made = Editor(base / "files", base / "drafts", "--token", Editor.token)
    yield made
    if made.process.poll() is None:
        made.stop()


def run_storm(server, seed, steps, threats):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, Storm(server, seed, threats).rage(steps)).result()


# Seven more and a hundred below, in `make verify`: they differ in the commands alone.
@pytest.mark.thorough
@pytest.mark.parametrize("seed", some(range(8), 8))
def test_no_acknowledged_edit_is_lost_in_a_storm_of_commands_and_kills(server, seed):
    assert run_storm(server, seed, 20, [*CALM, *CALM, *KILLS]) > 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_no_acknowledged_edit_is_lost_in_a_hundred_storms(server, seed):
    run_storm(server, seed, 40, [*CALM, *KILLS])
