"""Schemes by which somas that have no closed form take a step."""

from collections.abc import Callable
from typing import Literal

import jax

Scheme = Literal["euler", "midpoint", "runge_kutta_4"]

DESCRIPTION = "How a step is taken: forward Euler (order 1), midpoint (order 2) or Runge-Kutta (order 4)."

State = tuple[jax.Array, ...]


def advanced(scheme: Scheme, change: Callable[..., State], state: State) -> State:
    """The state after one step.

    Args:
        scheme: Which one.
        change: From a state what a step would add to it if nothing bent: the slope times the step's length.
        state: Arrays, one for each variable of the system.
    """
    first = change(*state)
    if scheme == "euler":
        return _moved(state, first, 1.0)
    second = change(*_moved(state, first, 0.5))
    if scheme == "midpoint":
        return _moved(state, second, 1.0)
    third = change(*_moved(state, second, 0.5))
    fourth = change(*_moved(state, third, 1.0))
    weighed = tuple(
        (a + 2.0 * (b + c) + d) * (1.0 / 6.0) for a, b, c, d in zip(first, second, third, fourth, strict=True)
    )
    return _moved(state, weighed, 1.0)


def _moved(state: State, change: State, share: float) -> State:
    if share == 1.0:
        return tuple(value + delta for value, delta in zip(state, change, strict=True))
    return tuple(value + share * delta for value, delta in zip(state, change, strict=True))
