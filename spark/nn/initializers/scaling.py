"""Scaling of each unit's incoming values to a sum, within bounds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spark.core.errors import ConfigError, Problem

# A sum of less than this fraction of the values' sizes is mostly what their signs left over.
_LEAST_SUM = 1e-2
# Halvings of the interval in which the factor is looked for: as many as a float64 has digits, and some.
_HALVINGS = 70


@dataclass(frozen=True)
class Groups:
    """Which values belong to one unit.

    Attributes:
        sums: The sum of each unit's values.
        spread: One number for each unit, given to each of its values.
        first: Number of the first unit.
    """

    sums: Callable[[np.ndarray], np.ndarray]
    spread: Callable[[np.ndarray], np.ndarray]
    first: int = 0

    @classmethod
    def rows(cls, shape: tuple[int, ...], first: int = 0) -> "Groups":
        """One row of an array for each unit, from number `first` on."""
        return cls(lambda values: values.sum(axis=1), lambda each: np.broadcast_to(each[:, None], shape), first)

    @classmethod
    def listed(cls, unit: np.ndarray, units: int) -> "Groups":
        """The unit of each value."""
        return cls(lambda values: np.bincount(unit, values, units), lambda each: each[unit])


def scaled(values: np.ndarray, total: float, bounds: tuple[float | None, float | None], groups: Groups) -> np.ndarray:
    """The values times one factor for each unit, bounded, so that those of each unit add up to `total`.

    Where bounds cut some of a unit's values, its factor is the one at which the sum holds with the cut ones. Values of
    a sign that the bounds exclude count as 0.

    Raises:
        ConfigError: The values of a unit nearly cancel, or the bounds do not let them add up to `total`.
    """
    low, high = bounds
    drawn = values
    if low is not None and low >= 0:
        values = np.maximum(values, 0.0)
    if high is not None and high <= 0:
        values = np.minimum(values, 0.0)
    sums, sizes = groups.sums(values), groups.sums(np.abs(values))
    used = groups.sums(np.ones_like(values)) > 0
    bad = np.flatnonzero(used & (np.abs(sums) <= _LEAST_SUM * sizes))
    if bad.size:
        unit = bad[0]
        if sizes[unit] == 0 and groups.sums(np.abs(drawn))[unit] > 0:
            raise ConfigError(_excluded(unit, total, bounds))
        raise ConfigError(
            Problem(
                "total",
                f"cannot be reached: the values of unit {groups.first + unit} add up to almost nothing, "
                f"got {sums[unit]:.3g} from sizes of {sizes[unit]:.3g}; "
                f"expected at least {_LEAST_SUM:g} of that to scale to {total:g}",
                "Draw values of one sign, give a `minimum` of 0, or leave out `total`",
                "total",
            )
        )
    factor = total / np.where(used, sums, 1.0)
    found = values * groups.spread(factor)
    if low is None and high is None:
        return found
    bounded = np.clip(found, low, high)
    if np.array_equal(found, bounded):
        return found
    return _within(values, factor, total, (low, high), groups)


def _excluded(unit: int, total: float, bounds: tuple[float | None, float | None]) -> Problem:
    """Every value that a unit drew has the sign that the bounds exclude: with few inputs to a unit, that is chance."""
    low, high = bounds
    bound = f"minimum={low:g}" if low is not None and low >= 0 else f"maximum={high:g}"
    return Problem(
        "total",
        f"cannot be reached: with {bound} no value of unit {unit} has a sign that is allowed, got {total:g} to scale "
        "to; expected values that keep their sign",
        "Draw from a distribution of one sign, such as LogNormalInitializer, or leave out `total`",
        "total",
    )


def _within(
    values: np.ndarray, factor: np.ndarray, total: float, bounds: tuple[float | None, float | None], groups: Groups
) -> np.ndarray:
    """The same where bounds cut: the factor is found by halving an interval."""
    low, high = bounds

    def bounded(each: np.ndarray) -> np.ndarray:
        return np.clip(values * groups.spread(each), low, high)

    used = groups.sums(np.ones_like(values)) > 0
    # At the greatest factor every value that can lies on a bound.
    small = np.min(np.abs(values[values != 0]), initial=1.0)
    most = max(abs(b) for b in bounds if b is not None) / small + np.abs(factor).max() + abs(total)
    ends = np.zeros_like(factor), np.sign(factor) * most
    reached = [groups.sums(bounded(end)) for end in ends]
    slack = 1e-9 * (abs(total) + np.abs(reached[1]))
    outside = (np.minimum(*reached) - slack > total) | (np.maximum(*reached) + slack < total)
    bad = np.flatnonzero(used & outside)
    if bad.size:
        unit = bad[0]
        least, greatest = sorted((reached[0][unit], reached[1][unit]))
        raise ConfigError(
            Problem(
                "total",
                f"does not fit the bounds, got {total:g}; the values of unit {groups.first + unit} within "
                f"{'no minimum' if low is None else f'minimum={low:g}'} and "
                f"{'no maximum' if high is None else f'maximum={high:g}'} add up to {least:g} to {greatest:g}",
                "Widen the bounds, or change `total`",
                "total",
            )
        )
    rising = reached[1] >= reached[0]
    below, above = ends
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        short = (groups.sums(bounded(middle)) < total) == rising
        below, above = np.where(short, middle, below), np.where(short, above, middle)
    return bounded((below + above) / 2)
