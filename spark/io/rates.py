"""Rates of the random spikes that drive an input: what one may be."""

from spark.core.errors import Problem


def rate_problem(address: str, rate: object, dt: float, fix: str) -> Problem | None:
    """What is wrong with a rate in Hz for steps of `dt` ms: units fire at most once a step; None if nothing is.

    Args:
        address: Where it stands.
        rate: What stands there.
        dt: Length of a step, ms.
        fix: How to mend it.
    """
    most = 1000.0 / dt
    # A rate of one spike a step may be written with all its digits, or with fewer. NaN is not below anything.
    if isinstance(rate, int | float) and not isinstance(rate, bool) and 0 <= rate <= most * (1 + 1e-6):
        return None
    text = f"must be one number from 0 to {most:g} Hz, one spike a step, got {rate!r}"[:200]
    return Problem(address, text, fix, "value")
