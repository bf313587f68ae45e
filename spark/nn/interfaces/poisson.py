"""Spikes at a rate that follows a number, at random times."""

import jax
import jax.numpy as jnp

from spark.core.config import ModuleConfig, field
from spark.core.errors import Problem
from spark.core.module import Module
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.core.variable import RandomKey
from spark.kernels.instructions import DRAW_SPIKES
from spark.kernels.place import Place
from spark.nn.interfaces.linear import SpikerOutput
from spark.nn.interfaces.rates import too_fast
from spark.nn.lowering import Arriving, Lowering


class PoissonSpikerConfig(ModuleConfig):
    """Parameters of a random spiker."""

    max_freq: Number = field(50.0, unit="Hz", above=0, description="Rate at a signal of 1.")

    def step_problems(self) -> list[Problem]:
        """At most one spike a step."""
        return [*super().step_problems(), *too_fast(self.max_freq, self.dt)]


class PoissonSpiker(Module):
    """Each unit fires at random, independently, at a rate that grows with its signal x.

        P(spike in a step) = x max_freq dt / 1000

    Input ports: `signal`, any shape, numbers from 0 to 1. Output ports: `spikes`, int8, same shape.
    """

    config: PoissonSpikerConfig
    lowers = True
    unit_ports = ("signal", "spikes")

    def build(self, signal: PortSpec) -> None:
        """A key; no other state."""
        self.key = RandomKey()
        self.chance = self.config.max_freq * self.config.dt / 1000.0

    def __call__(self, signal: FloatArray) -> SpikerOutput:
        """Advance one step."""
        return {"spikes": draw_spikes(self.key, self.chance * signal.value.astype(jnp.float32))}

    def can_lower(self) -> bool:
        """Native code draws as JAX's default generator does, and for all units."""
        return self.key.units is None and bool(jax.config.jax_threefry_partitionable)  # type: ignore[attr-defined]

    def lower(self, lowering: Lowering, signal: Arriving) -> dict[str, Place]:
        """One instruction."""
        program = lowering.program
        spikes = program.scratch(signal.place.shape, "int8")
        places = (lowering.constant(self.key), lowering.entry("step"), signal.place, spikes)
        program.emit(DRAW_SPIKES, places, (spikes.size,), (self.chance,))
        return {"spikes": spikes}


def draw_spikes(key: RandomKey, probability: jax.Array) -> SpikeArray:
    """Independent spikes with these probabilities, one number of the unit's own stream each."""
    drawn = key.uniform(probability.shape)
    return SpikeArray((drawn < probability).astype(jnp.int8))
