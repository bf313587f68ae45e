"""How a membrane that is stepped exactly under constant currents takes conductances."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.payloads import ConductanceArray
from spark.nn.equations.functions import exprel


class Conducted(NamedTuple):
    """What a step asks of a membrane; each one number, or one for each unit.

    Attributes:
        rate: dt / tau.
        share: rate / (exp(rate) - 1): see `mean_share`.
        resistance: R in GOhm, so that R g has no unit.
    """

    rate: Numeric
    share: Numeric
    resistance: Numeric


def mean_share(dt: float, tau: Numeric) -> np.ndarray:
    """Where nothing draws a potential: r / (exp(r) - 1), r = dt / tau; float64."""
    rate = dt / np.asarray(tau, np.float64)
    return rate / np.expm1(rate)


def steady_current(
    given: Numeric, conductance: ConductanceArray, potential: jax.Array, without: Numeric, membrane: Conducted
) -> jax.Array:
    """The current, pA, that constant during a step brings a potential to where a current and conductances bring it.

        dV/dt = (V_0 + R (I - g V) - V) / tau               where all but V stays during the step

    It is I - g W with W the mean of V over the step, weighed by what is left at its end of what flowed. Whatever else
    an exact step holds stays as it is: a potential alone ends where it does exactly, and however large g is, it ends
    between where it was and what draws it. For example, with g = 0 it is I.

    Args:
        given: I, pA.
        conductance: g, nS, shape of the units.
        potential: V at the step's begin, mV above rest, shape of the units.
        without: V_0, to where V would go without both, mV above rest.
        membrane: Of which R and tau are.
    """
    opened = conductance.value.astype(jnp.float32)
    relative = membrane.resistance * opened
    # What flows where V comes to rest, and what more while it is on its way: small numbers however large g is.
    settled = (given - opened * without) / (1.0 + relative)
    drawn_to = without + membrane.resistance * settled
    return settled - opened * (membrane.share * exprel(-membrane.rate * relative)) * (potential - drawn_to)
