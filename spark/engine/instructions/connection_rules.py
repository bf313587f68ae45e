"""Instructions of rules that are array code, for the units and for one connection."""

import numpy as np

from spark.engine.formulas import Refusal
from spark.engine.instructions.instructions import Instructions, Table
from spark.engine.instructions.walks import third_operands, walked
from spark.engine.lowering import Arriving, Lowering
from spark.engine.rule_formulas import formulas_of
from spark.kernels.instructions import RULE
from spark.kernels.place import Place
from spark.nn.plasticity.btsp import BTSPRule
from spark.nn.plasticity.connection_rule import ConnectionRule, PotentialRule


def _keeps_the_step(cls: type[ConnectionRule]) -> bool:
    """Whether nobody writes another step: what it calls is compiled for each class."""
    return cls.__call__ in [rule.__call__ for rule in TABLE] and cls.advance is ConnectionRule.advance


def _is_compiled(rule: ConnectionRule) -> bool:
    """Whether its formulas can be compiled; delayed spikes are worked off natively with listed connections only."""
    if not (rule.known or not rule.listed) or rule.listed < rule.delayed:
        return False
    return not isinstance(formulas_of(rule), Refusal)


def _connections(
    rule: ConnectionRule,
    lowering: Lowering,
    pre_spikes: Arriving,
    post_spikes: Arriving,
    weights: Arriving,
    modulation: Arriving | None = None,
    **others: Arriving,
) -> dict[str, Place]:
    """A step of the units as a formula, then one instruction that changes the weights where they lie."""
    program, pre, post, made = lowering.program, rule.pre_units, rule.post_units, formulas_of(rule)
    assert not isinstance(made, Refusal)
    counts = (len(rule.pre_values), len(rule.post_values))
    sent = Arriving(pre_spikes.place.part(0, pre)) if rule.delayed else pre_spikes
    kept = lowering.variable(rule.pre_ring) if rule.ringed else program.scratch((counts[0], pre), "float32")
    read = program.scratch((counts[1], post), "float32")
    into = {f"pre_{n}": (kept.part(k * rule.slots * pre, pre), rule.slots) for k, n in enumerate(rule.pre_values)}
    into |= {f"post_{n}": (read.part(k * post, post), 1) for k, n in enumerate(rule.post_values)}
    read_too = {} if modulation is None else {"modulation": modulation}
    read_too = {port: given for port, given in {**others, **read_too}.items() if port in rule.read_by_units}
    outputs = made.units.emit(rule, lowering, {"pre": sent, "post": post_spikes, **read_too}, into)
    third, sizes, rate = third_operands(rule, lowering, modulation)
    history, edges, delays = walked(rule, lowering, pre_spikes, weights)
    numbers = [program.argument(np.array(f.numbers if f and f.numbers else (0.0,), np.float32)) for f in made.changes]
    arrived = None if rule.delayed else pre_spikes.place
    places = (
        *(weights.place, lowering.constant(rule.coefficients), arrived, history, outputs.get("acts")),
        *(lowering.entry("step"), kept, read, *numbers, *edges, *third, lowering.learning),
    )
    words = 0 if history is None else history.shape[1]
    wholes = (*counts, pre, post, weights.place.size, words, delays, rule.slots)
    wholes += tuple(int(formula is not None) for formula in made.changes)
    wholes += tuple(0 if formula is None else formula.key() for formula in made.changes)
    program.emit(RULE, places, (*wholes, *sizes), (rate,))
    return {"weights": weights.place}


TABLE: Table = {
    rule: Instructions(_connections, _is_compiled, beside_others=True, for_heirs=_keeps_the_step)
    for rule in (ConnectionRule, PotentialRule, BTSPRule)
}
