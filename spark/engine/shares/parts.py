"""What one device computes: whole modules and shares of modules, as a brain whose wires all end at its inputs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jax.typing import ArrayLike

from spark.core.module import Module
from spark.core.ports import PortSpec
from spark.core.rows import plan_rows
from spark.core.transform import STEP, Structure, clone, structure_of
from spark.core.tree import constants_of, part_named, parts_of, variables_of, walk
from spark.core.variable import Constant, RandomKey, Variable
from spark.engine.shares.cuts import cut_of, ports_of_units
from spark.engine.shares.share import Cut, Kept, Share
from spark.graph.specs import CALL, InputSpec, OutputSpec, PortMap
from spark.nn.brain import Brain
from spark.nn.brain_config import BrainConfig
from spark.nn.neurons.neuron import Neuron


@dataclass(frozen=True)
class Part:
    """A module, or a share of its units, without values.

    Attributes:
        module: The module; its variables and constants have shapes only.
        values: The arrays by path in the brain.
        share: Which units; None is all.
        fill: Lists of connections by path, and what may stand behind their end.
    """

    module: Module
    values: dict[str, np.ndarray]
    share: Share | None
    fill: dict[str, int]


def part_of(name: str, module: Module, share: Share | None) -> Part:
    """Cut a share out of a module of a merged brain; None takes all of it."""
    cuts = {} if share is None else cuts_of(module, share)
    values: dict[str, np.ndarray] = {}

    def variable(whole: Variable, path: str) -> Variable:
        which = _kept(cuts, path)
        taken = np.asarray(whole.value)
        taken = values[f"{name}.{path}"] = taken if which is None else which.take(taken)
        made = object.__new__(type(whole))
        # The values are the state's.
        blank = without_memory(taken, taken.shape)
        made.__dict__.update(vars(whole), _value=None, _load=None, _root=None, _written=False, reset_value=blank)
        return made

    def constant(whole: Constant, path: str) -> Constant:
        prefix, _, own = path.rpartition(".")
        made: Any = object.__new__(type(whole))
        made.__dict__.update(vars(whole), _value=None, _load=None, initial=None)
        if share is not None and isinstance(whole, RandomKey) and _owner(module, prefix).unit_ports:
            made = whole.of_share(share.first, share.count)
            taken, made.initial = made.initial, None
        elif prefix in cuts and own in cuts[prefix].constants:
            taken = cuts[prefix].constants[own]
        else:
            which = _kept(cuts, path)
            taken = np.asarray(whole.value)
            taken = taken if which is None else which.take(taken)
        made.shape = taken.shape
        values[f"{name}.{path}"] = taken
        return made

    made = clone(module, variable, constant)
    for prefix, part in walk(made):
        if prefix in cuts:
            vars(part).update(cuts[prefix].attributes)
        units = ports_of_units(part) if share is not None else ()
        count, total = ((share.count,), share.total) if share is not None else ((), None)

        def of_share(
            found: dict[str, PortSpec],
            units: tuple[str, ...] = units,
            count: tuple[int, ...] = count,
            total: int | None = total,
        ) -> dict[str, PortSpec]:
            shapes = {p: count if p in units and spec.size == total else spec.shape for p, spec in found.items()}
            return {p: replace(spec, shape=shapes[p], source=None, signs=None) for p, spec in found.items()}

        part._inputs, part._outputs = of_share(part._inputs), of_share(part._outputs)
    fill = {f"{name}.{p}.{own}" if p else f"{name}.{own}": n for p, c in cuts.items() for own, n in c.fill.items()}
    return Part(made, values, share, fill)


def make_equally_long(name: str, parts: list[Part]) -> None:
    """Fill up the lists of connections of a module's shares to the longest."""
    for path in parts[0].fill if parts else ():
        length = max(part.values[path].size for part in parts)
        for part in parts:
            held = part.values[path]
            made = part.values[path] = np.full(length, part.fill[path], held.dtype)
            made[: held.size] = held
            own = path.removeprefix(f"{name}.")
            for leaf in (variables_of(part.module).get(own), constants_of(part.module).get(own)):
                if isinstance(leaf, Variable):
                    leaf.reset_value = without_memory(made, made.shape)
                elif leaf is not None:
                    leaf.shape = made.shape


