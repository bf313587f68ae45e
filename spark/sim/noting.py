"""From what a recording asks for to taps of a chunk, and from what a chunk noted to the recording."""

from typing import Any, Protocol

import numpy as np

from spark.engine.taps import Noted, Tap
from spark.sim.recordable import Recordable

ROOM_BYTES = 1 << 22


class Wanted(Protocol):
    """One thing to record."""

    name: str
    what: Recordable
    every: int
    units: np.ndarray | None


class Writer(Protocol):
    """Takes what was recorded, in order of steps."""

    def events(self, name: str, steps: np.ndarray, units: np.ndarray) -> None:
        """Spikes: step (int64) and flat index of the unit (int32) of each."""

    def samples(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Arrays: steps (int64) and one row for each."""


class Noting:
    """The taps of a run.

    Attributes:
        row_bytes: Bytes that one step takes at most, spikes left out: they end a chunk early when there is no room.
        chosen: Flat indices by name, for taps that note only some elements.
    """

    def __init__(self, wanted: list[Any], room_bytes: int = ROOM_BYTES) -> None:
        """Taps for these; each notes at most so many bytes of spikes in a chunk, or two steps of all its units."""
        self._room_bytes = room_bytes
        self._wanted = {w.name: w for w in wanted}
        self.chosen = {
            w.name: np.asarray(w.units, np.int32) for w in wanted if w.units is not None and not w.what.spikes
        }
        self.row_bytes = sum(self._bytes(w) for w in wanted)

    def _bytes(self, wanted: Any) -> int:
        if wanted.what.spikes:
            return 4 + -(-int(np.prod(wanted.what.shape)) // 8)
        elements = int(np.prod(wanted.what.shape)) if wanted.units is None else len(wanted.units)
        return -(-elements * np.dtype(wanted.what.dtype).itemsize // wanted.every)

    def taps(self, most: int) -> tuple[Tap, ...]:
        """Taps of a chunk of at most so many steps."""
        made = []
        for name, wanted in self._wanted.items():
            what = wanted.what
            room = -(-most // wanted.every)
            if what.spikes:
                units = int(np.prod(what.shape))
                room = max(2 * units, min(self._room_bytes // 4, units * most))
            made.append(Tap(name, what.entry or "", what.output, what.spikes, wanted.every, room))
        return tuple(made)

    def drain(self, noted: dict[str, Noted], first: int, done: int, writer: Writer) -> None:
        """Hand over what a chunk of `done` steps noted, whose first was the brain's step `first`."""
        for name, wanted in self._wanted.items():
            if wanted.what.spikes:
                steps, units = _events(noted[name], first, done, int(np.prod(wanted.what.shape)))
                if wanted.units is not None:
                    kept = np.isin(units, wanted.units)
                    steps, units = steps[kept], units[kept]
                writer.events(name, steps, units)
            else:
                steps = np.arange(first + -first % wanted.every, first + done, wanted.every, dtype=np.int64)
                values = np.array(np.asarray(noted[name].first)[: steps.size])
                if wanted.what.how is not None:
                    factor = wanted.what.how.factor(steps + 1)
                    values *= factor.reshape(-1, *[1] * (values.ndim - 1))
                writer.samples(name, steps, values)


def _events(noted: Noted, first: int, done: int, units: int) -> tuple[np.ndarray, np.ndarray]:
    if noted.fired is None:
        bits = np.unpackbits(np.asarray(noted.first)[:done], axis=1, count=units)
        at, fired = np.nonzero(bits)
        return at.astype(np.int64) + first, fired.astype(np.int32)
    counts = np.asarray(noted.first)[:done]
    # Cut by NumPy: JAX would compile a program for each length.
    fired = np.array(np.asarray(noted.fired)[: int(counts.sum())])
    return np.repeat(np.arange(first, first + done, dtype=np.int64), counts), fired
