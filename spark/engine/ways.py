"""How a module's step is done in a native program: by instructions of its class, as a formula, or not at all."""

import weakref
from typing import Any

import numpy as np

from spark.core.module import Module
from spark.core.tree import part_named
from spark.core.variable import Variable
from spark.engine.formulas import ModuleFormula, Refusal, formula_of, identity
from spark.engine.instructions.instructions import Instructions
from spark.engine.instructions.table import instructions_of
from spark.engine.lowering import Arriving, Background, Lowering, RingInput, native_dtype
from spark.engine.rule_formulas import formulas_of
from spark.graph.specs import CALL, PortMap
from spark.kernels import llvm
from spark.kernels.instructions import RECEIVE
from spark.nn.brain import Brain
from spark.nn.neurons.neuron import Neuron
from spark.nn.plasticity.connection_rule import ConnectionRule
from spark.nn.projections.plastic import PlasticProjection
from spark.nn.synapses.background import PoissonBackground


class Composed:
    """A pool or a brain all of whose parts are native: its step is theirs."""


COMPOSED = Composed()
Native = Instructions | Composed
Way = Native | ModuleFormula | Refusal

_NOT_NATIVE = {"float16", "bfloat16", "float64"}


def native_way(module: Module) -> Native | None:
    """What does the step of this module natively, apart from formulas; None where nothing does, as it is built."""
    if _holds_other_floats(module):
        return None
    if isinstance(module, Neuron):
        runs_its_parts = module.parts_meet_at_ports and refusal_of(module, ways_of_parts(module)) is None
        return COMPOSED if runs_its_parts else None
    found = instructions_of(type(module))
    return found if found is not None and found.fits(module) else None


def _holds_other_floats(module: Module) -> bool:
    """Whether a module itself, apart from components, holds or puts out floats that no instruction computes with."""
    # Constants are the module's own affair: connections deliver weights of half precision.
    own = [leaf.dtype for leaf in vars(module).values() if isinstance(leaf, Variable)]
    return bool(_NOT_NATIVE.intersection(map(str, [*own, *(spec.dtype for spec in module._outputs.values())])))


def way_of(module: Module) -> Way:
    """How a module of a brain runs, where all that it can read is what arrives at its ports."""
    if isinstance(module, Brain):
        return _way_of_brain(module)
    found = native_way(module)
    if found is None or (isinstance(found, Instructions) and found.beside_others):
        return formula_of(module)
    return found


def reads_as_kept(brain: Brain) -> bool:
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


def _way_of_brain(brain: Brain) -> Way:
    """A brain in a brain is native where all its modules are, and nobody has written another step."""
    if not brain.parts_meet_at_ports:
        return Refusal(f"{type(brain).__name__} does more than its modules")
    for name, way in ways_of_modules(brain).items():
        if isinstance(way, Refusal):
            return Refusal(f"{name}: {way.reason}")
    if llvm.why_not():
        return Refusal(llvm.why_not())
    if not reads_as_kept(brain):
        return Refusal("a module reads numbers of another precision than the one before it puts out")
    return COMPOSED


# Tracing a module takes some hundredths of a second, and a step asks several times; a built module never changes, and
# all views of one structure are the same.
_known: "weakref.WeakKeyDictionary[Any, dict[str, Way]]" = weakref.WeakKeyDictionary()


def ways_of_modules(brain: Brain) -> dict[str, Way]:
    """How the modules of a built brain run, by name."""
    key = identity(brain)
    if key not in _known:
        _known[key] = {name: way_of(part_named(brain, name)) for name in brain._names}
    return _known[key]


def ways_of_parts(neuron: Neuron) -> dict[str, Way]:
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


def _way_of_part(neuron: Neuron, name: str, ways: dict[str, Way], readers: list[PortMap]) -> Way:
    part, wires = part_named(neuron, name), neuron._wires[name]
    several = [port for port, found in wires.items() if len(found) != 1]
    if several:
        return Refusal(f"several wires end at `{several[0]}` of a component")
    native = native_way(part)
    if native is not None and all(
        _agree(native, port, ways.get(wire.origin)) and (not _takes(native, port) or readers.count(wire) == 1)
        for port, (wire,) in wires.items()
    ):
        return native
    if neuron._effects[name]:
        refused = formulas_of(part) if isinstance(part, ConnectionRule) else None
        return refused if isinstance(refused, Refusal) else Refusal("it writes a property of another component")
    origins = (_origin(neuron, wire) for (wire,) in wires.values())
    if any(isinstance(origin, PoissonBackground) for origin in origins):
        return Refusal("random events arrive at it")
    return formula_of(part)


def _origin(neuron: Neuron, wire: PortMap) -> Module | None:
    """The component where a wire begins; None where it begins outside of the neuron."""
    return None if wire.origin == CALL else part_named(neuron, wire.origin)


def _takes(native: Native, port: str) -> bool:
    """Whether instructions work on the variables of the component that feeds this port."""
    return isinstance(native, Instructions) and port in native.takes_in_place


def _agree(native: Native, port: str, before: Way | None) -> bool:
    """Whether what feeds a port leaves there what the instructions take."""
    return _takes(native, port) == (isinstance(before, Instructions) and before.gives_in_place)


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


def refusal_of(neuron: Neuron, ways: dict[str, Way]) -> Refusal | None:
    """Why a neuron does not run as one program: the first of its components that does not."""
    for name, way in ways.items():
        if isinstance(way, Refusal):
            return Refusal(f"{name}: {way.reason}")
    for target in sorted({target for effects in neuron._effects.values() for target in effects.values()}):
        owner, _, written = target.partition(".")
        if written != "weights" or not isinstance(part_named(neuron, owner), PlasticProjection):
            return Refusal(f"an effect writes {target}")
    return None
