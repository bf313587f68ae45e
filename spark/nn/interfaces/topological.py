"""Spikers that lay a number out on a line or a ring of units: the units near it fire."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.errors import Problem
from spark.core.module import Module
from spark.core.parameter import Scalar, parameter
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Array, Number, Whole
from spark.core.variable import Constant, RandomKey, Variable
from spark.nn.interfaces.linear import (
    Integration,
    LinearSpikerConfig,
    SpikerOutput,
    integration_variables,
)
from spark.nn.interfaces.poisson import PoissonSpikerConfig, draw_spikes


class TopologyConfig(ModuleConfig):
    """A line or ring of units for each number."""

    glue: Array = field(
        np.array(0, np.int32), description="1 where the ends of the line are one point (a ring), else 0."
    )
    mins: Array = field(np.array(0, np.int32), description="Number at the first unit.")
    maxs: Array = field(np.array(1, np.int32), description="Number at the last unit.")
    resolution: Whole = field(64, least=2, description="Units for each number.")
    sigma: Number = field(1 / 32, above=0, description="Width of the bump of activity, no unit: see the equation.")

    def problems(self) -> list[Problem]:
        """Ends in order, and glue 0 or 1."""
        found = super().problems()
        if not np.all(np.isin(self.glue, (0, 1))):
            found.append(Problem("glue", f"must be 0 or 1, got {self.glue}", "", "bounds"))
        if not np.all(np.asarray(self.maxs, float) > np.asarray(self.mins, float)):
            found.append(Problem("maxs", f"must be above mins ({self.mins}), got {self.maxs}", "", "bounds"))
        return found


class TopologicalLinearSpikerConfig(TopologyConfig, LinearSpikerConfig):
    """A line or ring of units for each number, and how they fire."""


class TopologicalPoissonSpikerConfig(TopologyConfig, PoissonSpikerConfig):
    """A line or ring of units for each number, and how they fire."""


class Bump:
    """The drive of each unit by its distance from the number, between 0 and 1.

    x = (signal - mins) / (maxs - mins),  s = linspace(0, pi, resolution)
    line: d = tanh(s - pi*x)     ring: d = sin(s - pi*x)     drive = exp(-0.5 * d^2 / sigma)
    """

    def __init__(self, module: Module, shape: tuple[int, ...]) -> None:
        config: TopologyConfig = module.config
        address = module.path or type(module).__name__
        low, high = np.asarray(config.mins, float), np.asarray(config.maxs, float)
        module.low = parameter(f"{address}.config.mins", low, shape)  # type: ignore[attr-defined]
        module.span = parameter(f"{address}.config.maxs", high - low, shape)  # type: ignore[attr-defined]
        module.ring = parameter(f"{address}.config.glue", config.glue.astype(float), shape)  # type: ignore[attr-defined]
        places = np.linspace(0.0, np.pi, config.resolution, dtype=np.float32)
        module.place = Constant(places, description="Place of each unit on the line or ring.")  # type: ignore[attr-defined]

    @staticmethod
    def drive(module: Module, signal: FloatArray) -> jnp.ndarray:
        """Drive of every unit, float32, shape of the signal and `resolution`."""
        m: Any = module
        x = (signal.value.astype(jnp.float32) - m.low.value) / m.span.value
        ring = m.ring.value
        # Once around a ring is the same place: wrapped, numbers far out of range keep what digits they have.
        if isinstance(ring, float):
            x = x - jnp.round(x) if ring else x
        else:
            x = jnp.where(jnp.asarray(ring) > 0, x - jnp.round(x), x)
        offset = jnp.asarray(m.place.value) - (np.float32(np.pi) * x)[..., None]
        if isinstance(ring, float):
            distance = jnp.sin(offset) if ring else jnp.tanh(offset)
        else:
            distance = jnp.where(jnp.asarray(ring)[..., None] > 0, jnp.sin(offset), jnp.tanh(offset))
        return jnp.exp((-0.5 / module.config.sigma) * distance * distance)


class TopologicalLinearSpiker(Module):
    """For every number a line or ring of units; those near the number fire evenly, at up to `max_freq`.

        x = exp(-d^2 / (2 sigma))        line: d = tanh(s - pi z)        ring: d = sin(s - pi z)
        z = (signal - mins) / (maxs - mins)        s from 0 (the first unit) to pi (the last)

    Units fire by x as those of `LinearSpiker` do. A number in the middle of its range makes the
    middle units fire: zero is not silence.

    Input ports: `signal`, shape S. Output ports: `spikes`, int8, shape S + (resolution,).
    Variables: `potential`, `refractory`.
    """

    config: TopologicalLinearSpikerConfig
    potential: Variable
    refractory: Variable
    low: Scalar | Constant
    span: Scalar | Constant
    ring: Scalar | Constant
    place: Constant

    def build(self, signal: PortSpec) -> None:
        """Variables of shape S + (resolution,)."""
        Bump(self, signal.shape)
        self.integration = Integration(self.config)
        integration_variables(self, (*signal.shape, self.config.resolution))

    def __call__(self, signal: FloatArray) -> SpikerOutput:
        """Advance one step."""
        return {"spikes": self.integration.fire(self, Bump.drive(self, signal))}


class TopologicalPoissonSpiker(Module):
    """For every number a line or ring of units; those near the number fire at random, at up to `max_freq`.

        x = exp(-d^2 / (2 sigma))        line: d = tanh(s - pi z)        ring: d = sin(s - pi z)
        z = (signal - mins) / (maxs - mins)        s from 0 (the first unit) to pi (the last)
        P(spike in a step) = x max_freq dt / 1000

    Input ports: `signal`, shape S. Output ports: `spikes`, int8, shape S + (resolution,).
    """

    config: TopologicalPoissonSpikerConfig

    def build(self, signal: PortSpec) -> None:
        """A key; no other state."""
        Bump(self, signal.shape)
        self.key = RandomKey()
        self.chance = self.config.max_freq * self.config.dt / 1000.0

    def __call__(self, signal: FloatArray) -> SpikerOutput:
        """Advance one step."""
        drawn: SpikeArray = draw_spikes(self.key, self.chance * Bump.drive(self, signal))
        return {"spikes": drawn}
