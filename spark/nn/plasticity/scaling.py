"""Homeostatic scaling: all weights onto a unit follow its rate."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.errors import Problem
from spark.core.parameter import shorter_than_a_step
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.core.variable import Variable
from spark.nn.plasticity.connection_rule import ConnectionRule, ConnectionRuleConfig, UnitValues


class ScalingRuleConfig(ConnectionRuleConfig):
    """The rate that is kept, and how fast weights follow."""

    tau: Number = field(
        10_000.0, unit="ms", above=0, time_constant="exact", description="Time over which the rate is taken."
    )
    target: Number = field(10.0, unit="Hz", above=0, description="Rate of the postsynaptic units that is kept.")
    amplitude: Number = field(0.1, least=0, description="Share by which weights onto a silent unit grow in a second.")
    interval: Number = field(100.0, unit="ms", above=0, description="Time between two changes, in whole steps.")

    def step_problems(self) -> list[Problem]:
        """The interval is a step at least."""
        found = super().step_problems()
        if shorter_than_a_step(self.interval, self.dt):
            text = f"is shorter than a step, got {self.interval:g} ms with dt={self.dt:g} ms; expected at least dt"
            found.append(Problem("interval", text, "Lengthen it, or shorten dt", "bounds"))
        return found


class ScalingRule(ConnectionRule):
    """Homeostatic synaptic scaling: weights onto a unit grow in proportion while it is below its target, else shrink.

        dW/dt = amplitude W (1 - y) per second        tau dy/dt = -y, which a spike raises by 1000 / (tau target)

    y is the unit's rate, in units of `target`. What the weights onto a unit are to each other stays. Order of update in
    a step: the rate decays and takes this step's spikes; once in every `interval` all weights change by dW/dt times the
    interval, by the rate at that step, whatever it was since the last change, and are clipped. Presynaptic spikes play
    no part.

    Input ports: `pre_spikes`, `post_spikes`, `weights`, and `modulation` of a modulated rule. Output ports: `weights`.
    Variables: `post_rate`, (post,), float32.
    Source: van Rossum, Bi & Turrigiano 2000, doi:10.1523/JNEUROSCI.20-23-08812.2000, equation 3, without its integral.
    No source found for the defaults.
    """

    config: ScalingRuleConfig
    post_values = ("growth",)

    def build(
        self, pre_spikes: PortSpec, post_spikes: PortSpec, weights: PortSpec, modulation: PortSpec | None = None
    ) -> None:
        """Rates begin at the target, where no weight changes."""
        super().build(pre_spikes, post_spikes, weights, modulation)
        self.every = max(1, round(self.config.interval / self.config.dt))
        ones = np.ones(self.post_units, np.float32)
        self.post_rate = Variable(ones, description="Postsynaptic rate, in units of the target.")

    def units(self, pre: jax.Array, post: jax.Array) -> UnitValues:
        """Rates, and by which share the weights change where it is time."""
        c = self.config
        # 1 less the factor of a step: of a slow decay that factor is 1 in float32.
        moves = -np.expm1(-c.dt / c.tau)
        y = self.post_rate.value
        y = y + (np.float32(moves * 1000.0 / (c.dt * c.target)) * post - np.float32(moves) * y)
        self.post_rate.value = y
        growth = np.float32(c.amplitude * self.every * c.dt / 1000.0) * (np.float32(1) - y)
        due = jnp.asarray(self.step % self.every) == self.every - 1
        return UnitValues({}, {"growth": growth}, jnp.broadcast_to(due, (self.post_units,)))

    def at_post(self, weight: jax.Array, growth: jax.Array) -> jax.Array:
        """In proportion to the weight."""
        return growth * weight
