"""A worker that dies takes its own questions with it, and nobody else's."""

import asyncio
import os
import signal
import sys

import pytest
from builders import in_a_loop_of_its_own

import spark
from spark.editor import runner as module
from spark.editor.runner import Runner

# Answers at once with its process's id; "hang" never.
WORKER = """
import json, os, struct, sys
HEAD = struct.Struct("<cI")
while True:
    head = sys.stdin.buffer.read(HEAD.size)
    if len(head) < HEAD.size:
        break
    asked = json.loads(sys.stdin.buffer.read(HEAD.unpack(head)[1]))
    if asked["do"] != "hang":
        body = json.dumps({"reply": asked["reply"], "phase": "paused", "pid": os.getpid()}).encode()
        sys.stdout.buffer.write(HEAD.pack(b"J", len(body)) + body)
        sys.stdout.buffer.flush()
"""


@pytest.fixture
def quick(monkeypatch):
    """Workers that only answer."""
    real = asyncio.create_subprocess_exec

    async def start(*_, **pipes):
        return await real(sys.executable, "-c", WORKER, **pipes)

    monkeypatch.setattr(module.asyncio, "create_subprocess_exec", start)


@pytest.mark.parametrize("end", ["killed", "stopped"])
def test_questions_to_a_worker_that_ended_fail_and_those_to_the_next_are_answered(quick, end):
    async def one():
        told = []
        runner = Runner(told.append, lambda _: None)
        first = (await runner.ask("run"))["pid"]
        lost = [asyncio.create_task(runner.ask("hang")) for _ in range(3)]
        await asyncio.sleep(0)
        if end == "killed":
            os.kill(first, signal.SIGKILL)
            while runner.alive:
                await asyncio.sleep(0.01)
            found = await asyncio.gather(*(runner.ask("run") for _ in range(1)))
        else:
            _, *found = await asyncio.gather(runner.stop(), runner.ask("run"))
        found += [await runner.ask("run") for _ in range(3)]
        failed = await asyncio.gather(*lost, return_exceptions=True)
        phase = runner.status["phase"]
        await runner.stop()
        return first, found, failed, phase

    first, found, failed, phase = in_a_loop_of_its_own(asyncio.wait_for(one(), 120))
    assert len({f["pid"] for f in found}) == 1 and found[0]["pid"] != first
    assert all(isinstance(f, spark.RunError) for f in failed) and phase == "paused"
