"""Connections of each row in the order in which they are delivered where delays are many."""

import numpy as np

from spark.arrays import Array
from spark.kernels import native
from spark.kernels.pages import empty
from spark.kernels.rows import WEIGHT_OF_EDGE, Rows, for_rows, weight_layout
from spark.kernels.sharing import TOGETHER

# Bytes of the rows that are delivered together, for half of the targets: they are to stay in a core's cache.
_BLOCK = 1 << 19
# From so many bytes on a ring lies beyond a core's cache, so that delivery by blocks pays, if a visit of a spike finds
# so many connections on average.
SPREAD_BYTES, SPREAD_CONNECTIONS = 1 << 20, 8
# Bits of a unit's number, below those of the delay; see native/targets.h.
_UNIT_BITS = 24


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
    if rows.delays.dtype != np.uint8 or units > 1 << _UNIT_BITS:
        return False
    visits = 2 * max(1, slots // steps_together(units))
    return rows.post.size >= SPREAD_CONNECTIONS * visits * (rows.starts.size - 1)


def by_delay(rows: Rows[np.ndarray], units: int) -> Rows[np.ndarray]:
    """The same connections with each row ascending by half of the targets, then delay, equal ones as they stood.

    Args:
        rows: Connections with delays, uint8, as arrays of NumPy.
        units: How many targets there are, at most 2^24.

    Returns:
        The rows, with their middles. `post` is delay * 2^24 + unit, uint32: what a visit reads lies side by side.
    """
    assert rows.delays is not None
    starts, post, delays, half = rows.starts, rows.post, rows.delays, first_of_second_half(units)
    targets, middles = empty(post.shape, np.uint32), np.empty(starts.size - 1, np.int32)
    each = weight_layout(rows) == WEIGHT_OF_EDGE
    weights = empty(post.shape, rows.weights.dtype) if each else rows.weights

    def sort(first: int, last: int) -> None:
        here = slice(starts[first], starts[last])
        own = rows.weights[here] if each else None
        counts = _order(
            (starts[first : last + 1] - starts[first], post[here], delays[here], own, half),
            (targets[here], weights[here] if each else None),
        )
        middles[first:last] = starts[first:last] + counts

    for_rows(starts, sort)
    return Rows(starts, targets, weights, None, middles)


def unpacked(rows: Rows[Array]) -> Rows[Array]:
    """Rows whose `post` holds delays too, with both apart, in the same order; others as they are."""
    if rows.middles is None:
        return rows
    unit = np.uint32((1 << _UNIT_BITS) - 1)
    return rows._replace(
        post=(rows.post & unit).astype(np.int32), delays=(rows.post >> np.uint32(_UNIT_BITS)).astype(np.uint8)
    )


def longest_delay(rows: Rows[np.ndarray]) -> int:
    """The most further steps until a connection's spikes arrive."""
    if rows.middles is not None:
        return int(rows.post.max(initial=0)) >> _UNIT_BITS
    return 0 if rows.delays is None else int(rows.delays.max(initial=0))


_From = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None, int]


def _order(given: _From, into: tuple[np.ndarray, np.ndarray | None]) -> np.ndarray:
    """Fill `into` with targets and weights; of each row how many end at the first half. Both ways give the same."""
    starts, post, delays, weights, half = given
    if native.available():
        counts = np.empty(starts.size - 1, np.int32)
        native.order_rows(given, (*into, counts))
        return counts
    second = post >= half
    number = np.repeat(np.arange(starts.size - 1, dtype=np.int32), np.diff(starts))
    order = np.lexsort((delays, second, number))
    into[0][:] = (delays.astype(np.uint32) << np.uint32(_UNIT_BITS) | post.astype(np.uint32))[order]
    if into[1] is not None and weights is not None:
        into[1][:] = weights[order]
    return np.bincount(number[~second], minlength=starts.size - 1)
