"""How modules are cut by unit: a table of types, and a default for what an author writes.

Whoever cuts knows a module by its ports of units (`unit_ports`) and by its arrays, which say along which axis the units
lie. For what keeps connections, or has ports that follow from its config, the table says it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from spark.core.module import Module
from spark.core.payloads import CurrentArray
from spark.core.tree import part_named
from spark.engine.instructions.rules import is_a_table
from spark.engine.shares.share import Cut, Kept, Share, cut_every_array
from spark.graph.specs import CALL, PortMap
from spark.kernels import edges_onto, rows_onto
from spark.kernels.rows import WEIGHT_OF_EDGE, weight_layout
from spark.nn.neurons.neuron import Neuron
from spark.nn.neurons.plastic import PlasticNeuron
from spark.nn.neurons.point import PointNeuron
from spark.nn.plasticity.event_rule import EventRule
from spark.nn.pools.pool import Pool
from spark.nn.pools.sums import Sum
from spark.nn.pools.total import Total
from spark.nn.projections.plastic import PlasticProjection
from spark.nn.projections.static import ListedProjections
from spark.nn.synapses.background import PoissonBackground

Kind = TypeVar("Kind", bound=Module)


def _by_its_arrays(module: Module, share: Share, sources: Mapping[str, Module]) -> Cut:
    """As its arrays say; a module none of whose ports belong to units has nothing that does."""
    if not module.unit_ports:
        return Cut()
    return cut_every_array(module.path or type(module).__name__, vars(module), share)


def _listed_ports(module: Module) -> tuple[str, ...]:
    return module.unit_ports


def _lists_no_ports(module: Module) -> str:
    """By what its class says, not one above it, whose step it may have changed."""
    return "" if "unit_ports" in vars(type(module)) else f"{type(module).__name__} lists no `unit_ports`"


@dataclass(frozen=True)
class Cutting(Generic[Kind]):
    """How modules of a class, and of those below it, are cut by unit.

    Attributes:
        cut: What a share of the units keeps of the module's arrays, by the share, and the components, uncut, that feed
            its ports. Raises a `ModuleError` where an array does not fit.
        ports: Its ports that carry one element for each unit.
        why_whole: Why no share of the units can be computed apart; empty where one can.
    """

    cut: Callable[[Kind, Share, Mapping[str, Module]], Cut] = _by_its_arrays
    ports: Callable[[Kind], tuple[str, ...]] = _listed_ports
    why_whole: Callable[[Kind], str] = _lists_no_ports


def _resized(share: Share) -> Mapping[str, tuple[int, ...]]:
    """What those hold of a share's units that keep the shape of theirs."""
    return {"units": (share.count,)}


def _neuron(neuron: Neuron, share: Share, sources: Mapping[str, Module]) -> Cut:
    """The signs of these units; components are cut on their own."""
    return Cut({"signs": share.units}, attributes=_resized(share))


def _pool_ports(pool: Pool) -> tuple[str, ...]:
    """Its spikes, and what it exposes."""
    return (*pool.unit_ports, *pool.exposed())


# Those of which a step and a build do no more than a blueprint says.
_BUILDS = (Neuron.build, Pool.build, PointNeuron.build, PlasticNeuron.build)


def _why_neuron_is_whole(neuron: Neuron) -> str:
    """A component that cannot be cut, or needs more of another one than its own units' elements."""
    if not neuron.parts_meet_at_ports or type(neuron).build not in _BUILDS:
        return f"{type(neuron).__name__} does more than its blueprint"
    for name in neuron._order:
        part = part_named(neuron, name)
        cutting = cutting_of(part)
        why, units = cutting.why_whole(part), cutting.ports(part)
        if why:
            return f"{name}: {why}"
        for port, wires in neuron._wires[name].items():
            if len(wires) != 1 or _carries_units(neuron, wires[0]) != (port in units):
                return f"{name}: what arrives at `{port}` is not cut as its units are"
        if not set(neuron._effects[name]) <= set(units):
            return f"{name}: it writes what is not cut as its units are"
    return "" if _carries_units(neuron, PortMap("soma", "spikes")) else "soma: its spikes are not one for each unit"


def _carries_units(neuron: Neuron, wire: PortMap) -> bool:
    """Whether a share of the units sees only its own elements of what this wire brings; so of every property."""
    if wire.origin == CALL:
        return False
    part = part_named(neuron, wire.origin)
    return wire.port in ports_of_units(part) or wire.port not in part.output_specs


def _plastic(projection: PlasticProjection, share: Share, sources: Mapping[str, Module]) -> Cut:
    """The connections that end at these units, in the same order; every share keeps the history of all inputs."""
    if not projection.listed:
        kept = {"weights": share.columns(int(np.prod(projection.input_shape)))}
        return Cut(kept, attributes=_resized(share))
    edges, chosen = edges_onto(projection.edges, share.first, share.last)
    made = {f"edges_{name}": array for name, array in edges._asdict().items()}
    # Behind the end of the lists, connections onto a unit that does not exist: no start points at them.
    lists = {name for name in made if name not in ("edges_starts", "edges_in_starts")}
    fill = {name: share.count if name == "edges_post" else 0 for name in (*lists, "weights")}
    return Cut({"weights": Kept(projection.weights.shape, (chosen,))}, made, _resized(share), fill)


