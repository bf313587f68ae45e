"""Pair-based spike-timing-dependent plasticity."""

from spark.core.config import field
from spark.core.values import Number
from spark.kernels import RuleTable, Term, Trace
from spark.nn.plasticity.event_rule import EventRule, EventRuleConfig


class PairRuleConfig(EventRuleConfig):
    """Parameters of `PairRule`."""

    pre_tau: Number = field(
        20.0,
        unit="ms",
        above=0,
        time_constant="exact",
        description="Decay of the presynaptic trace: width of potentiation.",
    )
    post_tau: Number = field(
        20.0,
        unit="ms",
        above=0,
        time_constant="exact",
        description="Decay of the postsynaptic trace: width of depression.",
    )
    a_plus: Number = field(
        0.01, description="Potentiation of a spike pair at lag 0, pre before post, in units of `weight_unit`."
    )
    a_minus: Number = field(
        0.0105, description="Depression of a spike pair at lag 0, post before pre, in units of `weight_unit`."
    )
    nearest: bool = field(False, description="Whether only the nearest spike before counts; else all do.")

    def table(self) -> RuleTable:
        """One trace on each side."""
        return RuleTable(
            pre=(Trace(self.pre_tau, self.nearest),),
            post=(Trace(self.post_tau, self.nearest),),
            at_pre=(Term(-self.a_minus, post=1),),
            at_post=(Term(self.a_plus, pre=1),),
        )


class PairRule(EventRule):
    """Pair rule: pre before post strengthens, post before pre weakens.

        where a presynaptic spike arrives:   W <- clip(W - A_minus * y)
        where the postsynaptic unit fired:   W <- clip(W + A_plus * x)

    x and y are traces of the spikes before this step (see `EventRule`), so that an isolated pair at a lag of
    s = t_post - t_pre changes W by A_plus exp(-s/pre_tau) for s > 0, by -A_minus exp(s/post_tau) for s < 0, and not at
    all for s = 0. With `nearest`, traces jump to 1 instead of by 1.

    Input ports: `pre_spikes`, `post_spikes`, `weights`. Output ports: `weights`.
    Variables: `pre_traces`, `post_traces`.
    Source: Morrison, Diesmann & Gerstner 2008, doi:10.1007/s00422-008-0233-1, section 4.1.
    """

    config: PairRuleConfig
