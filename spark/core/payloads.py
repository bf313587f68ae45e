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
    """Base of all payloads; not to be instantiated itself."""

    kinds: ClassVar[tuple[Any, ...]] = ()
    kind_name: ClassVar[str] = ""
    default_dtype: ClassVar[str] = "float32"
    unit: ClassVar[str] = ""
    needs_source: ClassVar[bool] = False
    value: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(self.value.shape)

    @property
    def dtype(self) -> jnp.dtype:
        """Type of the array's elements."""
        return jnp.dtype(self.value.dtype)

    @classmethod
    def abstract(cls, spec: Any) -> "Payload":
        """A payload of this type without values, for shape inference from a `PortSpec`."""
        return cls(jax.ShapeDtypeStruct(spec.shape, jnp.dtype(spec.dtype)))  # type: ignore[call-arg]

    @classmethod
    def accepts(cls, dtype: Any) -> bool:
        """Whether arrays of this dtype may travel in this payload."""
        return any(jnp.issubdtype(dtype, kind) for kind in cls.kinds)


@dataclass_transform(frozen_default=True)
def payload(cls: type[_Kind]) -> type[_Kind]:
    """Make a subclass of `Payload` a frozen dataclass and a pytree with the leaf `value`."""
    cls = dataclass(frozen=True)(cls)
    return jax.tree_util.register_dataclass(cls, data_fields=["value"], meta_fields=[])


@payload
class SpikeArray(Payload):
    """Signed spikes: 0 (silent), +1 (an excitatory unit fired), -1 (an inhibitory unit fired)."""

    value: Any
    kinds = (jnp.signedinteger, jnp.floating)
    kind_name = "signed integers or floats"
    default_dtype = "int8"


@payload
class CurrentArray(Payload):
    """Currents, pA."""

    value: Any
    kinds = (jnp.floating,)
    kind_name = "floats"
    unit = "pA"


@payload
class PotentialArray(Payload):
    """Potentials, mV."""

    value: Any
    kinds = (jnp.floating,)
    kind_name = "floats"
    unit = "mV"


@payload
class FloatArray(Payload):
    """Numbers without a fixed unit: observations, actions, traces, weights."""

    value: Any
    kinds = (jnp.floating,)
    kind_name = "floats"


@payload
class IntegerArray(Payload):
    """Whole numbers: counts, indices, labels."""

    value: Any
    kinds = (jnp.integer,)
    kind_name = "integers"
    default_dtype = "int32"


@payload
class BooleanMask(Payload):
    """True or false for each element."""

    value: Any
    kinds = (jnp.bool_,)
    kind_name = "booleans"
    default_dtype = "bool"
