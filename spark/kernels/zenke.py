"""The event-driven update of the default plasticity rule."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from spark.kernels.check import check_dtype, check_edges, check_history, check_shape
from spark.kernels.choice import Implementation, choose
from spark.kernels.edges import Edges
from spark.kernels.sparse import arriving


class _Update(NamedTuple):
    """The arrays of an update, in the order in which the native version takes them."""

    weights: jax.Array
    baseline: jax.Array
    history: jax.Array
    pre_trace: jax.Array
    post_spikes: jax.Array
    post_trace: jax.Array
    slow_trace: jax.Array
    slot: jax.Array
    edges: Edges[jax.Array]
    parameters: jax.Array


def zenke_edges(
    weights: jax.Array,
    baseline: jax.Array,
    history: jax.Array,
    pre_trace: jax.Array,
    post_spikes: jax.Array,
    post_trace: jax.Array,
    slow_trace: jax.Array,
    slot: jax.Array,
    edges: Edges[jax.Array],
    parameters: jax.Array,
    implementation: Implementation = "auto",
) -> jax.Array:
    """Change the weights that a spike touches in this step (Zenke, Agnes & Gerstner 2015, equation 1).

    With x the presynaptic trace as it arrives at the edge, y and z the fast and slow postsynaptic traces:

    1. where a presynaptic spike arrives: w = clip(w + rate * (d - b*y));
    2. then, where the postsynaptic unit fired:
       w = clip((w + ((rate*a) * x) * z) - min((((rate*c) * y) * y) * y, 1) * (w - baseline)).

    Float32, associated as written, clipped to [minimum, maximum]: the C++ version and the reference run operation by
    operation give the same bits; inside `jit` XLA may fuse products into sums, with differences of 1e-6. The pull
    to the baseline is bounded by 1, for at a fast burst it must not go beyond it. The sign of a spike plays no part.
    The C++ version's work follows the spikes that arrive and the postsynaptic spikes. It changes the weights in
    place where XLA can give them up, as in the carry of a `lax.scan`. What else reads the old weights in that step
    must come before it in the flow of data, as delivery does where it drives the postsynaptic spikes; where XLA sees
    no order between a reader and the update, it copies all weights in every step.

    Args:
        weights: float32 (edges,).
        baseline: float32 (edges,).
        history: uint32 (2, words, pre), with this step pushed; see `push_history`.
        pre_trace: float32 (slots, pre), a ring: row `slot` holds this step's value, `(slot - k) % slots`
            that of k steps ago; at least as many slots as delays, the longest included.
        post_spikes: int8 (post,); nonzero fired.
        post_trace: float32 (post,).
        slow_trace: float32 (post,).
        slot: Row of this step, int32 of shape (), counted modulo the number of rows.
        edges: The connections, arrays of the shapes that `Edges` says.
        parameters: float32 (7,): a, b, c, d, rate, minimum, maximum.
        implementation: 'auto' takes C++ on CPUs and the reference elsewhere.

    Returns:
        The new weights, float32 (edges,).

    Raises:
        TypeError: A dtype is not one of those above.
        ValueError: Shapes do not fit.
        RuntimeError: 'native' was asked for, and the library cannot be had.
    """
    update = _Update(
        jnp.asarray(weights),
        jnp.asarray(baseline),
        jnp.asarray(history),
        jnp.asarray(pre_trace),
        jnp.asarray(post_spikes),
        jnp.asarray(post_trace),
        jnp.asarray(slow_trace),
        jnp.asarray(slot),
        Edges(*(jnp.asarray(array) for array in edges)),
        jnp.asarray(parameters),
    )
    _check(update)
    return choose("zenke", implementation, _native, _reference, update)


def _check(update: _Update) -> None:
    edges = update.edges
    check_edges(edges)
    check_history(update.history, edges.starts)
    check_dtype("post_spikes", update.post_spikes, jnp.int8)
    check_dtype("slot", update.slot, jnp.int32)
    post = (edges.in_starts.shape[0] - 1,)
    shapes = {
        "weights": edges.post.shape,
        "baseline": edges.post.shape,
        "pre_trace": (None, edges.starts.shape[0]),
        "post_trace": post,
        "slow_trace": post,
        "parameters": (7,),
    }
    for name, shape in shapes.items():
        check_dtype(name, update._asdict()[name], jnp.float32)
        check_shape(name, update._asdict()[name], shape)
    check_shape("post_spikes", update.post_spikes, post)
    check_shape("slot", update.slot, ())
    needed, slots = edges.starts.shape[1] - 1, update.pre_trace.shape[0]
    if slots < needed:
        raise ValueError(f"pre_trace: must have at least {needed} slots for these delays, got {slots}.")


def _native(update: _Update) -> jax.Array:
    out = jax.ShapeDtypeStruct(update.weights.shape, jnp.float32)
    call = jax.ffi.ffi_call("spark_zenke_edges", out, vmap_method="sequential", input_output_aliases={0: 0})
    edges = update.edges
    incoming = (edges.in_starts, edges.in_edge, edges.in_pre, edges.in_delay)
    return call(*update[:8], edges.post, edges.starts, *incoming, update.parameters)


def _reference(update: _Update) -> jax.Array:
    weights, baseline, history, pre_trace, post_spikes, post_trace, slow_trace, slot, edges, parameters = update
    a, b, c, d, rate, minimum, maximum = parameters
    fired, _ = arriving(history, edges)
    fast, slow = post_trace[edges.post], slow_trace[edges.post]
    grown = jnp.minimum(jnp.maximum(weights + rate * (d - b * fast), minimum), maximum)
    weights = jnp.where(fired, grown, weights)
    trace = pre_trace[(slot - edges.delay) % jnp.int32(pre_trace.shape[0]), edges.pre]
    pull = jnp.minimum(((rate * c * fast) * fast) * fast, jnp.float32(1))
    moved = (weights + ((rate * a) * trace) * slow) - pull * (weights - baseline)
    moved = jnp.minimum(jnp.maximum(moved, minimum), maximum)
    return jnp.where(post_spikes[edges.post] != 0, moved, weights)
