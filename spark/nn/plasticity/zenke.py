"""The default rule: triplet potentiation, pair depression, heterosynaptic decay, transmitter-induced growth."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.delayed import DelayedSpikes
from spark.core.errors import Problem
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.core.variable import Constant
from spark.kernels import Plastic, RuleTable, Term, Third, Trace, zenke_edges
from spark.nn.plasticity.event_rule import EventRule
from spark.nn.plasticity.third_factor import ModulatedRuleConfig
from spark.nn.plasticity.traces import advance, advance_ring


class ZenkeRuleConfig(ModulatedRuleConfig):
    """Parameters of `ZenkeRule`. Weights are measured in units of the pool's mean first weight."""

    pre_tau: Number = field(
        20.0, unit="ms", above=0, time_constant="exact", description="Decay of the presynaptic trace."
    )
    post_tau: Number = field(
        20.0, unit="ms", above=0, time_constant="exact", description="Decay of the postsynaptic trace."
    )
    post_slow_tau: Number = field(
        100.0, unit="ms", above=0, time_constant="exact", description="Decay of the slow postsynaptic trace."
    )
    a: Number = field(1.0, least=0, description="Triplet potentiation at a postsynaptic spike, no unit.")
    b: Number = field(2.0, least=0, description="Depression when a presynaptic spike arrives, no unit.")
    c: Number = field(100.0, least=0, description="Pull towards the first weight at bursts, no unit.")
    d: Number = field(0.3, least=0, description="Growth when a presynaptic spike arrives, no unit.")
    gamma: Number = field(0.001, least=0, description="Learning rate, a factor of all changes; 0 turns the rule off.")
    minimum: Number = field(0.0, least=0, description="Least weight, in the receptor's unit.")
    maximum: Number = field(2.0, above=0, description="Greatest weight, in the receptor's unit.")

    @property
    def active(self) -> bool:
        """Whether weights change at all."""
        return self.gamma > 0

    def problems(self) -> list[Problem]:
        """Bounds in order, and those of a modulated rule."""
        if self.minimum < self.maximum:
            return super().problems()
        text = f"must be above minimum ({self.minimum}), got {self.maximum}"
        return [Problem("maximum", text, "", "bounds"), *super().problems()]

    def table(self) -> RuleTable:
        """x; y and z; and the pull to the first weights."""
        return RuleTable(
            pre=(Trace(self.pre_tau),),
            post=(Trace(self.post_tau), Trace(self.post_slow_tau)),
            at_pre=(Term(self.d), Term(-self.b, post=1)),
            at_post=(Term(self.a, pre=1, post=2),),
            pull=self.c,
        )

    def scale(self, first: np.ndarray) -> tuple[float, float, float]:
        """The unit of weight, and the bounds, in the receptor's unit, for these first weights."""
        unit = (float(np.abs(first).mean()) if first.size else 0.0) or 1.0
        most = float(first.max()) if first.size else 0.0
        return unit, self.minimum * unit, max(self.maximum * unit, most)

    def numbers(self, address: str, first: np.ndarray, dtype: str) -> np.ndarray:
        """The table for the kernels, in the receptor's unit."""
        unit, minimum, maximum = self.scale(first)
        return self.table().scaled(self.gamma, unit).coefficients(minimum, maximum)


class ZenkeRule(EventRule):
    """A Hebbian rule that keeps itself in bounds (Zenke, Agnes & Gerstner 2015).

    Traces jump by 1 at a spike and decay exactly: x (presynaptic, as it arrives at the synapse), y and z (fast and
    slow, postsynaptic). W0 is the first weight, the unit of weight the mean of W0. In a step, traces decay first;
    then, with traces that do not hold this step's spikes yet,

        where a presynaptic spike arrives:   W <- clip(W + gamma * (d - b*y))
        where the postsynaptic unit fired:   W <- clip(W + gamma*a*x*z - min(gamma*c*y^3, 1)*(W - W0))

    in this order; last, traces take this step's spikes. The sign of a presynaptic spike plays no part: the weight of
    an inhibitory connection is the strength of its inhibition. A connection that does not exist never appears.

    With `eligibility_tau` the rule is modulated: what spikes would change goes to an eligibility; see `EventRule`.

    Input ports: `pre_spikes`, `post_spikes`, `weights`, and `modulation` of a modulated rule. Output ports: `weights`.
    Variables: `pre_traces` (1, slots, pre): x; `post_traces` (2, post): y and z; and those of a modulated rule.
    Source: doi:10.1038/ncomms7922, equation 1, in the form without slow consolidation of W0.
    """

    config: ZenkeRuleConfig
    unit_ports = ("post_spikes", "weights")

    def build(
        self, pre_spikes: PortSpec, post_spikes: PortSpec, weights: PortSpec, modulation: PortSpec | None = None
    ) -> None:
        """What all rules have; for connections with delays, the parameters of their own kernel."""
        super().build(pre_spikes, post_spikes, weights, modulation)
        config, first = self.config, np.ones(1) if weights.source is None else weights.source.weights.reset_value
        first = np.asarray(first, np.float32)
        unit, minimum, maximum = config.scale(first)
        # The kernel that delivers and changes in one walk knows this rule alone, without a third factor.
        self.walks = self.listed and self.delayed and self.third is None
        scaled = [config.a * unit, config.b * unit, config.c, config.d * unit, config.gamma, minimum, maximum]
        self.parameters = Constant(np.array(scaled, np.float32))

    def at_spikes(
        self, pre_spikes: SpikeArray, post_spikes: SpikeArray, weights: FloatArray, plastic: Plastic, third: Third
    ) -> Plastic:
        """Advance the traces, and do what this step's spikes do."""
        if not self.walks:
            return super().at_spikes(pre_spikes, post_spikes, weights, plastic, third)
        assert isinstance(pre_spikes, DelayedSpikes) and self.baseline is not None
        post = post_spikes.value.reshape(-1).astype(jnp.int8)
        read, self.post_traces.value = advance(self.post_kinds, self.post_factors, self.post_traces.value, post != 0)
        ring = advance_ring(self.pre_kinds, self.pre_factors, self.pre_traces.value, pre_spikes, self.step)
        self.pre_traces.value = ring
        baseline, parameters = (jnp.asarray(c.value) for c in (self.baseline, self.parameters))
        state = (pre_spikes.history, ring[0], post, read[0], read[1], jnp.asarray(self.step % ring.shape[1]))
        edges: Any = weights
        return plastic._replace(weights=zenke_edges(plastic.weights, baseline, *state, edges.edges, parameters))
