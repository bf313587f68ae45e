"""What is to be known of code as JAX traces it."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeGuard

import jax
from jax.extend import core
from jax.sharding import AbstractMesh, use_abstract_mesh

# Primitives that only stand for a jaxpr of their own, by the parameter that holds it.
CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
    "checkpoint": "jaxpr",
    "remat2": "jaxpr",
}


class Typed(Protocol):
    """What an equation reads or makes."""

    @property
    def aval(self) -> Any:
        """Its shape and dtype."""
        ...


class Written(Typed, Protocol):
    """A number that stands in the code."""

    @property
    def val(self) -> Any:
        """The number."""
        ...


class Named(Protocol):
    """What an equation applies."""

    @property
    def name(self) -> str:
        """Of the primitive."""
        ...


class Applied(Protocol):
    """An equation, of JAX or of a flat jaxpr."""

    @property
    def primitive(self) -> Named:
        """What it applies."""
        ...

    @property
    def invars(self) -> Sequence[Typed]:
        """To what."""
        ...

    @property
    def outvars(self) -> Sequence[Typed]:
        """What it makes."""
        ...

    @property
    def params(self) -> dict[str, Any]:
        """What else it says, by the names of JAX."""
        ...


class Code(Protocol):
    """A jaxpr, of JAX or flat."""

    @property
    def invars(self) -> Sequence[Typed]:
        """What it takes."""
        ...

    @property
    def constvars(self) -> Sequence[Typed]:
        """What stands for the arrays that were written into it."""
        ...

    @property
    def outvars(self) -> Sequence[Typed]:
        """What it gives."""
        ...

    @property
    def eqns(self) -> Sequence[Applied]:
        """What it computes, in order."""
        ...


def is_literal(atom: object) -> TypeGuard[core.Literal]:
    """Whether it is a number that stands in the code."""
    return isinstance(atom, core.Literal)


def traced_apart(function: Callable[..., object], *shapes: object) -> core.ClosedJaxpr:
    """The closed jaxpr of a function of arrays that are on no mesh, wherever it is asked for.

    Within `shard_map` JAX would also write down where each new array lies, and the code depend on who asks first.
    """
    with use_abstract_mesh(AbstractMesh((), ())):
        return jax.make_jaxpr(function)(*shapes)
