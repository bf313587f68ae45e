"""A channel: what one probe keeps of one path, as it is described beside the data."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from spark.sim.recordable import Recordable

Reduction = str | tuple[str, int, tuple[float, float]] | None


class Described(TypedDict):
    """A channel as plain data, as it stands beside what was kept; see `Channel`."""

    name: str
    path: str
    kind: str
    shape: list[int]
    row: list[int]
    dtype: str
    unit: str
    every: int
    units: list[int] | None
    windows: list[list[int]]
    trigger: str | None
    around: list[int]
    reduce: str | list[object] | None


class Header(TypedDict):
    """What a recording in a folder says of itself."""

    format: str
    version: int
    dt: float
    first: int
    channels: list[Described]


REDUCTIONS = {"mean": np.mean, "sum": np.sum, "std": np.std, "min": np.min, "max": np.max}


@dataclass(frozen=True)
class Channel:
    """What is kept of one path.

    Attributes:
        name: Name in the recording.
        what: What the brain has there.
        every: Steps between two samples.
        units: Flat indices of what is kept, int32, or None for all.
        windows: Steps [first, last) of the brain's count that are kept; none means all.
        trigger: Whose spikes decide what is kept, or None.
        around: Steps before and after a trigger's spike that are kept.
        reduce: What is kept in the place of the array.
    """

    name: str
    what: Recordable
    every: int = 1
    units: np.ndarray | None = None
    windows: tuple[tuple[int, int], ...] = ()
    trigger: Recordable | None = None
    around: tuple[int, int] = (0, 0)
    reduce: Reduction = None

    @property
    def spikes(self) -> bool:
        """Whether spikes are kept as events; else one row for each sample."""
        return self.what.spikes and self.reduce is None

    @property
    def number(self) -> int:
        """How many units the channel looks at."""
        return int(np.prod(self.what.shape)) if self.units is None else self.units.size

    @property
    def unit(self) -> str:
        """mV, pA, ... of what is kept."""
        if self.reduce == "rate":
            return "Hz"
        return "" if isinstance(self.reduce, tuple) else self.what.unit

    @property
    def row(self) -> tuple[tuple[int, ...], np.dtype]:
        """Shape and type of one sample; of events, of the flat index of the unit."""
        if self.spikes:
            return (), np.dtype(np.int32)
        if isinstance(self.reduce, tuple):
            return (self.reduce[1],), np.dtype(np.int64)
        if self.reduce is not None:
            return (), np.dtype(np.float32)
        shape = self.what.shape if self.units is None else (self.units.size,)
        return shape, np.dtype(_plain(self.what.dtype))

    def reduced(self, values: np.ndarray) -> np.ndarray:
        """What is kept of rows (samples, ...)."""
        if self.reduce is None or self.reduce == "rate":
            return values.astype(self.row[1], copy=False)
        flat = values.reshape(len(values), int(np.prod(values.shape[1:])))
        if isinstance(self.reduce, tuple):
            _, bins, (low, high) = self.reduce
            rows = [np.histogram(row.astype(np.float64), bins, (low, high))[0] for row in flat]
            return np.array(rows, np.int64).reshape(len(flat), bins)
        return REDUCTIONS[self.reduce](flat.astype(np.float64), axis=1).astype(np.float32)

    def to_dict(self) -> Described:
        """Plain data."""
        shape, dtype = self.row
        return {
            "name": self.name,
            "path": self.what.path,
            "kind": "spikes" if self.spikes else "samples",
            "shape": list(self.what.shape),
            "row": list(shape),
            "dtype": str(dtype),
            "unit": self.unit,
            "every": self.every,
            "units": None if self.units is None else self.units.tolist(),
            "windows": [list(w) for w in self.windows],
            "trigger": None if self.trigger is None else self.trigger.path,
            "around": list(self.around),
            "reduce": list[object](self.reduce) if isinstance(self.reduce, tuple) else self.reduce,
        }


def _plain(dtype: str) -> str:
    """NumPy itself knows no bfloat16."""
    return "float32" if dtype == "bfloat16" else dtype
