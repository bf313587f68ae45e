"""Instructions of rules that are a table of traces and terms."""

from collections.abc import Iterable

from spark.engine.instructions.instructions import PLAIN, Instructions, Table
from spark.engine.instructions.walks import third_operands, walked
from spark.engine.lowering import Arriving, Change, Lowering, Postponed
from spark.kernels import Edges
from spark.kernels.instructions import STDP, TRACES, ZENKE, ZENKE_TRACES
from spark.kernels.place import Place
from spark.kernels.program import Program
from spark.kernels.rule_table import Trace
from spark.nn.plasticity.event_rule import EventRule
from spark.nn.plasticity.zenke import ZenkeRule

# What of `EventRule` and its bases makes a step.
_STEP = {name for owner in EventRule.__mro__ for name in vars(owner)} - PLAIN - {"unit_ports"}


def is_a_table(cls: type[EventRule]) -> bool:
    """Whether a class below `EventRule` is that with another table, whatever it adds."""
    below = cls.__mro__[: cls.__mro__.index(EventRule)]
    return not any(_STEP & set(vars(owner)) for owner in below)


def _finds_connections(rule: EventRule) -> bool:
    """Delayed spikes are worked off natively with listed connections only."""
    return (rule.known or not rule.listed) and rule.listed >= rule.delayed


def _zenke_finds_connections(rule: ZenkeRule) -> bool:
    """Also in a share of the units, whose connections come from outside."""
    return rule.listed >= rule.delayed


def change_of(rule: EventRule, lowering: Lowering) -> Change | Postponed | None:
    """What a rule does where a spike arrives, for connections that are walked there anyway; or what of it may wait."""
    if isinstance(rule, ZenkeRule) and rule.walks:
        decayed = lowering.program.scratch((rule.post_units,), "float32")
        fast = lowering.variable(rule.post_traces).part(0, rule.post_units)
        return Change((fast, lowering.constant(rule.parameters), decayed), rule.post_factors[0])
    if not lowering.lazy or rule.listed or rule.delayed or rule.third is not None:
        return None
    traces = (len(rule.pre_kinds), len(rule.post_kinds))
    waiting = lowering.program.waiting(rule.pre_units, rule.post_units, traces[0])
    places = (lowering.constant(rule.coefficients), _baseline(rule, lowering))
    return Postponed(waiting, *places, traces, rule.pre_factors)


def _baseline(rule: EventRule, lowering: Lowering) -> Place | None:
    return None if rule.baseline is None else lowering.constant(rule.baseline)


def _table(
    rule: EventRule,
    lowering: Lowering,
    pre_spikes: Arriving,
    post_spikes: Arriving,
    weights: Arriving,
    modulation: Arriving | None = None,
    change: Postponed | None = None,
) -> dict[str, Place]:
    """Traces, then one instruction that changes the weights where they lie, or notes what is to change."""
    third, sizes, rate = third_operands(rule, lowering, modulation)
    program, pre, post = lowering.program, rule.pre_units, rule.post_units
    history, edges, delays = walked(rule, lowering, pre_spikes, weights)
    counts = (len(rule.pre_kinds), len(rule.post_kinds))
    kept = lowering.variable(rule.pre_traces)
    spikes = (None if rule.delayed else pre_spikes.place, history, post_spikes.place, lowering.entry("step"))
    read = tuple(program.scratch((n, size), "float32") for n, size in zip(counts, (pre, post), strict=True))
    words = 0 if history is None else history.shape[1]
    places = (kept, lowering.variable(rule.post_traces), *spikes, *read)
    program.emit(TRACES, places, (pre, post, words, rule.slots, *counts))
    _say_kinds(
        program,
        (
            *zip(rule.pre_kinds, rule.pre_factors, strict=True),
            *zip(rule.post_kinds, rule.post_factors, strict=True),
        ),
    )
    own = (weights.place, lowering.constant(rule.coefficients), kept)
    places = (*own, *spikes, *read, *edges, *third, lowering.learning, _baseline(rule, lowering))
    wholes = (*counts, pre, post, weights.place.size, words, delays, rule.slots, *sizes)
    program.emit(STDP, places, wholes, (rate,))
    waiting = (None, 0, 0) if change is None else (change.waiting.memory, change.waiting.room, change.waiting.steps)
    program.extend(waiting[:1], waiting[1:])
    _say_kinds(program, zip(rule.pre_kinds, rule.pre_factors, strict=True))
    return {"weights": weights.place}


def _say_kinds(program: Program, traces: Iterable[tuple[Trace, float]]) -> None:
    """Of each trace whether only the nearest spike counts, and its decay, as operands."""
    for trace, factor in traces:
        program.extend((), (int(trace.nearest),), (factor,))


def _zenke(
    rule: ZenkeRule,
    lowering: Lowering,
    pre_spikes: Arriving,
    post_spikes: Arriving,
    weights: Arriving,
    modulation: Arriving | None = None,
    change: Change | Postponed | None = None,
) -> dict[str, Place]:
    """Traces, then the weights where they lie; with a `Change`, that was done already in part."""
    if not rule.walks:
        assert not isinstance(change, Change)
        return _table(rule, lowering, pre_spikes, post_spikes, weights, modulation, change)
    program, units = lowering.program, rule.post_units
    history = pre_spikes.place
    edges = Edges(*(lowering.constant(c) for c in weights.source.edge_arrays()))
    post_traces = lowering.variable(rule.post_traces)
    kept, step = lowering.variable(rule.pre_traces), lowering.entry("step")
    decayed = tuple(program.scratch((units,), "float32") for _ in range(2))
    sizes = history.shape[1:]
    places = (
        *(history, kept, post_traces.part(0, units), post_traces.part(units, units), post_spikes.place, step),
        *decayed,
    )
    program.emit(ZENKE_TRACES, places, (*sizes, units, rule.slots), (*rule.pre_factors, *rule.post_factors))
    lists = (edges.post, edges.starts, edges.in_starts, edges.in_edge, edges.in_pre, edges.in_delay)
    places = (
        *(weights.place, _baseline(rule, lowering), history, kept, post_spikes.place, step),
        *(*lists, lowering.constant(rule.parameters), *decayed, lowering.learning),
    )
    sizes = (*sizes, edges.starts.shape[1] - 1, units, rule.slots, int(change is not None))
    program.emit(ZENKE, places, sizes)
    return {"weights": weights.place}


TABLE: Table = {
    EventRule: Instructions(_table, _finds_connections, beside_others=True, for_heirs=is_a_table),
    ZenkeRule: Instructions(_zenke, _zenke_finds_connections, beside_others=True),
}
