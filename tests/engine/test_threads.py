"""However many threads share a run, spikes and state are those of one, to the bit."""

import importlib.util
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from builders import drive, refused, tutorial_brain

import spark
from spark import FloatArray
from spark.engine import threads as choice
from spark.engine.threads import that_pay
from spark.nn import Brain
from spark.nn.connections import FixedProbability
from spark.nn.interfaces import PoissonSpiker
from spark.nn.plasticity import PairRuleConfig
from spark.nn.receptors import PulseCurrentConfig
from spark.nn.somas import LeakySomaConfig
from spark.sim.chunk import run_chunk
from spark.sim.run import build

NETWORKS = Path(__file__).parents[2] / "examples" / "networks"
NUMBERS = (2, 3, 5, 8, 300)


def network(name: str):
    """A module of the examples."""
    spec = importlib.util.spec_from_file_location(name, NETWORKS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Of sizes that no share divides; each with its inputs and what is recorded.
POOLS = ["*spikes", "excitatory.soma.potential"]


def listed() -> Brain:
    """Units that learn by a rule along a list of connections with delays."""
    net = spark.Network(dt=1.0, seed=3)
    sources = net.module("sources", PoissonSpiker, {"signal": net.input("rate", 300)}, max_freq=60.0)
    pool = net.pool("pool", 210, soma=LeakySomaConfig(), receptors={"early": PulseCurrentConfig()})
    rule = PairRuleConfig(a_plus=0.5, a_minus=0.6, maximum=3000.0, weight_unit=1.0)
    net.connect(sources, pool.early, FixedProbability(probability=0.3), weights=400.0, delay=7.0, rule=rule)
    return net.build()


BRAINS = {
    "CUBA": lambda: (network("balanced").cuba(730, 1), None, POOLS),
    "COBA": lambda: (network("balanced").coba(730, 1), None, POOLS),
    "microcircuit": lambda: (network("microcircuit").microcircuit(0.01), None, ["*spikes", "L4E.soma.potential"]),
    "plastic": lambda: (
        network("plastic").plastic(210, 1500, 1.0, 1),
        {"rate": FloatArray(np.ones(1500, np.float32))},
        ["*spikes", "pool.soma.potential"],
    ),
    "lists": lambda: (listed(), {"rate": FloatArray(np.ones(300, np.float32))}, ["*spikes", "pool.soma.potential"]),
    "tutorial": lambda: (tutorial_brain(), {"drive": drive()}, ["*spikes", "action"]),
}


def ran(brain: Brain, inputs, record, number: int | None, steps: int = 300) -> tuple[dict, dict]:
    """What is recorded, and the state, by so many threads from the first step on."""
    brain.reset()
    recording = spark.run(brain, steps, inputs, record=record, threads=number, progress=False)
    state = {path: np.asarray(brain.state[path]) for path in brain.state}
    return {name: recording[name] for name in recording.names}, state


# Conductances are shared out as currents are, and eight pools as two; the tutorial's brain learns along a list too.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks={"CUBA": pytest.mark.thorough}.get(name, pytest.mark.slow))
        if name in ("CUBA", "COBA", "microcircuit", "lists")
        else name
        for name in BRAINS
    ],
)
def test_any_number_of_threads_gives_the_spikes_and_the_state_of_one(name):
    brain, inputs, record = BRAINS[name]()
    build(brain)
    for recorded in (record, []):
        whole, state = ran(brain, inputs, recorded, 1)
        assert not recorded or sum(np.count_nonzero(whole[n]) for n in whole if n.endswith("spikes")) > 100
        before = run_chunk._cache_size()
        for number in NUMBERS:
            found, after = ran(brain, inputs, recorded, number)
            for key, value in whole.items():
                np.testing.assert_array_equal(found[key], value, err_msg=f"{key} by {number} threads")
            for path, value in state.items():
                np.testing.assert_array_equal(after[path], value, err_msg=f"{path} by {number} threads")
        assert run_chunk._cache_size() == before, "another number of threads compiles nothing"


def test_threads_of_a_run_in_a_thread_are_threads_of_their_own():
    brain, inputs, record = BRAINS["tutorial"]()
    whole, state = ran(brain, inputs, record, 1)
    found: list = []
    begun = threading.Thread(target=lambda: found.append(ran(brain, inputs, record, 3)))
    begun.start()
    begun.join()
    np.testing.assert_array_equal(found[0][0]["pool.out_spikes"], whole["pool.out_spikes"])
    np.testing.assert_array_equal(found[0][1]["pool.soma.potential"], state["pool.soma.potential"])


@pytest.mark.parametrize("given", [0, -1, 1025])
def test_numbers_of_threads_that_cannot_be_are_refused(given):
    text = f"threads: must be a whole number from 1 to 1024, got {given}. Leave it out to take as many as pay"
    with refused(spark.RunError, text):
        spark.run(tutorial_brain(), 10, {"drive": drive()}, threads=given, progress=False)


@pytest.mark.parametrize(("given", "kind"), [("two", "str"), (1.0, "float"), (True, "bool")])
def test_threads_that_are_no_number_are_refused(given, kind):
    text = f"run.threads: has the wrong type, got {kind} {given!r}; expected a whole number or None."
    with refused(spark.ArgumentError, text):
        spark.run(tutorial_brain(), 10, {"drive": drive()}, threads=given, progress=False)


def test_small_brains_take_one_thread_and_large_ones_no_more_than_there_are_processors(monkeypatch):
    monkeypatch.setattr(choice, "processors", lambda: 4)
    small, large = tutorial_brain(), network("balanced").cuba(16_000, 1)
    build(large)
    assert that_pay(small).number == 1 and "too small" in that_pay(small).reason
    monkeypatch.setattr(choice, "WORTH", 100)
    assert that_pay(large).number == 4 and "processors" in that_pay(large).reason
    monkeypatch.setattr(choice, "WORTH", 8_000)
    assert that_pay(large).number == 2 and "no more" in that_pay(large).reason
    monkeypatch.setattr(choice, "processors", lambda: 1)
    assert that_pay(large).number == 1 and "no more processors" in that_pay(large).reason


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says so here")
def test_the_processors_are_those_that_this_process_may_use():
    assert choice.processors() == len(os.sched_getaffinity(0))


def test_explain_says_how_many_threads_a_run_takes_and_why(monkeypatch):
    found = spark.explain(tutorial_brain())
    assert found.threads.number == 1 and found.threads.reason in str(found)
    monkeypatch.setattr(choice, "processors", lambda: 4)
    monkeypatch.setattr(choice, "WORTH", 10)
    assert "4 threads" in str(spark.explain(tutorial_brain()))
