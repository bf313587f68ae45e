"""The rule by which inhibition keeps a pool at a rate."""

from spark.core.config import field
from spark.core.values import Number
from spark.kernels import RuleTable, Term, Trace
from spark.nn.plasticity.event_rule import EventRule, EventRuleConfig


class VogelsRuleConfig(EventRuleConfig):
    """Parameters of `VogelsRule`."""

    tau: Number = field(20.0, unit="ms", above=0, time_constant="exact", description="Decay of both traces.")
    target: Number = field(5.0, unit="Hz", least=0, description="Rate of the postsynaptic units that is kept.")
    amplitude: Number = field(0.01, least=0, description="Learning rate eta, in units of `weight_unit`.")

    def table(self) -> RuleTable:
        """Growth at near-coincident spikes, and decline at each presynaptic one."""
        expected = 2.0 * self.target * self.tau / 1000.0
        return RuleTable(
            pre=(Trace(self.tau),),
            post=(Trace(self.tau),),
            at_pre=(Term(self.amplitude, post=1), Term(-self.amplitude * expected)),
            at_post=(Term(self.amplitude, pre=1),),
        )


class VogelsRule(EventRule):
    """Vogels' rule for inhibitory connections: it balances excitation, and holds units at a target rate.

        where a presynaptic spike arrives:   W <- clip(W + eta (y - alpha))          alpha = 2 target tau
        where the postsynaptic unit fired:   W <- clip(W + eta x)

    x and y are traces of the spikes before this step (see `EventRule`). For Poisson spikes of rates r and R the weight
    moves by eta r (2 R tau - alpha), which is 0 at the target.

    Input ports: `pre_spikes`, `post_spikes`, `weights`. Output ports: `weights`.
    Variables: `pre_traces`, `post_traces`.
    Source: Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, doi:10.1126/science.1211095, equations 1 and 2 of the
    supplement. The time constant and the learning rate are those of an author's program of the network; its target is 3
    Hz, and no second source found for the paper's having 5 Hz.
    """

    config: VogelsRuleConfig