def _listed(projections: ListedProjections, share: Share, sources: Mapping[str, Module]) -> Cut:
    """The connections that end at these units, in the same order, and these units' columns of the ring."""
    kept = {"arriving": share.columns(projections.slots)}
    attributes = {**_resized(share), "post": share.count}
    if not projections.drawn or projections.firsts == (0,):
        return Cut(kept, attributes=attributes)
    rows = projections.connected
    part = rows_onto(rows, share.first, share.last)
    # Behind the end of the lists, connections onto a unit that does not exist: no start points at them.
    fill = {"rows_post": share.count}
    if part.delays is not None:
        fill["rows_delays"] = 0
    if weight_layout(rows) == WEIGHT_OF_EDGE:
        fill["rows_weights"] = 0
    made = {f"rows_{name}": array for name, array in part._asdict().items() if array is not None}
    return Cut(kept, made, attributes, fill)


def _why_rule_is_whole(rule: EventRule) -> str:
    """Modulation for each unit; a class that keeps or does more than a table says itself how it is cut."""
    if rule.third is not None and rule.third.size > 1:
        return "each of its units has a modulation of its own"
    return "" if is_a_table(type(rule)) else _lists_no_ports(rule)


def _rule(rule: EventRule, share: Share, sources: Mapping[str, Module]) -> Cut:
    """First weights and traces of these units; every share keeps the traces of all inputs."""
    synapses = cut_of(sources["weights"], share, {})
    kept = {"post_traces": share.columns(len(rule.post_kinds))}
    # What lies as the weights do.
    beside = [] if rule.baseline is None else ["baseline"]
    if rule.third is not None:
        beside += ["kept_eligibility"] + ["pending"] * (rule.third.interval > 1)
    kept |= {name: synapses.kept["weights"] for name in beside}
    fill = dict.fromkeys(beside, 0) if "weights" in synapses.fill else {}
    return Cut(kept, attributes={"post_units": share.count}, fill=fill)


def _sum(module: Sum, share: Share, sources: Mapping[str, Module]) -> Cut:
    """Nothing is kept."""
    return Cut(attributes=_resized(share))


def _sum_ports(module: Sum) -> tuple[str, ...]:
    """All of them, but for currents from outside of the pool, of which a share of the units sees all."""
    outside = issubclass(module.config.payload, CurrentArray)
    return module.unit_ports if outside else (*module.config.terms, *module.unit_ports)


def _why_sum_is_whole(module: Sum) -> str:
    """A current from outside that has a value for each unit."""
    outside = issubclass(module.config.payload, CurrentArray) and module.one_each
    return "a current from outside has a value for each unit" if outside else ""


def _total(total: Total, share: Share, sources: Mapping[str, Module]) -> Cut:
    """What each current counts and each conductance brings, for these units."""
    return replace(_by_its_arrays(total, share, sources), attributes=_resized(share))


def _total_ports(total: Total) -> tuple[str, ...]:
    return (*total.config.effects, *total.unit_ports)


def _background(background: PoissonBackground, share: Share, sources: Mapping[str, Module]) -> Cut:
    """The tables are for all units."""
    return Cut(attributes=_resized(share))


TABLE: Mapping[type[Module], Cutting] = {
    Module: Cutting(),
    Neuron: Cutting(_neuron, why_whole=_why_neuron_is_whole),
    Pool: Cutting(_neuron, _pool_ports, _why_neuron_is_whole),
    PlasticProjection: Cutting(_plastic),
    ListedProjections: Cutting(_listed),
    EventRule: Cutting(_rule, why_whole=_why_rule_is_whole),
    Sum: Cutting(_sum, _sum_ports, _why_sum_is_whole),
    Total: Cutting(_total, _total_ports),
    PoissonBackground: Cutting(_background),
}


def cutting_of(module: Module) -> Cutting:
    """How a module is cut: as the nearest class above it in the table."""
    return next(TABLE[owner] for owner in type(module).__mro__ if owner in TABLE)


def cut_of(module: Module, share: Share, sources: Mapping[str, Module]) -> Cut:
    """What a share of the units keeps of a module's arrays.

    Args:
        module: The module, uncut.
        share: Which units.
        sources: For inputs that come from one other component of the pool: that component, uncut, by port.

    Raises:
        ModuleError: An array does not lie as its module says.
    """
    return cutting_of(module).cut(module, share, sources)


def ports_of_units(module: Module) -> tuple[str, ...]:
    """The ports of a module that carry one element for each unit."""
    return cutting_of(module).ports(module)
