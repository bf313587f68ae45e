"""Exact integration of a leaky membrane over one step."""

import numpy as np

from spark.arrays import Numeric
from spark.core.parameter import decay


def acting_share(dt: float, membrane: Numeric, tau: float) -> Numeric:
    """How much of a current that decays within the step acts on a leaky membrane as a constant one would.

    For dV/dt = (-V + R I exp(-t/tau)) / membrane the step adds R I dt/membrane exp(-dt/membrane) (exp(x) - 1) / x with
    x = dt/membrane - dt/tau; a constant current adds R I (1 - exp(-dt/membrane)). The share is their ratio.

    Args:
        dt: Length of the step, ms.
        membrane: Time constant of the membrane, ms: a number, or one for each unit.
        tau: Time constant of the current, ms.

    Source: Rotter & Diesmann 1999, doi:10.1007/s004220050570 (exact integration).
    """
    membrane = np.asarray(membrane, np.float64)
    return exact_gain(dt, membrane, tau) / (1 - decay(dt, membrane))


def exact_gain(dt: float, membrane: Numeric, tau: float) -> Numeric:
    """What a decaying current of 1 at the step's beginning brings to the potential, times the resistance."""
    membrane = np.asarray(membrane, np.float64)
    difference = dt / membrane - dt / tau
    # (exp(x) - 1) / x, which is 1 where the two time constants are equal.
    ratio = np.where(difference == 0, 1.0, np.expm1(difference) / np.where(difference == 0, 1.0, difference))
    return dt / membrane * np.exp(-dt / membrane) * ratio
