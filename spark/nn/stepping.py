"""Schemes by which what has no closed form takes a step."""

from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp

from spark.nn.equations.functions import exprel

Scheme = Literal["euler", "midpoint", "runge_kutta_4"]

DESCRIPTION = "How a step is taken: forward Euler (order 1), midpoint (order 2) or Runge-Kutta (order 4)."

State = tuple[jax.Array, ...]
Change = Callable[..., State]
# Terms of the series by which weights of the scheme of order 4 are computed below 1.
_TERMS = (1 / 6, -1 / 24, 1 / 120, -1 / 720, 1 / 5040, -1 / 40320, 1 / 362880, -1 / 3628800, 1 / 39916800)


def advanced(scheme: Scheme, change: Change, state: State, drawn: jax.Array | None = None) -> State:
    """The state after one step.

    Args:
        scheme: Which one.
        change: From a state what a step would add to it if nothing bent: the slope times the step's length, without
            what conductances that arrive bring.
        state: Arrays, one for each variable of the system.
        drawn: How much of the first variable, the potential, a step would take away if nothing bent, since conductances
            arrive: g dt / C, at least 0; None where none arrive. They stay during the step, and the potential is drawn
            to where they draw it however large they are, by the exponential schemes of the same orders.

    Source: Cox & Matthews 2002, doi:10.1006/jcph.2002.6995 (exponential time differencing, orders 1 and 4); of
    order 2 the midpoint method in the same way. Where the conductances are 0 they are the schemes without.
    """
    if drawn is not None:
        return _DRAWN[scheme](change, state, drawn)
    first = change(*state)
    if scheme == "euler":
        return _moved(state, first, 1.0)
    second = change(*_moved(state, first, 0.5))
    if scheme == "midpoint":
        return _moved(state, second, 1.0)
    third = change(*_moved(state, second, 0.5))
    fourth = change(*_moved(state, third, 1.0))
    return _moved(state, _weighed(first, second, third, fourth), 1.0)


def _moved(state: State, change: State, share: float) -> State:
    if share == 1.0:
        return tuple(value + delta for value, delta in zip(state, change, strict=True))
    return tuple(value + share * delta for value, delta in zip(state, change, strict=True))


def _weighed(first: State, second: State, third: State, fourth: State) -> State:
    """The classical method's change, of order 4."""
    return tuple((a + 2.0 * (b + c) + d) * (1.0 / 6.0) for a, b, c, d in zip(first, second, third, fourth, strict=True))


def _drawn(state: State, change: State, drawn: jax.Array, share: float) -> State:
    """The state after a share of a step: the potential while conductances draw it, the others as without them."""
    potential, moved = state[0], share * exprel(-share * drawn) * (change[0] - drawn * state[0])
    return potential + moved, *_moved(state[1:], change[1:], share)


def _euler_drawn(change: Change, state: State, drawn: jax.Array) -> State:
    return _drawn(state, change(*state), drawn, 1.0)


def _midpoint_drawn(change: Change, state: State, drawn: jax.Array) -> State:
    half = _drawn(state, change(*state), drawn, 0.5)
    return _drawn(state, change(*half), drawn, 1.0)


def _runge_kutta_4_drawn(change: Change, state: State, drawn: jax.Array) -> State:
    first = change(*state)
    half = _drawn(state, first, drawn, 0.5)
    second = change(*half)
    third = change(*_drawn(state, second, drawn, 0.5))
    # The potential goes on from the half step.
    beyond = half[0] + 0.5 * exprel(-0.5 * drawn) * (2.0 * third[0] - first[0] - drawn * half[0])
    fourth = change(beyond, *_moved(state[1:], third[1:], 1.0))
    one, two, three = _weights(drawn)
    potential = (
        state[0]
        + (one - 3.0 * two + 4.0 * three) * first[0]
        + (2.0 * two - 4.0 * three) * (second[0] + third[0])
        + (4.0 * three - two) * fourth[0]
        - one * (drawn * state[0])
    )
    return potential, *_moved(state[1:], _weighed(first[1:], second[1:], third[1:], fourth[1:]), 1.0)


def _weights(drawn: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """phi_1, phi_2 and phi_3 of -x: (1 - exp(-x)) / x, (1 - phi_1) / x, (1/2 - phi_2) / x; at 0 1, 1/2 and 1/6.

    Below 1 that would lose digits; there phi_3 is a series, and the others follow from it.
    """
    is_near = jnp.abs(drawn) < 1.0
    near, large = jnp.where(is_near, drawn, 0.0), jnp.where(is_near, 1.0, drawn)
    series = jnp.full_like(near, _TERMS[-1])
    for term in _TERMS[-2::-1]:
        series = series * near + term
    one = exprel(-large)
    two = (1.0 - one) / large
    three = (0.5 - two) / large
    near_two = 0.5 - near * series
    return (
        jnp.where(is_near, 1.0 - near * near_two, one),
        jnp.where(is_near, near_two, two),
        jnp.where(is_near, series, three),
    )


_DRAWN: dict[Scheme, Callable[[Change, State, jax.Array], State]] = {
    "euler": _euler_drawn,
    "midpoint": _midpoint_drawn,
    "runge_kutta_4": _runge_kutta_4_drawn,
}
