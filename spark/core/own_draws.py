"""Random numbers of some of the units: those that they would get if all were drawn together."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry2x32_p

_MANTISSA = jnp.finfo(jnp.float32).nmant
_ONE = np.float32(1).view(np.uint32)
# How far apart the two elements lie that share a count of `happens_from`: whole vectors, whatever their length.
WORDS_APART = 16


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
    return _in_unit_interval(bits_from(key, first, count))


def happens_from(key: jax.Array, first: jax.Array, probability: jax.Array) -> jax.Array:
    """Whether an event of this probability happens, for elements `first` and on.

    The generator hashes a count to two words, of which two elements, sixteen apart, have one each: elements 32 n + k
    (k from 0 to 15) the first word of count 16 n + k, elements 32 n + 16 + k the second. For example, elements 3 and 19
    share count 3.

    Args:
        key: A typed threefry key.
        first: Number of the first element, uint32, below 2**32 - the size of `probability`.
        probability: float32 (count,).

    Returns:
        Booleans (count,).
    """
    number = first + jnp.arange(probability.size, dtype=jnp.uint32)
    sharing = jnp.uint32(WORDS_APART)
    data = jax.random.key_data(key)
    low = number // (2 * sharing) * sharing + number % sharing
    one, other = threefry2x32_p.bind(data[0], data[1], jnp.zeros_like(low), low)
    return _in_unit_interval(jnp.where(number // sharing % 2 == 0, one, other)) < probability


def _in_unit_interval(bits: jax.Array) -> jax.Array:
    mantissa = bits >> jnp.uint32(32 - _MANTISSA)
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
