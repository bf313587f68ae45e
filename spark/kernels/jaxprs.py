"""What is to be known of code as JAX traces it."""

from typing import Any

from jax.extend import core

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
