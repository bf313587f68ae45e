"""The server with a real socket: many messages, slow ones, the token kept out of every log, `spark edit` itself."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import websockets

import spark
from spark.editor import gallery
from spark.editor.checker import SHARED
from spark.editor.launch import GraphEditor
from spark.editor.protocol import header_of
from spark.io.graph_config import brain_config


@pytest.fixture
def editor(tmp_path):
    editor = GraphEditor(folder=tmp_path, drafts=tmp_path / "drafts").launch(browser=False)
    yield editor
    editor.close()


def in_loop(coroutine):
    """Run in a thread of its own: a browser's tests may have left a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def connect(editor, **more):
    headers = {"Authorization": f"Bearer {editor.guard.token}"}
    return websockets.connect(
        f"ws://127.0.0.1:{editor.port}/ws", additional_headers=headers, max_size=None, open_timeout=300, **more
    )


async def ask(line, number, do, **arguments):
    await line.send(json.dumps({"id": number, "do": do, **arguments}))
    while True:
        said = await line.recv()
        if isinstance(said, str) and json.loads(said).get("reply") == number:
            return json.loads(said)


@pytest.mark.thorough
def test_a_flood_from_one_page_does_not_keep_another_waiting(editor):
    """The quiet page has all its answers long before the noisy one; in one queue it would have them after it."""
    asked, answers = 20_000, []

    async def flood(line):
        for i in range(asked):
            await line.send(json.dumps({"id": i, "do": "undo"}))

    async def listen(line):
        async for said in line:
            answers.append(said)

    async def both():
        async with connect(editor) as noisy, connect(editor) as quiet:
            tasks = [asyncio.create_task(flood(noisy)), asyncio.create_task(listen(noisy))]
            while not answers:
                await asyncio.sleep(0)
            for i in range(20):
                await ask(quiet, i, "undo")
            answered = len(answers)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return answered

    assert 0 < in_loop(both()) < asked / 2


def test_half_a_request_keeps_nobody_waiting(editor):
    """A request is answered while fifty others stand half written, and none of them was given up for it."""
    slow = [socket.create_connection(("127.0.0.1", editor.port)) for _ in range(50)]
    for one in slow:
        one.sendall(b"GET / HTTP/1.1\r\nHost:")

    async def one():
        async with connect(editor) as line:
            return await ask(line, 1, "undo")

    assert "ok" in in_loop(one())
    for each in slow:
        each.setblocking(False)
        with pytest.raises(BlockingIOError):
            each.recv(1)
        each.close()


def test_a_brain_runs_pauses_and_ends_with_its_server(editor):
    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "open_example", name="noise")
            await ask(line, 2, "run")
            while not isinstance(await line.recv(), bytes):
                pass  # The first picture of the run comes after its first steps.
            paused = await ask(line, 3, "pause")
            stepped = await ask(line, 4, "step", steps=7)
            return paused["ok"], stepped["ok"]

    paused, stepped = in_loop(one())
    assert paused["phase"] == "paused" and paused["step"] > 0
    assert stepped["step"] == paused["step"] + 7
    (live,) = editor.editor.sessions.values()
    process = live.runner._process
    editor.close()
    assert process.returncode is not None


def test_a_brain_with_problems_does_not_run_and_says_why(editor):
    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "open_example", name="noise")
            await ask(
                line, 2, "apply", commands=[{"do": "configure", "ids": ["n2"], "path": ["max_freq"], "value": -1}]
            )
            return await ask(line, 3, "run")

    (problem,) = in_loop(one())["error"]["problems"]
    assert problem["address"] == "noise.config.max_freq" and "> 0 Hz" in problem["message"]


def test_a_brain_that_is_too_large_for_the_memory_is_refused_by_the_name_of_its_largest_part(editor):
    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "open_example", name="noise")
            large = {"do": "configure", "ids": ["n3"], "path": ["units"], "value": [10**12]}
            await ask(line, 2, "apply", commands=[large])
            return await ask(line, 3, "run")

    (problem,) = in_loop(one())["error"]["problems"]
    assert problem["address"] == "pool" and problem["kind"] == "memory"
    text = r"needs too much memory for 10,000,000,000,000 connections, got .*; it needs about [\d,.]+ GB"
    assert re.fullmatch(text, problem["message"])
    assert "fewer units" in problem["fix"]


