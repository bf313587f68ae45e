"""Delivery of spikes through a dense kernel."""

import jax
import jax.numpy as jnp

from spark.kernels import smooth
from spark.kernels.check import check_dtype, check_shape, check_weights
from spark.kernels.choice import Implementation, choose, for_weights


def deliver_dense(spikes: jax.Array, weights: jax.Array, implementation: Implementation = "auto") -> jax.Array:
    """Sum the rows of a kernel whose units fired, with the signs of their spikes.

    out[i] = sum over j of spikes[j] * weights[j, i], where only rows with spikes[j] != 0 are read. The sum is
    float32, starts from 0 and takes rows in ascending order of j, so both versions give the same bits.

    Args:
        spikes: int8 (pre,), signed spikes: -1, 0 or 1.
        weights: float32, float16, bfloat16 or, for the reference, float64 (pre, post).
        implementation: 'auto' takes C++ on CPUs and the reference elsewhere.

    Returns:
        float32 (post,).

    Raises:
        TypeError: A dtype is not one of those above.
        ValueError: Shapes do not fit.
        RuntimeError: 'native' was asked for, and the library cannot be had.
    """
    spikes, weights = jnp.asarray(spikes), jnp.asarray(weights)
    check_dtype("spikes", spikes, jnp.int8)
    implementation = for_weights(implementation, weights)
    check_weights(weights, doubles=implementation == "reference")
    check_shape("weights", weights, (spikes.size, None))
    check_shape("spikes", spikes, (weights.shape[0],))
    return choose("deliver_dense", implementation, _native, _reference, spikes, weights, derived=_derived)


def _native(spikes: jax.Array, weights: jax.Array) -> jax.Array:
    out = jax.ShapeDtypeStruct((weights.shape[1],), jnp.float32)
    return jax.ffi.ffi_call("spark_deliver_dense", out, vmap_method="sequential")(spikes, weights)


def _derived(spikes: jax.Array, weights: jax.Array) -> jax.Array:
    """A loop over the rows that fired, whose number nobody knows before, has no derivative backwards."""
    return smooth.deliver_dense(spikes.astype(jnp.float32), weights)[0]


def _reference(spikes: jax.Array, weights: jax.Array) -> jax.Array:
    pre, post = weights.shape
    nothing = jnp.zeros(post, jnp.float32)
    if pre == 0 or post == 0:
        return nothing
    active = jnp.nonzero(spikes, size=pre, fill_value=0)[0].astype(jnp.int32)
    count = jnp.sum(spikes != 0, dtype=jnp.int32)

    def add_row(at: jax.Array, total: jax.Array) -> jax.Array:
        unit = active[at]
        row = jax.lax.dynamic_index_in_dim(weights, unit, keepdims=False).astype(jnp.float32)
        return total + spikes[unit].astype(jnp.float32) * row

    return jax.lax.fori_loop(jnp.int32(0), count, add_row, nothing)
