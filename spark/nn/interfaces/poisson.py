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
from spark.nn.interfaces.linear import SpikerOutput
from spark.nn.interfaces.rates import too_fast


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
    unit_ports = ("signal", "spikes")

    def build(self, signal: PortSpec) -> None:
        """A key; no other state."""
        self.key = RandomKey()
        self.chance = self.config.max_freq * self.config.dt / 1000.0

    def __call__(self, signal: FloatArray) -> SpikerOutput:
        """Advance one step."""
        return {"spikes": draw_spikes(self.key, self.chance * signal.value.astype(jnp.float32))}


def draw_spikes(key: RandomKey, probability: jax.Array) -> SpikeArray:
    """Independent spikes with these probabilities."""
    return SpikeArray(key.happens(probability).astype(jnp.int8))
