"""What a port carries: payload type, shape, dtype; and how a module class declares its ports."""

import inspect
import typing
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.errors import ModuleError, Problem
from spark.core.payloads import Payload


@dataclass(frozen=True)
class PortSpec:
    """What arrives at an input port, or leaves an output port.

    Attributes:
        payload_type: A subclass of `Payload`.
        shape: Shape of one step's array.
        dtype: NumPy name of the element type.
        source: The module at the other end of the wire, where a component must ask it something at
            build (a synapse asks the delays before it; a rule asks the synapses it changes).
        parts: Shapes that several wires bring, in their order; empty for one wire.
        signs: Sign of each element's spikes where that is known at build, int8 of `shape`, else None.
    """

    payload_type: type[Payload]
    shape: tuple[int, ...]
    dtype: str
    source: Any = field(default=None, compare=False, repr=False)
    signs: Any = field(default=None, compare=False, repr=False)
    parts: tuple[tuple[int, ...], ...] = field(default=(), compare=False, repr=False)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def zeros(self) -> np.ndarray:
        """An array of zeros of this shape and dtype."""
        return np.zeros(self.shape, jnp.dtype(self.dtype))

    @classmethod
    def of(cls, payload: Payload) -> "PortSpec":
        """The spec that this payload (or abstract payload) satisfies."""
        return cls(type(payload), tuple(payload.shape), str(payload.dtype))


@dataclass(frozen=True)
class Ports:
    """The ports that a module class declares by the annotations of its `__call__`.

    Attributes:
        inputs: Payload type of every required input, in order.
        optional: Payload type of inputs that have a default (None).
        outputs: Payload type of every output.
    """

    inputs: dict[str, type[Payload]]
    optional: dict[str, type[Payload]]
    outputs: dict[str, type[Payload]]

    def input_type(self, name: str) -> type[Payload] | None:
        """Payload type of an input port, required or optional."""
        return self.inputs.get(name) or self.optional.get(name)


def _payload_type(annotation: Any) -> type[Payload] | None:
    """The payload class in an annotation, `X` or `X | None`."""
    candidates = typing.get_args(annotation) or (annotation,)
    found = [c for c in candidates if isinstance(c, type) and issubclass(c, Payload)]
    return found[0] if len(found) == 1 else None


def declared_ports(cls: type) -> Ports:
    """Read the ports of a module class from the annotations of its `__call__`.

    Raises:
        ModuleError: An argument has no payload type, or the result is not a `TypedDict` of payloads.
    """
    call = cls.__dict__.get("__declared_call__") or cls.__call__
    call = getattr(call, "__wrapped__", call)
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
    inputs: dict[str, type[Payload]] = {}
    optional: dict[str, type[Payload]] = {}
    problems = []
    for name, parameter in list(inspect.signature(call).parameters.items())[1:]:
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        found = _payload_type(hints.get(name))
        if found is None:
            problems.append(
                Problem(
                    f"{cls.__name__}.__call__.{name}",
                    f"an input port needs a payload type, got {hints.get(name, 'no annotation')}",
                    f"Write `{name}: spark.FloatArray` (or another payload)",
                    "annotation",
                )
            )
        elif parameter.default is inspect.Parameter.empty:
            inputs[name] = found
        else:
            optional[name] = found
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
        found = _payload_type(annotation)
        if found is None:
            problems.append(
                Problem(
                    f"{cls.__name__}.__call__.{name}",
                    f"an output port needs a payload type, got {annotation}",
                    "Use a payload class such as spark.SpikeArray",
                    "annotation",
                )
            )
        else:
            outputs[name] = found
    if problems:
        raise ModuleError(problems)
    return Ports(inputs, optional, outputs)
