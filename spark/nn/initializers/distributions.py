"""Initializers that draw from a distribution."""

import math
from statistics import NormalDist

import numpy as np

from spark.core.config import field
from spark.core.errors import Problem
from spark.core.values import Number
from spark.nn.initializers.base import Initializer

# Less than this share of a distribution would be drawn for too long.
_LEAST_SHARE = 0.01


class ConstantInitializer(Initializer):
    """The same value everywhere."""

    independent = True
    in_unit = (*Initializer.in_unit, "value")

    value: Number = field(1.0, description="The value, in the unit of what is drawn.")

    def middle(self) -> float:
        """`value`."""
        return self.value

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """An array of `value`."""
        return np.full(shape, self.value)


class UniformInitializer(Initializer):
    """Uniform between `low` and `high`."""

    independent = True
    in_unit = (*Initializer.in_unit, "low", "high")

    low: Number = field(0.0, description="Lower end, in the unit of what is drawn.")
    high: Number = field(1.0, description="Upper end, in the unit of what is drawn.")

    def problems(self) -> list[Problem]:
        """The ends must be in order."""
        if self.low < self.high:
            return super().problems()
        text = f"must be above low, got {self.low} to {self.high}"
        return [*super().problems(), Problem("high", text, "", "bounds")]

    def middle(self) -> float:
        """Half way between the ends."""
        return 0.5 * self.low + 0.5 * self.high

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Uniform numbers."""
        return generator.uniform(self.low, self.high, shape)


class NormalInitializer(Initializer):
    """Normal with `mean` and `deviation`."""

    independent = True
    in_unit = (*Initializer.in_unit, "mean", "deviation")

    mean: Number = field(0.0, description="Mean, in the unit of what is drawn.")
    deviation: Number = field(1.0, above=0, description="Standard deviation, in the unit of what is drawn.")

    def middle(self) -> float:
        """The mean."""
        return self.mean

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Normal numbers."""
        return generator.normal(self.mean, self.deviation, shape)


class LogNormalInitializer(Initializer):
    """Log-normal: the logarithm is normal with `mean` and `deviation`."""

    independent = True

    mean: Number = field(0.0, description="Mean of the logarithm, no unit.")
    deviation: Number = field(1.0, above=0, description="Standard deviation of the logarithm, no unit.")

    def middle(self) -> float:
        """That of the logarithm is its mean."""
        with np.errstate(over="ignore"):
            return float(np.exp(self.mean))

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Log-normal numbers."""
        return generator.lognormal(self.mean, self.deviation, shape)


class ExponentialInitializer(Initializer):
    """Exponential with `mean`: few large values among many small ones, all above 0."""

    independent = True
    in_unit = (*Initializer.in_unit, "mean")

    mean: Number = field(1.0, above=0, description="Mean, in the unit of what is drawn.")

    def middle(self) -> float:
        """The mean times ln 2."""
        return self.mean * math.log(2.0)

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Exponential numbers."""
        return generator.exponential(self.mean, shape)


class GammaInitializer(Initializer):
    """Gamma with `order` and `mean`: exponential at an order of 1, narrower above it; all values above 0."""

    independent = True
    in_unit = (*Initializer.in_unit, "mean")

    mean: Number = field(1.0, above=0, description="Mean, in the unit of what is drawn.")
    order: Number = field(
        2.0, above=0, description="Shape of the distribution, no unit: the variance is mean^2 / order."
    )

    def middle(self) -> float:
        """Where the regularized incomplete gamma function is 1/2."""
        from scipy.special import gammaincinv

        return float(gammaincinv(self.order, 0.5)) * self.mean / self.order

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Gamma numbers."""
        return generator.gamma(self.order, self.mean / self.order, shape)


class TruncatedNormalInitializer(Initializer):
    """Normal with `mean` and `deviation`, drawn again where it lies below `low` or above `high`.

    Bounds of other initializers (`minimum`, `maximum`) put what lies beyond onto the bound; here nothing gathers there.
    """

    independent = True
    in_unit = (*Initializer.in_unit, "mean", "deviation", "low", "high")

    mean: Number = field(1.0, description="Mean before it is cut, in the unit of what is drawn.")
    deviation: Number = field(
        0.75, above=0, description="Standard deviation before it is cut, in the unit of what is drawn."
    )
    low: Number = field(0.0, description="Lower end, in the unit of what is drawn.")
    high: Number = field(3.0, description="Upper end, in the unit of what is drawn.")

    def problems(self) -> list[Problem]:
        """Ends in order, and enough of the distribution between them."""
        found = super().problems()
        if self.low >= self.high:
            found.append(Problem("high", f"must be above low, got {self.low} to {self.high}", "", "bounds"))
        elif self._share() < _LEAST_SHARE:
            text = f"leaves less than {_LEAST_SHARE:g} of the distribution, got {self.low:g} to {self.high:g}"
            found.append(Problem("low", text, "Move the mean between the ends, or widen the deviation", "bounds"))
        return found

    def _share(self) -> float:
        ends = ((end - self.mean) / (self.deviation * math.sqrt(2.0)) for end in (self.low, self.high))
        below, above = (math.erf(end) for end in ends)
        return 0.5 * (above - below)

    def middle(self) -> float:
        """Where half of what lies between the ends lies below."""
        whole = NormalDist(self.mean, self.deviation)
        return whole.inv_cdf(0.5 * (whole.cdf(self.low) + whole.cdf(self.high)))

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Normal numbers between the ends."""
        drawn = generator.normal(self.mean, self.deviation, shape)
        while (outside := (drawn < self.low) | (drawn > self.high)).any():
            drawn[outside] = generator.normal(self.mean, self.deviation, int(outside.sum()))
        return drawn
