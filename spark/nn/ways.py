"""How a module's step is done in a native program: by instructions of its class, as a formula, or not at all."""

import weakref
from typing import Any

import numpy as np

from spark.core.module import Module
from spark.core.tree import part_named
from spark.core.variable import Variable
from spark.graph.specs import CALL, PortMap
from spark.kernels import llvm
from spark.kernels.instructions import RECEIVE
from spark.kernels.place import Place
from spark.nn.formulas import ModuleFormula, Refusal, formula_of, identity
from spark.nn.lowering import Arriving, Background, GivesInPlace, Lowering, RingInput, TakesInPlace, native_dtype
from spark.nn.made_of import OfModules, OfParts
from spark.nn.plasticity.connection_formula import formulas_of
from spark.nn.plasticity.connection_rule import ConnectionRule
from spark.nn.projections.plastic import PlasticProjection
from spark.nn.synapses.background import PoissonBackground


class Instructions:
    """The module's class has instructions of its own."""


INSTRUCTIONS = Instructions()
Way = Instructions | ModuleFormula | Refusal

_NOT_NATIVE = {"float16", "bfloat16", "float64"}
# What a subclass has that changes nothing.
_PLAIN = {"__module__", "__qualname__", "__doc__", "__annotations__", "__annotate_func__", "__annotations_cache__"}
_PLAIN |= {"__firstlineno__", "__static_attributes__", "__parameters__", "config"}


def has_instructions(module: Module) -> bool:
    """Whether there are instructions for what this module's class does, and its config allows them."""
    return _is_lowered_class(type(module)) and not _holds_other_floats(module) and module.can_lower()


def _holds_other_floats(module: Module) -> bool:
    """Whether a module itself, apart from components, holds or puts out floats that no instruction computes with."""
    # Constants are the module's own affair: connections deliver weights of half precision.
    own = [leaf.dtype for leaf in vars(module).values() if isinstance(leaf, Variable)]
    return bool(_NOT_NATIVE.intersection(map(str, [*own, *(spec.dtype for spec in module._outputs.values())])))


def _is_lowered_class(cls: type) -> bool:
    """Whether the class says so, or one that it inherits from and changes nothing of; a neuron is its blueprint."""
    if any("blueprint_lowers" in vars(owner) for owner in cls.__mro__):
        return True
    for owner in cls.__mro__:
        if "lowers" in vars(owner):
            return True
        if set(vars(owner)) - _PLAIN:
            return False
    return False


def way_of(module: Module) -> Way:
    """How a module of a brain runs, where all that it can read is what arrives at its ports."""
    if isinstance(module, OfModules):
        return _way_of_brain(module)
    if has_instructions(module) and not module.works_on_others:
        return INSTRUCTIONS
    return formula_of(module)


def emit(way: Way, module: Module, lowering: Lowering, arriving: dict[str, Any]) -> dict[str, Place]:
    """The instructions of one step of a module."""
    if isinstance(way, ModuleFormula):
        return way.emit(module, lowering, arriving)
    return module.lower(lowering, **arriving)


def reads_as_kept(brain: OfModules) -> bool:
    """Whether every module reads what others put out in the dtype in which the cache keeps it.

    A loop cannot cast what a module puts out in one step for the one that reads it in the next.
    """
    return all(
        brain.cache[f"{wire.origin}.{wire.port}"].dtype.name == native_dtype(part_named(brain, name)._inputs[port])
        for name in brain._names
        for port, wires in brain._wires[name].items()
        for wire in wires
        if wire.origin != CALL
    )


def _way_of_brain(brain: OfModules) -> Way:
    """A brain in a brain is native where all its modules are."""
    for name, way in ways_of_modules(brain).items():
        if isinstance(way, Refusal):
            return Refusal(f"{name}: {way.reason}")
    if llvm.why_not():
        return Refusal(llvm.why_not())
    if not reads_as_kept(brain):
        return Refusal("a module reads numbers of another precision than the one before it puts out")
    return INSTRUCTIONS


# Tracing a module takes some hundredths of a second, and a step asks several times; a built module never changes, and
# all views of one structure are the same.
_known: "weakref.WeakKeyDictionary[Any, dict[str, Way]]" = weakref.WeakKeyDictionary()


def ways_of_modules(brain: OfModules) -> dict[str, Way]:
    """How the modules of a built brain run, by name."""
    key = identity(brain)
    if key not in _known:
        _known[key] = {name: way_of(part_named(brain, name)) for name in brain._names}
    return _known[key]


def ways_of_parts(neuron: OfParts) -> dict[str, Way]:
    """How the components of a neuron run, by name; the first one that does not is a `Refusal`, and the last listed."""
    key = identity(neuron)
    if key not in _known:
        readers = [wire for ports in neuron._wires.values() for wires in ports.values() for wire in wires]
        ways: dict[str, Way] = {}
        for name in neuron._order:
            ways[name] = _way_of_part(neuron, name, ways, readers)
            if isinstance(ways[name], Refusal):
                break
        _known[key] = ways
    return _known[key]


def _way_of_part(neuron: OfParts, name: str, ways: dict[str, Way], readers: list[PortMap]) -> Way:
    part, wires = part_named(neuron, name), neuron._wires[name]
    several = [port for port, found in wires.items() if len(found) != 1]
    if several:
        return Refusal(f"several wires end at `{several[0]}` of a component")
    gives = {
        port: wire.origin in ways
        and isinstance(ways[wire.origin], Instructions)
        and isinstance(_origin(neuron, wire), GivesInPlace)
        for port, (wire,) in wires.items()
    }
    agree = all(
        _takes(part, port) == gives[port] and (not gives[port] or readers.count(wire) == 1)
        for port, (wire,) in wires.items()
    )
    if agree and has_instructions(part):
        return INSTRUCTIONS
    if neuron._effects[name]:
        found = formulas_of(part) if isinstance(part, ConnectionRule) else None
        return found if isinstance(found, Refusal) else Refusal("it writes a property of another component")
    if any(isinstance(_origin(neuron, wire), PoissonBackground) for (wire,) in wires.values()):
        return Refusal("random events arrive at it")
    return formula_of(part)


def _origin(neuron: OfParts, wire: PortMap) -> Module | None:
    """The component where a wire begins; None where it begins outside of the neuron."""
    return None if wire.origin == CALL else part_named(neuron, wire.origin)


def _takes(part: Module, port: str) -> bool:
    """Whether a component's instructions work on the variables of the one that feeds this port."""
    return isinstance(part, TakesInPlace) and port in part.in_place_ports


def received(
    lowering: Lowering, given: RingInput | Background | Arriving, shape: tuple[int, ...]
) -> Background | Arriving:
    """What arrives in this step, as an array: the row of a ring is copied and cleared, an array stays as it is."""
    if not isinstance(given, RingInput):
        return given
    to = lowering.program.scratch(shape, "float32")
    units = int(np.prod(shape))
    lowering.program.emit(RECEIVE, (given.ring, to, lowering.entry("step")), (units, given.slots))
    return Arriving(to)


def refusal_of(neuron: OfParts, ways: dict[str, Way]) -> Refusal | None:
    """Why a neuron does not run as one program: the first of its components that does not."""
    for name, way in ways.items():
        if isinstance(way, Refusal):
            return Refusal(f"{name}: {way.reason}")
    for target in sorted({target for effects in neuron._effects.values() for target in effects.values()}):
        owner, _, written = target.partition(".")
        if written != "weights" or not isinstance(part_named(neuron, owner), PlasticProjection):
            return Refusal(f"an effect writes {target}")
    return None
