"""The difference of two exponentials, a slow and a fast one, whose peak is 1."""

import numpy as np

from spark.arrays import Numeric
from spark.core.errors import Problem
from spark.core.values import at_wrong, first_wrong


def scale_of_peak(rise: Numeric, tau: Numeric) -> np.ndarray:
    """What makes the peak of exp(-t / tau) - exp(-t / rise) 1, float64 of the shape of both.

    Args:
        rise: Time constant of the rise, ms, the shorter one: a number, or one for each unit.
        tau: Time constant of the decay, ms, likewise.
    """
    rise, tau = np.asarray(rise, np.float64), np.asarray(tau, np.float64)
    # By what they differ, so that nothing cancels where they nearly are the same.
    apart = (tau - rise) / rise
    return np.exp(np.log1p(apart) / apart) * (1.0 + apart) / apart


def passing(rise: Numeric, tau: Numeric, dt: float) -> np.ndarray:
    """What a step of `dt` ms adds to that difference for each unit of the slow exponential, float64.

    With the slow exponential f and the difference g, of peak 1, a step is

        g <- g exp(-dt / rise) + f passing        f <- f exp(-dt / tau)

    in which no two numbers that are nearly the same are subtracted, however close the time constants lie; in the limit
    it is the step of an alpha function.

    Args:
        rise: Time constant of the rise, ms, the shorter one: a number, or one for each unit.
        tau: Time constant of the decay, ms, likewise.
        dt: Length of a step, ms.
    """
    rise, tau = np.asarray(rise, np.float64), np.asarray(tau, np.float64)
    apart = (tau - rise) / rise
    return scale_of_peak(rise, tau) * np.exp(-dt / tau) * -np.expm1(-dt / tau * apart)


def slow_rises(rise: Numeric, tau: Numeric) -> list[Problem]:
    """That a rise is no shorter than the decay, if it is: then it is none."""
    right = np.asarray(rise) < np.asarray(tau)
    if np.all(right):
        return []
    text = f"must be below tau ({first_wrong(tau, right):g} ms), got {first_wrong(rise, right):g} ms{at_wrong(right)}"
    return [Problem("rise", text, "Shorten the rise, or lengthen the decay", "bounds")]
