"""Runs a function as a formula in a native program, and as XLA compiles it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.kernels.formula.emit import Slot
from spark.kernels.formula.formula import formula
from spark.kernels.program import Program


def as_formula(function: Callable[..., Any], *arrays: Any, units: int | None = None) -> list[np.ndarray]:
    """What a function returns, computed by a formula; an array of another size than `units` is a few numbers."""
    given = [jnp.asarray(a) for a in arrays]
    closed = jax.make_jaxpr(lambda *a: jax.tree.leaves(function(*a)))(*given)
    size = units if units is not None else max(a.size for a in given)
    inputs = [Slot(a.shape, str(a.dtype), a.size == size) for a in given]
    outputs = [Slot(a.shape, str(a.dtype), a.size == size) for a in closed.out_avals]
    made = formula(closed, inputs, outputs, size)
    key, numbers = made.key(), np.array(made.numbers or (0.0,), np.float32)

    @jax.jit
    def run(*arguments: Any) -> Any:
        program = Program([])
        places = [program.argument(a) for a in (*arguments, numbers)]
        places += [program.result(slot.shape, slot.dtype) for slot in outputs]
        step = program.argument(np.zeros(2, np.uint32))
        program.formula(key, size, step, [(place, 1) for place in places])
        return program.run()[1]

    return [np.asarray(found) for found in run(*given)]


def by_xla(function: Callable[..., Any], *arrays: Any) -> list[np.ndarray]:
    """The same, compiled by XLA."""
    return [np.asarray(a) for a in jax.jit(lambda *a: jax.tree.leaves(function(*a)))(*(jnp.asarray(a) for a in arrays))]
