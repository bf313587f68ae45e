"""Compiled functions that forget what they were compiled for, once enough of it is gone."""

from typing import Any

# Structures whose modules are all gone, until what was compiled for them is forgotten; what lives compiles once more.
GONE = 16

_functions: list[Any] = []


def forgetful(function: Any) -> Any:
    """Note a function from `jax.jit`, whose cache would keep every structure that it ever met; returns it."""
    _functions.append(function)
    return function


def forget() -> None:
    """Empty the caches of all noted functions."""
    for function in _functions:
        function.clear_cache()
