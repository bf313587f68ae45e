"""A neuron's step as instructions of a native program."""

from typing import Any

from spark.core.ports import PortSpec
from spark.core.tree import part_named
from spark.graph.specs import CALL, PortMap
from spark.kernels.instructions import SIGN
from spark.kernels.place import Place
from spark.nn.fusion import SIGNED, Fused, key, stages_of
from spark.nn.lowering import Arriving, Given, Lowering, RingInput
from spark.nn.made_of import OfParts
from spark.nn.plasticity.event_rule import EventRule
from spark.nn.ways import INSTRUCTIONS, emit, received, ways_of_parts


class LoweredNeuron:
    """Emits the instructions of a neuron's components, in the order of its stages, then its spikes with their signs."""

    def __init__(self, neuron: OfParts, lowering: Lowering, inputs: dict[str, Arriving]) -> None:
        self.neuron, self.lowering = neuron, lowering
        self.arriving: dict[PortMap, Any] = {PortMap(CALL, port): found for port, found in inputs.items()}
        self.ways = ways_of_parts(neuron)
        self.unread: set[PortMap] = set()
        self.changes: dict[str, Any] = {}
        for connections, rule in _fused_rules(neuron).items():
            self.changes[connections] = self.changes[rule] = part_named(neuron, rule).change(lowering)

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
        taken: dict[str, Given] = {}
        for port, (wire,) in neuron._wires[name].items():
            found = self._read(wire)
            if self.ways[name] is not INSTRUCTIONS:
                found = self.arriving[wire] = received(self.lowering, found, part._inputs[port].shape)
            taken[port] = found
        if self.changes.get(name) is not None:
            taken["change"] = self.changes[name]
        for port, found in emit(self.ways[name], part, self.lowering, taken).items():
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


def _fused_rules(neuron: OfParts) -> dict[str, str]:
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
