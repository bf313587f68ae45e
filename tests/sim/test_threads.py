"""One thread runs a brain; others read it meanwhile, and are refused to run or change it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import DRIVE, drive, tutorial_brain
from interrupted import DRIVE as SMALL_DRIVE
from interrupted import UNITS, Pacing, looped, made

import spark

BUSY = (
    "Brain: is being run by another thread, and has one state. Wait until that run is over, change the state in a "
    "callback of it, or run a copy of the brain"
)

# Seconds that only a hang takes, however busy the machine.
PATIENCE = 1800


@contextmanager
def running(brain: spark.nn.Brain, inputs: dict[str, Any], **more: Any) -> Iterator[None]:
    """The brain runs in another thread while the block lasts."""
    began, over = threading.Event(), threading.Event()

    def watch(report: spark.sim.run.Report) -> None:
        began.set()
        if over.is_set():
            report.stop()

    thread = threading.Thread(target=spark.run, args=(brain, 10**9, inputs), kwargs={"callbacks": [watch], **more})
    thread.start()
    try:
        assert began.wait(PATIENCE)
        yield
    finally:
        over.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.mark.parametrize("units", UNITS)
def test_another_thread_reads_the_state_of_a_chunks_end(units: int) -> None:
    brain, other = made(units), made(units)
    spark.run(brain, 100, SMALL_DRIVE)
    with running(brain, SMALL_DRIVE):
        seen: dict[int, spark.core.state.State] = {}
        while len(seen) < 4:
            state = brain.state
            seen[int(state["step"])] = state
    for step, state in seen.items():
        spark.run(other, step - int(other.state["step"]), SMALL_DRIVE)
        for path in state:
            np.testing.assert_array_equal(state[path], other.state[path], err_msg=path)


def test_another_thread_reads_and_draws_what_is_recorded_on_disk(tmp_path: Path) -> None:
    plot = pytest.importorskip("matplotlib.pyplot", reason="plots need matplotlib")
    brain = tutorial_brain()
    with running(brain, {"drive": drive()}, record="pool", to=tmp_path / "recorded"):
        seen = [spark.Recording.load(tmp_path / "recorded") for _ in range(5)]
        for recording in seen:
            recording.plot()
            plot.close("all")
    whole = spark.Recording.load(tmp_path / "recorded")
    for recording in seen:
        np.testing.assert_array_equal(recording["pool"], whole["pool"][: recording.steps])


@pytest.mark.parametrize(
    "use",
    [
        lambda brain: spark.run(brain, 1, {"drive": drive()}),
        lambda brain: spark.batch([brain], 1, {"drive": drive()})[0],
        lambda brain: looped(brain, Pacing()).run(1, seed=0),
        lambda brain: brain(drive=drive()),
        lambda brain: brain.reset(),
        lambda brain: brain.load_state(brain.state),
        lambda brain: brain.replace_state({"pool.soma.potential": np.zeros(32, np.float32)}),
    ],
    ids=["run", "batch", "loop", "call", "reset", "load_state", "replace_state"],
)
def test_a_brain_that_runs_is_refused_to_other_threads(use: Callable[[spark.nn.Brain], Any]) -> None:
    brain = tutorial_brain()
    spark.run(brain, 10, {"drive": drive()})
    with running(brain, {"drive": drive()}), pytest.raises(spark.RunError) as caught:
        use(brain)
    assert str(caught.value).removeprefix("brains[0].") == BUSY
    spark.run(brain, 1, {"drive": drive()})


def test_a_callback_may_call_the_brain_that_runs() -> None:
    brain = tutorial_brain()
    spark.run(brain, 100, {"drive": drive()}, callbacks=[lambda report: report.brain(drive=drive(-DRIVE))])
    assert int(brain.state["step"]) > 100


def test_threads_that_build_the_same_brain_build_one() -> None:
    brain = spark.nn.Brain(tutorial_brain().config)
    states: list[Any] = []
    threads = [threading.Thread(target=lambda: (spark.sim.run.build(brain), states.append(brain.state))) for _ in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(states) == 3 and all(state is states[0] for state in states)