def without_memory(like: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """An array of zeros of this shape and of the dtype of another: one number in memory."""
    return np.broadcast_to(np.zeros((), like.dtype), shape)


def kept_of(name: str, module: Module, share: Share | None) -> dict[str, Kept | None]:
    """Which elements of a whole module's variables a share has, by path in the brain; None is all."""
    cuts = {} if share is None else cuts_of(module, share)
    return {f"{name}.{path}": _kept(cuts, path) for path in variables_of(module)}


def cuts_of(module: Module, share: Share) -> dict[str, Cut]:
    """The cut of a module and of each of its components, by path within the module."""
    found: dict[str, Cut] = {}

    def visit(prefix: str, part: Module, sources: Mapping[str, Module]) -> None:
        found[prefix] = cut_of(part, share, sources)
        wires = part._wires if isinstance(part, Brain | Neuron) else {}
        for name, child in parts_of(part).items():
            ports = wires.get(name, {}).items()
            feeds = {port: part_named(part, w[0].origin) for port, w in ports if len(w) == 1 and w[0].origin != CALL}
            visit(f"{prefix}.{name}" if prefix else name, child, feeds)

    visit("", module, {})
    return found


def _kept(cuts: Mapping[str, Cut], path: str) -> Kept | None:
    prefix, _, own = path.rpartition(".")
    return cuts[prefix].kept.get(own) if prefix in cuts else None


def _owner(module: Module, prefix: str) -> Module:
    return dict(walk(module))[prefix]


def input_name(module: str, port: str) -> str:
    """The name under which a part takes what arrives at a port of a module."""
    return f"{module}__{port}"


@dataclass(frozen=True)
class DevicePart:
    """All that one device computes.

    Attributes:
        structure: Static; devices with equal parts share one.
        state: Leaves of the variables, flat NumPy arrays.
        constants: Leaves of the constants, flat NumPy arrays.
        firsts: Number of the first unit of every module that is here, by name.
    """

    structure: Structure
    state: tuple[np.ndarray, ...]
    constants: tuple[np.ndarray, ...]
    firsts: dict[str, int]


def device_part(brain: Brain, parts: Mapping[str, Part], travelling: set[PortMap], step: ArrayLike) -> DevicePart:
    """All that one device computes.

    Args:
        brain: The brain, merged with the state to begin with.
        parts: The device's shares of modules by name, in order.
        travelling: Output ports whose values are sent.
        step: Number of steps done so far.
    """
    made = _part_brain(brain, {name: part.module for name, part in parts.items()}, travelling)
    structure = structure_of(made, plan_rows)
    values = {path: value for part in parts.values() for path, value in part.values.items()}
    values[STEP] = np.asarray(step, np.int64)
    return DevicePart(
        structure,
        structure.about.layout.pack({path: values[path] for path in structure.about.layout.slots}),
        structure.constants.pack({path: values[path] for path in structure.constants.slots}),
        {name: 0 if part.share is None else part.share.first for name, part in parts.items()},
    )


def _part_brain(brain: Brain, modules: Mapping[str, Module], travelling: set[PortMap]) -> Brain:
    """A brain of these modules, built already, with an input for every port and an output for all that is sent."""
    wires = {
        name: {port: [PortMap(CALL, input_name(name, port))] for port, w in brain._wires[name].items() if w}
        for name in modules
    }
    inputs = {
        input_name(name, port): InputSpec(spec.payload_type, spec.shape, spec.dtype)
        for name, module in modules.items()
        for port, spec in module.input_specs.items()
        if port in wires[name]
    }
    outputs = {
        input_name(name, port): (PortMap(name, port), OutputSpec(spec.payload_type, spec.shape, spec.dtype))
        for name, module in modules.items()
        for port, spec in sorted(module.output_specs.items())
        if PortMap(name, port) in travelling
    }
    made = Brain(BrainConfig(modules_map={}, input_map=inputs))
    made._names, made._wires, made._output_wires = list(modules), wires, outputs
    made._spike_ports, made.cache = {}, {}
    for name, module in modules.items():
        made.adopt(name, module)
    made._inputs = made.declared_inputs()
    for kind in (variables_of, constants_of):
        for path, leaf in kind(made).items():
            leaf.path = path
    return made
