"""Random events from outside of the brain, onto every unit of a pool."""

from typing import TypedDict

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.payloads import FloatArray
from spark.core.values import Number, Shape
from spark.core.variable import Constant, RandomKey

MOST_EVENTS = 50.0


class PoissonBackgroundConfig(ModuleConfig):
    """How many events, and what each brings."""

    units: Shape | None = field(None, description="Shape of the pool; a neuron hands it down.")
    rate: Number = field(0.0, unit="Hz", least=0, description="Events onto each unit, of all its sources together.")
    weight: Number = field(1.0, description="Weight of an event, in the receptor's unit.")

    def step_problems(self) -> list[Problem]:
        """Events of one step are drawn from a table."""
        if self.rate * self.dt <= 1000.0 * MOST_EVENTS:
            return []
        return [
            Problem(
                "rate",
                f"makes more than {MOST_EVENTS:g} events a step, got {self.rate:g} Hz with dt={self.dt:g} ms; "
                f"expected at most {1000.0 * MOST_EVENTS / self.dt:g} Hz",
                "Lower the rate, or give a constant current: the soma's `background`",
                "bounds",
            )
        ]


class PoissonBackgroundOutput(TypedDict):
    """What a background puts out."""

    arrivals: FloatArray


class PoissonBackground(Module):
    """Independent Poisson events onto each unit.

        P(k events in a step) = m^k exp(-m) / k!        m = rate dt / 1000

    Output ports: `arrivals`: the weight times the number of events of this step, float32, shape of the units.
    A number is found from 32 random bits by the distribution function, whose tail beyond 2^-32 is left out.

    Raises:
        ConfigError: The config does not say the shape of the units.
    """

    config: PoissonBackgroundConfig
    unit_ports = ("arrivals",)

    def build(self) -> None:
        """A key, and the distribution function as bounds on 32 random bits."""
        if self.config.units is None:
            raise ConfigError(
                Problem(
                    f"{self.path or type(self).__name__}.config.units",
                    "is missing",
                    "Give `units=(...)`: the shape of the pool",
                    "missing",
                )
            )
        self.units = self.config.units
        self.key = RandomKey()
        bounds = poisson_bounds(self.config.rate * self.config.dt / 1000.0)
        self.bounds = Constant(bounds)
        # Products from a table: XLA would fuse a product with the sum that follows it, and round once instead of twice.
        self.brought = Constant(np.float32(self.config.weight) * np.arange(bounds.size + 1, dtype=np.float32))

    def __call__(self) -> PoissonBackgroundOutput:
        """Advance one step."""
        bits = self.key.bits(self.units)

        def count(at: jax.Array, events: jax.Array) -> jax.Array:
            return events + (bits >= bounds[at]).astype(jnp.int32)

        bounds = jnp.asarray(self.bounds.value)
        events = jnp.zeros(bits.shape, jnp.int32)
        # At a rate of zero there are no bounds to compare with.
        if bounds.size:
            events = jax.lax.fori_loop(0, bounds.shape[0], count, events)
        return {"arrivals": FloatArray(jnp.asarray(self.brought.value)[events])}


def poisson_bounds(mean: float) -> np.ndarray:
    """Bounds, uint32 (bounds,): so many as do not exceed 32 random bits are a number with a Poisson distribution.

    Args:
        mean: Of the distribution: events in a step.
    """
    chance, total, bounds = np.exp(-mean), 0.0, []
    for number in range(1, 1000):
        total += chance
        bound = round(total * 2.0**32)
        if bound >= 2**32:
            break
        bounds.append(bound)
        chance *= mean / number
    return np.array(bounds, np.uint32)
