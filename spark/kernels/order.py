"""Connections of each row in the order in which they are delivered where delays are many."""

import numpy as np

from spark.kernels import native
from spark.kernels.rows import WEIGHT_OF_EDGE, Rows, weight_layout
from spark.kernels.sharing import TOGETHER

_CHUNK = 1 << 20  # Connections sorted at once: their numbers stay in the cache.

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


def pays(rows: Rows, slots: int, units: int) -> bool:
    """Whether spikes are to be delivered by blocks of steps instead of into a ring of so many rows."""
    if rows.delays is None or slots * units * 4 < SPREAD_BYTES:
        return False
    visits = 2 * max(1, slots // steps_together(units))
    return rows.post.size >= SPREAD_CONNECTIONS * visits * (rows.starts.size - 1)


def by_delay(rows: Rows, units: int) -> Rows:
    """The same connections with each row ascending by half of the targets, then delay, equal ones as they stood.

    Args:
        rows: Connections with delays, as arrays of NumPy.
        units: How many targets there are.

    Returns:
        The rows, with their middles.
    """
    starts, post, weights, delays = rows.starts, rows.post.copy(), rows.weights, rows.delays.copy()
    each = weight_layout(rows) == WEIGHT_OF_EDGE
    weights = weights.copy() if each else weights
    middles = np.empty(starts.size - 1, np.int32)
    half, row = first_of_second_half(units), 0
    while row < starts.size - 1:
        last = max(row + 1, int(np.searchsorted(starts, starts[row] + _CHUNK, side="right")) - 1)
        here = slice(starts[row], starts[last])
        order, counts = _order(starts[row : last + 1] - starts[row], post[here] >= half, delays[here])
        middles[row:last] = starts[row:last] + counts
        for array in (post, delays, weights) if each else (post, delays):
            array[here] = array[here][order]
        row = last
    return Rows(starts, post, weights, delays, middles)


def _order(starts: np.ndarray, second: np.ndarray, delays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order of connections, and of each row how many end at the first half. Both ways give the same."""
    rows = starts.size - 1
    if native.available():
        order, counts = np.empty(delays.size, np.int32), np.empty(rows, np.int32)
        native.order_rows(starts, second, delays, order, counts)
        return order, counts
    number = np.repeat(np.arange(rows, dtype=np.int32), np.diff(starts))
    return np.lexsort((delays, second, number)), np.bincount(number[~second], minlength=rows)
