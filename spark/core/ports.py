"""What a port carries: payload type, shape, dtype; and how a module class declares its ports."""

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.arguments import check_fields
from spark.core.errors import ModuleError, Problem
from spark.core.payloads import Payload

_Trait = TypeVar("_Trait")


@dataclass(frozen=True)
class Decays:
    """A trait: what leaves a port decays exponentially within the step, with the time constant `tau` in ms."""

    tau: float


@dataclass(frozen=True)
class Reverses:
    """A trait: the current of a conductance is zero at this `potential`, mV, one number or one for each unit."""

    potential: Any


@dataclass(frozen=True)
class MeasuredFrom:
    """A trait: potentials are measured from `potential`, mV, one number or one for each unit; without it from 0."""

    potential: Any


@dataclass(frozen=True, eq=False)
class Couples:
    """A trait: what arrives is the sum of conductance times potential over the gap junctions of each unit.

    Attributes:
        conductance: All of its conductances, nS, one number or one for each unit.
        at_rest: Their sum times what the other potentials are measured from, pA.
    """

    conductance: Any
    at_rest: Any


@dataclass(frozen=True, eq=False)
class Begins:
    """A trait: what stands at a port before the first step; without it zeros."""

    value: Any


@dataclass(frozen=True)
class PortSpec:
    """What arrives at an input port, or leaves an output port.

    Attributes:
        payload_type: A subclass of `Payload`.
        shape: Shape of one step's array.
        dtype: NumPy name of the element type.
        source: The module at the other end of the wire, where a component must ask it something at
            build (a synapse asks the delays before it; a rule asks the synapses it changes).
        parts: What each of several wires brings, in their order; empty for one wire.
        signs: Sign of each element's spikes where that is known at build, int8 of `shape`, else None.
        late: Steps that passed since what arrives was sent: 1 over a wire between two modules of a brain, 0 for the
            brain's own inputs and between components of a neuron. Delays count from when a spike was sent.
        traits: What is known of it beyond an array, such as `Decays`; its producer says so in `describe_outputs`.
        wire: The wire that brings it, where the wire has settings of its own, as a projection has.
    """

    payload_type: type[Payload]
    shape: tuple[int, ...]
    dtype: str
    source: Any = field(default=None, compare=False, repr=False)
    signs: Any = field(default=None, compare=False, repr=False)
    parts: "tuple[PortSpec, ...]" = field(default=(), compare=False, repr=False)
    late: int = field(default=0, compare=False, repr=False)
    traits: tuple[Any, ...] = field(default=(), compare=False, repr=False)
    wire: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        check_fields(self, ModuleError)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def wires(self) -> "tuple[PortSpec, ...]":
        """What each wire brings; for one wire this itself."""
        return self.parts or (self,)

    @property
    def lateness(self) -> np.ndarray:
        """Steps since each element was sent, int64 of `shape`."""
        return np.concatenate([np.full(w.size, w.late) for w in self.wires]).reshape(self.shape)

    def trait(self, kind: type[_Trait]) -> _Trait | None:
        """The trait of this class, `kind`, if it is known."""
        return next((t for t in self.traits if isinstance(t, kind)), None)

    def zeros(self) -> np.ndarray:
        """An array of zeros of this shape and dtype."""
        return np.zeros(self.shape, jnp.dtype(self.dtype))

    @classmethod
    def of(cls, payload: Payload) -> "PortSpec":
        """The spec that `payload`, with values or abstract, satisfies."""
        return cls(type(payload), tuple(payload.shape), str(payload.dtype))


@dataclass(frozen=True)
class Ports:
    """The ports that a module class declares by the annotations of its `__call__`.

    Attributes:
        inputs: Payload type of every required input, in order.
        optional: Payload type of inputs that have a default (None).
        outputs: Payload type of every output.
        any_of: Optional inputs of which at least one is needed.
        projected: Inputs into which a wire is a projection, and may have the settings of one.
    """

    inputs: dict[str, type[Payload]]
    optional: dict[str, type[Payload]]
    outputs: dict[str, type[Payload]]
    any_of: tuple[str, ...] = ()
    projected: tuple[str, ...] = ()

    def input_type(self, name: str) -> type[Payload] | None:
        """Payload type of an input port, required or optional."""
        return self.inputs.get(name) or self.optional.get(name)


def _payload_type(annotation: Any) -> type[Payload] | None:
    """The payload class in an annotation, `X` or `X | None`."""
    candidates = typing.get_args(annotation) or (annotation,)
    found = [c for c in candidates if isinstance(c, type) and issubclass(c, Payload)]
    return found[0] if len(found) == 1 else None


