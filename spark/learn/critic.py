"""A critic: what an observation is worth, learned from the errors of its own predictions."""

from typing import TypedDict

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.module import Module
from spark.core.parameter import decay
from spark.core.payloads import BooleanMask, FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.rounds import in_rounds, require_same_rounds
from spark.core.values import Number, Whole
from spark.core.variable import Variable
from spark.learn.rhythm import BEGIN, CHOICE, VALUE, decides
from spark.worlds.world import ENDLESS


class CriticConfig(ModuleConfig):
    """How a critic reads spikes, and how it learns."""

    every: Whole = field(20, least=4, most=ENDLESS, description="Steps of the brain for each step of the world.")
    tau: Number = field(10.0, unit="ms", above=0, time_constant="exact", description="Decay of the traces of spikes.")
    gain: Number = field(0.13, above=0, description="What a spike adds to its trace, no unit.")
    baseline: Number = field(
        1.0, description="Value before anything is learned, in units of `reward_size`: the best there can be."
    )
    rate: Number = field(0.1, least=0, description="Learning rate: a factor of every change of a weight.")
    discount: Number = field(
        0.98, least=0, below=1, description="The factor of the error: worth of a reward a step later."
    )
    trace: Number = field(0.85, least=0, most=1, description="Share of an eligibility that lasts into the next round.")
    bound: Number | None = field(None, above=0, description="Largest size of a weight, no unit; None for any.")


class CriticOutput(TypedDict):
    """What a critic puts out."""

    value: FloatArray


class Critic(Module):
    """A weighted sum of the traces of spikes: V = baseline + sum of v_i z_i.

        z <- exp(-dt/tau) z + gain * spike                      each step
        v <- v + rate * error * e                               when an error arrives
        e <- discount * trace * e + z (as it was when V was read)    then

    When an episode begins, z and e are cleared. Weights stay.

    Input ports: `spikes`, any shape; `error`, (1,); `started`, booleans, (1,). Output ports: `value`, float32, (1,).
    Variables: `weights`, `eligibility`, `traces`, `seen` (z when V was read), each float32, (inputs,); `phase`.

    Source: Sutton 1988, doi:10.1007/BF00115009 (TD(lambda), with a linear value of the traces).
    """

    config: CriticConfig

    def build(self, spikes: PortSpec, error: PortSpec, started: PortSpec) -> None:
        """All weights begin at 0."""
        arriving = {"spikes": spikes, "error": error, "started": started}
        require_same_rounds(self.path or type(self).__name__, self.config.every, arriving)
        empty = np.zeros(spikes.size, np.float32)
        bound = self.config.bound
        self.weights = Variable(empty, bounds=(None if bound is None else -bound, bound))
        self.eligibility = Variable(empty, description="By how much each weight took part.")
        self.traces = Variable(empty, description="Of the spikes that arrived.")
        self.seen = Variable(empty, description="Traces when the value was read.")
        self.value = Variable(np.full(1, self.config.baseline, np.float32), description="Of the last observation.")
        self.phase = Variable(np.zeros((), np.int32), description="Steps since the world's last.")
        self.left = float(decay(self.config.dt, self.config.tau))

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """One number, whatever comes in."""
        return self.describe_outputs({"value": PortSpec(FloatArray, (1,), "float32")})

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """How often it values, for whoever keeps time with it."""
        return in_rounds(outputs, self.config.every)

    def __call__(self, spikes: SpikeArray, error: FloatArray, started: BooleanMask) -> CriticOutput:
        """Advance one step."""
        config, phase = self.config, self.phase.value
        new = started.value.reshape(-1)[0]
        traces = self.left * self.traces.value + config.gain * spikes.value.reshape(-1).astype(jnp.float32)
        traces = jnp.where(new & decides(phase, config.every, BEGIN), 0.0, traces)
        reads, learns = decides(phase, config.every, VALUE), decides(phase, config.every, CHOICE)
        arrived = jnp.where(self.is_learning, error.value.reshape(-1)[0].astype(jnp.float32), 0.0)
        weights = self.weights.value + config.rate * arrived * self.eligibility.value
        if config.bound is not None:
            weights = jnp.clip(weights, -config.bound, config.bound)
        # In the steps between errors nothing is computed for it.
        weights = jnp.where(arrived != 0.0, weights, self.weights.value)
        lasting = jnp.where(new, 0.0, config.discount * config.trace)
        value = config.baseline + (weights @ traces)[None]
        self.seen.value = jnp.where(reads, traces, self.seen.value)
        self.value.value = jnp.where(reads, value, self.value.value)
        folded = lasting * self.eligibility.value + jnp.where(self.is_learning, self.seen.value, 0.0)
        self.eligibility.value = jnp.where(learns, folded, self.eligibility.value)
        self.weights.value, self.traces.value = weights, traces
        self.phase.value = (phase + 1) % config.every
        return {"value": FloatArray(self.value.value)}
