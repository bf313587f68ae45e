"""The connections of a synapse as lists, sorted for walks from either side."""

from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from spark.arrays import Array

_LARGEST = np.iinfo(np.int32).max
# How many are computed with at once in 8 bytes each.
_AT_ONCE = 1 << 18


Held = TypeVar("Held", covariant=True)


class Edges(NamedTuple, Generic[Held]):
    """Connections, sorted by presynaptic unit, then delay, then postsynaptic unit. All arrays are int32.

    Attributes:
        post: Postsynaptic unit of each edge, shape (edges,).
        starts: Shape (pre_units, max_delay + 2): the edges that leave unit j with a delay of k steps are
            `starts[j, k]` up to, not including, `starts[j, k + 1]`.
        in_starts: Shape (post_units + 1,): what arrives at unit i stands in the `in_` arrays at `in_starts[i]` up
            to, not including, `in_starts[i + 1]`.
        in_edge: Number of the edge, shape (edges,), sorted by postsynaptic unit, then edge.
        in_pre: Presynaptic unit, aligned with `in_edge`.
        in_delay: Delay in steps, aligned with `in_edge`.
        pre: Presynaptic unit of each edge, shape (edges,).
        delay: Delay of each edge in steps, shape (edges,).
    """

    post: Held
    starts: Held
    in_starts: Held
    in_edge: Held
    in_pre: Held
    in_delay: Held
    pre: Held
    delay: Held


def build_edges(
    pre_index: Array, post_index: Array, delay: Array | int, pre_units: int, post_units: int, max_delay: int
) -> tuple[Edges[np.ndarray], np.ndarray]:
    """Sort connections into `Edges`.

    Args:
        pre_index: Presynaptic unit of each connection, integers in [0, pre_units), shape (n,).
        post_index: Postsynaptic unit, integers in [0, post_units), shape (n,).
        delay: Steps, integers in [0, max_delay], shape (n,) or a single number.
        pre_units: Number of presynaptic units.
        post_units: Number of postsynaptic units.
        max_delay: Longest delay that the edges can hold, steps.

    Returns:
        The edges, as NumPy arrays, and the order: `values[order]` brings an array aligned with the input into
        edge order. Equal connections keep the order of the input.

    Raises:
        ValueError: An index or a delay is out of range, the shapes differ, or there are more than 2**31 - 1 edges.
        TypeError: An array does not hold integers.
    """
    pre = _integers("pre_index", pre_index, pre_units - 1)
    post = _integers("post_index", post_index, post_units - 1)
    steps = _integers("delay", delay, max_delay)
    if pre.ndim != 1 or post.shape != pre.shape or steps.shape not in ((), (1,), pre.shape):
        raise ValueError(
            f"pre_index, post_index and delay must be lists of one length, got shapes {pre.shape}, {post.shape}, "
            f"{steps.shape}."
        )
    slots = pre_units * (max_delay + 1)
    if max(pre.size, slots, post_units) > _LARGEST:
        raise ValueError(
            f"edges, post_units and pre_units * (max_delay + 1) must not exceed {_LARGEST}, got {pre.size}, "
            f"{post_units}, {slots}. Split the population into several."
        )
    steps = np.broadcast_to(steps, pre.shape)

    def slot_of(part: slice) -> np.ndarray:
        return pre[part].astype(np.int64) * (max_delay + 1) + steps[part]

    # What is as long as the list is kept in 4 bytes each, but for the one that is sorted.
    order = _stable_order(pre.size, slots * post_units, lambda part: slot_of(part) * post_units + post[part])
    first_of_slot = _starts(pre.size, slots, slot_of)
    starts = first_of_slot[np.arange(pre_units)[:, None] * (max_delay + 1) + np.arange(max_delay + 2)]
    in_starts = _starts(pre.size, post_units, lambda part: post[part])
    pre, post, sorted_delay = (array[order].astype(np.int32, copy=False) for array in (pre, post, steps))
    order = order.astype(np.int32)
    in_edge = _stable_order(post.size, post_units, lambda part: post[part].astype(np.int64))
    edges = Edges(
        post=post,
        starts=starts,
        in_starts=in_starts,
        in_edge=in_edge.astype(np.int32),
        in_pre=pre[in_edge],
        in_delay=sorted_delay[in_edge],
        pre=pre,
        delay=sorted_delay,
    )
    return edges, order


def _integers(name: str, values: Array | int, largest: int) -> np.ndarray:
    array = np.asarray(values)
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, got {array.dtype}.")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > largest:
        raise ValueError(f"{name} must lie in [0, {largest}], got {low} to {high}.")
    return array


def _starts(count: int, bound: int, key: Callable[[slice], np.ndarray]) -> np.ndarray:
    """Where each of the keys in [0, bound) begins once they are sorted, and their number, int32."""
    starts = np.zeros(bound + 1, np.int32)
    for part in _parts(count, max(bound, _AT_ONCE)):
        starts[1:] += np.bincount(key(part), minlength=bound).astype(np.int32)
    return np.cumsum(starts, out=starts)


def _stable_order(count: int, bound: int, key: Callable[[slice], np.ndarray]) -> np.ndarray:
    """Stable order of keys in [0, bound), int64.

    Key and position packed into one integer sort several times faster than a stable argsort, for NumPy sorts plain
    integers with vector instructions, and in place.

    Args:
        count: How many there are.
        bound: Above all of them.
        key: Gives some of them, int64.
    """
    bits = max(count - 1, 1).bit_length()
    packed = np.empty(count, np.int64)
    fits = max(bound - 1, 1).bit_length() + bits <= 63
    for part in _parts(count):
        packed[part] = key(part)
        if fits:
            packed[part] <<= bits
            packed[part] |= np.arange(part.start, part.stop)
    if not fits:
        return np.argsort(packed, kind="stable")
    packed.sort()
    packed &= (1 << bits) - 1
    return packed


def _parts(count: int, most: int = _AT_ONCE) -> Iterator[slice]:
    """So many places, some at a time."""
    return (slice(first, min(first + most, count)) for first in range(0, count, most))
