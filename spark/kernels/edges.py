"""The connections of a synapse as lists, sorted for walks from either side."""

from typing import Any, NamedTuple

import numpy as np

_LARGEST = np.iinfo(np.int32).max


class Edges(NamedTuple):
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

    post: Any
    starts: Any
    in_starts: Any
    in_edge: Any
    in_pre: Any
    in_delay: Any
    pre: Any
    delay: Any


def build_edges(
    pre_index: Any, post_index: Any, delay: Any, pre_units: int, post_units: int, max_delay: int
) -> tuple[Edges, np.ndarray]:
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
    slot = pre.astype(np.int64) * (max_delay + 1) + steps
    order = _stable_order(slot * post_units + post, slots * post_units)
    first_of_slot = np.concatenate([[0], np.cumsum(np.bincount(slot, minlength=slots))])
    starts = first_of_slot[np.arange(pre_units)[:, None] * (max_delay + 1) + np.arange(max_delay + 2)]
    pre, post = pre[order].astype(np.int32), post[order].astype(np.int32)
    sorted_delay = np.broadcast_to(steps, slot.shape)[order].astype(np.int32)
    in_edge = _stable_order(post, post_units)
    in_starts = np.concatenate([[0], np.cumsum(np.bincount(post, minlength=post_units))])
    edges = Edges(
        post=post,
        starts=starts.astype(np.int32),
        in_starts=in_starts.astype(np.int32),
        in_edge=in_edge.astype(np.int32),
        in_pre=pre[in_edge],
        in_delay=sorted_delay[in_edge],
        pre=pre,
        delay=sorted_delay,
    )
    return edges, order


def _integers(name: str, values: Any, largest: int) -> np.ndarray:
    array = np.asarray(values)
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, got {array.dtype}.")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > largest:
        raise ValueError(f"{name} must lie in [0, {largest}], got {low} to {high}.")
    return array


def _stable_order(key: np.ndarray, bound: int) -> np.ndarray:
    """Stable order of keys in [0, bound).

    Key and position packed into one integer sort several times faster than a stable argsort, for NumPy sorts plain
    integers with vector instructions.
    """
    bits = max(key.size - 1, 1).bit_length()
    if max(bound - 1, 1).bit_length() + bits > 63:
        return np.argsort(key, kind="stable")
    packed = (key.astype(np.int64) << bits) | np.arange(key.size)
    packed.sort()
    return packed & ((1 << bits) - 1)