@pytest.mark.thorough
def test_a_probe_that_is_added_later_is_watched_from_the_next_step_on(editor):
    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "open_example", name="noise")
            await ask(line, 2, "step", steps=10)
            probe = {"do": "put_probe", "path": "pool.soma.refractory", "view": "trace"}
            (made,) = (await ask(line, 3, "apply", commands=[probe]))["ok"]["results"]
            await line.send(json.dumps({"id": 4, "do": "step", "steps": 10}))
            seen = []
            while True:
                said = await line.recv()
                if isinstance(said, bytes):
                    seen.append(header_of(said)["probe"])
                elif json.loads(said).get("reply") == 4:
                    return made["id"], seen

    made, seen = in_loop(one())
    assert made in seen


def threshold_of(sent):
    """Of the pool in a document as a worker was sent it."""
    return sent["modules_map"]["pool"]["config"]["soma"]["threshold"]


def test_every_change_reaches_a_brain_that_runs_whenever_it_comes(editor):
    """Also one that comes while the change before it is checked, or taken over by the brain."""

    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "open_example", name="noise")
            await ask(line, 2, "step", steps=1)
            (live,) = editor.editor.sessions.values()
            for number, wait in enumerate((0.0, 0.02, 0.06, 0.1, 0.2, 0.4), 3):
                value = float(-number)
                change = {"do": "configure", "ids": ["n3"], "path": ["soma", "threshold"], "value": value}
                await ask(line, number, "apply", commands=[change])
                await asyncio.sleep(wait)
            # Only a hang takes that long, however busy the machine.
            async with asyncio.timeout(1200):
                while not (threshold_of(live._sent[0]) == value and live._check.done()):
                    await asyncio.sleep(0.05)
            return live._check.exception()

    assert in_loop(one()) is None


def test_a_check_of_a_document_that_was_replaced_says_nothing_of_the_new_one(editor, monkeypatch):
    real = SHARED.check

    async def slow(document):
        await asyncio.sleep(0.5)
        return await real(document)

    monkeypatch.setattr(SHARED, "check", slow)

    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "open_example", name="noise")
            await asyncio.sleep(0.2)
            await ask(line, 2, "open_example", name="plastic")
            (live,) = editor.editor.sessions.values()
            while not live._check.done():
                await asyncio.sleep(0.05)
            return {node for node, _ in live.shapes}, set(live.session.document["nodes"]), len(live.shapes)

    shown, nodes, count = in_loop(one())
    assert shown <= nodes and count == 3


def test_a_module_that_raises_when_it_is_built_is_a_problem_and_no_silence(editor, monkeypatch):
    from spark.editor import shapes

    def broken(brain):
        raise ZeroDivisionError("a mistake of its author")

    monkeypatch.setattr(shapes, "build", broken)
    shapes._deep_check.cache_clear()
    _, (found,) = shapes.deep_check(gallery.document("noise"))
    shapes._deep_check.cache_clear()
    assert "building it raised ZeroDivisionError: a mistake of its author" in str(found.problem)


def test_a_running_brain_goes_on_from_its_step(tmp_path):
    brain = spark.nn.Brain(brain_config(gallery.document("noise"))[0])
    inputs = {"level": spark.FloatArray(np.full(50, 0.3, np.float32))}
    spark.run(brain, 123, inputs)
    editor = GraphEditor(brain, folder=tmp_path, drafts=tmp_path / "drafts").launch(browser=False)

    async def one():
        async with connect(editor) as line:
            first = await ask(line, 1, "step", steps=1)
            await ask(line, 2, "reset")
            return first["ok"]["step"], (await ask(line, 3, "step", steps=1))["ok"]["step"]

    try:
        assert in_loop(one()) == (124, 1)
    finally:
        editor.close()


@pytest.mark.thorough
def test_an_error_inside_a_run_reaches_the_page_and_the_next_run_works(editor):
    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "open_example", name="noise")
            await ask(line, 2, "apply", commands=[{"do": "set_run", "key": "environment", "value": "Nowhere-v1"}])
            failed = await ask(line, 3, "run")
            await ask(line, 4, "apply", commands=[{"do": "set_run", "key": "environment"}])
            return failed, await ask(line, 5, "step", steps=3)

    failed, stepped = in_loop(one())
    assert "'Nowhere-v1' cannot be made" in failed["error"]["problems"][0]["message"]
    assert stepped["ok"]["step"] == 3


