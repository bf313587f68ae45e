"""The event-driven update of the default plasticity rule."""

from typing import Any

import jax
import jax.numpy as jnp

from spark.kernels.check import check_dtype, check_edges, check_history, check_shape
from spark.kernels.choice import Implementation, choose
from spark.kernels.edges import Edges
from spark.kernels.sparse import arriving


def zenke_edges(
    weights: Any,
    baseline: Any,
    history: Any,
    pre_trace: Any,
    post_spikes: Any,
    post_trace: Any,
    slow_trace: Any,
    step: Any,
    edges: Edges,
    parameters: Any,
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
    The C++ version changes the weights in place where XLA can give them up, as in the carry of a `lax.scan`; its
    work follows the spikes that arrive and the postsynaptic spikes.

    Args:
        weights: float32 (edges,).
        baseline: float32 (edges,).
        history: uint32 (2, words, pre), with this step pushed; see `push_history`.
        pre_trace: float32 (slots, pre), a ring: slot `step % slots` holds this step's value, `(step - k) % slots`
            that of k steps ago; at least as many slots as delays, the longest included.
        post_spikes: int8 (post,); nonzero fired.
        post_trace: float32 (post,).
        slow_trace: float32 (post,).
        step: int32, a scalar.
        edges: The connections.
        parameters: float32 (7,): a, b, c, d, rate, minimum, maximum.
        implementation: 'auto' takes C++ on CPUs and the reference elsewhere.

    Returns:
        The new weights, float32 (edges,).

    Raises:
        TypeError: A dtype is not one of those above.
        ValueError: Shapes do not fit.
        RuntimeError: 'native' was asked for, and the library cannot be had.
    """
    edges = Edges(*(jnp.asarray(array) for array in edges))
    given = (weights, baseline, history, pre_trace, post_spikes, post_trace, slow_trace, step)
    arrays = (*(jnp.asarray(array) for array in given), edges, jnp.asarray(parameters))
    _check(*arrays)
    return choose(implementation, _native, _reference, *arrays)


def _check(
    weights: jax.Array,
    baseline: jax.Array,
    history: jax.Array,
    pre_trace: jax.Array,
    post_spikes: jax.Array,
    post_trace: jax.Array,
    slow_trace: jax.Array,
    step: jax.Array,
    edges: Edges,
    parameters: jax.Array,
) -> None:
    check_edges(edges)
    check_history(history, edges.starts)
    post = (edges.in_starts.shape[0] - 1,)
    check_dtype("post_spikes", post_spikes, jnp.int8)
    check_shape("post_spikes", post_spikes, post)
    check_dtype("step", step, jnp.int32)
    check_shape("step", step, ())
    for name, array, shape in (
        ("weights", weights, edges.post.shape),
        ("baseline", baseline, edges.post.shape),
        ("pre_trace", pre_trace, (None, edges.starts.shape[0])),
        ("post_trace", post_trace, post),
        ("slow_trace", slow_trace, post),
        ("parameters", parameters, (7,)),
    ):
        check_dtype(name, array, jnp.float32)
        check_shape(name, array, shape)
    needed = edges.starts.shape[1] - 1
    if pre_trace.shape[0] < needed:
        raise ValueError(f"pre_trace: must have at least {needed} slots for these delays, got {pre_trace.shape[0]}.")


def _native(
    weights: jax.Array,
    baseline: jax.Array,
    history: jax.Array,
    pre_trace: jax.Array,
    post_spikes: jax.Array,
    post_trace: jax.Array,
    slow_trace: jax.Array,
    step: jax.Array,
    edges: Edges,
    parameters: jax.Array,
) -> jax.Array:
    out = jax.ShapeDtypeStruct(weights.shape, jnp.float32)
    call = jax.ffi.ffi_call("spark_zenke_edges", out, vmap_method="sequential", input_output_aliases={0: 0})
    return call(
        weights,
        baseline,
        history,
        pre_trace,
        post_spikes,
        post_trace,
        slow_trace,
        step,
        edges.post,
        edges.starts,
        edges.in_starts,
        edges.in_edge,
        edges.in_pre,
        edges.in_delay,
        parameters,
    )


def _reference(
    weights: jax.Array,
    baseline: jax.Array,
    history: jax.Array,
    pre_trace: jax.Array,
    post_spikes: jax.Array,
    post_trace: jax.Array,
    slow_trace: jax.Array,
    step: jax.Array,
    edges: Edges,
    parameters: jax.Array,
) -> jax.Array:
    a, b, c, d, rate, minimum, maximum = parameters
    fired, _ = arriving(history, edges)
    fast, slow = post_trace[edges.post], slow_trace[edges.post]
    grown = jnp.minimum(jnp.maximum(weights + rate * (d - b * fast), minimum), maximum)
    weights = jnp.where(fired, grown, weights)
    trace = pre_trace[(step - edges.delay) % jnp.int32(pre_trace.shape[0]), edges.pre]
    pull = jnp.minimum(((rate * c * fast) * fast) * fast, jnp.float32(1))
    moved = (weights + ((rate * a) * trace) * slow) - pull * (weights - baseline)
    moved = jnp.minimum(jnp.maximum(moved, minimum), maximum)
    return jnp.where(post_spikes[edges.post] != 0, moved, weights)
