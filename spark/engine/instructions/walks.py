"""What instructions of all rules read: the spikes and connections that they walk, and the third factor."""

from spark.engine.lowering import Arriving, Lowering
from spark.kernels import Edges
from spark.kernels.instructions import PUSH
from spark.kernels.place import Place
from spark.nn.plasticity.weight_rule import WeightRule


def third_operands(
    rule: WeightRule, lowering: Lowering, modulation: Arriving | None
) -> tuple[tuple[Place | None, ...], tuple[int, int, int], float]:
    """Places of the third factor; its size, interval and renewal; its rate. Nothing where no modulation comes."""
    third = rule.third
    if third is None or modulation is None:
        return (None,) * 5, (0, 1, 1), 0.0
    pending = lowering.variable(rule.pending) if third.interval > 1 else None
    own = (lowering.variable(v) for v in (rule.waiting, rule.moved))
    places = (lowering.variable(rule.kept_eligibility), pending, *own, modulation.place)
    return places, (third.size, third.interval, third.renewal), third.rate


def walked(
    rule: WeightRule, lowering: Lowering, pre_spikes: Arriving, weights: Arriving
) -> tuple[Place | None, tuple[Place | None, ...], int]:
    """The history of spikes that instructions walk, the list of connections, and its number of delays.

    Without a list there are no connections, and a history only through delays.
    """
    history = pre_spikes.place if rule.delayed else None
    if not rule.listed:
        return history, (None,) * 8, 0
    edges = Edges(*(lowering.constant(c) for c in weights.source.edge_arrays()))
    if history is None:
        history = lowering.program.scratch((2, 1, rule.pre_units), "uint32")
        lowering.program.emit(PUSH, (history, pre_spikes.place), (1, rule.pre_units))
    return history, edges, edges.starts.shape[1] - 1
