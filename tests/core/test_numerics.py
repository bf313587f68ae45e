"""Checking numbers names the input or variable in which the first NaN or infinity appeared, and the step."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import DRIVE, drive, refused, tutorial_brain, tutorial_config

import spark
from spark import FloatArray, NumericsError

BAD = {"NaN": float("nan"), "infinity": float("inf"), "minus infinity": -float("inf")}
LOOK = "Look at what feeds it at that step; `brain.reset()` starts anew"


def became(path: str, what: str, step: int) -> str:
    owner, _, name = path.rpartition(".")
    return f"{path}: {what} '{name}' of '{owner}' became NaN or infinite at step {step}. {LOOK}"


def bad_drive(value: float) -> FloatArray:
    values = DRIVE.copy()
    values[2] = value
    return drive(values)


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_bad_input_is_named_with_its_step(value: float) -> None:
    brain = tutorial_brain(check_numbers=True)
    for _ in range(3):
        brain(drive=drive())
    with refused(NumericsError, became("__call__.drive", "input", 3)):
        brain(drive=bad_drive(value))


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
@pytest.mark.parametrize("path", ["pool.soma.threshold", "integrator.average", "pool.synapses.weights"])
def test_bad_number_put_into_a_variable_is_named(path: str, value: float) -> None:
    brain = tutorial_brain(check_numbers=True)
    brain(drive=drive())
    brain.replace_state({path: brain.state[path].at[0].set(value)})
    with refused(NumericsError, became(path, "variable", 1)):
        brain(drive=drive())


def scanned(brain: Any, drives: np.ndarray) -> tuple[Any, Any]:
    graph, state = spark.split(brain)

    def step(now: Any, x: Any) -> Any:
        view = spark.merge(graph, now)
        view(drive=FloatArray(x))
        return spark.split(view)[1], None

    return graph, jax.jit(lambda s: jax.lax.scan(step, s, jnp.asarray(drives))[0])(state)


def test_a_users_own_scan_can_ask_for_faults() -> None:
    drives = np.tile(DRIVE, (20, 1))
    drives[11, 0] = np.nan
    graph, state = scanned(tutorial_brain(check_numbers=True), drives)
    with refused(NumericsError, became("__call__.drive", "input", 11)):
        spark.raise_faults(graph, state)


def test_the_first_bad_number_is_kept_not_the_last() -> None:
    drives = np.tile(DRIVE, (20, 1))
    drives[[4, 11, 15], 0] = np.nan
    graph, state = scanned(tutorial_brain(check_numbers=True), drives)
    with refused(NumericsError, became("__call__.drive", "input", 4)):
        spark.raise_faults(graph, state)


def test_good_numbers_raise_no_fault() -> None:
    graph, state = scanned(tutorial_brain(check_numbers=True), np.tile(DRIVE, (20, 1)))
    spark.raise_faults(graph, state)
    np.testing.assert_array_equal(state["fault"], [-1, -1])


def test_reset_forgets_a_fault() -> None:
    brain = tutorial_brain(check_numbers=True)
    with pytest.raises(NumericsError):
        brain(drive=bad_drive(np.nan))
    brain.reset()
    brain(drive=drive())
    assert int(brain.state["step"]) == 1


def test_without_checking_there_is_no_fault_variable() -> None:
    assert "fault" not in tutorial_brain().state


def test_without_checking_asking_for_faults_is_quiet() -> None:
    brain = tutorial_brain(check_numbers=False)
    with pytest.raises(NumericsError):
        tutorial_brain(check_numbers=True)(drive=bad_drive(np.nan))
    brain(drive=bad_drive(np.nan))
    spark.raise_faults(*spark.split(brain))
    assert int(brain.state["step"]) == 1


def test_checking_changes_no_state() -> None:
    drives = np.tile(DRIVE, (200, 1))
    (_, plain), (_, checked) = (scanned(tutorial_brain(check_numbers=on), drives) for on in (False, True))
    assert np.asarray(plain["pool.soma.potential"]).any()
    assert all(np.array_equal(plain[p], checked[p]) for p in plain)


def test_a_brain_inside_that_asks_for_it_has_the_whole_looked_at() -> None:
    wires = {"drive": spark.PortMap("__call__", "drive")}
    inner = spark.ModuleSpecs("inner", spark.nn.Brain, wires, tutorial_config(check_numbers=True))
    outer = spark.nn.BrainConfig(
        input_map={"drive": spark.InputSpec(spark.FloatArray, (4,), "float16")}, output_map={}, modules_map=[inner]
    )
    with pytest.raises(NumericsError, match=r"input 'drive' of '__call__' became NaN or infinite at step 0"):
        spark.run(spark.nn.Brain(outer), 3, {"drive": bad_drive(np.nan)})
    with pytest.raises(NumericsError):
        spark.nn.Brain(outer)(drive=bad_drive(np.nan))
