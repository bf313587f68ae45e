"""The check that builds a brain happens in a process of its own: it finds the same, and pages get answers."""

import asyncio
import os
import subprocess
import sys

import pytest
from builders import in_a_loop_of_its_own
from documents import small

from spark.editor import checker as module
from spark.editor import gallery
from spark.editor.checker import SHARED, Checker
from spark.editor.shapes import deep_check

WORKER = """
import json, os, struct, sys, time
HEAD = struct.Struct("<cI")
asked = json.loads(sys.stdin.buffer.read(HEAD.unpack(sys.stdin.buffer.read(HEAD.size))[1]))
DO
body = json.dumps({"shapes": [["n1", "value", [5], "float32", "FloatArray"]], "problems": []}).encode()
sys.stdout.buffer.write(HEAD.pack(b"J", len(body)) + body)
sys.stdout.buffer.flush()
sys.stdin.buffer.read()
"""
FOUND = ({("n1", "value"): ((5,), "float32", "FloatArray")}, [])


def check(checker, document):
    return in_a_loop_of_its_own(asyncio.wait_for(checker.check(document), 120))


@pytest.fixture
def workers(monkeypatch):
    """What each next worker does before it answers, as Python; returns the list of those that were started."""
    real, waiting, started = subprocess.Popen, [], []

    def start(command, **more):
        started.append(real([sys.executable, "-c", WORKER.replace("DO", waiting.pop(0))], **more))
        return started[-1]

    monkeypatch.setattr(module.subprocess, "Popen", start)

    def prepare(*each):
        waiting.extend(each)
        return started

    yield prepare
    for process in started:
        process.kill()
        process.wait()


def unbuildable():
    """The wires fit, and the shapes do not."""
    document = small()
    document["nodes"]["n4"] = {
        "type": "Output", "name": "spikes", "parent": None, "ui": {},
        "config": {"shape": [9], "payload_type": "SpikeArray", "dtype": "int8"},
    }  # fmt: skip
    document["edges"]["e4"] = {"from": ["n3", "out_spikes"], "to": ["n4", "value"], "order": 0}
    return document


@pytest.mark.parametrize("name", [*gallery.EXAMPLES, "unbuildable"])
def test_a_worker_finds_what_a_check_in_place_finds(name):
    document = unbuildable() if name == "unbuildable" else gallery.document(name)
    shapes, problems = deep_check(document)
    assert (shapes == {}) == (name == "unbuildable") == bool(problems)
    assert check(SHARED, document) == (shapes, problems)


def test_a_worker_that_is_killed_says_nothing_about_the_brain(workers):
    workers("os._exit(9)", "pass")
    assert check(Checker(idle=0), small()) == FOUND


def test_a_brain_that_ends_its_process_twice_is_a_problem(workers):
    started = workers("os._exit(3)", "os.kill(os.getpid(), 9)")
    shapes, (found,) = check(Checker(idle=0), small())
    assert shapes == {} and len(started) == 2
    assert found.problem.message == (
        "building it for a check failed twice: the brain's process was killed (signal 9): out of memory?"
    )
    assert found.problem.fix == "Run `spark.check_module` on your own modules, or make the brain smaller"


def test_a_check_that_hangs_is_given_up_and_the_next_one_is_done(workers):
    started = workers("time.sleep(1000)", "pass")
    checker = Checker(0.5, idle=0)
    shapes, (found,) = check(checker, small())
    assert shapes == {} and found.problem.message == "building it for a check took more than 0.5 s"
    assert started[0].poll() is not None
    assert check(Checker(idle=0), small()) == FOUND


def test_a_document_that_cannot_be_sent_is_a_problem_and_the_next_one_is_checked(workers):
    workers("pass", "pass")
    checker = Checker(idle=0.5)
    _, (found,) = check(checker, {**small(), "meta": {"dt": float("nan")}})
    assert found.problem.message.startswith("it cannot be checked: ValueError: ")
    assert check(checker, small()) == FOUND


def test_other_requests_are_answered_while_a_check_hangs(workers):
    workers("time.sleep(1000)")

    async def one():
        hanging = asyncio.create_task(Checker(1, idle=0).check(small()))
        ticks = 0
        while not hanging.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return ticks

    assert in_a_loop_of_its_own(one()) > 10


def test_a_check_starts_no_accelerator(monkeypatch):
    seen = {}

    def start(command, **more):
        seen.update(more["env"])
        raise FileNotFoundError(2, os.strerror(2))

    monkeypatch.setattr(module.subprocess, "Popen", start)
    _, (found,) = check(Checker(idle=0), small())
    assert seen["JAX_PLATFORMS"] == "cpu"
    assert found.problem.message == "no process could be started to check it: No such file or directory"


def test_a_class_of_the_running_program_is_not_looked_for_elsewhere(workers, monkeypatch):
    started = workers()
    types = {node["type"] for node in small()["nodes"].values()}
    main = type("Own", (), {"__module__": "__main__"})
    monkeypatch.setattr(module, "registry", dict.fromkeys(types, main))
    assert check(Checker(idle=0), small()) == ({}, []) and started == []
