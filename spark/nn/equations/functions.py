"""What an expression may call and compare: by JAX, and in float64 for what is known at build."""

import ast
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Array, Numeric
from spark.kernels.exponential import bounded_exponential, exponential_less_one

# What is known at build: a number, or one for each unit.
Known = np.ndarray | float
# Beside this and nearer 0, (exp(x) - 1)/x is 1 in float32, and its quotient still one of normal numbers.
_NEAREST = np.float32(1e-30)
# Of the series of the derivative, sum of (n + 1)/(n + 2)! x^n, the highest power first.
_SLOPE = np.array([1 / 5760, 1 / 840, 1 / 144, 1 / 30, 1 / 8, 1 / 3, 1 / 2], np.float32)


def _apart(x: Numeric) -> jax.Array:
    """A number that is not 0, with the same (exp(x) - 1)/x."""
    x = jnp.asarray(x, jnp.float32)
    return jnp.where(jnp.abs(x) < _NEAREST, _NEAREST, x)


@jax.custom_jvp
def exprel(x: Numeric) -> jax.Array:
    """(exp(x) - 1)/x in float32, which is 1 at 0; exp of a number beyond 80 is that of 80."""
    x = _apart(x)
    # A processor divides while it computes the exponential.
    return exponential_less_one(x) * (1.0 / x)


@jax.custom_jvp
def inverse_exprel(x: Numeric) -> jax.Array:
    """x/(exp(x) - 1) in float32, the function of Bernoulli's numbers, which is 1 at 0; by one division."""
    x = _apart(x)
    return x / exponential_less_one(x)


def _slope_of_exprel(x: Numeric) -> jax.Array:
    """The derivative, (exp(x) - exprel(x))/x; near 0, where that loses its digits, by its series."""
    near = jnp.abs(x) < 0.5
    safe = jnp.where(near, 1.0, x)
    # Far out nobody reads the series, but its own derivative would overflow there.
    series = jnp.polyval(_SLOPE, jnp.where(near, x, 0.0))
    return jnp.where(near, series, (exponential_less_one(safe) + 1.0 - exprel(safe)) / safe)


@exprel.defjvp
def _exprel_moved(at: tuple[jax.Array], by: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    return exprel(*at), _slope_of_exprel(*at) * by[0]


@inverse_exprel.defjvp
def _inverse_exprel_moved(at: tuple[jax.Array], by: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    value = inverse_exprel(*at)
    return value, -value * (value * _slope_of_exprel(*at)) * by[0]


def _exprel_known(x: Known) -> Known:
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.expm1(safe) / safe)[()]


# Functions of numbers without a unit: of arrays that JAX computes with, and of what is known at build, in float64.
FUNCTIONS: Mapping[str, tuple[Callable[..., jax.Array], Callable[..., Known]]] = {
    "exp": (bounded_exponential, np.exp),
    "exprel": (exprel, _exprel_known),
    "log": (jnp.log, np.log),
    "log10": (jnp.log10, np.log10),
    "sin": (jnp.sin, np.sin),
    "cos": (jnp.cos, np.cos),
    "tan": (jnp.tan, np.tan),
    "sinh": (jnp.sinh, np.sinh),
    "cosh": (jnp.cosh, np.cosh),
    "tanh": (jnp.tanh, np.tanh),
}
# What 1 over a function is without a further division.
RECIPROCALS: Mapping[str, Callable[[Numeric], jax.Array]] = {
    "exp": lambda x: bounded_exponential(-x),
    "exprel": inverse_exprel,
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
