"""A pool's step as instructions of a native program."""

from collections.abc import Mapping
from typing import Any

from spark.core.module import Module
from spark.core.ports import PortSpec
from spark.core.tree import part_named
from spark.engine.formulas import ModuleFormula
from spark.engine.fusion import SIGNED, Fused, key, stages_of
from spark.engine.instructions.rules import change_of
from spark.engine.lowering import Arriving, Change, Given, Lowering, Postponed, RingInput
from spark.engine.ways import Composed, Refusal, Way, received, ways_of_parts
from spark.graph.specs import CALL, PortMap
from spark.kernels.instructions import SIGN
from spark.kernels.place import Place
from spark.nn.neurons.neuron import Neuron
from spark.nn.plasticity.event_rule import EventRule
from spark.nn.pools.pool import Pool


def emit_module(way: Way, module: Module, lowering: Lowering, arriving: Mapping[str, Any]) -> Mapping[str, Any]:
    """The instructions of one step of a native module that is no brain; where its results lie, by output port."""
    assert not isinstance(way, Refusal)
    if isinstance(way, ModuleFormula):
        return way.emit(module, lowering, arriving)
    if isinstance(way, Composed):
        assert isinstance(module, Neuron)
        return _emit_neuron(module, lowering, arriving)
    return way.emit(module, lowering, **arriving)


def _emit_neuron(neuron: Neuron, lowering: Lowering, arriving: Mapping[str, Arriving]) -> dict[str, Place]:
    """Instructions of the components, then one for the signs; of a pool each feed takes its elements."""
    if not isinstance(neuron, Pool):
        return {"out_spikes": LoweredNeuron(neuron, lowering, arriving).emit()}

    def elements(whole: Arriving, first: int, last: int) -> tuple[Place, ...]:
        return whole.elements(first, last)

    def join(parts: list[tuple[Place, ...]]) -> Arriving:
        return Arriving(*(place for several in parts for place in several), program=lowering.program)

    made = {"out_spikes": LoweredNeuron(neuron, lowering, neuron.by_feed(arriving, elements, join)).emit()}
    return {**made, **{name: lowering.variable(neuron.soma.behind(name)) for name in neuron.exposed()}}


class LoweredNeuron:
    """Emits the instructions of a neuron's components, in the order of its stages, then its spikes with their signs."""

    def __init__(self, neuron: Neuron, lowering: Lowering, inputs: Mapping[str, Arriving]) -> None:
        self.neuron, self.lowering = neuron, lowering
        self.arriving: dict[PortMap, Any] = {PortMap(CALL, port): found for port, found in inputs.items()}
        self.ways = ways_of_parts(neuron)
        self.unread: set[PortMap] = set()
        self.changes: dict[str, Change | Postponed | None] = {}
        for connections, rule in _fused_rules(neuron).items():
            self.changes[connections] = self.changes[rule] = change_of(part_named(neuron, rule), lowering)

    def emit(self) -> Place:
        """All instructions; returns where the neuron's spikes lie."""
        neuron, program = self.neuron, self.lowering.program
        for stage in stages_of(neuron):
            names = stage.names if isinstance(stage, Fused) else (stage,)
            with program.owned_by(f"{neuron.path}.{' + '.join(names)}"):
                if isinstance(stage, Fused):
                    self._emit_fused(stage)
                else:
                    self._emit_part(stage)
        for wire in sorted(self.unread, key=str):
            received(self.lowering, self.arriving[wire], self._spec(wire).shape)
        if SIGNED in self.arriving:
            return self.arriving[SIGNED].place
        spikes = self.arriving[PortMap("soma", "spikes")].place
        if neuron.config.inhibitory_rate == 0:
            return spikes.reshaped(*neuron.units)
        signed = program.scratch(neuron.units, "int8")
        program.emit(SIGN, (signed, spikes, self.lowering.constant(neuron.signs)), (spikes.size,))
        return signed

    def _spec(self, wire: PortMap) -> PortSpec:
        return part_named(self.neuron, wire.origin).output_specs[wire.port]

    def _read(self, wire: PortMap) -> Given:
        """What a wire brings: what was put out in this step, or a property."""
        if wire not in self.arriving:
            owner = part_named(self.neuron, wire.origin)
            self.arriving[wire] = Arriving(self.lowering.variable(owner.behind(wire.port)), source=owner)
        self.unread.discard(wire)
        return self.arriving[wire]

    def _emit_part(self, name: str) -> None:
        neuron, part = self.neuron, part_named(self.neuron, name)
        taken: dict[str, Given | Change | Postponed | None] = {}
        for port, (wire,) in neuron._wires[name].items():
            found = self._read(wire)
            if isinstance(self.ways[name], ModuleFormula):
                found = self.arriving[wire] = received(self.lowering, found, part._inputs[port].shape)
            taken[port] = found
        if self.changes.get(name) is not None:
            taken["change"] = self.changes[name]
        for port, found in emit_module(self.ways[name], part, self.lowering, taken).items():
            self._put(PortMap(name, port), found)

    def _emit_fused(self, stage: Fused) -> None:
        taken: dict[str, Given] = {}
        for name in stage.names:
            for port, (wire,) in self.neuron._wires[name].items():
                if key(wire) not in stage.formula.ports:
                    continue
                found = self._read(wire)
                if key(wire) not in stage.formula.rows:
                    shape = part_named(self.neuron, name)._inputs[port].shape
                    found = self.arriving[wire] = received(self.lowering, found, shape)
                taken[key(wire)] = found
        for port, place in stage.formula.emit(self.neuron, self.lowering, taken).items():
            self._put(PortMap(*port.split(".")), place)

    def _put(self, wire: PortMap, found: Given | Place) -> None:
        self.arriving[wire] = Arriving(found) if isinstance(found, Place) else found
        self.unread.update({wire} if isinstance(found, RingInput) else ())


def _fused_rules(neuron: Neuron) -> dict[str, str]:
    """By connections, the rule that changes them in the walk in which they deliver: both read the same spikes."""
    found: dict[str, str] = {}
    for name, effects in neuron._effects.items():
        targets = [target.split(".") for target in effects.values()]
        if len(targets) != 1 or targets[0][1] != "weights" or not isinstance(part_named(neuron, name), EventRule):
            continue
        connections = targets[0][0]
        read = neuron._wires[name].get("pre_spikes")
        if read in (neuron._wires[connections].get("spikes"), [PortMap(connections, "arriving")]):
            found.setdefault(connections, name)
    return found
