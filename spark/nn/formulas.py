"""Modules as formulas: what an author wrote in `__call__`, traced, is compiled to one loop over the units."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.counter import STEP, Counter
from spark.core.payloads import Payload
from spark.core.tree import constants_of, variables_of
from spark.core.variable import RandomKey
from spark.kernels import llvm
from spark.kernels.program import Place
from spark.nn.lowering import Arriving, Lowering, native_dtype

# How a reason begins that nobody foresaw: the tests see that nothing of Spark's own has one.
UNFORESEEN = "it cannot be traced apart:"
# As many arrays as the native code takes.
_MOST_ARRAYS = 256


@dataclass(frozen=True)
class Refusal:
    """Why a module is no formula."""

    reason: str


@dataclass(frozen=True)
class ModuleFormula:
    """A module's step as a formula.

    Attributes:
        formula: What is compiled: input ports, variables, constants and the step counter are its inputs; output ports
            and the variables that the module writes are its outputs, in the order in which they stand here.
        ports: Input ports.
        variables: Paths within the module.
        constants: Paths within the module.
        outputs: Output ports.
        written: Paths of variables.
    """

    formula: Any
    ports: tuple[str, ...]
    variables: tuple[str, ...]
    constants: tuple[str, ...]
    outputs: tuple[str, ...]
    written: tuple[str, ...]

    def emit(self, module: Any, lowering: Lowering, arriving: dict[str, Arriving]) -> dict[str, Place]:
        """One instruction; returns where the outputs lie."""
        variables, constants = variables_of(module), constants_of(module)
        step = lowering.entry(STEP)
        inputs = [arriving[port].place for port in self.ports]
        inputs += [lowering.variable(variables[path]) for path in self.variables]
        inputs += [lowering.constant(constants[path]) for path in self.constants]
        inputs.append(Place(step.space, step.number, step.offset, (2,), "uint32"))
        inputs.append(lowering.program.argument(np.array(self.formula.numbers or (0.0,), np.float32)))
        slots = self.formula.outputs[: len(self.outputs)]
        made = {p: lowering.program.scratch(s.shape, s.dtype) for p, s in zip(self.outputs, slots, strict=True)}
        outputs = [*made.values(), *(lowering.variable(variables[path]) for path in self.written)]
        lowering.program.formula(self.formula.key(), self.formula.units, [*inputs, *outputs])
        return made


class _Traced:
    """A module's step as a function of arrays."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.variables, self.constants = variables_of(module), constants_of(module)
        self.ports = tuple(module._inputs)
        self.outputs: tuple[str, ...] = ()
        self.written: tuple[str, ...] = ()

    def arguments(self) -> list[jax.ShapeDtypeStruct]:
        """What the function takes, without values."""
        specs = self.module._inputs
        found = [jax.ShapeDtypeStruct(specs[port].shape, native_dtype(specs[port])) for port in self.ports]
        leaves = [*self.variables.values(), *self.constants.values()]
        found += [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves]
        return [*found, jax.ShapeDtypeStruct((2,), jnp.uint32)]

    def words(self) -> set[int]:
        """Which arguments are keys, or the counter."""
        first = len(self.ports) + len(self.variables)
        keys = {first + n for n, leaf in enumerate(self.constants.values()) if isinstance(leaf, RandomKey)}
        return {*keys, first + len(self.constants)}

    def __call__(self, *arrays: Any) -> list[Any]:
        """One step: results of the output ports, then new values of the variables that are written."""
        ports, rest = arrays[: len(self.ports)], arrays[len(self.ports) : -1]
        specs, words = self.module._inputs, arrays[-1]
        given = {
            port: specs[port].payload_type(array.astype(specs[port].dtype))
            for port, array in zip(self.ports, ports, strict=True)
        }
        leaves = [*self.variables.values(), *self.constants.values()]
        with _standing_in(leaves, rest, self.module._clock, Counter(words[0], words[1])):
            outputs: dict[str, Payload] = self.module(**given)
            self.outputs = tuple(outputs)
            self.written = tuple(path for path, variable in self.variables.items() if variable._written)
            written = [self.variables[path] for path in self.written]
            results = [jnp.asarray(outputs[port].kept) for port in self.outputs]
            return results + [jnp.asarray(v.value).astype(v.dtype).reshape(v.shape) for v in written]


@contextmanager
def _standing_in(leaves: list[Any], arrays: Any, clock: Any, step: Any) -> Iterator[None]:
    """Let variables and constants hold these arrays, and the counter this step; then what they held before."""
    before = [(leaf, leaf._value, vars(leaf).get("_written")) for leaf in leaves]
    counted = clock.step
    try:
        clock.step = step
        for leaf, array in zip(leaves, arrays, strict=True):
            leaf._value = array
            if "_written" in vars(leaf):
                leaf._written = False
        yield
    finally:
        clock.step = counted
        for leaf, value, written in before:
            leaf._value = value
            if written is not None:
                leaf._written = written


def formula_of(module: Any) -> ModuleFormula | Refusal:
    """A part of a merged view as a formula, or why it is none."""
    refused = llvm.why_not()
    if refused:
        return Refusal(refused)
    sources = [port for port, spec in module._inputs.items() if spec.payload_type.needs_source]
    if sources:
        return Refusal(f"`{sources[0]}` brings more than an array")
    from spark.kernels.formula.values import Unsupported

    traced = _Traced(module)
    try:
        closed = jax.make_jaxpr(traced)(*traced.arguments())
        if closed.effects:
            return Refusal(f"it has an effect: {next(iter(closed.effects))}")
        return _first_that_fits(traced, closed)
    except Unsupported as error:
        return Refusal(str(error))
    except Exception as error:
        # What an author's step raises it raises again where it runs, with its place in the user's code.
        return Refusal(f"{UNFORESEEN} {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")


def _first_that_fits(traced: _Traced, closed: Any) -> ModuleFormula:
    """With as many units as the largest array of the module has, or a smaller one, or all arrays as a few numbers."""
    from spark.kernels.formula.emit import Slot
    from spark.kernels.formula.formula import formula
    from spark.kernels.formula.values import Unsupported

    arguments, results = traced.arguments(), closed.out_avals
    if len(arguments) + len(results) > _MOST_ARRAYS:
        raise Unsupported(f"{len(arguments) + len(results)} arrays; at most {_MOST_ARRAYS} can be taken")
    sizes = {int(np.prod(a.shape)) for a in results} | {1}
    first: Unsupported | None = None
    for units in sorted(sizes, reverse=True):

        def slots(arrays: Any, units: int = units) -> list[Slot]:
            return [Slot(tuple(a.shape), str(a.dtype), units > 1 and int(np.prod(a.shape)) == units) for a in arrays]

        # Keys and the step counter are two words, however many units there are.
        inputs, few = slots(arguments), traced.words()
        inputs = [Slot(s.shape, s.dtype, s.each and n not in few) for n, s in enumerate(inputs)]
        try:
            made = formula(closed, inputs, slots(results), units)
        except Unsupported as error:
            first = first or error
            continue
        names = (traced.ports, tuple(traced.variables), tuple(traced.constants), traced.outputs, traced.written)
        return ModuleFormula(made, *names)
    assert first is not None
    raise first
