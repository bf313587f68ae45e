"""A session with its pages and its brain: one document, the connections that show it, the worker that runs it."""

import asyncio
import contextlib
from collections import deque
from typing import Any, Protocol

from spark.core.errors import Problem, RunError, SparkError
from spark.core.memory import free_memory
from spark.editor.checker import SHARED, Checker
from spark.editor.draft import Shapes, snapshot
from spark.editor.ports import (
    by_config,
    configured_ports,
    inputs,
    means_defaults,
    outputs,
    port_list,
    ports_by_wires,
    unknown,
)
from spark.editor.run_problems import run_problems
from spark.editor.runner import Runner
from spark.editor.session import Session
from spark.editor.shapes import heavy_nodes
from spark.io.graph_config import Located, brain_config
from spark.io.model_file import BRAIN, Document

CHECK_SECONDS = 0.05
MOST_FRAMES = 32
MOST_WAITING = 5000


class Connection:
    """What waits to be sent to one page. Frames that nobody takes are dropped, the oldest first."""

    def __init__(self) -> None:
        self.texts: deque[dict[str, Any]] = deque()
        self.frames: deque[bytes] = deque(maxlen=MOST_FRAMES)
        self.ready = asyncio.Event()
        self.lost = False

    def push(self, value: dict[str, Any]) -> None:
        """Queue plain data."""
        if len(self.texts) >= MOST_WAITING:
            self.lost = True
        else:
            self.texts.append(value)
        self.ready.set()

    def show(self, data: bytes) -> None:
        """Queue a frame."""
        self.frames.append(data)
        self.ready.set()


class Shelf(Protocol):
    """The drafts that no page shows."""

    def drafts(self) -> list[dict[str, Any]]:
        """All of them, the newest first."""
        ...

    async def release(self, draft: object) -> None:
        """Let go of a draft, so that it can be taken up or deleted.

        Raises:
            FormatError: There is no such draft, or a page shows it.
        """


