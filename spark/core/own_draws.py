"""Random numbers of some of the units: those that they would get if all were drawn together."""

import jax
import jax.numpy as jnp
from jax.extend.random import threefry_2x32

_MANTISSA = jnp.finfo(jnp.float32).nmant


def uniform_from(key: jax.Array, first: jax.Array, count: int) -> jax.Array:
    """Elements `first` to `first + count` of `jax.random.uniform(key, (n,), float32)`, without drawing the others.

    JAX's partitionable generator hashes each element's number by itself, so a share of the elements is computed by
    hashing only their numbers.

    Args:
        key: A typed threefry key.
        first: Number of the first element, uint32, below 2**32 - count.
        count: Number of elements.

    Returns:
        float32 (count,), in [0, 1).
    """
    low = first + jnp.arange(count, dtype=jnp.uint32)
    hashed = threefry_2x32(jax.random.key_data(key), jnp.concatenate([jnp.zeros_like(low), low]))
    bits = hashed[:count] ^ hashed[count:]
    one = jnp.float32(1).view(jnp.uint32)
    mantissa = bits >> jnp.uint32(32 - _MANTISSA)
    return jax.lax.bitcast_convert_type(mantissa | one, jnp.float32) - jnp.float32(1)
