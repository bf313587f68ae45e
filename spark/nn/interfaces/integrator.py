"""Numbers from the rates of groups of units."""

from typing import TypedDict

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.parameter import decay
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number, Whole
from spark.core.variable import Constant, Variable


class ExponentialIntegratorConfig(ModuleConfig):
    """How spikes become numbers."""

    num_outputs: Whole = field(least=1, description="Number of groups, one output each.")
    saturation_freq: Number = field(
        50.0, unit="Hz", above=0, description="Mean rate of a group at which its output is 1."
    )
    tau: Number = field(20.0, unit="ms", above=0, time_constant="stored", description="Time constant of the average.")
    smooth_tau: Number = field(
        10.0,
        unit="ms",
        above=0,
        time_constant="stored",
        only_with="smooth_trace",
        description="Time constant of the second average.",
    )
    shuffle: bool = field(True, description="Whether units are dealt to groups at random.")
    smooth_trace: bool = field(True, description="Whether the average is averaged again; else it is clipped to [0, 1].")


class IntegratorOutput(TypedDict):
    """What integrators put out."""

    signal: FloatArray


class ExponentialIntegrator(Module):
    """One number for each group of units: an exponential average of the group's signed spikes.

        t1 <- t1 + (1 - exp(-dt/tau)) * ((1000/saturation_freq) / dt * mean of the group's spikes - t1)
        t2 <- t2 + (1 - exp(-dt/smooth_tau)) * (t1 - t2)

    A group whose units all fire at `saturation_freq` reads 1 on average; inhibitory units subtract. Units are dealt to
    groups as evenly as possible; shuffled, excitatory and inhibitory ones each on their own, so that no group reads low
    only because inhibition fell to it.

    Input ports: `spikes`, any shape. Output ports: `signal`, float32, shape (num_outputs,).
    Variables: `average`, `smooth` (if `smooth_trace`).
    """

    config: ExponentialIntegratorConfig

    def build(self, spikes: PortSpec) -> None:
        """Deal units to groups.

        Raises:
            ConfigError: More outputs than units.
        """
        config, units = self.config, spikes.size
        groups = config.num_outputs
        if groups > units:
            raise ConfigError(
                Problem(
                    f"{self.path or type(self).__name__}.config.num_outputs",
                    f"is larger than the number of units, got {groups}; expected at most {units}",
                    "Lower num_outputs or wire more units",
                    "bounds",
                )
            )
        group = np.arange(units) * groups // units
        if config.shuffle:
            signs = np.ones(units) if spikes.signs is None else spikes.signs.reshape(-1)
            dealt = np.concatenate([self._shuffled(np.flatnonzero(signs * s > 0)) for s in (1, -1)])
            group[dealt] = np.arange(units) % groups
        self.group = Constant(group.astype(np.int32))
        scale = 1000.0 / config.saturation_freq / config.dt
        self.share = Constant((scale / np.bincount(group, minlength=groups)).astype(np.float32))
        self.gain = float(1.0 - decay(config.dt, config.tau))
        self.smooth_gain = float(1.0 - decay(config.dt, config.smooth_tau))
        self.average = Variable(np.zeros(groups, config.dtype), description="Average of each group.")
        if config.smooth_trace:
            self.smooth = Variable(np.zeros(groups, config.dtype), description="Average of averages.")

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """The numbers that it puts out are known before its inputs are, so they may come back to it."""
        return {"signal": PortSpec(FloatArray, (self.config.num_outputs,), "float32")}

    def _shuffled(self, units: np.ndarray) -> np.ndarray:
        return self.generator.permutation(units)

    def __call__(self, spikes: SpikeArray) -> IntegratorOutput:
        """Advance one step."""
        # Counts are whole numbers, exact in any order of summation.
        flat = spikes.value.reshape(-1).astype(jnp.int32)
        group = jnp.asarray(self.group.value)
        members = group[None, :] == jnp.arange(self.config.num_outputs, dtype=group.dtype)[:, None]
        mean = jnp.where(members, flat[None, :], 0).sum(axis=1).astype(jnp.float32) * jnp.asarray(self.share.value)
        average = self.average.value.astype(jnp.float32)
        average = average + self.gain * (mean - average)
        self.average.value = average.astype(self.config.dtype)
        if not self.config.smooth_trace:
            return {"signal": FloatArray(jnp.clip(average, 0.0, 1.0))}
        smooth = self.smooth.value.astype(jnp.float32)
        smooth = smooth + self.smooth_gain * (average - smooth)
        self.smooth.value = smooth.astype(self.config.dtype)
        return {"signal": FloatArray(smooth)}
