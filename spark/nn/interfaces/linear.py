"""Spikes at a rate that follows a number, evenly spaced."""

from typing import Any, Protocol, TypedDict

import jax.numpy as jnp
import numpy as np

from spark.arrays import Array
from spark.core.config import ModuleConfig, field
from spark.core.errors import Problem
from spark.core.module import Module
from spark.core.parameter import decay, steps
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.core.variable import Variable

# Longest integration in units of tau; beyond it float32 cannot tell the drive of 1 from one that never fires.
SLOWEST = 7.0


class LinearSpikerConfig(ModuleConfig):
    """Parameters of a spiker without chance."""

    tau: Number = field(
        100.0, unit="ms", above=0, time_constant="stored", description="Time constant of the integrating unit."
    )
    cd: Number = field(2.0, unit="ms", least=0, description="Refractory period (cooldown).")
    max_freq: Number = field(50.0, unit="Hz", above=0, description="Rate at a signal of 1, up to whole steps.")

    def problems(self) -> list[Problem]:
        """A rate that the refractory period allows."""
        least = 1000.0 / (self.cd + SLOWEST * self.tau)
        if self.max_freq < least:
            return [
                Problem(
                    "max_freq",
                    f"is too low for tau={self.tau:g} ms, got {self.max_freq:g} Hz; expected at least {least:.3g} Hz",
                    "Raise max_freq or tau: the unit would hardly ever come near its level",
                    "bounds",
                )
            ]
        return [*super().problems(), *self._at_most("cd", self.cd)]

    def step_problems(self) -> list[Problem]:
        """At most one spike a step."""
        return [*super().step_problems(), *(self._at_most("dt", self.dt) if self.dt > self.cd else ())]

    def _at_most(self, name: str, interval: float) -> list[Problem]:
        """A problem if the interval between two spikes cannot be as long as this, ms."""
        if self.max_freq * interval < 1000.0:
            return []
        return [
            Problem(
                "max_freq",
                f"is above what the refractory period allows, got {self.max_freq:g} Hz; "
                f"expected less than {1000.0 / interval:g} Hz ({name}={interval:g} ms)",
                "Lower max_freq or shorten cd",
                "bounds",
            )
        ]


class SpikerOutput(TypedDict):
    """What every spiker puts out."""

    spikes: SpikeArray


class Integrates(Protocol):
    """A module whose step is that of `Integration`."""

    config: Any
    potential: Variable
    refractory: Variable


class Integration:
    """The unit that all linear spikers share: it integrates a drive and fires at a fixed level.

        V <- exp(-dt/tau)*V + ready*(1 - exp(-dt/tau))*tau*scale*drive;  fires when V > tau, then V <- 0
        scale = 1/(exp(interval/tau) - 1) + 1

    After a spike a unit ignores its drive for `cd`, and then a drive of 1 takes it to its level in `interval`: together
    1000/max_freq, rounded up to whole steps. The interval ends a tenth of a step early, so that no rounding error can
    cost or gain a step.
    """

    def __init__(self, config: Any) -> None:
        whole = steps(1000.0 / config.max_freq, config.dt)
        # Steps that a unit ignores its drive after the step in which it fired.
        self.blocked = min(steps(config.cd, config.dt), whole - 1)
        interval = (whole - self.blocked - 0.1) * config.dt
        scale = 1.0 / np.expm1(interval / config.tau) + 1.0
        self.factor = float(decay(config.dt, config.tau))
        self.gain = float((1.0 - self.factor) * config.tau * scale)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Integration) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.factor, self.gain, self.blocked))

    def fire(self, module: Integrates, drive: Array) -> SpikeArray:
        """Advance the module's `potential` and `refractory` by one step."""
        level = module.config.tau
        ready = module.refractory.value == 0
        before = module.potential.value.astype(jnp.float32)
        potential = self.factor * before + jnp.where(ready, self.gain * drive, 0.0)
        fired = potential > level
        module.potential.value = jnp.where(fired, 0.0, potential).astype(module.config.dtype)
        left = jnp.maximum(module.refractory.value - 1, 0)
        module.refractory.value = jnp.where(fired, self.blocked, left)
        return SpikeArray(fired.astype(jnp.int8))


def integration_variables(module: Integrates, shape: tuple[int, ...]) -> None:
    """Create the variables that `Integration.fire` advances."""
    module.potential = Variable(np.zeros(shape, module.config.dtype), description="Integrated drive; fires above tau.")
    module.refractory = Variable(
        np.zeros(shape, np.int32), unit="steps", description="Refractory steps left.", bounds=(0, None)
    )


class LinearSpiker(Module):
    """Each unit fires at a rate that grows with its signal x, evenly spaced.

        V <- exp(-dt/tau) V + (1 - exp(-dt/tau)) tau scale x        scale = 1 / (exp(interval/tau) - 1) + 1
        V > tau:   spike, V <- 0

    The interval is what is left of 1000 / max_freq behind the `cd` ms in which a unit ignores its signal after a spike;
    together they are rounded up to whole steps.

    Input ports: `signal`, any shape, numbers from 0 (silent) to 1 (`max_freq`). Output ports: `spikes`, int8, same
    shape.
    Variables: `potential`, `refractory`.
    """

    config: LinearSpikerConfig
    potential: Variable
    refractory: Variable
    unit_ports = ("signal", "spikes")

    def build(self, signal: PortSpec) -> None:
        """Variables of the signal's shape."""
        self.integration = Integration(self.config)
        integration_variables(self, signal.shape)

    def __call__(self, signal: FloatArray) -> SpikerOutput:
        """Advance one step."""
        return {"spikes": self.integration.fire(self, signal.value.astype(jnp.float32))}
