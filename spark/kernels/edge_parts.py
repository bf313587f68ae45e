"""The connections that end at some of the units."""

import numpy as np

from spark.arrays import Array
from spark.kernels.edges import Edges
from spark.kernels.order import by_delay, unpacked, with_middles
from spark.kernels.rows import WEIGHT_OF_EDGE, Rows, weight_layout


def edges_onto(edges: Edges[Array], first: int, last: int) -> tuple[Edges[np.ndarray], np.ndarray]:
    """The connections onto units `first` up to, not including, `last`, which are numbered from 0 in the result.

    Connections keep their order and their delays, so what arrives at a unit is summed in the same order.

    Args:
        edges: The connections; NumPy or JAX arrays, of the shapes that `Edges` says.
        first: First postsynaptic unit.
        last: One beyond the last postsynaptic unit.

    Returns:
        The edges, as NumPy arrays, and their numbers among the given ones, (edges,): `weights[numbers]` are their
        weights.
    """
    whole = Edges(*(np.asarray(array) for array in edges))
    kept = (whole.post >= first) & (whole.post < last)
    before = np.zeros(kept.size + 1, np.int32)
    np.cumsum(kept, out=before[1:])
    arriving = slice(whole.in_starts[first], whole.in_starts[last])
    part = Edges(
        post=whole.post[kept] - np.int32(first),
        starts=before[whole.starts],
        in_starts=whole.in_starts[first : last + 1] - whole.in_starts[first],
        in_edge=before[whole.in_edge[arriving]],
        in_pre=whole.in_pre[arriving],
        in_delay=whole.in_delay[arriving],
        pre=whole.pre[kept],
        delay=whole.delay[kept],
    )
    return part, np.flatnonzero(kept).astype(np.int32)


def rows_onto(rows: Rows[Array], first: int, last: int) -> Rows[np.ndarray]:
    """The connections of compressed rows onto some units, likewise numbered from 0, in their order.

    Weights that are one number for each presynaptic unit stay so: where there would be as many connections as units,
    which could not be told apart, one follows that no row has, onto a unit that does not exist.

    Args:
        rows: The connections; NumPy or JAX arrays, of the shapes that `Rows` says.
        first: First postsynaptic unit.
        last: One beyond the last postsynaptic unit.

    Returns:
        The rows, as NumPy arrays.
    """
    starts, post, weights = (np.asarray(array) for array in rows[:3])
    delays, middles = (None if array is None else np.asarray(array) for array in rows[3:])
    starts, post, weights, later, _ = unpacked(Rows(starts, post, weights, delays, middles))
    kept = (post >= first) & (post < last)
    before = np.zeros(kept.size + 1, np.int32)
    np.cumsum(kept, out=before[1:])
    part = (post[kept] - post.dtype.type(first)).astype(post.dtype)
    later = None if later is None else later[kept]
    layout = weight_layout(rows)
    each = layout == WEIGHT_OF_EDGE
    found = Rows(before[starts], part, weights[kept] if each else weights, later)
    if rows.by_delay:
        found = by_delay(found, last - first, layout)
    elif rows.middles is not None:
        found = with_middles(found, last - first)
    if each or part.size != weights.size:
        return found
    behind = found._replace(post=np.append(found.post, found.post.dtype.type(last - first)))
    return (
        behind if found.delays is None else behind._replace(delays=np.append(found.delays, found.delays.dtype.type(0)))
    )
