"""Spike trains as lists of events: when which unit fired."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spark.core.arguments import checked
from spark.core.errors import InputError, Problem

_MOST_UNIT = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False, repr=False)
class SpikeEvents:
    """Spikes as a list of events, sorted by time and then by unit.

    As an input of `spark.run` an event at time t acts in the run's step `round(t / dt)`: times count from the begin of
    the run. Memory follows the number of events, not steps times units.

    Attributes:
        times: When each unit fired, ms, float64 (events,).
        units: Which unit fired, a flat index, int64 (events,).
        signs: int8 (events,), 1 or -1 for an inhibitory unit; left out, all are 1.

    Raises:
        InputError: The lists differ in length, times are no numbers or negative, units no whole numbers or negative,
            signs other than 1 and -1.
    """

    times: Any
    units: Any
    signs: Any = field(default=None)

    def __post_init__(self) -> None:
        times, units = _listed("times", self.times), _listed("units", self.units)
        signs = np.ones(units.shape, np.int8) if self.signs is None else _listed("signs", self.signs)
        problems = _misfits(times, units, signs)
        if problems:
            raise InputError(problems)
        order = np.lexsort((units, times))
        object.__setattr__(self, "times", times[order].astype(np.float64))
        object.__setattr__(self, "units", units[order].astype(np.int64))
        object.__setattr__(self, "signs", signs[order].astype(np.int8))

    def __len__(self) -> int:
        return len(self.times)

    @checked
    def between(self, begin: float, end: float) -> "SpikeEvents":
        """The events from `begin` up to, not including, `end` (ms), with times that count from `begin`."""
        first, last = np.searchsorted(self.times, [begin, end])
        cut = slice(first, max(first, last))
        return SpikeEvents(self.times[cut] - begin, self.units[cut], self.signs[cut])

    def __repr__(self) -> str:
        if not len(self):
            return "SpikeEvents(no events)"
        return f"SpikeEvents({len(self)} events, {self.times[0]:g} to {self.times[-1]:g} ms)"


def _listed(name: str, values: object) -> np.ndarray:
    """What was given as an array.

    Raises:
        InputError: Its rows differ in length, so that it is none.
    """
    try:
        return np.asarray(values)
    except ValueError as error:
        text = f"are no plain list of numbers, got rows of different lengths; expected {name} of shape (events,)"
        raise InputError(Problem(f"SpikeEvents.{name}", text, "Give one of each for every spike", "shape")) from error


def _misfits(times: np.ndarray, units: np.ndarray, signs: np.ndarray) -> list[Problem]:
    if times.ndim != 1 or units.shape != times.shape or signs.shape != times.shape:
        message = f"are lists of different shapes, got {times.shape}, {units.shape} and {signs.shape}"
        return [Problem("SpikeEvents.times, units, signs", message, "Give one of each for every spike", "shape")]
    if not times.size:
        return []
    found = []
    if times.dtype.kind not in "iuf" or not np.isfinite(times).all() or times.min() < 0:
        found.append(
            _bad("times", times, "finite numbers of at least 0 ms", lambda t: np.isfinite(t) & (t >= 0), "iuf")
        )
    if units.dtype.kind not in "iu" or units.min() < 0 or units.max() > _MOST_UNIT:
        expected = (
            f"whole numbers from 0 to {_MOST_UNIT}" if units.dtype == np.uint64 else "whole numbers of at least 0"
        )
        found.append(_bad("units", units, expected, lambda u: (u >= 0) & (u <= _MOST_UNIT), "iu"))
    if signs.dtype.kind not in "iuf" or not np.isin(signs, (1, -1)).all():
        found.append(_bad("signs", signs, "1 or -1", lambda s: np.isin(s, (1, -1)), "iuf"))
    return found


def _bad(name: str, values: np.ndarray, expected: str, fits: Callable[[np.ndarray], np.ndarray], kinds: str) -> Problem:
    if values.dtype.kind not in kinds:
        return Problem(
            f"SpikeEvents.{name}", f"have the wrong dtype, got {values.dtype}; expected {expected}", "", "dtype"
        )
    at = int(np.argmin(fits(values)))
    return Problem(
        f"SpikeEvents.{name}", f"hold a wrong value, got {values[at]} at {at}; expected {expected}", "", "bounds"
    )


class EventRows:
    """Events as rows of signed spikes, one for each step of a run."""

    def __init__(self, address: str, events: SpikeEvents, units: int, dt: float, steps: int) -> None:
        """Place events in steps.

        Args:
            address: How an error names the input.
            events: The events.
            units: Units of the input.
            dt: Length of a step, ms.
            steps: Steps of the run.

        Raises:
            InputError: A unit does not exist, an event lies beyond the run, or a unit fires twice in a step.
        """
        # What lies beyond any run may lie beyond 64 bits too, and is refused below.
        self._steps = np.rint(np.minimum(events.times / dt, steps)).astype(np.int64)
        self._units, self._signs = events.units, events.signs
        problem = self._misfit(address, events, units, dt, steps)
        if problem is not None:
            raise InputError(problem)

    def _misfit(self, address: str, events: SpikeEvents, units: int, dt: float, steps: int) -> Problem | None:
        if not len(events):
            return None
        if self._units.max() >= units:
            message = f"an event names a unit that is not there, got {self._units.max()}; expected 0 to {units - 1}"
            return Problem(address, message, "", "bounds")
        if self._steps[-1] >= steps:
            message = (
                f"an event lies beyond the run, got one at {events.times[-1]:g} ms; "
                f"expected at most {(steps - 1) * dt:g} ms, the last of {steps} steps"
            )
            return Problem(address, message, "Cut it: `events.between(begin, end)`", "length")
        order = np.lexsort((self._units, self._steps))
        key = self._steps[order] * units + self._units[order]
        twice = np.flatnonzero(key[1:] == key[:-1])
        if twice.size:
            at = order[twice[0]]
            message = (
                f"a unit fires more than once in a step of {dt:g} ms, got unit {self._units[at]} "
                f"in step {self._steps[at]} ({twice.size} spikes in all)"
            )
            return Problem(address, message, "Take a smaller dt, or drop what a unit cannot do", "twice")
        return None

    def fill(self, rows: np.ndarray, first: int, count: int) -> None:
        """Write the spikes of `count` steps from step `first` on into zeros of shape (steps, ...)."""
        begin, end = np.searchsorted(self._steps, [first, first + count])
        flat = rows.reshape(rows.shape[0], -1)
        flat[self._steps[begin:end] - first, self._units[begin:end]] = self._signs[begin:end]
