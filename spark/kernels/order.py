"""Connections of each row in the order in which they are delivered where delays are many."""

import numpy as np

from spark.arrays import Array
from spark.kernels import native
from spark.kernels.pages import empty
from spark.kernels.rows import WEIGHT_OF_EDGE, Rows, Unordered, for_rows
from spark.kernels.sharing import TOGETHER

# Bytes of the rows that are delivered together, for half of the targets: they are to stay in a core's cache.
_BLOCK = 1 << 19
# From so many bytes on a ring lies beyond a core's cache, so that delivery by blocks pays, if a visit of a spike finds
# so many connections on average.
SPREAD_BYTES, SPREAD_CONNECTIONS = 1 << 20, 8
# From so many connections on threads may pay, and the middles of rows are noted.
MIDDLES_CONNECTIONS = 1 << 16
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


def by_delay(rows: Rows[np.ndarray], units: int, layout: int) -> Rows[np.ndarray]:
    """The same connections with each row ascending by half of the targets, then delay, equal ones as they stood.

    Args:
        rows: Connections with delays, uint8, as arrays of NumPy.
        units: How many targets there are, at most 2^24.
        layout: What the weights belong to, see `weight_layout`: of a share the number of weights may not tell it.

    Returns:
        The rows, with their middles. `post` is delay * 2^24 + unit, uint32: what a visit reads lies side by side.
    """
    assert rows.delays is not None
    starts, post, delays, half = rows.starts, rows.post, rows.delays, first_of_second_half(units)
    targets, middles = empty(post.shape, np.uint32), np.empty(starts.size - 1, np.int32)
    each = layout == WEIGHT_OF_EDGE
    weights = empty(post.shape, rows.weights.dtype) if each else rows.weights

    def sort(first: int, last: int) -> None:
        here = slice(starts[first], starts[last])
        own = rows.weights[here] if each else None
        some = Unordered(starts[first : last + 1] - starts[first], post[here], delays[here], own, half)
        middles[first:last] = starts[first:last] + _order(some, targets[here], weights[here] if each else None)

    for_rows(starts, sort)
    return Rows(starts, targets, weights, None, middles)


def with_middles(rows: Rows[np.ndarray], units: int) -> Rows[np.ndarray]:
    """The same rows with their middles.

    Args:
        rows: Connections that ascend by target within each row, as arrays of NumPy.
        units: How many targets there are.
    """
    starts, half, middles = rows.starts, first_of_second_half(units), np.empty(rows.starts.size - 1, np.int32)

    def count(first: int, last: int) -> None:
        before = np.zeros(starts[last] - starts[first] + 1, np.int32)
        np.cumsum(rows.post[starts[first] : starts[last]] < half, out=before[1:])
        at = starts[first : last + 1] - starts[first]
        middles[first:last] = starts[first:last] + np.diff(before[at])

    for_rows(starts, count)
    return rows._replace(middles=middles)


def units_and_delays(targets: Array) -> tuple[Array, Array]:
    """The two halves of `post` where rows ascend by delay: int32 units and uint8 delays. NumPy or JAX arrays."""
    units = (targets & np.uint32((1 << _UNIT_BITS) - 1)).astype(np.int32)
    return units, (targets >> np.uint32(_UNIT_BITS)).astype(np.uint8)


def unpacked(rows: Rows[Array]) -> Rows[Array]:
    """Rows whose `post` holds delays too, with both apart, in the same order; others as they are."""
    if not rows.by_delay:
        return rows
    units, delays = units_and_delays(rows.post)
    return rows._replace(post=units, delays=delays)


def longest_delay(rows: Rows[np.ndarray]) -> int:
    """The most further steps until a connection's spikes arrive."""
    if rows.by_delay:
        return int(rows.post.max(initial=0)) >> _UNIT_BITS
    return 0 if rows.delays is None else int(rows.delays.max(initial=0))


def _order(rows: Unordered, targets: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Fill targets and weights; of each row how many end at the first half. Both ways give the same."""
    count = rows.starts.size - 1
    if native.available():
        counts = np.empty(count, np.int32)
        native.order_rows(rows, targets, weights, counts)
        return counts
    second = rows.post >= rows.half
    number = np.repeat(np.arange(count, dtype=np.int32), np.diff(rows.starts))
    order = np.lexsort((rows.delays, second, number))
    targets[:] = (rows.delays.astype(np.uint32) << np.uint32(_UNIT_BITS) | rows.post.astype(np.uint32))[order]
    if weights is not None and rows.weights is not None:
        weights[:] = rows.weights[order]
    return np.bincount(number[~second], minlength=count)
