"""The exponential function of the pools, written so that XLA and C++ give the same bits."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric

_POLYNOMIAL = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
LEAST = -87.0
# Far below what float32 holds, so that a factor or a sum does not overflow.
MOST = 80.0


def exponential(x: Numeric) -> jax.Array:
    """e^x in float32 within 2 units in the last place, for x < 87; 0 below -87.

    2^n times a polynomial of what is left (the coefficients of the Cephes library's expf, S. Moshier 1989).
    """
    x = jnp.asarray(x, jnp.float32)
    left, power = _split(jnp.maximum(x, np.float32(LEAST)))
    return jnp.where(x < np.float32(LEAST), np.float32(0.0), (left + np.float32(1.0)) * power)


def bounded_exponential(x: Numeric) -> jax.Array:
    """e^x as `exponential`, of numbers beyond 80 that of 80: for arguments that may have any size."""
    return exponential(jnp.minimum(jnp.asarray(x, jnp.float32), np.float32(MOST)))


def exponential_less_one(x: Numeric) -> jax.Array:
    """e^x - 1 in float32 within 2 units in the last place, also near 0; of numbers beyond 80 that of 80.

    The polynomial of `exponential` is that of e^r - 1, so that near 0 no digit is lost: (e^r - 1) 2^n + (2^n - 1).
    """
    x = jnp.asarray(x, jnp.float32)
    left, power = _split(jnp.minimum(jnp.maximum(x, np.float32(LEAST)), np.float32(MOST)))
    return left * power + (power - np.float32(1.0))


def _split(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The e^r - 1 and 2^n of e^x = e^r 2^n, |r| at most ln(2)/2, for x between -87 and 87."""
    n = jnp.round(x * np.float32(1.44269504))
    r = n * np.float32(2.12194440e-4) + (n * np.float32(-0.693359375) + x)
    p = jnp.full_like(r, np.float32(_POLYNOMIAL[0]))
    for coefficient in _POLYNOMIAL[1:]:
        p = p * r + np.float32(coefficient)
    # A whole number beside 1.5 * 2^23 stands in the lowest bits, without the checks of a conversion.
    power = (((n + np.float32(12582912.0)).view(jnp.int32) + (127 - 0x4B400000)) << 23).view(jnp.float32)
    return p * (r * r) + r, power
