"""A fault put in on purpose is found, and shrunk to a brain that holds little else."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from drawing import some

import spark
from fuzz import reproduce, ways
from fuzz.case import Case
from fuzz.random_brains import random_case
from fuzz.shrink import shrunk
from spark.nn import interfaces
from spark.sim.chunk import run_chunk

SPIKERS = (interfaces.PoissonSpiker, interfaces.LinearSpiker, interfaces.TopologicalLinearSpiker)


def holds(case: Case, kinds: tuple[type, ...]) -> bool:
    return any(s.module_cls in kinds for s in case.config.modules_map.values())


def seed_with(steps: int, holds: Callable[[Case], bool]) -> int:
    """The first random brain of which this is true."""
    return next(seed for seed in range(100) if holds(random_case(seed, steps)))


@pytest.mark.thorough
@pytest.mark.parametrize("number", some(range(4), 2))
def test_the_smallest_brain_can_be_built_and_has_nothing_without_need(number: int) -> None:
    """What is kept of it stands for a fault in one kind of module that takes nine steps to be seen."""
    seed = [seed for seed in range(100) if holds(random_case(seed), SPIKERS)][number]
    asked: list[Case] = []

    def fails(case: Case) -> bool:
        asked.append(case)
        try:
            ways.begun(case, None)
        except (spark.ConfigError, spark.WiringError):
            # Matrices of weights, sizes and shapes of outputs were drawn for all the wires: this one is no brain.
            return False
        return holds(case, SPIKERS) and case.steps >= 9

    smallest = shrunk(random_case(seed), fails, tries=200)
    assert len(asked) < 200 and fails(smallest)
    modules = smallest.config.modules_map
    assert sum(s.module_cls in SPIKERS for s in modules.values()) == 1
    # What a spiker hears may come from another module; nothing else is left.
    assert len(modules) <= 2 or any(name == "inner" for name in modules)
    assert len(smallest.config.output_map) <= 1 and not smallest.first and 9 <= smallest.steps <= 12
    assert all(len(wires) <= 1 for s in modules.values() for wires in s.inputs.values())


@pytest.mark.thorough
def test_a_fault_put_in_on_purpose_is_reproduced_in_the_smallest_brain(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """The fault: where nothing is recorded of what a brain fires, the average of an integrator drifts."""

    def drifting(graph: Any, state: Any, *rest: Any, **settings: Any) -> Any:
        after, *others = run_chunk(graph, state, *rest, **settings)
        silent = not settings["taps"] and any(path.endswith("spikes") for path in after.paths())
        for path in after.paths() if silent else ():
            if path.endswith(".average"):
                after = after.replace({path: after[path] + 1})
        return after, *others

    seed = seed_with(300, lambda case: holds(case, (interfaces.ExponentialIntegrator,)))
    monkeypatch.setattr(sys.modules["spark.sim.run"], "run_chunk", drifting)
    monkeypatch.setattr(sys, "argv", ["reproduce", str(seed), "pieces", "unrecorded", "calls"])
    reproduce.main()
    printed = capsys.readouterr().out
    assert "pieces: equal\nunrecorded: the state differs at the end" in printed
    assert "calls:" not in printed
    smallest = printed.rpartition("the smallest brain in which it differs:\n")[2]
    assert "ExponentialIntegrator" in smallest and ".average at " in smallest
    modules = [line for line in smallest.splitlines() if line.startswith("  ") and "{" in line]
    assert len(modules) <= 3, smallest


def test_a_brain_in_which_nothing_differs_is_shown_with_every_comparison_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["reproduce", "3", "pieces", "unrecorded"])
    reproduce.main()
    printed = capsys.readouterr().out
    assert printed.startswith("seed 3: 300 steps of ")
    assert printed.endswith("pieces: equal\nunrecorded: equal\n")
