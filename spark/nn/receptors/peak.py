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
    peak = tau * rise / (tau - rise) * np.log(tau / rise)
    return 1.0 / (np.exp(-peak / tau) - np.exp(-peak / rise))


def slow_rises(rise: Numeric, tau: Numeric) -> list[Problem]:
    """That a rise is no shorter than the decay, if it is: then it is none."""
    right = np.asarray(rise) < np.asarray(tau)
    if np.all(right):
        return []
    text = f"must be below tau ({first_wrong(tau, right):g} ms), got {first_wrong(rise, right):g} ms{at_wrong(right)}"
    return [Problem("rise", text, "Shorten the rise, or lengthen the decay", "bounds")]
