"""Check of a graph before anything is built: returns all problems, each with address and mend."""

from collections.abc import Iterable, Mapping
from typing import Any

from spark.core.errors import Problem
from spark.core.module import Module
from spark.core.names import did_you_mean, illegal
from spark.core.payloads import IntegerArray, Payload
from spark.core.ports import Ports
from spark.graph.specs import CALL, ModuleSpecs, PortMap

# Names of what every module, brain or neuron has itself; a part under such a name would hide it.
_OWN = {"self", "cache", "step", "fault", "units", "signs", "config"}
_OWN |= {
    "get_spikes_from_cache",
    "declared_inputs",
    "ports_from",
    "with_config",
    "with_weights",
    "connections",
}
RESERVED = frozenset(name for name in dir(Module) if not name.startswith("_")) | _OWN

Inputs = Mapping[str, type[Payload]]


def check_names(names: Iterable[Any], owner: type = Module) -> list[Problem]:
    """Illegal and repeated names of the parts of an `owner`, whose own methods and attributes a part would hide."""
    problems = []
    reserved = RESERVED | {name for name in dir(owner) if not name.startswith("_")}
    seen: set[Any] = set()
    for name in names:
        why = illegal(name, reserved)
        if why:
            problems.append(Problem(str(name), why, "Choose another name", "name"))
        if name in seen:
            problems.append(Problem(str(name), "is the name of two modules", "Names must differ", "duplicate"))
        seen.add(name)
    return problems


def ports_of(specs: ModuleSpecs) -> Ports:
    """The ports of a module to be; those of a brain or a pool come from its config."""
    module_cls: Any = specs.module_cls
    return module_cls.ports_from(specs.config)


def outputs_of(specs: ModuleSpecs) -> Inputs:
    """Output ports of a module to be, by name."""
    return ports_of(specs).outputs


def inputs_of(specs: ModuleSpecs) -> tuple[Inputs, Inputs]:
    """Required and optional input ports of a module to be."""
    ports = ports_of(specs)
    return ports.inputs, ports.optional


def properties_of(specs: ModuleSpecs) -> Inputs:
    """Properties that a component exposes to its siblings."""
    return specs.module_cls.exposes


def check_wires(modules: Mapping[str, ModuleSpecs], own_inputs: Inputs, *, properties: bool = False) -> list[Problem]:
    """Problems of the wires into every module.

    Args:
        modules: Modules by name.
        own_inputs: Payload types of the owner's own inputs.
        properties: Whether a wire may also begin at a property (inside a neuron).
    """
    problems = []
    for name, specs in modules.items():
        required, optional = inputs_of(specs)
        known = {**required, **optional}
        for port in required:
            if not specs.inputs.get(port):
                problems.append(
                    Problem(
                        f"{name}.{port}",
                        f"input port is not fed, got no wire; expected {required[port].__name__}",
                        f"Add `'{port}': [spark.PortMap(origin=..., port=...)]` to its inputs",
                        "missing",
                    )
                )
        any_of = ports_of(specs).any_of
        if any_of and not any(specs.inputs.get(port) for port in any_of):
            problems.append(
                Problem(
                    f"{name}.{any_of[0]}",
                    f"no input port is fed, got no wire; expected one into at least one of {list(any_of)}",
                    f"Add `'{any_of[0]}': [spark.PortMap(origin=..., port=...)]` to its inputs",
                    "missing",
                )
            )
        for port, wires in specs.inputs.items():
            if port not in known:
                problems.append(
                    Problem(
                        f"{name}.{port}",
                        f"{specs.module_cls.__name__} has no such input port, got {port!r}; "
                        f"expected one of {sorted(known)}",
                        did_you_mean(port, known, "Name one of those"),
                        "unknown-port",
                    )
                )
            for number, wire in enumerate(wires):
                address = f"{name}.{port}[{number}]"
                found = resolve(address, wire, modules, own_inputs, properties)
                wrong = found if isinstance(found, Problem) else _misfit(address, wire, port, specs, found)
                problems += [wrong] if wrong is not None else []
    return problems


def _fix_of_type(taken: type[Payload]) -> str:
    """How to bring what an input takes."""
    if issubclass(taken, IntegerArray):
        # No interface puts out whole numbers: what they stand for differs.
        return "Wire the `action` of an actor (`spark.learn.ActorPools`), or a module of your own that puts them out"
    return "Wire a port of that type, or put an interface between"


def _misfit(address: str, wire: PortMap, port: str, specs: ModuleSpecs, found: type[Payload]) -> Problem | None:
    """Why a wire that brings payloads of some type does not fit its end, or None; ports that are not there are told."""
    ports = ports_of(specs)
    taken = ports.input_type(port)
    if taken is None:
        return None
    if not issubclass(found, taken):
        return Problem(
            address,
            f"has the wrong payload type, got {found.__name__} from "
            f"'{wire.origin}.{wire.port}'; expected {taken.__name__}",
            _fix_of_type(taken),
            "payload",
        )
    if wire.end is not wire and port not in ports.projected:
        return Problem(
            address,
            f"has the settings of a projection, got {str(wire)[:200]}; "
            f"{specs.module_cls.__name__} has no receptor {port!r} that takes them",
            f"Write spark.PortMap({wire.origin!r}, {wire.port!r})",
            "projection",
        )
    return None


def resolve(
    address: str,
    wire: PortMap,
    modules: Mapping[str, ModuleSpecs],
    own_inputs: Inputs,
    properties: bool = False,
) -> type[Payload] | Problem:
    """Payload type at the origin of a wire, or what is wrong with it."""
    if wire.origin == CALL:
        offered, what = own_inputs, "input"
    elif wire.origin in modules:
        offered, what = outputs_of(modules[wire.origin]), "output port"
        if properties:
            offered = {**offered, **properties_of(modules[wire.origin])}
    else:
        return Problem(
            address,
            f"has an unknown origin, got {wire.origin!r}; expected one of {sorted([*modules, CALL])}",
            did_you_mean(wire.origin, [*modules, CALL], "Name one of those"),
            "unknown-origin",
        )
    if wire.port not in offered:
        return Problem(
            address,
            f"'{wire.origin}' has no such {what}, got {wire.port!r}; expected one of {sorted(offered)}",
            did_you_mean(wire.port, offered, "Name one of those"),
            "unknown-port",
        )
    return offered[wire.port]