class Live:
    """A session that is open.

    Args:
        session: The session.
        checkpoint: File of the brain that it began with, if that one had a state.
        shelf: Where the drafts are that no page shows.
        checker: Builds brains to check them.
    """

    def __init__(
        self,
        session: Session,
        checkpoint: str | None = None,
        shelf: Shelf | None = None,
        checker: Checker = SHARED,
    ) -> None:
        self.session, self.checkpoint, self.shelf = session, checkpoint, shelf
        self._checker = checker
        self.connections: set[Connection] = set()
        # Of the brain, and of how it is to be run.
        self.problems: list[Located] = []
        self.run_problems: list[Located] = []
        self.shapes: Shapes = {}
        self.sizes: dict[str, int] = {}
        self.runner = Runner(self._tell_run, self._show_frame)
        self.run_lock = asyncio.Lock()
        self._check: asyncio.Task[None] | None = None
        self._sent: tuple[Any, Any, Any] | None = None

    def push(self, value: dict[str, Any]) -> None:
        """Tell all pages."""
        for connection in self.connections:
            connection.push(value)

    def _tell_run(self, status: dict[str, Any]) -> None:
        self.push({"push": "run", **status})

    def _show_frame(self, data: bytes) -> None:
        for connection in self.connections:
            connection.show(data)

    def heads(self) -> dict[str, Any]:
        """What changes with every command beside the document."""
        history = self.session.history
        return {
            "revision": history.revision,
            "can_undo": bool(history.done),
            "can_redo": bool(history.undone),
            "dirty": self.session.dirty,
            "file": self.session.file,
            "key": self.session.key,
            "undrafted": self.session.undrafted,
        }

    def whole(self) -> dict[str, Any]:
        """Everything a page needs to begin."""
        return {"document": self.session.document, **self.heads(), **self.checked(), "run": self.runner.status}

    def checked(self) -> dict[str, Any]:
        """Problems, and what is at the ports."""
        known = {f"{node}.{port}": [list(shape), dtype] for (node, port), (shape, dtype, _) in self.shapes.items()}
        heavy = {"sizes": self.sizes, "memory": free_memory() if self.sizes else None}
        return {
            "problems": [p.to_dict() for p in (*self.problems, *self.run_problems)],
            "shapes": known,
            "ports": self._ports(),
            **heavy,
        }

    def _ports(self) -> dict[str, Any]:
        """Ports of nodes that the catalogue cannot know.

        These are brains inside the brain, types that are not installed, and pools, whose ports follow from configs.
        """
        document, found = self.session.document, {}
        for key, node in document["nodes"].items():
            if node["type"] == BRAIN:
                ins, outs = inputs(document, key), outputs(document, key)
            elif unknown(node):
                ins, outs = ports_by_wires(document, key)
            elif by_config(node["type"]):
                found[key] = self._configured(document, key)
                continue
            else:
                continue
            found[key] = {"inputs": port_list(ins), "outputs": port_list(outs)}
        return found

    def _changed_ports(self, patch: Any) -> dict[str, Any]:
        """Ports as they are now, where a change may concern them: a new receptor is drawn before a check has ended."""
        bare = [{**(node or {}), "ui": None} for table, _, *both in patch if table == "nodes" for node in both]
        return {"ports": self._ports()} if bare[::2] != bare[1::2] else {}

    @staticmethod
    def _configured(document: Document, key: str) -> dict[str, Any]:
        """Ports that follow from a node's config; a wire into a `projected` one has settings.

        At a `preset`, a wire without settings of its own is what the node's fields say.
        """
        node = document["nodes"][key]
        made, sound = configured_ports(node)
        # Where a config no longer says which ports there are, the wires do.
        wired = {} if sound else ports_by_wires(document, key)[0]
        ins = {**made.inputs, **{port: t for port, t in wired.items() if port not in made.optional}}
        listed = port_list(ins, made.optional)
        for port in listed:
            if port["name"] in made.projected:
                port |= {"projected": True, "preset": not means_defaults(node, port["name"])}
        return {"inputs": listed, "outputs": port_list(made.outputs)}

    def changed(self, patch: Any) -> None:
        """Tell the pages what a command did, check the document, and hand it to a brain that runs."""
        if patch:
            self.push({"push": "patch", "patch": patch, **self.heads(), **self._changed_ports(patch)})
        self.check_soon()

    async def replaced(self) -> None:
        """Tell the pages that the whole document is another; the run of the one before is over."""
        self.checkpoint = None
        await self.close()
        self.runner.forget_all()
        self._look_at(self.session.document)
        self.shapes = {}
        self.push({"push": "document", **self.whole()})
        self.check_soon()

    async def known_shapes(self) -> Shapes:
        """What is at the ports of the document as it is now; meanwhile other requests are answered."""
        document = snapshot(self.session.document)
        return {} if brain_config(document)[0] is None else (await self._checker.check(document))[0]

    def _look_at(self, document: Document) -> bool:
        """The quick part of a check, which builds nothing; returns whether the document describes a brain."""
        config, self.problems = brain_config(document)
        self.run_problems = [] if config is None else run_problems(document, config)
        self.sizes = {} if config is None else heavy_nodes(document, config)
        return config is not None

    def check_soon(self) -> None:
        """Check in the background; checks that are overtaken are left out."""
        if self._check is None or self._check.done():
            self._check = asyncio.create_task(self._check_all())

    async def _check_all(self) -> None:
        """Until nothing has changed while a check was under way, or while the brain that runs took it over."""
        mark = None
        while mark != self._mark():
            mark = self._mark()
            document = snapshot(self.session.document)
            # The quick part at once, so that a badge is there before a finger is off its key.
            whole = self._look_at(document)
            self.push({"push": "checked", "revision": mark[1], **self.checked()})
            await asyncio.sleep(CHECK_SECONDS)
            if mark != self._mark():
                continue
            found = await self._checker.check(document) if whole else ({}, self.problems)
            if mark != self._mark():
                continue
            self.shapes, self.problems = found
            self.push({"push": "checked", "revision": mark[1], **self.checked()})
            await self._update_run()

    def _mark(self) -> tuple[Any, int]:
        """What the document is now: another document begins with the same revision."""
        return self.session.history, self.session.history.revision

    def plan(self) -> tuple[Any, Any, Any] | None:
        """Config, settings and probes as plain data for the worker, or None if the document has problems."""
        config, found = brain_config(self.session.document)
        if config is None or found or run_problems(self.session.document, config):
            return None
        # A snapshot: what was sent is compared with what the document says later.
        return config.to_dict(), self._settings(), snapshot(self.session.document)["probes"]

    def _settings(self) -> dict[str, Any]:
        """How the brain is run, paths of files resolved."""
        settings = dict(self.session.document["run"])
        given = {}
        for name, source in (settings.get("inputs") or {}).items():
            source = dict(source) if isinstance(source, dict) else {"value": source}
            if "file" in source:
                source["file"] = str(self.session.root.resolve(source["file"], (".npy", ".csv")))
            given[name] = source
        return {**settings, "inputs": given}

    async def _update_run(self) -> None:
        """Hand a changed document to the brain that runs, if it is whole."""
        if not self.runner.alive or self._sent is None:
            return
        try:
            async with self.run_lock:
                plan = self.plan()
                if plan is None or plan == self._sent:
                    return
                config, settings, probes = plan
                await self.runner.ask("swap", config=config, settings=settings, probes=probes)
                self._sent = plan
        except SparkError as error:
            self.push({"push": "run", "failed": [vars(p) for p in error.problems]})

    async def load(self) -> None:
        """Build the document's brain in the worker, if it is another than the one there.

        Raises:
            RunError: The document has problems.
        """
        plan = self.plan()
        if plan is None:
            config, found = brain_config(self.session.document)
            found = found if config is None else run_problems(self.session.document, config)
            raise RunError([p.problem for p in found])
        if self.runner.alive and self._sent is not None and self._sent[0] == plan[0]:
            if self._sent != plan:
                await self.runner.ask("settings", settings=plan[1], probes=plan[2])
        else:
            asked = {"config": plan[0], "settings": plan[1], "probes": plan[2], "checkpoint": self.checkpoint}
            try:
                await self.runner.ask("load", **asked)
            except RunError as error:
                raise RunError([self._name_the_largest(p) for p in error.problems]) from error
            # A brain that came with its state goes on from it, once; one that was refused has not begun.
            self.checkpoint = None
        self._sent = plan

    def _name_the_largest(self, problem: Problem) -> Problem:
        """A problem with memory at the node that needs most of it."""
        document = self.session.document
        config, _ = brain_config(document)
        sizes = {} if config is None else heavy_nodes(document, config)
        if problem.kind != "memory" or not sizes:
            return problem
        key = max(sizes, key=lambda k: sizes[k])
        text = f"{problem.message}; it needs about {sizes[key] / 1e9:,.1f} GB"
        return Problem(
            document["nodes"][key]["name"], text, "Give it fewer units, or connections that are sparse", "memory"
        )

    async def stand_still(self) -> None:
        """Pause the brain if no page shows it, also one that is just being built."""
        with contextlib.suppress(SparkError):
            async with self.run_lock:
                if self.runner.alive and not self.connections:
                    await self.runner.ask("pause")

    async def close(self) -> None:
        """End the worker."""
        self._sent = None
        await self.runner.stop()
