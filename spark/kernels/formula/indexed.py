"""What reads or changes elements by numbers that are computed: gathers and scatters, as `jax.lax` defines them."""

from collections.abc import Sequence

import jax.numpy as jnp
from jax.lax import GatherScatterMode

from spark.kernels.formula.arithmetic import OPERATIONS
from spark.kernels.formula.flat import Equation
from spark.kernels.formula.nest import Nest, strides, whole
from spark.kernels.formula.values import PLAIN, Numbers, Unsupported, constant
from spark.kernels.jaxprs import Typed

_CHANGES = {
    "scatter": "",
    "scatter-add": "add",
    "scatter_add": "add",
    "scatter-sub": "sub",
    "scatter_sub": "sub",
    "scatter-mul": "mul",
    "scatter_mul": "mul",
    "scatter-min": "min",
    "scatter_min": "min",
    "scatter-max": "max",
    "scatter_max": "max",
}


def _shape(atom: Typed) -> tuple[int, ...]:
    return tuple(int(n) for n in atom.aval.shape)


def _starts(
    nest: Nest,
    indices: Typed,
    batch: list[Numbers],
    axes: tuple[int, ...],
    joint: tuple[Sequence[int], Sequence[int]],
    rank: int,
) -> list[Numbers]:
    """Where a window begins along each axis of the operand.

    Args:
        nest: The loops.
        indices: Vectors of numbers, along its last axis.
        batch: Which vector.
        axes: The axis of the operand that each number of a vector is for.
        joint: Axes of the operand that go along with axes of the vectors, and those.
        rank: Axes of the operand.
    """
    steps = strides(_shape(indices))
    starts: list[Numbers] = [whole(0)] * rank
    for number, axis in enumerate(axes):
        starts[axis] = nest.index(indices, nest.offset([*batch, whole(number)], steps))
    for axis, along in zip(*joint, strict=True):
        starts[axis] = batch[along]
    return starts


def _placed(
    nest: Nest, starts: list[Numbers], shape: tuple[int, ...], window: list[int], mode: GatherScatterMode
) -> tuple[list[Numbers], Numbers | None]:
    """The starts brought into range, and whether they were, as far as the mode asks."""
    b, inside = nest.b, constant(True, "bool")
    if mode not in (GatherScatterMode.CLIP, GatherScatterMode.FILL_OR_DROP, GatherScatterMode.PROMISE_IN_BOUNDS):
        raise Unsupported(f"numbers out of range with mode {mode}")
    bounded = []
    for start, length, size in zip(starts, shape, window, strict=True):
        bounded.append(nest.bounded(start, length - size))
        inside = b.and_(inside, b.icmp_signed("==", bounded[-1], start))
    return bounded, None if mode == GatherScatterMode.CLIP else inside


def gather(nest: Nest, equation: Equation) -> None:
    """Windows of the operand; out of range brought into it, or filled, by the mode."""
    operand, indices = equation.invars
    numbers, sizes = equation.params["dimension_numbers"], [int(n) for n in equation.params["slice_sizes"]]
    shape, out, b = _shape(operand), _shape(equation.outvars[0]), nest.b
    hidden = {*numbers.collapsed_slice_dims, *numbers.operand_batching_dims}
    shown = [axis for axis in range(len(shape)) if axis not in hidden]
    joint = (numbers.operand_batching_dims, numbers.start_indices_batching_dims)
    mode = equation.params["mode"]
    steps, to_steps = strides(shape), strides(out)
    # Where a window reaches along an axis, its elements have the last axes of the result: a row of it is moved at once.
    fills = mode == GatherScatterMode.FILL_OR_DROP
    rows = 0 if fills else _last_within(len(out), numbers.offset_dims)
    with nest.over(out[: len(out) - rows]) as index:
        batch = [at for axis, at in enumerate(index) if axis not in numbers.offset_dims]
        starts = _starts(nest, indices, batch, numbers.start_index_map, joint, len(shape))
        starts, inside = _placed(nest, starts, shape, sizes, mode)
        along = dict(zip(numbers.offset_dims, shown, strict=True))
        for within, axis in along.items():
            if within < len(index):
                starts[axis] = b.add(starts[axis], index[within])
        at, to = nest.offset(starts, steps), nest.offset(index, to_steps[: len(index)])
        if inside is None or not fills:
            row = range(len(index), len(out))
            nest.move(operand, [out[n] for n in row], [steps[along[n]] for n in row], to_steps[len(index) :], at, to)
        else:
            nest.write(to, b.select(inside, nest.read(operand, at), _filling(equation)))


def _last_within(rank: int, offset_dims: Sequence[int]) -> int:
    """How many of the last axes of a result go along a window."""
    count = 0
    while rank - 1 - count in offset_dims:
        count += 1
    return count


def _filling(equation: Equation) -> Numbers:
    """What stands for elements out of range."""
    dtype, value = equation.outvars[0].aval.dtype, equation.params.get("fill_value")
    if value is None:
        if jnp.issubdtype(dtype, jnp.inexact):
            value = float("nan")
        elif dtype == jnp.bool_:
            value = True
        else:
            value = jnp.iinfo(dtype).min if jnp.issubdtype(dtype, jnp.signedinteger) else jnp.iinfo(dtype).max
    return constant(value, str(dtype))


def scatter(nest: Nest, equation: Equation) -> None:
    """A copy of the operand whose windows are changed, one update after the other; out of range nothing is."""
    operand, indices, updates = equation.invars
    numbers, name, b = equation.params["dimension_numbers"], _CHANGES[equation.primitive.name], nest.b
    shape, given = _shape(operand), _shape(updates)
    hidden = {*numbers.inserted_window_dims, *numbers.operand_batching_dims}
    shown = [axis for axis in range(len(shape)) if axis not in hidden]
    joint = (numbers.operand_batching_dims, numbers.scatter_indices_batching_dims)
    window = [1] * len(shape)
    for axis, within in zip(shown, numbers.update_window_dims, strict=True):
        window[axis] = given[within]
    nest.copy(operand)
    with nest.over(given) as index:
        batch = [at for axis, at in enumerate(index) if axis not in numbers.update_window_dims]
        starts = _starts(nest, indices, batch, numbers.scatter_dims_to_operand_dims, joint, len(shape))
        starts, inside = _placed(nest, starts, shape, window, equation.params["mode"])
        for axis, within in zip(shown, numbers.update_window_dims, strict=True):
            starts[axis] = b.add(starts[axis], index[within])
        place = nest.offset(starts, strides(shape))
        value, before = nest.read(updates, nest.offset(index, strides(given))), nest.written(place)
        after = OPERATIONS[name](b, [before, value], str(operand.aval.dtype), PLAIN) if name else value
        nest.write(place, after if inside is None else b.select(inside, after, before))


INDEXED = {"gather": gather, **dict.fromkeys(_CHANGES, scatter)}
