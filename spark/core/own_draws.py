"""Random numbers of some of the units: those that they would get if all were drawn together."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry2x32_p

_MANTISSA = jnp.finfo(jnp.float32).nmant
_ONE = np.float32(1).view(np.uint32)


def draws_unit_by_unit() -> bool:
    """Whether JAX draws each element's random numbers by itself, as its default is and as all native code does."""
    return bool(jax.config.jax_threefry_partitionable)  # type: ignore[attr-defined] # JAX declares no settings.


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
    mantissa = bits_from(key, first, count) >> jnp.uint32(32 - _MANTISSA)
    return jax.lax.bitcast_convert_type(mantissa | _ONE, jnp.float32) - jnp.float32(1)


def bits_from(key: jax.Array, first: jax.Array, count: int) -> jax.Array:
    """Elements `first` to `first + count` of `jax.random.bits(key, (n,), uint32)`; see `uniform_from`.

    Returns:
        uint32 (count,).
    """
    low = first + jnp.arange(count, dtype=jnp.uint32)
    data = jax.random.key_data(key)
    # The primitive itself: `threefry_2x32` cuts its numbers and joins them, which is no longer unit by unit.
    one, other = threefry2x32_p.bind(data[0], data[1], jnp.zeros_like(low), low)
    return one ^ other
