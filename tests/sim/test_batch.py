"""`batch` gives each brain what it would get alone; `step` is one call."""

import os
import re
import signal
import threading
from typing import Any

import numpy as np
import pytest
from builders import DRIVE, drive, tutorial_brain

import spark
from spark.sim.chunk import run_chunk


def test_each_brain_of_a_batch_runs_as_it_would_alone():
    brains = spark.replicas(tutorial_brain(), 5, seed=7)
    together = spark.batch(brains, 300, {"drive": drive()}, record=["pool", "pool.soma.potential"], threads=3)
    alone = spark.replicas(tutorial_brain(), 5, seed=7)
    for brain, other, found in zip(brains, alone, together, strict=True):
        expected = spark.run(other, 300, {"drive": drive()}, record=["pool", "pool.soma.potential"])
        np.testing.assert_array_equal(found["pool"], expected["pool"])
        np.testing.assert_array_equal(found["pool.soma.potential"], expected["pool.soma.potential"])
        assert int(brain.state["step"]) == 300 and found.stopped is None
    assert len({found["pool"].tobytes() for found in together}) == 5


def test_a_batch_compiles_one_program():
    spark.run(spark.replicas(tutorial_brain(), 1)[0], 10, {"drive": drive()}, record="pool")
    before = run_chunk._cache_size()
    spark.batch(spark.replicas(tutorial_brain(), 6, seed=3), 100, {"drive": drive()}, record="pool")
    assert run_chunk._cache_size() == before


def test_inputs_may_differ_from_brain_to_brain():
    values = [drive(DRIVE * f) for f in (0.2, 0.9)]
    found = spark.batch([tutorial_brain(), tutorial_brain()], 200, [{"drive": v} for v in values], record="pool")
    for value, one in zip(values, found, strict=True):
        np.testing.assert_array_equal(
            one["pool"], spark.run(tutorial_brain(), 200, {"drive": value}, record="pool")["pool"]
        )


def test_an_iterator_for_several_brains_is_refused_and_one_for_each_is_not():
    def given():
        return {"drive": iter([drive(DRIVE * 0.01 * step) for step in range(40)])}

    text = (
        "inputs.drive: is one iterator for several brains, each of which would get some of its payloads. Give a "
        "function of the step, or a list with inputs of its own for each brain"
    )
    shared = given()
    for inputs in (shared, [shared, shared]):
        with pytest.raises(spark.RunError, match=re.escape(text)):
            spark.batch([tutorial_brain(), tutorial_brain()], 40, inputs, record="pool")
    # Nothing was taken from it yet.
    alone = spark.batch([tutorial_brain()], 40, shared, record="pool")[0]["pool"]
    for one in spark.batch([tutorial_brain(), tutorial_brain()], 40, [given(), given()], record="pool"):
        np.testing.assert_array_equal(one["pool"], alone)


def test_ctrl_c_stops_all_brains_between_chunks():
    brains = spark.replicas(tutorial_brain(), 4)
    spark.batch(brains, 10, {"drive": drive()}, threads=2)
    timer = threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    found = spark.batch(brains, 10**8, {"drive": drive()}, threads=2)
    assert [f.stopped for f in found] == ["interrupted by Ctrl-C"] * 4
    assert [int(b.state["step"]) for b in brains] == [10 + f.steps for f in found]
    assert found[0].steps > 0 and found[3].steps == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 0}, "steps: must be a whole number of at least 1, got 0"),
        ({"threads": 0}, "threads: must be a whole number of at least 1, got 0"),
        (
            {"inputs": [{"drive": drive()}]},
            "inputs: has one entry for each brain, but not as many as brains, got 1; expected 2",
        ),
        ({"inputs": None}, "brains[0].Brain.drive: input is missing"),
        ({"record": "pol"}, "brains[0].record[0]: nothing goes by 'pol'"),
    ],
)
def test_batches_that_do_not_fit_say_so(change, said):
    given = {"steps": 5, "inputs": {"drive": drive()}, "threads": 1, **change}
    with pytest.raises(spark.SparkError) as caught:
        spark.batch([tutorial_brain(), tutorial_brain()], **given)
    assert said in str(caught.value)


def test_what_is_no_brain_is_named_by_its_place():
    text = "brains[1]: is no brain, got BrainConfig; expected Brain. Make it: `spark.nn.Brain(config)`"
    brain = tutorial_brain()
    other: Any = brain.config
    with pytest.raises(spark.RunError) as caught:
        spark.batch([brain, other], 5, {"drive": drive()})
    assert str(caught.value) == text


def test_a_brain_listed_twice_is_refused():
    brain = tutorial_brain()
    with pytest.raises(spark.RunError, match=r"brains: lists a brain twice, at \[1\]\. Make copies"):
        spark.batch([brain, brain], 5, {"drive": drive()})


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (0, spark.RunError, "number: must be a whole number of at least 1, got 0"),
        (10**9, spark.RunError, "number: must be at most 1,000,000, got 1000000000"),
        (2.5, spark.ArgumentError, "replicas.number: has the wrong type, got float 2.5; expected a whole number"),
        (True, spark.ArgumentError, "replicas.number: has the wrong type, got bool True; expected a whole number"),
    ],
)
def test_a_number_of_replicas_that_is_none_is_refused(number, kind, said):
    with pytest.raises(kind, match=said):
        spark.replicas(tutorial_brain(), number)


def test_a_step_is_a_call():
    one, other = tutorial_brain(), tutorial_brain()
    graph, state = spark.split(one)
    for _ in range(50):
        outputs, state = spark.step(graph, state, {"drive": drive()})
        expected = other(drive=drive())
        np.testing.assert_array_equal(outputs["action"].value, expected["action"].value)
    np.testing.assert_array_equal(state["pool.soma.potential"], other.state["pool.soma.potential"])
