"""Connections in compressed rows."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from spark.arrays import Array
from spark.kernels.place import Place
from spark.kernels.processors import processors

_AT_ONCE = 1 << 20  # Connections that are worked on at once: their numbers stay in the cache.

ONE_WEIGHT, WEIGHT_OF_UNIT, WEIGHT_OF_EDGE = range(3)


class WithDtype(Protocol):
    """An array, or the place of one."""

    @property
    def dtype(self) -> object:
        """What kind of numbers."""
        ...


Held = TypeVar("Held", bound=WithDtype, covariant=True)


class Rows(NamedTuple, Generic[Held]):
    """Connections in compressed rows, one row for each presynaptic unit.

    Attributes:
        starts: int32 (pre + 1,): connections of unit j are elements starts[j] up to, not including, starts[j + 1].
        post: uint16 or int32 (connections,): postsynaptic unit of each. Where rows have middles uint32, with delays in
            the upper 8 bits.
        weights: float32, float16 or bfloat16: one for each connection, or for each presynaptic unit, or one element.
        delays: uint8 or uint16 (connections,): further steps until each arrives; None where all arrive together, and
            where `post` says it.
        middles: int32 (pre,): the first connection of each row onto the second half of the targets, so that two threads
            need not look for it; None where connections are few. See `spark.kernels.order`.
    """

    starts: Held
    post: Held
    weights: Held
    delays: Held | None
    middles: Held | None = None

    @property
    def by_delay(self) -> bool:
        """Whether each row ascends by half of the targets, then delay; else by target."""
        return str(self.post.dtype) == "uint32"


class Unordered(NamedTuple):
    """Some rows before they are ordered by delay.

    Attributes:
        starts: int32 (rows + 1,), ascending from 0 to the number of connections.
        post: uint16 or int32 (connections,): postsynaptic unit of each.
        delays: uint8 (connections,): further steps until each arrives.
        weights: Of 2 or 4 bytes (connections,); None where not each connection has its own.
        half: The first unit of the second half of the targets.
    """

    starts: np.ndarray
    post: np.ndarray
    delays: np.ndarray
    weights: np.ndarray | None
    half: int


def weight_layout(rows: "Rows[Array] | Rows[Place]") -> int:
    """Whether there is one weight, one for each unit, or one for each connection."""
    size = rows.weights.shape[0]
    if size == rows.post.shape[0]:
        return WEIGHT_OF_EDGE
    return ONE_WEIGHT if size == 1 else WEIGHT_OF_UNIT


def for_rows(starts: np.ndarray, work: Callable[[int, int], None]) -> None:
    """Call `work(first, last)` with all rows, some at a time, on as many threads as there are processors.

    Args:
        starts: (rows + 1,), where the connections of each row begin, as in `Rows`.
        work: Is called with the first row, and with the first that is not meant any more; no row comes twice.
    """
    chunks, row = [], 0
    while row < starts.size - 1:
        last = max(row + 1, int(np.searchsorted(starts, int(starts[row]) + _AT_ONCE, side="right")) - 1)
        chunks.append((row, last))
        row = last
    if len(chunks) == 1:
        work(*chunks[0])
        return
    with ThreadPoolExecutor(processors()) as threads:
        for _ in threads.map(lambda chunk: work(*chunk), chunks):
            pass
