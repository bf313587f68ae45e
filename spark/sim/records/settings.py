"""What a probe asks for beside its path: units, windows, triggers, reductions."""

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypedDict

import numpy as np

from spark.core.errors import Problem, RecordError
from spark.core.names import suggestion
from spark.sim.recordable import Recordable
from spark.sim.records.channel import REDUCTIONS, Reduction


class Settings(TypedDict, total=False):
    """What a probe sets of a channel; see `Channel`."""

    every: int
    units: np.ndarray | None
    windows: tuple[tuple[int, int], ...]
    trigger: Recordable | None
    around: tuple[int, int]
    reduce: Reduction


class Asked(Protocol):
    """What a probe says of these, as it was written; see `Probe`."""

    @property
    def units(self) -> object:
        """Which units."""
        ...

    @property
    def every(self) -> int:
        """Steps between two samples."""
        ...

    @property
    def window(self) -> object:
        """Which steps."""
        ...

    @property
    def trigger(self) -> str | None:
        """Path whose spikes decide."""
        ...

    @property
    def around(self) -> tuple[int, int]:
        """Steps before and after them."""
        ...

    @property
    def reduce(self) -> object:
        """What to keep in the place of the array."""
        ...


def read_settings(asked: Asked, what: Recordable, known: Mapping[str, Recordable]) -> Settings:
    """The settings of a channel from those of a probe.

    Raises:
        RecordError: Everything that is wrong with them.
    """
    found: Settings = {}
    problems: list[Problem] = []
    for name, read in _READERS.items():
        if getattr(asked, name) is None:
            continue
        try:
            found |= read(asked, what, known)
        except RecordError as error:
            problems += [p.under(name) for p in error.problems]
    if problems:
        raise RecordError(problems)
    return found


def matching(path: str, known: Mapping[str, Recordable]) -> list[str]:
    """The paths that a probe's path means."""
    if path in known:
        return [path]
    if "*" in path or "?" in path:
        return [name for name in known if fnmatch.fnmatchcase(name, path)]
    short = [n for n, what in known.items() if what.spikes and n.rpartition(".")[0] == path]
    return short if len(short) == 1 else []


def _every(asked: Asked, what: Recordable, known: Mapping[str, Recordable]) -> Settings:
    if not _whole(asked.every) or asked.every < 1:
        raise RecordError(Problem("", f"must be a whole number of at least 1, got {asked.every!r}", "", "bounds"))
    if asked.every > 1 and what.spikes:
        raise RecordError(
            Problem("", f"does not apply to spikes, got {asked.every}", "Leave it out: spikes are events", "spikes")
        )
    return {"every": int(asked.every)}


def _units(asked: Asked, what: Recordable, known: Mapping[str, Recordable]) -> Settings:
    size = int(np.prod(what.shape))
    chosen = _indices(asked.units, size)
    if chosen is None:
        message = f"must be indices from 0 to {size - 1}, got {asked.units!r}"
        raise RecordError(Problem("", message, f"The shape of {what.path!r} is {what.shape}", "units"))
    unique, counts = np.unique(chosen, return_counts=True)
    if (counts > 1).any():
        message = f"lists a unit twice, got {unique[counts > 1][0]} more than once; expected each at most once"
        raise RecordError(Problem("", message, "Leave the repetition out, and repeat the recorded column", "units"))
    return {"units": chosen}


def _indices(asked: object, size: int) -> np.ndarray | None:
    if isinstance(asked, slice):
        chosen = np.arange(size, dtype=np.int32)[asked]
        return chosen if chosen.size else None
    given = np.atleast_1d(np.asarray(asked))
    if given.ndim != 1 or not given.size:
        return None
    if given.dtype == bool:
        given = np.flatnonzero(given) if given.size == size else np.array([-1])
    if given.dtype.kind not in "iu" or not given.size or given.min() < 0 or given.max() >= size:
        return None
    return given.astype(np.int32)


def _window(asked: Asked, what: Recordable, known: Mapping[str, Recordable]) -> Settings:
    several = asked.window
    if isinstance(several, (list, tuple)) and len(several) == 2 and all(_whole(n) for n in several):
        several = [several]
    if not isinstance(several, (list, tuple)) or not several or not all(_is_window(w) for w in several):
        raise RecordError(
            Problem("", f"must be steps (first, last) with first < last, or a list of such, got {asked.window!r}")
        )
    return {"windows": tuple((int(first), int(last)) for first, last in several)}


def _is_window(window: object) -> bool:
    if not isinstance(window, (list, tuple)) or len(window) != 2 or not all(_whole(n) for n in window):
        return False
    return 0 <= window[0] < window[1]


def _trigger(asked: Asked, what: Recordable, known: Mapping[str, Recordable]) -> Settings:
    assert asked.trigger is not None
    paths = matching(asked.trigger, known)
    if len(paths) != 1 or not known[paths[0]].spikes:
        spiking = [name for name, one in known.items() if one.spikes]
        raise RecordError(
            Problem("", f"no spikes go by {asked.trigger!r}", suggestion(asked.trigger, spiking), "unknown")
        )
    if asked.reduce == "rate":
        raise RecordError(Problem("", "does not apply to a rate", "Record the spikes", "rate"))
    around = asked.around
    if not isinstance(around, (list, tuple)) or len(around) != 2 or not all(_whole(n) and n >= 0 for n in around):
        raise RecordError(Problem("", f"needs `around=(steps before, steps after)`, got {around!r}", "", "bounds"))
    return {"trigger": known[paths[0]], "around": (int(around[0]), int(around[1]))}


def _around(asked: Asked, what: Recordable, known: Mapping[str, Recordable]) -> Settings:
    """Only a trigger reads it; see `_trigger`."""
    if asked.trigger is None and asked.around != (0, 0):
        text = f"has no effect without a trigger, got {asked.around!r}"
        raise RecordError(Problem("", text, "Give `trigger=...`, or leave it out", "no-effect"))
    return {}


def _reduce(asked: Asked, what: Recordable, known: Mapping[str, Recordable]) -> Settings:
    reduce = (
        _histogram(asked.reduce)
        if isinstance(asked.reduce, (list, tuple))
        else asked.reduce
        if isinstance(asked.reduce, str)
        else None
    )
    fits = reduce == "rate" if what.spikes else isinstance(reduce, tuple) or reduce in REDUCTIONS
    if reduce is None or not fits:
        kind = "spikes" if what.spikes else "arrays"
        names = "'rate'" if what.spikes else f"{', '.join(map(repr, REDUCTIONS))} or ('histogram', bins, (low, high))"
        raise RecordError(
            Problem("", f"is no reduction of {kind}, got {asked.reduce!r}; expected {names}", "", "unknown")
        )
    return {"reduce": reduce}


def _histogram(asked: Sequence[Any]) -> Reduction:
    try:
        name, bins, (low, high) = asked
        good = name == "histogram" and _whole(bins) and bins > 0 and float(low) < float(high)
    except (TypeError, ValueError):
        return None
    return ("histogram", int(bins), (float(low), float(high))) if good else None


def _whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


_READERS = {
    "every": _every,
    "units": _units,
    "window": _window,
    "trigger": _trigger,
    "around": _around,
    "reduce": _reduce,
}