def test_a_module_of_the_users_own_runs_in_the_worker(tmp_path):
    """Named with --import; a class of the main program cannot be found by another process."""
    (tmp_path / "mine.py").write_text(
        "import spark\n"
        "from spark.nn.interfaces import PoissonSpiker\n\n\n"
        "@spark.register\n"
        "class MySpiker(PoissonSpiker):\n"
        '    """A spiker of my own."""\n'
    )
    program = f"""
import asyncio, json, sys
sys.path.insert(0, {str(tmp_path)!r})
import mine, websockets
from spark.editor.launch import GraphEditor

editor = GraphEditor(folder={str(tmp_path)!r}, drafts={str(tmp_path / "drafts")!r}).launch(browser=False)

async def one():
    headers = {{"Authorization": f"Bearer {{editor.guard.token}}"}}
    address = f"ws://127.0.0.1:{{editor.port}}/ws"
    async with websockets.connect(address, additional_headers=headers, max_size=None, open_timeout=300) as line:
        for i, (do, arguments) in enumerate([
            ("apply", {{"commands": [{{"do": "add", "type": "MySpiker", "wire": None}}]}}),
            ("apply", {{"commands": [{{"do": "promote", "id": "n1", "port": "signal", "output": False}}]}}),
            ("step", {{"steps": 3}}),
        ]):
            await line.send(json.dumps({{"id": i, "do": do, **arguments}}))
            while True:
                said = await line.recv()
                if isinstance(said, str) and json.loads(said).get("reply") == i:
                    break
        print(said)

asyncio.run(one())
editor.close()
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert json.loads(done.stdout.splitlines()[-1])["ok"]["step"] == 3, done.stderr[-2000:]


@pytest.mark.thorough
def test_a_module_that_cannot_be_imported_harms_only_brains_that_need_it(editor, monkeypatch):
    from spark.core.registry import modules
    from spark.nn.interfaces import PoissonSpiker

    class Lost(PoissonSpiker):
        """A spiker that no other process finds."""

    Lost.__module__ = "no_such_place"
    monkeypatch.setitem(modules._classes, "Lost", Lost)

    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "open_example", name="noise")
            fine = await ask(line, 2, "step", steps=3)
            await ask(line, 3, "apply", commands=[{"do": "add", "type": "Lost", "wire": {"from": ["n1", "value"]}}])
            return fine, await ask(line, 4, "step", steps=3)

    fine, lost = in_loop(one())
    assert fine["ok"]["step"] == 3
    assert "is not a registered module" in lost["error"]["problems"][0]["message"]


@pytest.mark.thorough
def test_the_token_is_in_no_line_that_is_printed(tmp_path):
    environment = {**os.environ, "SPARK_STATE": str(tmp_path / "drafts")}
    command = [
        sys.executable,
        "-m",
        "spark.cli",
        "edit",
        "--no-browser",
        "--folder",
        str(tmp_path),
        "--token",
        "s3cret-t0ken",
    ]
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "env": environment}
    with subprocess.Popen(command, **settings) as process:
        printed = [process.stdout.readline(), process.stdout.readline()]
        found = re.search(r"127\.0\.0\.1:(\d+)(/\S*)", printed[1])
        port = int(found[1])
        requests = (
            f"GET {found[2]} HTTP/1.1",
            "GET /nothing?token=s3cret-t0ken HTTP/1.1",
            "BREW / HTTP/1.1",
            "\x00\x01",
        )
        for request in requests:
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.sendall(f"{request}\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
                assert line.recv(1000)
        process.terminate()
        printed += process.stdout.read().splitlines()
    assert "s3cret-t0ken" not in "".join(printed)


@pytest.mark.thorough
def test_a_file_that_is_begun_keeps_its_name_when_an_example_is_opened(tmp_path):
    editor = GraphEditor(tmp_path / "mine.spark.json", drafts=tmp_path / "drafts").launch(browser=False)

    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "open_example", name="noise")
            saved = (await ask(line, 2, "save"))["ok"]["file"]
            await ask(line, 3, "open_example", name="plastic")
            return saved, await ask(line, 4, "save")

    try:
        saved, other = in_loop(one())
    finally:
        editor.close()
    assert saved == "mine.spark.json" and (tmp_path / saved).exists()
    assert "has no file yet" in other["error"]["problems"][0]["message"]


def test_a_port_that_is_taken_is_named(editor):
    with pytest.raises(spark.RunError, match=f"127.0.0.1:{editor.port} cannot be listened on"):
        GraphEditor(port=editor.port)


def test_the_command_says_what_is_wrong(capfd):
    from spark.cli import main

    assert main(["edit", "--host", "0.0.0.0", "--no-browser"]) == 2
    assert "can be reached from other machines" in capfd.readouterr().err
    assert main(["edit", "--import", "no_such_module", "--no-browser"]) == 2
    assert "No module named 'no_such_module'" in capfd.readouterr().err
