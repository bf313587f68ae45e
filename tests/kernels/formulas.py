"""Runs a function as a formula in a native program, and as XLA compiles it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.kernels.formula.emit import Slot
from spark.kernels.formula.formula import formula
from spark.kernels.formula.staged import Staged, staged
from spark.kernels.place import Place
from spark.kernels.program import Program


def as_formula(function: Callable[..., Any], *arrays: Any, units: int | None = None) -> list[np.ndarray]:
    """What a function returns, computed by a formula; an array of another size than `units` is a few numbers."""
    given = [jnp.asarray(a) for a in arrays]
    closed = jax.make_jaxpr(lambda *a: jax.tree.leaves(function(*a)))(*given)
    size = units if units is not None else max(a.size for a in given)
    inputs = [Slot(a.shape, str(a.dtype), a.size == size) for a in given]
    outputs = [Slot(a.shape, str(a.dtype), a.size == size) for a in closed.out_avals]
    made = formula(closed, inputs, outputs, size)

    @jax.jit
    def run(*arguments: Any) -> Any:
        program = Program([])
        read = [(program.argument(a), 1) for a in arguments]
        write = [(program.result(slot.shape, slot.dtype), 1) for slot in outputs]
        program.formula(made, program.argument(np.zeros(2, np.uint32)), read, write)
        return program.run()[1]

    return [np.asarray(found) for found in run(*given)]


def emit(program: Program, stages: Staged, places: list[Place]) -> None:
    """The stages as instructions, for the arrays that they take and give."""
    step = program.argument(np.zeros(2, np.uint32))
    arrays = [*places, *(program.argument(c) for c in stages.constants)]
    arrays += [program.scratch(slot.shape, slot.dtype) for slot in stages.between]
    for stage in stages.stages:
        read, write = ([(arrays[n], 1) for n in numbered] for numbered in (stage.inputs, stage.outputs))
        program.formula(stage.formula, step, read, write)


def in_stages(function: Callable[..., Any], *arrays: Any) -> list[np.ndarray]:
    """What a function returns, computed in stages."""
    given = [jnp.asarray(a) for a in arrays]
    closed = jax.make_jaxpr(lambda *a: jax.tree.leaves(function(*a)))(*given)
    stages = staged(closed, (), {})

    @jax.jit
    def run(*arguments: Any) -> Any:
        program = Program([])
        places = [program.argument(a) for a in arguments]
        emit(program, stages, places + [program.result(o.shape, str(o.dtype)) for o in closed.out_avals])
        return program.run()[1]

    return [np.asarray(found) for found in run(*given)]


def in_place(function: Callable[..., Any], *arrays: Any) -> list[np.ndarray]:
    """What a function makes of its arguments, one result for each, written where the argument lies."""
    given = [jnp.asarray(a) for a in arrays]
    stages = staged(jax.make_jaxpr(function)(*given), (), {n: n for n in range(len(given))})

    @jax.jit
    def run(*arguments: Any) -> Any:
        program = Program(arguments)
        places = [program.state(n, 0, a.shape, str(a.dtype)) for n, a in enumerate(given)]
        emit(program, stages, places + places)
        return program.run()[0]

    return [np.asarray(found) for found in run(*given)]


def by_xla(function: Callable[..., Any], *arrays: Any) -> list[np.ndarray]:
    """The same, compiled by XLA."""
    return [np.asarray(a) for a in jax.jit(lambda *a: jax.tree.leaves(function(*a)))(*(jnp.asarray(a) for a in arrays))]
