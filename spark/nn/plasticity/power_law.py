"""Pair-based plasticity whose changes depend on the weight by a power law."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.nn.plasticity.connection_rule import ConnectionRule, ConnectionRuleConfig, UnitValues


class PowerLawRuleConfig(ConnectionRuleConfig):
    """Parameters of `PowerLawRule`."""

    pre_tau: Number = field(
        20.0, unit="ms", above=0, time_constant="exact", description="Decay of the presynaptic trace."
    )
    post_tau: Number = field(
        20.0, unit="ms", above=0, time_constant="exact", description="Decay of the postsynaptic trace."
    )
    rate: Number = field(0.005, least=0, description="Learning rate lambda: a share of the range of weights.")
    asymmetry: Number = field(1.05, least=0, description="Depression over potentiation, alpha, no unit.")
    exponent: Number = field(0.4, least=0, most=1, description="Power mu, no unit: 0 is additive, 1 multiplicative.")


class PowerLawRule(ConnectionRule):
    """The nonlinear pair rule: growth by a power of the room above the weight, decline by a power of the weight.

        where a presynaptic spike arrives:   w <- w - lambda alpha w^mu y
        where the postsynaptic unit fired:   w <- w + lambda (1 - w)^mu x
        w = (W - minimum) / (maximum - minimum)

    x and y are traces of the spikes before this step, which jump by 1. Order of update in a step: traces decay; weights
    change as above, in this order, and are clipped after each; traces take this step's spikes.

    Input ports: `pre_spikes`, `post_spikes`, `weights`, and `modulation` of a modulated rule. Output ports: `weights`.
    Variables: `pre_trace`, (pre,), `post_trace`, (post,), float32.
    Source: Gutig, Aharonov, Rotter & Sompolinsky 2003, doi:10.1523/JNEUROSCI.23-09-03697.2003, equations 1 to 4.
    """

    config: PowerLawRuleConfig
    pre_values = ("x",)
    post_values = ("y",)

    def build(
        self, pre_spikes: PortSpec, post_spikes: PortSpec, weights: PortSpec, modulation: PortSpec | None = None
    ) -> None:
        """Traces begin at 0."""
        super().build(pre_spikes, post_spikes, weights, modulation)
        self.pre_trace, self.post_trace = self.pre_trace_of(), self.post_trace_of()

    def units(self, pre: jax.Array, post: jax.Array) -> UnitValues:
        """Traces before this step's spikes."""
        c = self.config
        x, y = self.pre_trace.value * self.factor(c.pre_tau), self.post_trace.value * self.factor(c.post_tau)
        self.pre_trace.value, self.post_trace.value = x + pre, y + post
        return UnitValues({"x": x}, {"y": y}, post != 0)

    def at_pre(self, weight: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array | None:
        """Decline."""
        c = self.config
        return np.float32(-c.rate * c.asymmetry) * self._span() * self._power(self._within(weight)) * y

    def at_post(self, weight: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array | None:
        """Growth."""
        room = np.float32(1) - self._within(weight)
        return np.float32(self.config.rate) * self._span() * self._power(room) * x

    def _power(self, room: jax.Array) -> jax.Array:
        """The room to the exponent; at 0, where its slope is infinite, with a slope of 0."""
        exponent = np.float32(self.config.exponent)
        above = room > 0
        return jnp.where(above, jnp.where(above, room, np.float32(1)) ** exponent, np.float32(0) ** exponent)

    def _span(self) -> np.float32:
        return np.float32(self.config.maximum - self.config.minimum)

    def _within(self, weight: jax.Array) -> jax.Array:
        return jnp.clip((weight - np.float32(self.config.minimum)) / self._span(), np.float32(0), np.float32(1))
