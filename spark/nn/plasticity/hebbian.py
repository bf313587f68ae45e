"""Rules of correlation: Hebb's, and Oja's, which keeps weights in bounds by itself."""

from spark.core.config import field
from spark.core.values import Number
from spark.kernels import RuleTable, Term, Trace
from spark.nn.plasticity.event_rule import EventRule, EventRuleConfig


class HebbianRuleConfig(EventRuleConfig):
    """Parameters of `HebbianRule`."""

    pre_tau: Number = field(
        20.0,
        unit="ms",
        above=0,
        time_constant="exact",
        description="Decay of the presynaptic trace.",
    )
    post_tau: Number = field(
        20.0,
        unit="ms",
        above=0,
        time_constant="exact",
        description="Decay of the postsynaptic trace.",
    )
    amplitude: Number = field(
        0.01, description="Change by a pair of spikes at lag 0, whichever came first, in units of `weight_unit`."
    )

    def table(self) -> RuleTable:
        """The same term at spikes of both sides."""
        return RuleTable(
            pre=(Trace(self.pre_tau),),
            post=(Trace(self.post_tau),),
            at_pre=(Term(self.amplitude, post=1),),
            at_post=(Term(self.amplitude, pre=1),),
        )


class HebbianRule(EventRule):
    """Hebb's rule: spikes close in time strengthen, in either order.

        where a presynaptic spike arrives:   W <- clip(W + A y)
        where the postsynaptic unit fired:   W <- clip(W + A x)

    Input ports: `pre_spikes`, `post_spikes`, `weights`. Output ports: `weights`.
    Variables: `pre_traces`, `post_traces`.
    Source: Gerstner & Kistler 2002, doi:10.1007/s00422-002-0353-y, section 3.
    """

    config: HebbianRuleConfig


class OjaRuleConfig(EventRuleConfig):
    """Parameters of `OjaRule`."""

    pre_tau: Number = field(
        20.0, unit="ms", above=0, time_constant="exact", description="Decay of the presynaptic trace."
    )
    post_tau: Number = field(
        20.0, unit="ms", above=0, time_constant="exact", description="Decay of the postsynaptic trace."
    )
    amplitude: Number = field(0.01, least=0, description="Learning rate: a factor of every change.")

    def table(self) -> RuleTable:
        """Growth with x, decline with the weight times y."""
        return RuleTable(
            pre=(Trace(self.pre_tau),),
            post=(Trace(self.post_tau),),
            at_pre=(),
            at_post=(Term(self.amplitude, pre=1), Term(-self.amplitude, post=1, times_weight=True)),
        )


class OjaRule(EventRule):
    """Oja's rule in spikes: correlated inputs grow, and the weight's own decline holds it.

        where the postsynaptic unit fired:   W <- clip(W + A (x - W y))          W in units of `weight_unit`

    The spike stands for one factor y of dW/dt = A (x y - y^2 W), its trace for the other.

    Input ports: `pre_spikes`, `post_spikes`, `weights`. Output ports: `weights`.
    Variables: `pre_traces`, `post_traces`.
    Source: Oja 1982, doi:10.1007/BF00275687, equation 3.
    """

    config: OjaRuleConfig
