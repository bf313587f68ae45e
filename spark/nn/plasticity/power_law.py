"""Pair-based plasticity whose changes depend on the weight by a power law."""

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.nn.plasticity.all_pairs import AllPairsRule, AllPairsRuleConfig, KernelOutput, fired, rows


class PowerLawRuleConfig(AllPairsRuleConfig):
    """Parameters of `PowerLawRule`."""

    pre_tau: Number = field(
        20.0, unit="ms", above=0, time_constant="exact", description="Decay of the presynaptic trace."
    )
    post_tau: Number = field(
        20.0, unit="ms", above=0, time_constant="exact", description="Decay of the postsynaptic trace."
    )
    rate: Number = field(0.005, least=0, description="Learning rate lambda, in the range of weights.")
    asymmetry: Number = field(1.05, least=0, description="Depression over potentiation, alpha.")
    exponent: Number = field(0.4, least=0, most=1, description="Power mu: 0 is additive, 1 multiplicative.")


class PowerLawRule(AllPairsRule):
    """The nonlinear pair rule: growth by a power of the room above the weight, decline by a power of the weight.

        where the postsynaptic unit fired:   w <- w + lambda (1 - w)^mu x
        where a presynaptic spike arrives:   w <- w - lambda alpha w^mu y
        w = (W - minimum) / (maximum - minimum)

    x and y are traces of the spikes before this step, which jump by 1. Order of update in a step: traces decay; both
    changes are computed from the weight before the step, and added; traces take this step's spikes.

    Input ports: `pre_spikes`, (pre,) or (post, pre); `post_spikes`, (post,); `kernel`, (post, pre). Output ports:
    `kernel`.
    Variables: `pre_trace`, `post_trace`, float32.
    Source: Gutig, Aharonov, Rotter & Sompolinsky 2003, doi:10.1523/JNEUROSCI.23-09-03697.2003, equations 1 to 4.
    """

    config: PowerLawRuleConfig

    def build(self, pre_spikes: PortSpec, post_spikes: PortSpec, kernel: PortSpec) -> None:
        """Traces begin at 0."""
        self.pre_trace, self.post_trace = self.trace(pre_spikes), self.trace(post_spikes)

    def __call__(self, pre_spikes: SpikeArray, post_spikes: SpikeArray, kernel: FloatArray) -> KernelOutput:
        """Advance one step."""
        c, pre, post = self.config, fired(pre_spikes), fired(post_spikes)
        x = self.pre_trace.value * self.factor(c.pre_tau)
        y = self.post_trace.value * self.factor(c.post_tau)
        self.pre_trace.value, self.post_trace.value = x + pre, y + post
        span, mu = np.float32(c.maximum - c.minimum), np.float32(c.exponent)
        before = kernel.value.astype(jnp.float32)
        w = jnp.clip((before - np.float32(c.minimum)) / span, np.float32(0), np.float32(1))
        grown = np.float32(c.rate) * (np.float32(1) - w) ** mu * (rows(post) * x)
        shrunk = np.float32(c.rate * c.asymmetry) * w**mu * (rows(y) * pre)
        return {"kernel": FloatArray(self.bounded(before + span * (grown - shrunk)))}
