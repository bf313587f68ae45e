"""Delivery of spikes through a list of connections, each with a delay of its own."""

import jax
import jax.numpy as jnp

from spark.kernels.check import check_edges, check_history, check_shape, check_weights
from spark.kernels.choice import Implementation, choose, for_weights
from spark.kernels.edges import Edges


def arriving(history: jax.Array, edges: Edges[jax.Array]) -> tuple[jax.Array, jax.Array]:
    """Which edges deliver a spike in this step, and which of those spikes are negative.

    Args:
        history: uint32 (2, words, pre), see `push_history`.
        edges: The connections.

    Returns:
        Two bool arrays, shape (edges,).
    """
    word, bit = edges.delay // 32, (edges.delay % 32).astype(jnp.uint32)
    bits = (history[:, word, edges.pre] >> bit) & jnp.uint32(1)
    return bits[0] != 0, bits[1] != 0


def deliver_edges(
    history: jax.Array, weights: jax.Array, edges: Edges[jax.Array], implementation: Implementation = "auto"
) -> jax.Array:
    """Sum the weights of the connections that a spike reaches in this step, with the signs of the spikes.

    out[i] = sum of sign * weights[e] over the edges e onto unit i whose presynaptic unit fired delay[e] steps ago.
    The sum is float32, starts from 0 and takes edges in ascending order: by presynaptic unit, then delay. On CPUs
    both versions give the same bits; on GPUs, where a scatter adds in no fixed order, sums differ by rounding.

    Args:
        history: uint32 (2, words, pre), with this step pushed; see `push_history`.
        weights: float32, float16, bfloat16 or, for the reference, float64 (edges,).
        edges: The connections, arrays of the shapes that `Edges` says; `edges.in_starts` has post + 1 entries.
        implementation: 'auto' takes C++ on CPUs and the reference elsewhere. The C++ version's work follows the
            spikes that arrive, the reference's the number of edges.

    Returns:
        float32 (post,).

    Raises:
        TypeError: A dtype is not one of those above.
        ValueError: Shapes do not fit.
        RuntimeError: 'native' was asked for, and the library cannot be had.
    """
    history, weights = jnp.asarray(history), jnp.asarray(weights)
    edges = Edges(*(jnp.asarray(array) for array in edges))
    check_edges(edges)
    check_history(history, edges.starts)
    implementation = for_weights(implementation, weights)
    check_weights(weights, doubles=implementation == "reference")
    check_shape("weights", weights, edges.post.shape)
    return choose("deliver_edges", implementation, _native, _reference, history, weights, edges)


def _native(history: jax.Array, weights: jax.Array, edges: Edges[jax.Array]) -> jax.Array:
    out = jax.ShapeDtypeStruct((edges.in_starts.shape[0] - 1,), jnp.float32)
    call = jax.ffi.ffi_call("spark_deliver_edges", out, vmap_method="sequential")
    return call(history, weights, edges.post, edges.starts)


def _reference(history: jax.Array, weights: jax.Array, edges: Edges[jax.Array]) -> jax.Array:
    fired, negative = arriving(history, edges)
    wide = weights.astype(jnp.float32)
    change = jnp.where(fired, jnp.where(negative, -wide, wide), jnp.float32(0))
    return jnp.zeros(edges.in_starts.shape[0] - 1, jnp.float32).at[edges.post].add(change)
