"""What events do to weights by functions of single connections: the reference in `jax.numpy` of native/rule_step.h."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from spark.arrays import Numeric
from spark.kernels.edges import Edges
from spark.kernels.sparse import arriving
from spark.kernels.stdp import Plastic, Third, applied


class Touched(NamedTuple):
    """The events of a step, and what is kept of the units.

    Attributes:
        history: uint32 (2, words, pre), with this step pushed; see `push_history`.
        acts: Booleans (post,): the postsynaptic units at which something happens.
        pre: float32 (values, slots, pre), rings; row `slot` is this step's.
        post: float32 (values, post).
        slot: Row of this step, int32 of shape ().
        edges: The connections; None for weights (pre, post).
    """

    history: jax.Array
    acts: jax.Array
    pre: jax.Array
    post: jax.Array
    slot: jax.Array
    edges: Edges[jax.Array] | None


def changed(
    plastic: Plastic,
    touched: Touched,
    third: Third,
    bounds: jax.Array,
    at_pre: Callable[..., Numeric | None],
    at_post: Callable[..., Numeric | None],
) -> Plastic:
    """Change weights where a spike arrives, then at the units that act; each change is clipped.

    Args:
        plastic: Weights, and eligibility; see `stdp_dense`.
        touched: Events and values.
        third: Scales of eligibility.
        bounds: float32 (2,).
        at_pre: From weights, presynaptic and postsynaptic values to changes; None for none.
        at_post: Likewise.
    """
    edges = touched.edges
    if edges is None:
        arrived = ((touched.history[0, 0] & jnp.uint32(1)) != 0)[:, None]
        pre, post = [value[0][:, None] for value in touched.pre], [value[None, :] for value in touched.post]
        acts, moved = touched.acts[None, :], third.moved
    else:
        arrived, _ = arriving(touched.history, edges)
        row = (touched.slot - edges.delay) % jnp.int32(touched.pre.shape[1])
        pre, post = [ring[row, edges.pre] for ring in touched.pre], [value[edges.post] for value in touched.post]
        acts = touched.acts[edges.post]
        moved = third.moved if third.moved.size == 1 else third.moved[edges.post]
    if plastic.eligibility.size:
        plastic = plastic._replace(eligibility=plastic.eligibility * third.scale[1])
    for change, where in ((at_pre, arrived), (at_post, acts)):
        made = change(plastic.weights, *pre, *post)
        if made is not None:
            plastic = applied(plastic, made, where, third, moved, bounds)
    return plastic
