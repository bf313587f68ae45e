"""The rule that follows the postsynaptic potential."""

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.parameter import parameter
from spark.core.payloads import FloatArray, PotentialArray, SpikeArray
from spark.core.ports import MeasuredFrom, PortSpec
from spark.core.values import Number
from spark.core.variable import Variable
from spark.nn.plasticity.all_pairs import AllPairsRule, AllPairsRuleConfig, KernelOutput, fired, rows


class ClopathRuleConfig(AllPairsRuleConfig):
    """Parameters of `ClopathRule`; the defaults are those of visual cortex."""

    depression: Number = field(1.4e-4, unit="1/mV", least=0, description="Amplitude of depression, A_LTD.")
    potentiation: Number = field(8e-5, unit="1/mV^2", least=0, description="Amplitude of potentiation, A_LTP.")
    theta_minus: Number = field(-70.6, unit="mV", description="Potential above which inputs change at all.")
    theta_plus: Number = field(-45.3, unit="mV", description="Potential above which they grow.")
    minus_tau: Number = field(10.0, unit="ms", above=0, time_constant="exact", description="Average for depression.")
    plus_tau: Number = field(7.0, unit="ms", above=0, time_constant="exact", description="Average for potentiation.")
    pre_tau: Number = field(15.0, unit="ms", above=0, time_constant="exact", description="Presynaptic trace.")
    peak: Number = field(33.0, unit="mV", description="What counts as the potential in the step of a spike.")


class ClopathRule(AllPairsRule):
    """Clopath's rule: what the postsynaptic potential was and is decides whether an input shrinks or grows.

        at a presynaptic spike:   W <- W - A_LTD [u_minus - theta_minus]+
        in every step:            W <- W + A_LTP x [u - theta_plus]+ [u_plus - theta_minus]+ dt

    u_minus and u_plus are exponential averages of u, the potential after this step, for which `peak` stands where the
    unit fired and was reset; x is a trace of presynaptic spikes that jumps by 1 / pre_tau (ms). Order of update in a
    step: x takes this step's spikes; weights change with the averages as the last step left them, and are clipped; the
    averages move. Without the homeostasis of A_LTD.

    Input ports: `pre_spikes`, (pre,) or (post, pre); `post_spikes`, (post,); `potential` (mV), (post,); `kernel`,
    (post, pre). Output ports: `kernel`.
    Variables: `pre_trace` (1/ms), `minus`, `plus` (mV above what the potential is measured from), float32.
    Source: Clopath, Busing, Vasilaki & Gerstner 2010, doi:10.1038/nn.2479, equations 1 to 3 and table 1b. The
    authors' program also holds the peak for 2 ms and delays both averages by 5 ms, which the paper does not say and
    this rule does not do.
    """

    config: ClopathRuleConfig

    def build(self, pre_spikes: PortSpec, post_spikes: PortSpec, potential: PortSpec, kernel: PortSpec) -> None:
        """The trace begins at 0, averages at what the potential is measured from."""
        c, zero = self.config, potential.trait(MeasuredFrom)
        rest = 0.0 if zero is None else zero.potential
        address = f"{self.path or type(self).__name__}.config"
        self.low = parameter(f"{address}.theta_minus", np.subtract(c.theta_minus, rest), post_spikes.shape)
        self.high = parameter(f"{address}.theta_plus", np.subtract(c.theta_plus, rest), post_spikes.shape)
        self.top = parameter(f"{address}.peak", np.subtract(c.peak, rest), post_spikes.shape)
        self.pre_trace = self.trace(pre_spikes)
        self.minus, self.plus = (
            Variable(np.zeros(post_spikes.shape, np.float32), unit="mV", description=f"Average for {what}.")
            for what in ("depression", "potentiation")
        )

    def __call__(
        self, pre_spikes: SpikeArray, post_spikes: SpikeArray, potential: PotentialArray, kernel: FloatArray
    ) -> KernelOutput:
        """Advance one step."""
        c, pre = self.config, fired(pre_spikes)
        u = jnp.where(post_spikes.value != 0, self.top.value, potential.value.astype(jnp.float32))
        x = self.pre_trace.value * self.factor(c.pre_tau) + np.float32(1.0 / c.pre_tau) * pre
        down = np.float32(c.depression) * jnp.maximum(self.minus.value - self.low.value, np.float32(0))
        above = jnp.maximum(self.plus.value - self.low.value, np.float32(0))
        up = np.float32(c.potentiation * c.dt) * jnp.maximum(u - self.high.value, np.float32(0)) * above
        self.pre_trace.value = x
        for average, tau in ((self.minus, c.minus_tau), (self.plus, c.plus_tau)):
            average.value = average.value + (np.float32(1) - self.factor(tau)) * (u - average.value)
        changed = kernel.value.astype(jnp.float32) + (rows(up) * x - rows(down) * pre)
        return {"kernel": FloatArray(self.bounded(changed))}
