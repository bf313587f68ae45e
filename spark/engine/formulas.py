"""Modules as formulas: what an author wrote in `__call__`, traced, is compiled to loops over its arrays."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from spark.core.alike import Facts, key_of
from spark.core.counter import STEP, Counter
from spark.core.module import Module
from spark.core.payloads import Payload
from spark.core.ports import PortSpec
from spark.core.ring import Ring
from spark.core.tree import constants_of, variables_of
from spark.core.variable import Constant, RandomKey, Variable
from spark.engine.lowering import Lowering, RingInput, native_dtype
from spark.kernels import llvm, native
from spark.kernels.jaxprs import traced_apart
from spark.kernels.place import Place

if TYPE_CHECKING:
    from spark.kernels.formula.staged import Staged

# How a reason begins that nobody foresaw: the tests see that nothing of Spark's own has one.
UNFORESEEN = "it cannot be traced apart:"
# As many arrays as the native code takes.
_MOST_ARRAYS = 256

Leaf = TypeVar("Leaf", Variable, Constant)


@dataclass(frozen=True)
class Refusal:
    """Why a module is no formula."""

    reason: str


def identity(module: Module) -> object:
    """A key for what follows from a module alone, not from the values of its arrays."""
    return module if module._form is None else module._form


@dataclass(frozen=True)
class ModuleFormula:
    """The step of a module, or of several components of a neuron, as a formula.

    Attributes:
        stages: What is compiled: input ports, variables, constants and the step counter are what it takes; output
            ports, the variables that are written, and the rows that are taken are what it gives, in the order in which
            they stand here.
        results: Shape and dtype of each output port.
        ports: Input ports.
        variables: Paths within the module.
        constants: Paths within the module.
        outputs: Output ports.
        written: Paths of variables.
        rows: Input ports that take this step's row out of a ring, and leave zeros there.
        asks: Whether it takes, behind the step counter, whether the brain learns.
    """

    stages: "Staged"
    results: tuple[jax.ShapeDtypeStruct, ...]
    ports: tuple[str, ...]
    variables: tuple[str, ...]
    constants: tuple[str, ...]
    outputs: tuple[str, ...]
    written: tuple[str, ...]
    rows: tuple[str, ...] = ()
    asks: bool = False

    @property
    def is_one_loop(self) -> bool:
        """Whether each unit is computed alone, in one loop over them."""
        return len(self.stages.stages) == 1

    def emit(
        self,
        module: Module,
        lowering: Lowering,
        arriving: Mapping[str, Any],
        into: Mapping[str, tuple[Place, int]] = MappingProxyType({}),
    ) -> dict[str, Place]:
        """One instruction; returns where the outputs lie.

        Args:
            module: The module, or the neuron.
            lowering: The program.
            arriving: An `Arriving` for each port; for each row a `RingInput` of a ring alone.
            into: Where outputs shall lie, and of how many rows behind one another each is this step's; others lie in
                memory for the length of the call.
        """
        variables, constants, program = variables_of(module), constants_of(module), lowering.program
        step = lowering.entry(STEP)
        given = [arriving[port] for port in self.ports]
        rings = [(taken.ring.part(0, taken.ring.size // taken.slots), taken.slots) for taken in self._rings(arriving)]
        of_rings = dict(zip(self.rows, rings, strict=True))
        arrays = [of_rings.get(p) or (a.place, 1) for p, a in zip(self.ports, given, strict=True)]
        arrays += [_touched(lowering, variables[path]) for path in self.variables]
        arrays += [(lowering.constant(constants[path]), 1) for path in self.constants]
        arrays += [(Place(step.space, step.number, step.offset, (2,), "uint32"), 1)]
        if self.asks:
            learning = lowering.learning or program.argument(np.ones(1, np.int32))
            arrays += [(learning, 1)]
        given_out = zip(self.outputs, self.results, strict=True)
        made = {p: into.get(p) or (program.scratch(r.shape, str(r.dtype)), 1) for p, r in given_out}
        arrays += list(made.values())
        arrays += [_touched(lowering, variables[path]) for path in self.written]
        arrays += rings
        arrays += [(program.argument(constant), 1) for constant in self.stages.constants]
        arrays += [(program.scratch(slot.shape, slot.dtype), 1) for slot in self.stages.between]
        for stage in self.stages.stages:
            read, write = ([arrays[number] for number in numbered] for numbered in (stage.inputs, stage.outputs))
            program.formula(stage.formula, step, read, write)
        return {port: place for port, (place, _) in made.items()}

    def _rings(self, arriving: Mapping[str, Any]) -> list[RingInput]:
        return [arriving[port] for port in self.rows]


def _touched(lowering: Lowering, variable: Variable) -> tuple[Place, int]:
    """Where a variable lies, or the first row of a ring, and of how many rows behind one another one is this step's."""
    place = lowering.variable(variable)
    if not isinstance(variable, Ring):
        return place, 1
    rows = variable.shape[0]
    return place.part(0, place.size // rows), rows


@dataclass(frozen=True)
class Traceable:
    """What is traced: a function of payloads that reads and writes variables.

    Attributes:
        inputs: What arrives, by port.
        variables: By path.
        constants: By path.
        clock: Of the brain.
        run: One step, payloads by output port from payloads by input port.
        rows: Input ports that take a row out of a ring.
    """

    inputs: dict[str, PortSpec]
    variables: dict[str, Variable]
    constants: dict[str, Constant]
    clock: Any
    run: Callable[[dict[str, Payload]], dict[str, Payload]]
    rows: tuple[str, ...] = ()

    @classmethod
    def of(cls, module: Module) -> "Traceable":
        """A module's own step."""
        return cls(
            module._inputs, variables_of(module), constants_of(module), module._clock, lambda given: module(**given)
        )


class _Traced:
    """A step as a function of arrays; the last one is whether the brain learns, for a step that asks."""

    def __init__(self, of: Traceable, asks: bool = False) -> None:
        self.of, self.asks = of, asks
        self.ports = tuple(of.inputs)
        self.outputs: tuple[str, ...] = ()
        self.written: tuple[str, ...] = ()

    def arguments(self) -> list[jax.ShapeDtypeStruct]:
        """What the function takes, without values."""
        specs = self.of.inputs
        found = [jax.ShapeDtypeStruct(specs[port].shape, native_dtype(specs[port])) for port in self.ports]
        leaves = [*self.of.variables.values(), *self.of.constants.values()]
        shapes = [leaf.row_shape if isinstance(leaf, Ring) else leaf.shape for leaf in leaves]
        found += [jax.ShapeDtypeStruct(shape, leaf.dtype) for shape, leaf in zip(shapes, leaves, strict=True)]
        found.append(jax.ShapeDtypeStruct((2,), jnp.uint32))
        return [*found, jax.ShapeDtypeStruct((1,), jnp.int32)] if self.asks else found

    def words(self) -> set[int]:
        """Which arguments are keys, or the counter."""
        first = len(self.ports) + len(self.of.variables)
        keys = {first + n for n, leaf in enumerate(self.of.constants.values()) if isinstance(leaf, RandomKey)}
        last = first + len(self.of.constants)
        return {*keys, *range(last, last + 1 + self.asks)}

    def shared(self) -> dict[int, int]:
        """By the number of a result, that of the argument in whose memory it lies; once it is traced."""
        of, first = list(self.of.variables), len(self.outputs)
        found = {first + n: len(self.ports) + of.index(path) for n, path in enumerate(self.written)}
        first += len(self.written)
        return found | {first + n: self.ports.index(port) for n, port in enumerate(self.of.rows)}

    def __call__(self, *arrays: jax.Array) -> list[jax.Array]:
        """One step: results of the output ports, new values of the variables that are written, zeros for rows."""
        learns: Any = True
        if self.asks:
            arrays, learns = arrays[:-1], arrays[-1][0] != 0
        ports, rest = arrays[: len(self.ports)], arrays[len(self.ports) : -1]
        specs, words, variables = self.of.inputs, arrays[-1], self.of.variables
        given: dict[str, Payload] = {}
        for port, array in zip(self.ports, ports, strict=True):
            kind: Any = specs[port].payload_type
            given[port] = kind(array.astype(specs[port].dtype))
        leaves = [*variables.values(), *self.of.constants.values()]
        with _standing_in(leaves, rest, self.of.clock, Counter(words[0], words[1]), learns):
            outputs = self.of.run(given)
            self.outputs = tuple(outputs)
            self.written = tuple(path for path, variable in variables.items() if variable._written)
            written = [variables[path] for path in self.written]
            results = [jnp.asarray(outputs[port].kept) for port in self.outputs]
            results += [v.here if isinstance(v, Ring) else _whole(v) for v in written]
            return results + [jnp.zeros(specs[port].shape, jnp.float32) for port in self.of.rows]


def _whole(variable: Variable) -> jax.Array:
    return jnp.asarray(variable.value).astype(variable.dtype).reshape(variable.shape)


@contextmanager
def _standing_in(
    leaves: list[Variable | Constant], arrays: Sequence[jax.Array], clock: Any, step: Counter, learns: jax.Array | bool
) -> Iterator[None]:
    """Let variables and constants hold these arrays, and the clock this step; then what they held before."""
    before = [(leaf, leaf._value, leaf._written if isinstance(leaf, Variable) else None) for leaf in leaves]
    counted, learned = clock.step, clock.learns
    try:
        clock.step, clock.learns = step, learns
        for leaf, array in zip(leaves, arrays, strict=True):
            if isinstance(leaf, Ring):
                leaf.here, leaf.now = array, step
            else:
                leaf._value = array
            if isinstance(leaf, Variable):
                leaf._written = False
        yield
    finally:
        clock.step, clock.learns = counted, learned
        for leaf, value, written in before:
            leaf._value = value
            if isinstance(leaf, Ring):
                leaf.here = leaf.now = None
            if isinstance(leaf, Variable) and written is not None:
                leaf._written = written


# The text of a formula takes some tens of kilobytes.
_known: Facts[ModuleFormula | Refusal] = Facts(most=300)


def formula_of(module: Module) -> ModuleFormula | Refusal:
    """A part of a merged view as a formula, or why it is none; of parts that are alike only the first is traced."""
    return formula_like(module, (), lambda: Traceable.of(module))


def formula_like(module: Module, about: tuple[object, ...], of: Callable[[], Traceable]) -> ModuleFormula | Refusal:
    """What follows from a module and from what is said `about` it, as a formula, or why it is none.

    Args:
        module: A part of a merged view.
        about: What else decides what is traced, by value.
        of: What is traced where no module like this one was before.
    """
    key = key_of(module, module._inputs)
    # Where native code can be had, what is traced holds calls of it.
    key = key and (key, about, native.available(), llvm.why_not())
    return _known.of(key, lambda: traced_formula(of()), _is_foreseen)


def _is_foreseen(formula: ModuleFormula | Refusal) -> bool:
    """Whether it will be so again: an error that nobody foresaw may come from a full memory or a deep stack."""
    return isinstance(formula, ModuleFormula) or not formula.reason.startswith(UNFORESEEN)


def traced_formula(of: Traceable) -> ModuleFormula | Refusal:
    """A step as a formula, or why it is none."""
    refused = llvm.why_not()
    if refused:
        return Refusal(refused)
    sources = [port for port, spec in of.inputs.items() if spec.payload_type.needs_source]
    if sources:
        return Refusal(f"`{sources[0]}` brings more than an array")
    from spark.kernels.formula.values import Unsupported

    traced = _Traced(of)
    try:
        of.clock.asked = False
        closed = traced_apart(traced, *traced.arguments())
        if of.clock.asked:
            traced = _Traced(of, asks=True)
            closed = traced_apart(traced, *traced.arguments())
        if closed.effects:
            return Refusal(f"it has an effect: {next(iter(closed.effects))}")
        return _first_that_fits(traced, closed)
    except Unsupported as error:
        return Refusal(str(error))
    except Exception as error:
        # What an author's step raises it raises again where it runs, with its place in the user's code.
        return Refusal(f"{UNFORESEEN} {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")


def _first_that_fits(traced: _Traced, closed: core.ClosedJaxpr) -> ModuleFormula:
    """As one loop over as many units as the largest array of the module has, or over a smaller one, or over a few
    numbers; else in stages.
    """
    from spark.kernels.formula.emit import Slot
    from spark.kernels.formula.formula import formula
    from spark.kernels.formula.staged import Stage, Staged, staged
    from spark.kernels.formula.values import Unsupported

    arguments, results = traced.arguments(), closed.out_avals
    if len(arguments) + len(results) > _MOST_ARRAYS:
        raise Unsupported(f"{len(arguments) + len(results)} arrays; at most {_MOST_ARRAYS} can be taken")
    names = (traced.ports, tuple(traced.of.variables), tuple(traced.of.constants), traced.outputs, traced.written)
    given = tuple(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in results[: len(traced.outputs)])
    about = (traced.of.rows, traced.asks)
    sizes = {int(np.prod(a.shape)) for a in results} | {1}
    for units in sorted(sizes, reverse=True):

        def slots(arrays: Iterable[jax.ShapeDtypeStruct], units: int = units) -> list[Slot]:
            return [Slot(tuple(a.shape), str(a.dtype), units > 1 and int(np.prod(a.shape)) == units) for a in arrays]

        # Keys and the step counter are two words, however many units there are.
        inputs, few = slots(arguments), traced.words()
        inputs = [Slot(s.shape, s.dtype, s.each and n not in few) for n, s in enumerate(inputs)]
        try:
            made = formula(closed, inputs, slots(results), units)
        except Unsupported:
            continue
        first = len(arguments)
        stage = Stage(made, tuple(range(first)), tuple(range(first, first + len(results))))
        return ModuleFormula(Staged((stage,)), given, *names, *about)
    return ModuleFormula(staged(closed, traced.words(), traced.shared()), given, *names, *about)
