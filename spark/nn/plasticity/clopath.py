"""The rule that follows the postsynaptic potential."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.core.variable import Variable
from spark.nn.plasticity.connection_rule import ConnectionRuleConfig, PotentialRule, UnitValues


class ClopathRuleConfig(ConnectionRuleConfig):
    """Parameters of `ClopathRule`; the defaults are those of visual cortex."""

    depression: Number = field(1.4e-4, unit="1/mV", least=0, description="Amplitude of depression, A_LTD.")
    potentiation: Number = field(8e-5, unit="1/mV^2", least=0, description="Amplitude of potentiation, A_LTP.")
    theta_minus: Number = field(-70.6, unit="mV", description="Potential above which inputs change at all.")
    theta_plus: Number = field(-45.3, unit="mV", description="Potential above which they grow.")
    minus_tau: Number = field(10.0, unit="ms", above=0, time_constant="exact", description="Average for depression.")
    plus_tau: Number = field(7.0, unit="ms", above=0, time_constant="exact", description="Average for potentiation.")
    pre_tau: Number = field(15.0, unit="ms", above=0, time_constant="exact", description="Presynaptic trace.")
    peak: Number = field(33.0, unit="mV", description="What counts as the potential in the step of a spike.")


class ClopathRule(PotentialRule):
    """Clopath's rule: what the postsynaptic potential was and is decides whether an input shrinks or grows.

        at a presynaptic spike:   W <- W - A_LTD [u_minus - theta_minus]+
        in every step:            W <- W + A_LTP x [u - theta_plus]+ [u_plus - theta_minus]+ dt

    u_minus and u_plus are exponential averages of u, the potential after this step, for which `peak` stands where the
    unit fired and was reset; x is a trace of presynaptic spikes that jumps by 1 / pre_tau (ms). Order of update in a
    step: x takes this step's spikes; weights change as above, in this order, with the averages as the last step left
    them, and are clipped after each; the averages move. Without the homeostasis of A_LTD. Inputs of units below
    theta_plus cost nothing.

    Input ports: `pre_spikes`, `post_spikes`, `weights`, `potential` (mV), and `modulation` of a modulated rule. Output
    ports: `weights`.
    Variables: `pre_trace` (1/ms), (pre,); `minus`, `plus` (mV above what the potential is measured from), (post,),
    float32.
    Source: Clopath, Busing, Vasilaki & Gerstner 2010, doi:10.1038/nn.2479, equations 1 to 3 and table 1b. The
    authors' program also holds the peak for 2 ms and delays both averages by 5 ms, which the paper does not say and
    this rule does not do.
    """

    config: ClopathRuleConfig
    pre_values = ("x",)
    post_values = ("down", "up")

    def build(
        self,
        pre_spikes: PortSpec,
        post_spikes: PortSpec,
        weights: PortSpec,
        potential: PortSpec,
        modulation: PortSpec | None = None,
    ) -> None:
        """The trace begins at 0, averages at what the potential is measured from."""
        super().build(pre_spikes, post_spikes, weights, potential, modulation)
        c = self.config
        self.low = self.above("theta_minus", c.theta_minus, potential, post_spikes)
        self.high = self.above("theta_plus", c.theta_plus, potential, post_spikes)
        self.top = self.above("peak", c.peak, potential, post_spikes)
        self.pre_trace = self.pre_trace_of()
        self.minus, self.plus = (
            Variable(np.zeros(self.post_units, np.float32), unit="mV", description=f"Average for {what}.")
            for what in ("depression", "potentiation")
        )

    def units(self, pre: jax.Array, post: jax.Array, potential: jax.Array | None = None) -> UnitValues:
        """The trace, and what a spike and a step change, by the averages as the last step left them."""
        assert potential is not None
        c = self.config
        u = jnp.where(post != 0, self.top.value, potential)
        x = self.pre_trace.value * self.factor(c.pre_tau) + np.float32(1.0 / c.pre_tau) * pre
        down = np.float32(-c.depression) * jnp.maximum(self.minus.value - self.low.value, np.float32(0))
        above = jnp.maximum(self.plus.value - self.low.value, np.float32(0))
        up = np.float32(c.potentiation * c.dt) * jnp.maximum(u - self.high.value, np.float32(0)) * above
        self.pre_trace.value = x
        for average, tau in ((self.minus, c.minus_tau), (self.plus, c.plus_tau)):
            average.value = average.value + (np.float32(1) - self.factor(tau)) * (u - average.value)
        return UnitValues({"x": x}, {"down": down, "up": up}, up != 0)

    def at_pre(self, weight: jax.Array, x: jax.Array, down: jax.Array, up: jax.Array) -> jax.Array | None:
        """Depression."""
        return down

    def at_post(self, weight: jax.Array, x: jax.Array, down: jax.Array, up: jax.Array) -> jax.Array | None:
        """Potentiation, which needs a potential above theta_plus."""
        return up * x
