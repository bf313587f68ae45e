"""What an expression may call and compare: by JAX, and in float64 for what is known at build."""

import ast
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Array, Numeric
from spark.kernels.exponential import bounded_exponential

# What is known at build: a number, or one for each unit.
Known = np.ndarray | float


def _exprel(x: Numeric) -> jax.Array:
    """(exp(x) - 1) / x, which is 1 at 0."""
    small = abs(x) < 0.01
    safe = jnp.where(small, 1.0, x)
    series = 1.0 + x * (0.5 + x * (1.0 / 6.0 + x / 24.0))
    return jnp.where(small, series, (bounded_exponential(safe) - 1.0) / safe)


def _exprel_known(x: Known) -> Known:
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.expm1(safe) / safe)[()]


# Functions of numbers without a unit: of arrays that JAX computes with, and of what is known at build, in float64.
FUNCTIONS: Mapping[str, tuple[Callable[..., jax.Array], Callable[..., Known]]] = {
    "exp": (bounded_exponential, np.exp),
    "exprel": (_exprel, _exprel_known),
    "log": (jnp.log, np.log),
    "log10": (jnp.log10, np.log10),
    "sin": (jnp.sin, np.sin),
    "cos": (jnp.cos, np.cos),
    "tan": (jnp.tan, np.tan),
    "sinh": (jnp.sinh, np.sinh),
    "cosh": (jnp.cosh, np.cosh),
    "tanh": (jnp.tanh, np.tanh),
}
# Functions whose result has the dimension of what they are given, all of which have the same.
SAME: Mapping[str, tuple[int, Callable[..., jax.Array], Callable[..., Known]]] = {
    "abs": (1, jnp.abs, np.abs),
    "minimum": (2, jnp.minimum, np.minimum),
    "maximum": (2, jnp.maximum, np.maximum),
    "clip": (
        3,
        lambda x, low, high: jnp.minimum(jnp.maximum(x, low), high),
        lambda x, low, high: np.minimum(np.maximum(x, low), high),
    ),
}
ARGUMENTS = {**dict.fromkeys(FUNCTIONS, 1), **{name: entry[0] for name, entry in SAME.items()}, "sqrt": 1, "where": 3}
COMPARISONS: Mapping[type, Callable[[Numeric, Numeric], Array | bool]] = {
    ast.Gt: lambda x, y: x > y,
    ast.GtE: lambda x, y: x >= y,
    ast.Lt: lambda x, y: x < y,
    ast.LtE: lambda x, y: x <= y,
}
