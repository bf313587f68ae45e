"""Triplet rules of spike-timing-dependent plasticity."""

from spark.core.config import field
from spark.core.values import Number
from spark.kernels import RuleTable, Term, Trace
from spark.nn.plasticity.event_rule import EventRule, EventRuleConfig


class TripletRuleConfig(EventRuleConfig):
    """Parameters of `TripletRule`: two traces on each side, pair and triplet amplitudes."""

    pre_tau: Number = field(
        16.8, unit="ms", above=0, time_constant="exact", description="Decay of r1, the presynaptic trace of pairs."
    )
    pre_slow_tau: Number = field(
        101.0, unit="ms", above=0, time_constant="exact", description="Decay of r2, that of triplets."
    )
    post_tau: Number = field(
        33.7, unit="ms", above=0, time_constant="exact", description="Decay of o1, the postsynaptic trace of pairs."
    )
    post_slow_tau: Number = field(
        125.0, unit="ms", above=0, time_constant="exact", description="Decay of o2, that of triplets."
    )
    a2_plus: Number = field(5e-10, least=0, description="Potentiation by a pair, in units of `weight_unit`.")
    a3_plus: Number = field(
        6.2e-3, least=0, description="Potentiation by a triplet post-pre-post, in units of `weight_unit`."
    )
    a2_minus: Number = field(7e-3, least=0, description="Depression by a pair, in units of `weight_unit`.")
    a3_minus: Number = field(
        2.3e-4, least=0, description="Depression by a triplet pre-post-pre, in units of `weight_unit`."
    )
    nearest: bool = field(False, description="Whether only the nearest spike before counts; else all do.")

    def table(self) -> RuleTable:
        """Terms of pairs and of triplets."""
        n = self.nearest
        return RuleTable(
            pre=(Trace(self.pre_tau, n), Trace(self.pre_slow_tau, n)),
            post=(Trace(self.post_tau, n), Trace(self.post_slow_tau, n)),
            at_pre=(Term(-self.a2_minus, post=1), Term(-self.a3_minus, pre=2, post=1)),
            at_post=(Term(self.a2_plus, pre=1), Term(self.a3_plus, pre=1, post=2)),
        )


class TripletRule(EventRule):
    """Triplet rule: pairs, and how closely the spikes of each side follow each other.

        where a presynaptic spike arrives:   W <- clip(W - o1 (A2_minus + A3_minus r2))
        where the postsynaptic unit fired:   W <- clip(W + r1 (A2_plus + A3_plus o2))

    r2 and o2 hold spikes before this one. The defaults are the full all-to-all set fitted to visual cortex; the minimal
    set has a2_plus=0 and a3_minus=0. With both triplet amplitudes 0 it is `PairRule`.

    Input ports: `pre_spikes`, `post_spikes`, `weights`. Output ports: `weights`.
    Variables: `pre_traces`, `post_traces`.
    Source: Pfister & Gerstner 2006, doi:10.1523/JNEUROSCI.1425-06.2006, equations 3 and 4, table 3.
    """

    config: TripletRuleConfig


class QuadrupletRuleConfig(TripletRuleConfig):
    """Parameters of `QuadrupletRule`; `a4_plus` and `a4_minus` are 0 in the triplet rule."""

    a4_plus: Number = field(
        0.0, least=0, description="Potentiation by a quadruplet pre-post-pre-post, in units of `weight_unit`."
    )
    a4_minus: Number = field(
        0.0, least=0, description="Depression by a quadruplet post-pre-post-pre, in units of `weight_unit`."
    )

    def table(self) -> RuleTable:
        """The triplet rule's terms, and two in which both slow traces meet."""
        triplet = super().table()
        return RuleTable(
            triplet.pre,
            triplet.post,
            at_pre=(*triplet.at_pre, Term(-self.a4_minus, pre=2, post=2)),
            at_post=(*triplet.at_post, Term(self.a4_plus, pre=2, post=2)),
        )


class QuadrupletRule(EventRule):
    """Triplet rule with terms of fourth order: slow traces of both sides multiply each other.

        where a presynaptic spike arrives:   W <- clip(W - o1 (A2_minus + A3_minus r2) - A4_minus r2 o2)
        where the postsynaptic unit fired:   W <- clip(W + r1 (A2_plus + A3_plus o2) + A4_plus r2 o2)

    There is no standard rule of this name: these are the two terms next in order for the traces of the triplet rule,
    and with both amplitudes 0 it is that rule.

    Input ports: `pre_spikes`, `post_spikes`, `weights`. Output ports: `weights`.
    Variables: `pre_traces`, `post_traces`.
    """

    config: QuadrupletRuleConfig
