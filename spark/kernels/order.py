"""Connections of each row in the order in which they are delivered where delays are many."""

import numpy as np

from spark.arrays import Array
from spark.kernels import native
from spark.kernels.rows import WEIGHT_OF_EDGE, Rows, for_rows, weight_layout
from spark.kernels.sharing import TOGETHER

# Bytes of the rows that are delivered together, for half of the targets: they are to stay in a core's cache.
_BLOCK = 1 << 19
# From so many bytes on a ring lies beyond a core's cache, so that delivery by blocks pays, if a visit of a spike finds
# so many connections on average.
SPREAD_BYTES, SPREAD_CONNECTIONS = 1 << 20, 8


def steps_together(units: int) -> int:
    """Steps that are delivered together at so many targets: a power of two, at most 8."""
    fits = _BLOCK // max(1, 2 * units)
    return min(8, 1 << max(0, fits.bit_length() - 1))


def first_of_second_half(units: int) -> int:
    """The first unit of the second half of the targets: whole blocks, so that of two threads each has a half."""
    blocks = -(-units // TOGETHER)
    return min(units, blocks // 2 * TOGETHER)


def pays(rows: Rows[Array], slots: int, units: int) -> bool:
    """Whether spikes are to be delivered by blocks of steps instead of into a ring of so many rows."""
    if rows.delays is None or slots * units * 4 < SPREAD_BYTES:
        return False
    visits = 2 * max(1, slots // steps_together(units))
    return rows.post.size >= SPREAD_CONNECTIONS * visits * (rows.starts.size - 1)


def by_delay(rows: Rows[np.ndarray], units: int) -> Rows[np.ndarray]:
    """The same connections with each row ascending by half of the targets, then delay, equal ones as they stood.

    Args:
        rows: Connections with delays, as arrays of NumPy.
        units: How many targets there are.

    Returns:
        The rows, with their middles.
    """
    assert rows.delays is not None
    starts, delays, half = rows.starts, rows.delays, first_of_second_half(units)
    each = ("post", "delays", "weights") if weight_layout(rows) == WEIGHT_OF_EDGE else ("post", "delays")
    made = {name: np.empty_like(getattr(rows, name)) for name in each}
    middles = np.empty(starts.size - 1, np.int32)

    def sort(first: int, last: int) -> None:
        here = slice(starts[first], starts[last])
        order, counts = _order(starts[first : last + 1] - starts[first], rows.post[here] >= half, delays[here])
        middles[first:last] = starts[first:last] + counts
        for name, array in made.items():
            # Unlike an index, this lets other threads go on.
            np.take(getattr(rows, name)[here], order, out=array[here], mode="clip")

    for_rows(starts, sort)
    return rows._replace(**made, middles=middles)


def _order(starts: np.ndarray, second: np.ndarray, delays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order of connections, and of each row how many end at the first half. Both ways give the same."""
    rows = starts.size - 1
    if native.available():
        order, counts = np.empty(delays.size, np.int32), np.empty(rows, np.int32)
        native.order_rows(starts, second, delays, order, counts)
        return order, counts
    number = np.repeat(np.arange(rows, dtype=np.int32), np.diff(starts))
    return np.lexsort((delays, second, number)), np.bincount(number[~second], minlength=rows)
