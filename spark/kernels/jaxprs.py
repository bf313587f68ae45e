"""What is to be known of code as JAX traces it."""

from collections.abc import Callable
from typing import Any

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


def is_literal(atom: Any) -> bool:
    """Whether it is a number that stands in the code."""
    return isinstance(atom, core.Literal)


def traced_apart(function: Callable[..., Any], *shapes: Any) -> Any:
    """The closed jaxpr of a function of arrays that are on no mesh, wherever it is asked for.

    Within `shard_map` JAX would also write down where each new array lies, and the code depend on who asks first.
    """
    with use_abstract_mesh(AbstractMesh((), ())):
        return jax.make_jaxpr(function)(*shapes)
