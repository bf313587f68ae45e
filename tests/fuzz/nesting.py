"""Some modules of a brain taken into a brain of their own."""

from typing import Any

from builders import usual_step

from fuzz.origins import Draw, Origin
from spark import InputSpec, ModuleSpecs, OutputSpec, PortMap
from spark.nn import Brain, BrainConfig


def nested(draw: Draw, config: BrainConfig, origins: dict[PortMap, Origin]) -> BrainConfig:
    """A brain like this one, some of whose modules stand in a brain inside it."""
    names = list(config.modules_map)
    inside = {names[i] for i in draw.generator.permutation(len(names))[: draw.whole(1, max(1, len(names) - 1))]}
    arriving: dict[PortMap, str] = {}
    leaving: dict[PortMap, str] = {}

    def inner_wire(wire: PortMap) -> PortMap:
        if wire.origin in inside:
            return wire
        return wire.moved("__call__", arriving.setdefault(wire.end, f"in_{len(arriving)}"))

    def outer_wire(wire: PortMap) -> PortMap:
        if wire.origin not in inside:
            return wire
        return wire.moved("inner", leaving.setdefault(wire.end, f"out_{len(leaving)}"))

    def rewired(specs: ModuleSpecs, wire_of: Any) -> ModuleSpecs:
        wires = {port: [wire_of(w) for w in ws] for port, ws in specs.inputs.items()}
        return ModuleSpecs(specs.name, specs.module_cls, wires, specs.config)

    inner = [rewired(s, inner_wire) for name, s in config.modules_map.items() if name in inside]
    outer = [rewired(s, outer_wire) for name, s in config.modules_map.items() if name not in inside]
    outputs = {
        name: {"input": outer_wire(entry.input), "spec": entry.spec} for name, entry in config.output_map.items()
    }

    def spec(kind: type[InputSpec], wire: PortMap) -> Any:
        return kind(origins[wire].payload, origins[wire].shape, origins[wire].dtype)

    brain = BrainConfig(
        input_map={name: spec(InputSpec, wire) for wire, name in arriving.items()},
        output_map={name: {"input": wire, "spec": spec(OutputSpec, wire)} for wire, name in leaving.items()},
        modules_map=inner,
        dt=config.dt if any(_needs_the_step(s) for s in inner) else draw.choice([None, config.dt]),
        transparent=draw.chance(0.5),
    )
    wires = {name: [outer_wire(wire)] for wire, name in arriving.items()}
    specs = ModuleSpecs("inner", Brain, wires, brain)
    return config.updated(modules_map=[*outer, specs], output_map=outputs)


def _needs_the_step(specs: ModuleSpecs) -> bool:
    """Whether a brain with this module must say the length of its step: one that says none is checked at 1 ms.

    A module that says it itself would clash with those that do not, and some somas take no step of 1 ms.
    """
    soma = specs.config.field_or_none("soma")
    return "dt" in specs.config.explicit() or (soma is not None and usual_step(soma) < 1.0)
