"""From a rate to the probability of a spike in a step."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.kernels.exponential import exponential


def chance_of(expected: jax.Array) -> jax.Array:
    """1 - exp(-x), x at least 0, float32: the probability of at least one event where x are expected.

    Below 0.01 a series, since the difference would lose its digits.
    """
    x = jnp.asarray(expected, jnp.float32)
    series = x * (1.0 - 0.5 * x * (1.0 - x * np.float32(1.0 / 3.0)))
    return jnp.where(x < np.float32(0.01), series, 1.0 - exponential(-x))
