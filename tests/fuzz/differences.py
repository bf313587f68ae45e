"""What differs between two runs: to the bit, or beyond what rounding explains."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fuzz.case import Case
from fuzz.threshold import Levels, Onward, unexplained
from fuzz.ways import Outcome

# The two runs' outcomes over so many steps.
Shorter = Callable[[int], tuple[Outcome, Outcome]]
# Does a step, by its number, from a state.
Steps = Callable[[int], Onward]


def bits(one: Outcome, other: Outcome) -> str | None:
    """The first thing in which two runs differ to the bit, among what both have; None if nothing does."""
    for kind in ("spikes", "outputs"):
        ours, theirs = getattr(one, kind), getattr(other, kind)
        steps = {name: _first_step(ours[name], theirs[name]) for name in sorted(ours.keys() & theirs.keys())}
        different = {name: step for name, step in steps.items() if step is not None}
        if different:
            name = min(different, key=lambda n: different[n])
            return f"{kind} of {name} differ from step {different[name]} on"
    if one.notes.keys() == other.notes.keys():
        for name in one.notes:
            if not all(_same(a, b) for a, b in zip(one.notes[name], other.notes[name], strict=True)):
                return f"what {name} recorded differs"
    paths = sorted(one.state.keys() & other.state.keys())
    different = [path for path in paths if not _same(one.state[path], other.state[path])]
    if different:
        return f"the state differs at the end: {_apart(one, other, different[0])}, in all {different}"
    return None


@dataclass
class Verdict:
    """What a comparison that allows for rounding found.

    Attributes:
        wrong: What differs beyond what is allowed, or None.
        excused: The step from which on nothing was compared, for a potential was next to its threshold; or None.
    """

    wrong: str | None = None
    excused: int | None = None


def rounding(case: Case, one: Outcome, other: Outcome, shorter: Shorter, steps: Steps) -> Verdict:
    """What differs beyond rounding.

    Spikes must be equal, but for those of a unit whose potential came within 4 ulp of its threshold at the first step
    at which anything differs: what comes after is not compared. Whole numbers of the state must be equal, and others
    within the bound of their dtype.

    Args:
        case: What was run.
        one: A run.
        other: The same brain run in another way.
        shorter: Runs both over fewer steps, to look at the potentials.
        steps: Does one step from a state as `one` did it.
    """
    levels = Levels(case)
    firsts = {
        name: _first_step(one.spikes[name], other.spikes[name]) for name in one.spikes.keys() & other.spikes.keys()
    }
    different = {name: step for name, step in firsts.items() if step is not None}
    if not different:
        wrong = _beyond(levels, one, other)
        for name in sorted(one.outputs.keys() & other.outputs.keys()):
            values = one.outputs[name], other.outputs[name]
            if wrong is None and not _close(*values, levels.bound("", values[0].dtype)):
                wrong = f"output {name} differs beyond its bound"
        return Verdict(wrong)
    first = min(different.values())
    runs, befores = shorter(first + 1), shorter(first) if first else (Outcome(), Outcome())
    wrong = _beyond(levels, *befores)
    for port in sorted(name for name, step in different.items() if step == first):
        spikes, states = (one.spikes[port], other.spikes[port]), (befores[0].state, befores[1].state)
        wrong = wrong or unexplained(levels, port, first, spikes, runs, states, steps(first))
    return Verdict(wrong, first)


def _beyond(levels: Levels, one: Outcome, other: Outcome) -> str | None:
    """The first variable that differs beyond its bound."""
    for path in sorted(one.state.keys() & other.state.keys()):
        a, b = one.state[path], other.state[path]
        if not (_same(a, b) or _close(a, b, levels.bound(path, a.dtype))):
            return f"the state differs beyond its bound: {_apart(one, other, path)}"
    return None


def _first_step(one: np.ndarray, other: np.ndarray) -> int | None:
    if one.shape != other.shape or one.dtype != other.dtype:
        return 0
    if one.tobytes() == other.tobytes():
        return None
    differ = np.array([a.tobytes() != b.tobytes() for a, b in zip(one, other, strict=True)])
    return int(np.flatnonzero(differ)[0])


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()


def _close(one: np.ndarray, other: np.ndarray, bound: float) -> bool:
    """Equal, or for floats within the bound, relative to the largest number of the array.

    A soma of quadratic terms may run away at a step that is too long for it: where both have the same infinity, or
    neither has a number, they agree.
    """
    if one.dtype.kind in "iub":
        return _same(one, other)
    a, b = one.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    scale = max(1.0, float(np.abs(a[finite]).max(initial=0.0)))
    lost = np.array_equal(a[~finite], b[~finite], equal_nan=True)
    return lost and bool(np.all(np.abs(a[finite] - b[finite]) <= bound * scale))


def _apart(one: Outcome, other: Outcome, path: str) -> str:
    a, b = one.state[path], other.state[path]
    if a.shape != b.shape or a.dtype != b.dtype:
        return f"{path} is {a.dtype} {a.shape} and {b.dtype} {b.shape}"
    where = int(np.argmax(np.abs(a.astype(np.float64) - b.astype(np.float64)).reshape(-1)))
    return f"{path} at {where}: {a.reshape(-1)[where]!r} and {b.reshape(-1)[where]!r} ({a.dtype})"
