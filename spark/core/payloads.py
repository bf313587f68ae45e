"""Payloads: the typed arrays that travel on ports.

A payload is a pytree with one leaf, `value`, so it passes through `jax.jit`, `vmap` and `scan`. Its
constructor checks nothing (it also runs on tracers, in every call); ports check, once, at build and at
the border of a call.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, dataclass_transform

import jax
import jax.numpy as jnp

_Kind = TypeVar("_Kind")


class Payload:
    """Base of all payloads, each of which holds an array of some shape, `value`; not to be instantiated itself."""

    kinds: ClassVar[tuple[Any, ...]] = ()
    kind_name: ClassVar[str] = ""
    default_dtype: ClassVar[str] = "float32"
    unit: ClassVar[str] = ""
    needs_source: ClassVar[bool] = False
    value: Any

    def __init__(self, value: Any) -> None:
        """Hold an array; the subclasses are dataclasses, which do it themselves."""
        raise TypeError(f"{type(self).__name__} is no kind of payload: use a subclass of it.")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one step's array."""
        return tuple(self.value.shape)

    @property
    def dtype(self) -> jnp.dtype:
        """Type of the array's elements."""
        return jnp.dtype(self.value.dtype)

    @property
    def kept(self) -> Any:
        """The array that a wire keeps from one step to the next."""
        return self.value

    @classmethod
    def from_kept(cls, kept: Any, spec: Any) -> "Payload":
        """The payload of `kept`; `spec` says what sends it."""
        return cls(kept)

    @classmethod
    def abstract(cls, spec: Any) -> "Payload":
        """A payload without values, for shape inference, of the shape and dtype of a `PortSpec`, `spec`."""
        return cls(jax.ShapeDtypeStruct(spec.shape, jnp.dtype(spec.dtype)))

    @classmethod
    def accepts(cls, dtype: Any) -> bool:
        """Whether arrays of this `dtype` may travel in this payload."""
        return any(jnp.issubdtype(dtype, kind) for kind in cls.kinds)


@dataclass_transform(frozen_default=True)
def payload(cls: type[_Kind]) -> type[_Kind]:
    """Make a subclass of `Payload` a frozen dataclass and a pytree with the leaf `value`."""
    cls = dataclass(frozen=True)(cls)
    return jax.tree_util.register_dataclass(cls, data_fields=["value"], meta_fields=[])


@payload
class SpikeArray(Payload):
    """Signed spikes: 0 (silent), +1 (an excitatory unit fired), -1 (an inhibitory unit fired).

    `value` is int8, of any shape.

    Other numbers are refused where they can be seen: in NumPy arrays always, in arrays of JAX by a run and by the call
    that builds. Where they cannot, in later calls and in functions that JAX traces, every module reads their signs: a 2
    is one spike of an excitatory unit, -0.5 one of an inhibitory unit, and NaN is silence.
    """

    value: Any
    kinds = (jnp.signedinteger, jnp.floating)
    kind_name = "signed integers or floats"
    default_dtype = "int8"


def spike_signs(value: Any) -> Any:
    """Spikes as -1, 0 and 1, in their own dtype: of any other number the sign counts, and NaN is silence. Of truth
    values, int8.

    Numbers that are spikes already pass as they are, and so do their gradients.
    """
    if value.dtype == bool:
        return value.astype(jnp.int8)
    if jnp.issubdtype(value.dtype, jnp.integer):
        return jnp.sign(value)
    spikes = (value == 0) | (value == 1) | (value == -1)
    signs = (value > 0).astype(value.dtype) - (value < 0).astype(value.dtype)
    return jnp.where(spikes, value, signs)


def with_signs(payloads: Any) -> Any:
    """The same payloads by name, in which spikes are -1, 0 or 1, so that a spike means the same to all who read it."""
    if not isinstance(payloads, dict):
        return payloads
    return {
        name: type(found)(spike_signs(found.value))
        if isinstance(found, SpikeArray) and not found.needs_source
        else found
        for name, found in payloads.items()
    }


@payload
class CurrentArray(Payload):
    """Currents, `value`, pA: float32 of any shape."""

    value: Any
    kinds = (jnp.floating,)
    kind_name = "floats"
    unit = "pA"


@payload
class ConductanceArray(Payload):
    """Conductances, `value`, nS, at least 0: float32 of any shape."""

    value: Any
    kinds = (jnp.floating,)
    kind_name = "floats"
    unit = "nS"


@payload
class PotentialArray(Payload):
    """Potentials, `value`, mV: float32 of any shape."""

    value: Any
    kinds = (jnp.floating,)
    kind_name = "floats"
    unit = "mV"


@payload
class FloatArray(Payload):
    """Numbers without a fixed unit, `value`, float32 of any shape: observations, actions, traces, weights."""

    value: Any
    kinds = (jnp.floating,)
    kind_name = "floats"


@payload
class IntegerArray(Payload):
    """Whole numbers, `value`, int32 of any shape: counts, indices, labels."""

    value: Any
    kinds = (jnp.integer,)
    kind_name = "integers"
    default_dtype = "int32"


@payload
class BooleanMask(Payload):
    """True or false for each element, `value`, bool of any shape."""

    value: Any
    kinds = (jnp.bool_,)
    kind_name = "booleans"
    default_dtype = "bool"
