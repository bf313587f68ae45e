"""Copies and pickles of brains, states and recordings are whole, here and in another process."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from builders import drive, refused, tutorial_brain, tutorial_config

import spark
from spark.core.fingerprint import freeze
from spark.nn import Brain

ELSEWHERE = """
import pickle, sys, numpy as np, spark
from pathlib import Path
folder = Path(sys.argv[1])
brain, state, drive = pickle.loads((folder / "given").read_bytes())
found = [spark.run(brain, 50, {"drive": drive}, record="pool", progress=False)["pool"]]
brain.load_state(state)
found.append(spark.run(brain, 50, {"drive": drive}, record="pool", progress=False)["pool"])
(folder / "found").write_bytes(pickle.dumps(found))
"""


def after_50_steps(brain: Brain) -> np.ndarray:
    """Spikes of the next 50 steps."""
    return spark.run(brain, 50, {"drive": drive()}, record="pool")["pool"]


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda brain: pickle.loads(pickle.dumps(brain))])
def test_a_copy_of_a_used_brain_goes_on_as_the_brain_does(copied: Callable[[Any], Any]) -> None:
    brain = tutorial_brain(seed=3)
    after_50_steps(brain)
    twin = copied(brain)
    expected = after_50_steps(brain)
    assert expected.any() and int(twin.state["step"]) == 50
    np.testing.assert_array_equal(after_50_steps(twin), expected)


def test_a_copy_of_a_brain_that_was_never_called_is_one() -> None:
    brain = copy.deepcopy(Brain(tutorial_config(seed=3)))
    np.testing.assert_array_equal(after_50_steps(brain), after_50_steps(tutorial_brain(seed=3)))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda state: pickle.loads(pickle.dumps(state))])
def test_a_copy_of_a_state_fits_its_brain_and_outlives_it(copied: Callable[[Any], Any]) -> None:
    brain = tutorial_brain(seed=3)
    after_50_steps(brain)
    kept = copied(brain.state)
    graph, state = spark.split(brain)
    expected = after_50_steps(brain)
    spark.step(graph, state, {"drive": drive()})
    brain.load_state(kept)
    np.testing.assert_array_equal(after_50_steps(brain), expected)
    view = spark.merge(graph, copied(kept))
    view(drive=drive())


@pytest.mark.thorough
def test_pickles_are_read_in_another_process(tmp_path: Path) -> None:
    brain = tutorial_brain(seed=3)
    after_50_steps(brain)
    (tmp_path / "given").write_bytes(pickle.dumps((brain, brain.state, drive())))
    expected = after_50_steps(brain)
    subprocess.run([sys.executable, "-c", ELSEWHERE, str(tmp_path)], check=True)
    for found in pickle.loads((tmp_path / "found").read_bytes()):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("to_disk", [False, True])
def test_recordings_are_copied_and_pickled(to_disk: bool, tmp_path: Path) -> None:
    to = tmp_path / "recorded" if to_disk else None
    recording = spark.run(tutorial_brain(), 50, {"drive": drive()}, record=["pool", "action"], to=to)
    for twin in (copy.deepcopy(recording), pickle.loads(pickle.dumps(recording))):
        for name in ("pool", "action"):
            np.testing.assert_array_equal(twin[name], recording[name])


def test_a_graph_is_its_own_copy() -> None:
    graph, _ = spark.split(tutorial_brain())
    assert copy.deepcopy(graph) is graph


def test_a_part_is_not_copied_on_its_own() -> None:
    brain = tutorial_brain()
    text = (
        "pool: cannot be copied or pickled on its own: it is a part or a merged view. "
        "Copy the outermost module, or its state"
    )
    with refused(spark.ModuleError, text):
        copy.deepcopy(brain.pool)


def test_the_state_of_a_merged_view_is_asked_for_by_split() -> None:
    view = spark.merge(*spark.split(tutorial_brain()))
    text = "Brain: is a merged view, whose state is not its own. Take it with `graph, state = spark.split(view)`"
    with refused(spark.NotBuiltError, text):
        _ = view.state


def test_the_state_of_a_part_is_asked_of_the_outermost() -> None:
    text = (
        "pool: is a part of a larger module, which has the state of all its parts. "
        "Ask the outermost one: its variables begin with `pool.`"
    )
    with refused(spark.NotBuiltError, text):
        _ = tutorial_brain().pool.state


@pytest.mark.parametrize(
    ("one", "other"),
    [(0.0, -0.0), (np.float32(1), np.int32(1)), (np.float32(1), np.float16(1)), (np.float32(0.0), np.float32(-0.0))],
)
def test_equal_numbers_that_mean_other_programs_are_told_apart(one: object, other: object) -> None:
    assert freeze(one) != freeze(other)
    assert freeze({"a": [one]}) != freeze({"a": [other]})
    assert freeze(one) == freeze(copy.deepcopy(one)) and hash(freeze(one)) == hash(freeze(copy.deepcopy(one)))


def test_a_copied_brain_compiles_nothing() -> None:
    brain = tutorial_brain()
    step = jax.jit(lambda graph, state: spark.merge(graph, state)(drive=drive())["action"].value)
    step(*spark.split(brain))
    step(*spark.split(copy.deepcopy(brain)))
    assert step._cache_size() == 1
