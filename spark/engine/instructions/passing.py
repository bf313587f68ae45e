"""Instructions of what passes things on in a pool: there is nothing to compute, so none are emitted."""

from spark.core.parameter import Scalar
from spark.core.tree import leaf_named
from spark.engine.instructions.instructions import Instructions, Table
from spark.engine.lowering import Arriving, Lowering
from spark.kernels.place import Place
from spark.nn.pools.total import Total
from spark.nn.receptors.currents import PulseCurrent


def _is_one_current(total: Total) -> bool:
    """One current, which counts as it is."""
    weights = [leaf_named(total, f"weight_{name}") for name in total.config.effects]
    return list(total.config.effects.values()) == ["current"] and weights == [Scalar(1.0)]


def _same_current(total: Total, lowering: Lowering, **effects: Arriving) -> dict[str, Place]:
    """The one current is the sum."""
    (current,) = effects.values()
    return {"current": current.place}


def _keeps_signs(receptor: PulseCurrent) -> bool:
    """What arrives as it is."""
    return not receptor.config.inhibitory


def _same_weights(receptor: PulseCurrent, lowering: Lowering, arrivals: Arriving) -> dict[str, Place]:
    """The weights that arrive are the current."""
    return {"current": arrivals.place}


TABLE: Table = {
    Total: Instructions(_same_current, _is_one_current),
    PulseCurrent: Instructions(_same_weights, _keeps_signs),
}
