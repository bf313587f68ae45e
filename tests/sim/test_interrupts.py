"""Whatever interrupts a run, a loop or a save, the brain's state is that of a whole step, and it goes on from there."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, TypedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import NoConfig, drive, tutorial_brain
from interrupted import DRIVE, UNITS, digest, made

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap
from spark.core.keeper import COPIED_BYTES
from spark.core.part import keeper_of
from spark.nn import Brain, BrainConfig


@pytest.fixture(scope="module", params=[12, pytest.param(500, marks=pytest.mark.slow)])
def interrupted(request: pytest.FixtureRequest) -> tuple[int, dict[str, dict[str, Any]]]:
    """How many moments, and what came of them: of runs, loops and saves, in one process."""
    script = Path(__file__).with_name("interrupted.py")
    program = [sys.executable, str(script), str(request.param)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120 + 20 * request.param)
    assert done.returncode == 0, done.stderr
    return request.param, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("what", ["runs", "loops", "saves"])
def test_a_brain_interrupted_at_any_moment_has_the_state_of_a_whole_step(
    what: str, interrupted: tuple[int, dict[str, dict[str, Any]]]
) -> None:
    moments, found = interrupted[0], interrupted[1][what]
    assert found["wrong"] == []
    assert found["moments"] == moments and found["raised"] >= moments // 3


def test_one_of_the_states_is_copied_before_a_chunk_and_one_is_changed_in_place() -> None:
    small, large = (sum(leaf.nbytes for leaf in made(units).state.leaves) for units in UNITS)
    assert small <= COPIED_BYTES < large


def press_ctrl_c(report: spark.sim.run.Report) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupted_run_saves_the_checkpoint_it_was_asked_for(tmp_path: Path) -> None:
    brain = tutorial_brain()
    keeper = spark.Checkpoints(tmp_path, seconds=1e6)
    recording = spark.run(brain, 10**8, {"drive": drive()}, callbacks=[keeper, press_ctrl_c])
    assert recording.stopped == "interrupted by Ctrl-C"
    assert digest(keeper.restore()) == digest(brain)


def test_a_run_that_a_later_callback_stops_saves_its_last_checkpoint(tmp_path: Path) -> None:
    brain = tutorial_brain()
    keeper = spark.Checkpoints(tmp_path, seconds=1e6)
    spark.run(brain, 10**8, {"drive": drive()}, callbacks=[keeper, lambda report: report.stop("seen enough")])
    assert digest(keeper.restore()) == digest(brain)


def test_what_is_to_be_done_at_the_end_is_done_once() -> None:
    calls = []

    def note(report: spark.sim.run.Report) -> None:
        calls.append((report.done, report.stopped))

    spark.run(tutorial_brain(), 5000, {"drive": drive()}, callbacks=[lambda report: report.at_end(note)])
    assert calls == [(5000, None)]


@pytest.mark.parametrize("units", UNITS)
def test_an_error_in_a_callback_leaves_the_state_of_the_last_chunk(units: int) -> None:
    brain, other = made(units), made(units)

    def fail(report: spark.sim.run.Report) -> None:
        if report.done > 20:
            raise OSError("no more room")

    with pytest.raises(OSError, match="no more room"):
        spark.run(brain, 10**6, DRIVE, callbacks=[fail])
    spark.run(other, int(brain.state["step"]), DRIVE)
    assert digest(brain) == digest(other)


@pytest.mark.parametrize("units", UNITS)
def test_a_state_that_was_read_stays_good_while_the_brain_goes_on(units: int) -> None:
    brain = made(units)
    kept = [(brain.state, digest(brain))]
    spark.run(brain, 500, DRIVE, callbacks=[lambda report: kept.append((report.brain.state, digest(report.brain)))])
    spark.run(brain, 50, DRIVE)
    brain(**DRIVE)
    for state, bits in kept:
        brain.load_state(state)
        assert digest(brain) == bits
        spark.run(brain, 3, DRIVE)


class FailingOutput(TypedDict):
    """What arrives."""

    signal: FloatArray


class Failing(spark.Module):
    """Fails in the step in which its input is negative, from the inside of what is compiled."""

    config: NoConfig

    def build(self, signal: spark.PortSpec) -> None:
        self.total = spark.Variable(np.zeros(signal.shape, np.float32))

    def __call__(self, signal: FloatArray) -> FailingOutput:
        def check(value: np.ndarray) -> np.ndarray:
            if np.asarray(value).min() < 0:
                raise ValueError("a negative signal")
            return np.asarray(value)

        shape = jax.ShapeDtypeStruct(signal.shape, jnp.float32)
        self.total.value = self.total.value + jax.pure_callback(check, shape, signal.value)
        return {"signal": FloatArray(self.total.value)}


def failing(units: int) -> Brain:
    module = ModuleSpecs("failing", Failing, {"signal": PortMap("__call__", "drive")})
    inputs = {"drive": InputSpec(FloatArray, (units,), "float32")}
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=[module]))


def constant(units: int, value: float) -> dict[str, FloatArray]:
    return {"drive": FloatArray(jnp.full(units, value, jnp.float32))}


@pytest.mark.parametrize("units", [8, 1 << 19])
def test_a_step_that_fails_leaves_the_state_before_it(units: int) -> None:
    brain = failing(units)
    spark.run(brain, 2, constant(units, 1.0))
    spark.run(brain, 3, constant(units, 1.0))
    for fail in (lambda: spark.run(brain, 5, constant(units, -1.0)), lambda: brain(**constant(units, -1.0))):
        with pytest.raises(Exception, match="a negative signal"):
            fail()
        np.testing.assert_array_equal(brain.state["failing.total"], np.full(units, 5.0))
    spark.run(brain, 5, constant(units, 1.0))
    np.testing.assert_array_equal(brain.state["failing.total"], np.full(units, 10.0))


def test_a_large_state_that_a_failing_chunk_has_used_up_is_missed_in_words() -> None:
    """As where memory gives out in the middle of one."""
    brain = made(UNITS[1])
    spark.run(brain, 2, DRIVE)
    first = brain.state
    spark.run(brain, 2, DRIVE)

    def fail(state: spark.State) -> Any:
        for leaf in state.leaves:
            leaf.delete()
        raise MemoryError

    with pytest.raises(MemoryError):
        keeper_of(brain).advance(fail)
    with pytest.raises(spark.StateError) as caught:
        brain.state["step"]
    assert str(caught.value) == (
        "Brain: its state is gone: a step failed while it changed the state in place. "
        "Mend what failed, then `reset()` it, or load a state or a checkpoint"
    )
    brain.load_state(first)
    spark.run(brain, 1, DRIVE)
    assert int(brain.state["step"]) == int(first["step"]) + 1
