"""Initializers that draw from a distribution."""

import numpy as np

from spark.core.config import field
from spark.core.errors import Problem
from spark.core.values import Number
from spark.nn.initializers.base import Initializer


class ConstantInitializer(Initializer):
    """The same value everywhere."""

    in_unit = (*Initializer.in_unit, "value")

    value: Number = field(1.0, description="The value.")

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """An array of `value`."""
        return np.full(shape, self.value)


class UniformInitializer(Initializer):
    """Uniform between `low` and `high`."""

    in_unit = (*Initializer.in_unit, "low", "high")

    low: Number = field(0.0, description="Lower end.")
    high: Number = field(1.0, description="Upper end.")

    def problems(self) -> list[Problem]:
        """The ends must be in order."""
        if self.low < self.high:
            return super().problems()
        text = f"must be above low, got {self.low} to {self.high}"
        return [*super().problems(), Problem("high", text, "", "bounds")]

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Uniform numbers."""
        return generator.uniform(self.low, self.high, shape)


class NormalInitializer(Initializer):
    """Normal with `mean` and `deviation`."""

    in_unit = (*Initializer.in_unit, "mean", "deviation")

    mean: Number = field(0.0, description="Mean.")
    deviation: Number = field(1.0, above=0, description="Standard deviation.")

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Normal numbers."""
        return generator.normal(self.mean, self.deviation, shape)


class LogNormalInitializer(Initializer):
    """Log-normal: the logarithm is normal with `mean` and `deviation`."""

    mean: Number = field(0.0, description="Mean of the logarithm.")
    deviation: Number = field(1.0, above=0, description="Standard deviation of the logarithm.")

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Log-normal numbers."""
        return generator.lognormal(self.mean, self.deviation, shape)