def _unfit(kind: type[Payload]) -> str | None:
    """Why nothing can travel in payloads of this class, if so."""
    if kind is Payload:
        return "is the base of payloads, which says nothing of the numbers"
    if not kind.kinds:
        return f"has the payload {kind.__name__}, whose class does not say in `kinds` which numbers it holds"
    made = object.__new__(kind)
    try:
        # What JAX does not know it takes for a leaf, and never asks what it holds.
        unknown = jax.tree_util.all_leaves([made])
    except AttributeError:
        unknown = False
    return f"has the payload {kind.__name__}, of whose array JAX knows nothing" if unknown else None


def _port(address: str, side: str, annotation: object) -> type[Payload] | Problem:
    """The payload type of a port, or what is wrong with it."""
    found = _payload_type(annotation)
    if found is None:
        got = "no annotation" if annotation is None else annotation
        fix = (
            f"Write `{address.rpartition('.')[2]}: spark.FloatArray` (or another payload)"
            if side == "input"
            else "Use a payload class such as spark.SpikeArray"
        )
        return Problem(address, f"an {side} port needs a payload type, got {got}", fix, "annotation")
    why = _unfit(found)
    fix = (
        "Take one of Spark's, such as spark.FloatArray; or write `@spark.core.payloads.payload` above your own "
        "class, and in it `value: Any`, `kinds = (jnp.floating,)` and `kind_name = 'floats'`"
    )
    return found if why is None else Problem(address, f"an {side} port {why}", fix, "annotation")


def _declared_inputs(
    owner: str, call: Callable[..., object], hints: dict[str, object]
) -> tuple[dict[str, type[Payload]], dict[str, type[Payload]], list[Problem]]:
    """Required and optional inputs, and what is wrong with the arguments."""
    inputs: dict[str, type[Payload]] = {}
    optional: dict[str, type[Payload]] = {}
    problems: list[Problem] = []
    parameters = list(inspect.signature(call).parameters.items())
    if not parameters or _payload_type(hints.get(parameters[0][0])) is not None:
        text = "does not take the module itself as its first argument"
        fix = "Write `def __call__(self, port: spark.FloatArray)`"
        problems.append(Problem(f"{owner}.__call__", text, fix, "annotation"))
    for name, parameter in parameters[1:]:
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        address = f"{owner}.__call__.{name}"
        found = _port(address, "input", hints.get(name))
        if isinstance(found, Problem):
            problems.append(found)
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            text = "is taken by its place, and inputs are given by name"
            problems.append(Problem(address, text, "Leave out the `/`", "annotation"))
        elif parameter.default not in (None, inspect.Parameter.empty):
            text = f"is an optional port, which stands for nothing where it is not wired, got {parameter.default!r:.60}"
            problems.append(Problem(address, text, "Write `= None`", "annotation"))
        elif parameter.default is inspect.Parameter.empty:
            inputs[name] = found
        else:
            optional[name] = found
    return inputs, optional, problems


def declared_ports(cls: Any) -> Ports:
    """Read the ports of a module class from the annotations of its `__call__`.

    Raises:
        ModuleError: An argument has no payload type, is not given by name or has a default other than None, the
            result is not a `TypedDict` of payloads, or a payload is of a class that holds no array.
    """
    call = inspect.unwrap(cls.__call__)
    try:
        hints = typing.get_type_hints(call)
    except NameError as error:
        raise ModuleError(
            Problem(
                f"{cls.__name__}.__call__",
                f"an annotation cannot be read, got {error}",
                "Annotate with classes that are importable in the module's file",
            )
        ) from error
    inputs, optional, problems = _declared_inputs(cls.__name__, call, hints)
    outputs: dict[str, type[Payload]] = {}
    result = hints.get("return")
    fields = typing.get_type_hints(result) if typing.is_typeddict(result) else None
    if fields is None and result is not dict and typing.get_origin(result) is not dict:
        problems.append(
            Problem(
                f"{cls.__name__}.__call__",
                f"outputs must be declared, got the result type {result}",
                "Declare a `typing.TypedDict` with one payload type for each output port",
                "annotation",
            )
        )
    for name, annotation in (fields or {}).items():
        found = _port(f"{cls.__name__}.__call__.{name}", "output", annotation)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            outputs[name] = found
    if problems:
        raise ModuleError(problems)
    return Ports(inputs, optional, outputs, cls.any_of)
