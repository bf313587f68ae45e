"""Components of a neuron that are formulas, computed in one loop over the units where nothing else comes between."""

import weakref
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp

from spark.core.payloads import FloatArray, Payload, SpikeArray
from spark.core.ports import PortSpec
from spark.core.tree import constants_of, part_named, variables_of
from spark.engine.formulas import Leaf, ModuleFormula, Traceable, formula_like, formula_of, identity
from spark.engine.instructions.instructions import Instructions
from spark.engine.ways import Composed, Refusal, Way, ways_of_parts
from spark.graph.specs import CALL, PortMap
from spark.nn.neurons.neuron import Neuron
from spark.nn.projections.static import ListedProjections
from spark.nn.wiring import gather

SIGNED = PortMap(CALL, "out_spikes")


@dataclass(frozen=True)
class Fused:
    """Components that are computed together.

    Attributes:
        names: The components, in their order.
        formula: Their steps, one after the other. Its ports are the wires that come in, its outputs those that others
            read, by `key`.
    """

    names: tuple[str, ...]
    formula: ModuleFormula


Stage = str | Fused


def key(wire: PortMap) -> str:
    """How a wire's end is called among the ports of what is fused."""
    return f"{wire.origin}.{wire.port}"


_known: "weakref.WeakKeyDictionary[Any, tuple[Stage, ...]]" = weakref.WeakKeyDictionary()


def stages_of(neuron: Neuron) -> tuple[Stage, ...]:
    """The components of a neuron in the order in which a native program runs them: names alone, and fused ones."""
    key = identity(neuron)
    if key not in _known:
        _known[key] = tuple(_stages(neuron))
    return _known[key]


def _stages(neuron: Neuron) -> Iterable[Stage]:
    elementwise = _elementwise(neuron)
    depth = _depths(neuron, elementwise)
    for level in sorted(set(depth.values())):
        here = [name for name in neuron._order if depth[name] == level]
        yield from (name for name in here if name not in elementwise)
        members = [name for name in here if name in elementwise]
        fused = _fused(neuron, members) if len(members) > 1 else None
        yield from members if fused is None else [fused]


def _elementwise(neuron: Neuron) -> set[str]:
    """Components whose array code is a formula, if some of them have no instructions of their own anyway."""
    ways = ways_of_parts(neuron)
    if not any(_is_one_loop(way) for way in ways.values()):
        return set()
    found = set()
    for name, way in ways.items():
        if isinstance(way, Instructions | Composed):
            way = formula_of(part_named(neuron, name))
        if _is_one_loop(way) and not neuron._effects[name]:
            found.add(name)
    return found


def _is_one_loop(way: Way) -> bool:
    return isinstance(way, ModuleFormula) and way.is_one_loop


def _depths(neuron: Neuron, elementwise: set[str]) -> dict[str, int]:
    """How many times a component waits for others that are not elementwise and have waited for elementwise ones.

    An elementwise component waits for those that read it, as far as it may: what only the soma reads is computed in
    the soma's loop, although the sources' short-term plasticity had to be computed before.
    """
    depth: dict[str, int] = {}
    for name in neuron._order:
        feeds = [origin for origin in _origins(neuron, name) if origin in depth]
        passing = [depth[f] + (f in elementwise and name not in elementwise) for f in feeds]
        depth[name] = max(passing, default=0)
    for place, name in reversed(list(enumerate(neuron._order))):
        if name not in elementwise:
            continue
        later = neuron._order[place + 1 :]
        # Who reads it, and whose output of the step before it reads itself.
        before = [other for other in later if name in _origins(neuron, other)]
        before += [other for other in later if other in _origins(neuron, name)]
        latest = min((depth[other] - (other not in elementwise) for other in before), default=depth[name])
        depth[name] = max(depth[name], latest)
    return depth


def _origins(neuron: Neuron, name: str) -> set[str]:
    """The components that a component reads."""
    return {wire.origin for wires in neuron._wires[name].values() for wire in wires}


def _fused(neuron: Neuron, members: list[str]) -> Fused | None:
    """These components as one formula, or None where they make none."""
    inside = set(members)
    coming, rows = _coming(neuron, members)
    if len(rows) != len(set(rows)):
        return None
    wanted = _wanted(neuron, inside)

    def own(leaves: dict[str, Leaf]) -> dict[str, Leaf]:
        signs = {"signs"} if SIGNED in wanted else set()
        return {path: leaf for path, leaf in leaves.items() if path.partition(".")[0] in inside | signs}

    def run(given: dict[str, Payload]) -> dict[str, Payload]:
        return _run(neuron, members, wanted, given)

    def traceable() -> Traceable:
        leaves = own(variables_of(neuron)), own(constants_of(neuron))
        return Traceable(coming, *leaves, neuron._clock, run, tuple(rows))

    formula = formula_like(neuron, tuple(members), traceable)
    if isinstance(formula, Refusal) or not formula.is_one_loop:
        return None
    return Fused(tuple(members), formula)


def _coming(neuron: Neuron, members: list[str]) -> tuple[dict[str, PortSpec], list[str]]:
    """What comes to these components from others, by `key`; and which of it is taken out of a ring, once each."""
    coming: dict[str, PortSpec] = {}
    rows: list[str] = []
    for name in members:
        for port, (wire,) in neuron._wires[name].items():
            if wire.origin in members:
                continue
            coming[key(wire)] = part_named(neuron, name)._inputs[port]
            if wire.origin != CALL and isinstance(part_named(neuron, wire.origin), ListedProjections):
                rows.append(key(wire))
                row = replace(coming[key(wire)], payload_type=FloatArray, shape=neuron.units, dtype="float32")
                coming[key(wire)] = row
    return coming, rows


def _run(neuron: Neuron, members: list[str], wanted: list[PortMap], given: dict[str, Payload]) -> dict[str, Payload]:
    """One step of these components; what is wanted, by `key`."""
    results: dict[PortMap, Payload] = {}

    def read(wire: PortMap) -> Payload:
        if key(wire) in given:
            return given[key(wire)]
        return results[wire] if wire in results else part_named(neuron, wire.origin).read(wire.port)

    for name in members:
        part = part_named(neuron, name)
        inputs = {port: gather(wires, read, part._inputs[port]) for port, wires in neuron._wires[name].items()}
        results.update({PortMap(name, port): made for port, made in part(**inputs).items()})
    outputs = {key(wire): results[wire] for wire in wanted if wire != SIGNED}
    if SIGNED in wanted:
        spikes = results[PortMap("soma", "spikes")].value.astype(jnp.int8)
        outputs[key(SIGNED)] = SpikeArray(spikes * jnp.asarray(neuron.signs.value))
    return outputs


def _wanted(neuron: Neuron, inside: set[str]) -> list[PortMap]:
    """Outputs of the components inside that others read; the spikes of the soma with their signs."""
    read = {
        wire
        for name, ports in neuron._wires.items()
        if name not in inside
        for wires in ports.values()
        for wire in wires
        if wire.origin in inside and wire.port in part_named(neuron, wire.origin).output_specs
    }
    wanted = sorted(read, key=key)
    if "soma" not in inside:
        return wanted
    if neuron.config.inhibitory_rate == 0:
        return [*wanted, *({PortMap("soma", "spikes")} - read)]
    return [*wanted, SIGNED]
