"""Spikers whose times carry the number: latency, phase, and crossings of levels."""

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.module import Module
from spark.core.parameter import parameter, steps
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number, Quantity, Whole
from spark.core.variable import Variable
from spark.nn.interfaces.linear import SpikerOutput


class LatencySpikerConfig(ModuleConfig):
    """How long a window is."""

    window: Number = field(50.0, unit="ms", above=0, description="Time in which each unit fires at most once.")


class LatencySpiker(Module):
    """One spike in each window, the earlier the larger the number: 1 fires first, near 0 last, 0 and below not at all.

        fires in step round((1 - x) (n - 1)) of a window of n steps; x is clipped to 1, and read in every step

    Windows follow each other from step 0 on. Where x changes within a window a unit fires when the step is its own.

    Input ports: `signal`, any shape, numbers from 0 to 1. Output ports: `spikes`, int8, same shape.
    Source: Thorpe, Delorme & Van Rullen 2001, doi:10.1016/S0893-6080(01)00083-1.
    """

    config: LatencySpikerConfig

    def build(self, signal: PortSpec) -> None:
        """No state but the step."""
        self.length = max(1, steps(self.config.window, self.config.dt))

    def __call__(self, signal: FloatArray) -> SpikerOutput:
        """Advance one step."""
        x = jnp.minimum(signal.value.astype(jnp.float32), np.float32(1))
        own = jnp.round((np.float32(1) - x) * np.float32(self.length - 1))
        fired = (own == (self.step % self.length).astype(jnp.float32)) & (x > 0)
        return {"spikes": SpikeArray(fired.astype(jnp.int8))}


class PhaseSpikerConfig(ModuleConfig):
    """How many phases a cycle has."""

    phases: Whole = field(8, least=1, most=24, description="Steps of a cycle: binary digits that are sent.")


class PhaseSpiker(Module):
    """Numbers as binary digits: in phase k of a cycle a unit fires if digit k after the point is 1, the largest first.

        fires in phase k if floor(2^(k+1) x) is odd, k = 0 ... phases - 1        x from 0 to 1 - 2^-phases, else clipped

    A spike of phase k stands for 2^-(k+1). Cycles follow each other from step 0 on.

    Input ports: `signal`, any shape, numbers from 0 to 1. Output ports: `spikes`, int8, same shape.
    Source: Kim, Kim, Huh, Lee & Choi 2018, doi:10.1016/j.neucom.2018.05.087.
    """

    config: PhaseSpikerConfig

    def build(self, signal: PortSpec) -> None:
        """No state but the step."""
        self.powers = tuple(2.0 ** (k + 1) for k in range(self.config.phases))

    def __call__(self, signal: FloatArray) -> SpikerOutput:
        """Advance one step."""
        x = jnp.clip(signal.value.astype(jnp.float32), np.float32(0), np.float32(1 - 2.0**-self.config.phases))
        phase, power = self.step % self.config.phases, jnp.float32(0)
        for k, each in enumerate(self.powers):
            power = jnp.where(phase == k, np.float32(each), power)
        digits = jnp.floor(x * power)
        odd = digits - np.float32(2) * jnp.floor(digits * np.float32(0.5))
        return {"spikes": SpikeArray((odd > 0).astype(jnp.int8))}


class DeltaSpikerConfig(ModuleConfig):
    """How far apart levels are."""

    threshold: Quantity = field(0.1, above=0, description="Change of the number that a spike stands for.")


class DeltaSpiker(Module):
    """A spike each time a number crosses a level: +1 as it rises by `threshold`, -1 as it falls by as much.

        x - level >= threshold:  +1, level <- level + threshold
        level - x >= threshold:  -1, level <- level - threshold

    At most one spike a step: a faster change is followed later. Levels begin at 0.

    Input ports: `signal`, numbers of any shape. Output ports: `spikes`, int8, same shape, signed.
    Variables: `level`, the number that the spikes so far add up to.
    Source: Lichtsteiner, Posch & Delbruck 2008, doi:10.1109/JSSC.2007.914337.
    """

    config: DeltaSpikerConfig

    def build(self, signal: PortSpec) -> None:
        """The level of each number."""
        address = f"{self.path or type(self).__name__}.config.threshold"
        self.gap = parameter(address, self.config.threshold, signal.shape)
        self.level = Variable(np.zeros(signal.shape, np.float32), description="What the spikes so far add up to.")

    def __call__(self, signal: FloatArray) -> SpikerOutput:
        """Advance one step."""
        ahead = signal.value.astype(jnp.float32) - self.level.value
        gap = self.gap.value
        risen, fallen = ahead >= gap, ahead <= -gap
        self.level.value = self.level.value + jnp.where(risen, gap, jnp.where(fallen, -gap, jnp.float32(0.0)))
        # Of truth values, not of a float, which would have to be brought into the range of int8.
        return {"spikes": SpikeArray(risen.astype(jnp.int8) - fallen.astype(jnp.int8))}
