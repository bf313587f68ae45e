"""The rule of Bienenstock, Cooper and Munro, whose threshold slides."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.core.variable import Variable
from spark.nn.plasticity.connection_rule import ConnectionRule, ConnectionRuleConfig, UnitValues


class BCMRuleConfig(ConnectionRuleConfig):
    """Time constants, the rate that counts as 1, and how fast weights follow."""

    tau: Number = field(
        100.0, unit="ms", above=0, time_constant="exact", description="Time over which rates are taken."
    )
    threshold_tau: Number = field(
        10_000.0, unit="ms", above=0, time_constant="exact", description="Time constant of the threshold."
    )
    target: Number = field(10.0, unit="Hz", above=0, description="Rate that counts as 1, at which the threshold rests.")
    amplitude: Number = field(0.01, least=0, description="Learning rate: change in a second at x y (y - theta) = 1.")


class BCMRule(ConnectionRule):
    """The BCM rule: active inputs grow while the unit is above a threshold, else shrink; the threshold slides.

        dW/dt = amplitude x y (y - theta) per second        tau_theta dtheta/dt = y^2 - theta

    x and y are rates, exponential averages of spikes over `tau`, in units of `target`. As theta follows the square of y
    no unit is for long above or below the target. Order of update in a step: rates decay and take this step's spikes;
    weights change by this theta, and are clipped; theta moves, unless nothing is learned. The work of a step is that
    of all connections.

    Input ports: `pre_spikes`, `post_spikes`, `weights`, and `modulation` of a modulated rule. Output ports: `weights`.
    Variables: `pre_rate`, (pre,), `post_rate`, `threshold`, (post,), float32.
    Source: Bienenstock, Cooper & Munro 1982, doi:10.1523/JNEUROSCI.02-01-00032.1982; this threshold in Intrator &
    Cooper 1992, doi:10.1016/S0893-6080(05)80003-6. No source found for the defaults.
    """

    config: BCMRuleConfig
    pre_values = ("x",)
    post_values = ("growth",)

    def build(
        self, pre_spikes: PortSpec, post_spikes: PortSpec, weights: PortSpec, modulation: PortSpec | None = None
    ) -> None:
        """Rates begin at 0, and thresholds at 1, that of the target."""
        super().build(pre_spikes, post_spikes, weights, modulation)
        self.pre_rate, self.post_rate = self.pre_trace_of("Presynaptic rate."), self.post_trace_of("Postsynaptic rate.")
        ones = np.ones(self.post_units, np.float32)
        self.threshold = Variable(ones, description="Rate, in units of the target, above which weights grow.")

    def units(self, pre: jax.Array, post: jax.Array) -> UnitValues:
        """Rates, and the factor of x in the change of this step, at all units."""
        c, kept = self.config, self.factor(self.config.tau)
        # A spike is a rate of 1 / dt for one step.
        rise = np.float32((1.0 - float(kept)) * 1000.0 / (c.dt * c.target))
        x, y = self.pre_rate.value * kept + rise * pre, self.post_rate.value * kept + rise * post
        theta = self.threshold.value
        growth = np.float32(c.amplitude * c.dt / 1000.0) * y * (y - theta)
        # 1 less the factor of a step is 0 in float32 for an hour.
        moves = np.float32(-np.expm1(-c.dt / c.threshold_tau))
        self.pre_rate.value, self.post_rate.value = x, y
        self.threshold.value = jnp.where(self.is_learning, theta + moves * (y * y - theta), theta)
        return UnitValues({"x": x}, {"growth": growth})

    def at_post(self, weight: jax.Array, x: jax.Array, growth: jax.Array) -> jax.Array | None:
        """What the rates change in a step."""
        return growth * x
