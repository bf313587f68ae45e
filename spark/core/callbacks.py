"""Whether a traced function calls back to Python, where anything may be raised in the middle of a step."""

from collections.abc import Iterator
from typing import Any

from jax.extend.core import ClosedJaxpr, Jaxpr

_CALLBACKS = {"pure_callback", "io_callback", "debug_callback", "debug_print"}


def calls_back(jaxpr: Jaxpr) -> bool:
    """Whether it does so anywhere, inside of loops and branches too."""
    return any(
        equation.primitive.name in _CALLBACKS or any(calls_back(inner) for inner in inner_code(equation.params))
        for equation in jaxpr.eqns
    )


def inner_code(params: dict[str, Any]) -> Iterator[Jaxpr]:
    """The code that an equation with these parameters runs: of loops, branches and functions."""
    for value in params.values():
        for found in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(found, (ClosedJaxpr, Jaxpr)):
                yield found.jaxpr if isinstance(found, ClosedJaxpr) else found
