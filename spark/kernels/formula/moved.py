"""What moves numbers to other places: broadcasts, transpositions, slices, arrays behind each other."""

import numpy as np

from spark.kernels.formula.flat import Equation
from spark.kernels.formula.nest import Nest, strides, whole
from spark.kernels.formula.values import Unsupported
from spark.kernels.jaxprs import Typed


def _shape(atom: Typed) -> tuple[int, ...]:
    return tuple(int(n) for n in atom.aval.shape)


def _gather_from(nest: Nest, steps: list[int], first: int = 0) -> None:
    """The result, element by element from the only operand: `steps` there for a step along each axis of the result."""
    (source,), (out,) = nest.equation.invars, nest.equation.outvars
    nest.move(source, _shape(out), steps, strides(_shape(out)), first)


def broadcast(nest: Nest, equation: Equation) -> None:
    """Axes of the operand go to those named; along the others everything is the same."""
    steps = [0] * len(_shape(equation.outvars[0]))
    for step, to in zip(strides(_shape(equation.invars[0])), equation.params["broadcast_dimensions"], strict=True):
        steps[to] = step
    _gather_from(nest, steps)


def tile(nest: Nest, equation: Equation) -> None:
    """The whole array several times along each axis."""
    (operand,), out = equation.invars, _shape(equation.outvars[0])
    shape, repeats = _shape(operand), equation.params["reps"]
    lengths = [n for pair in zip(repeats, shape, strict=True) for n in pair]
    steps = [step for inner in strides(shape) for step in (0, inner)]
    to_steps = [step for length, step in zip(shape, strides(out), strict=True) for step in (length * step, step)]
    nest.move(operand, lengths, steps, to_steps)


def transpose(nest: Nest, equation: Equation) -> None:
    """Axes in another order."""
    steps = strides(_shape(equation.invars[0]))
    _gather_from(nest, [steps[axis] for axis in equation.params["permutation"]])


def cut(nest: Nest, equation: Equation) -> None:
    """Every so many elements of a range along each axis."""
    steps, starts = strides(_shape(equation.invars[0])), equation.params["start_indices"]
    every = equation.params["strides"] or (1,) * len(steps)
    first = sum(int(start) * step for start, step in zip(starts, steps, strict=True))
    _gather_from(nest, [step * int(n) for step, n in zip(steps, every, strict=True)], first)


def reverse(nest: Nest, equation: Equation) -> None:
    """Some axes from behind."""
    shape = _shape(equation.invars[0])
    steps, turned = strides(shape), equation.params["dimensions"]
    first = sum((shape[axis] - 1) * steps[axis] for axis in turned)
    _gather_from(nest, [-step if axis in turned else step for axis, step in enumerate(steps)], first)


def concatenate(nest: Nest, equation: Equation) -> None:
    """Arrays behind each other along an axis."""
    out = _shape(equation.outvars[0])
    axis, steps, at = equation.params["dimension"], strides(out), 0
    for operand in equation.invars:
        shape = _shape(operand)
        nest.move(operand, shape, strides(shape), steps, to_first=at * steps[axis])
        at += shape[axis]


def stack(nest: Nest, equation: Equation) -> None:
    """Arrays side by side along a new axis."""
    out, axis = _shape(equation.outvars[0]), equation.params["axis"]
    steps = strides(out)
    for number, operand in enumerate(equation.invars):
        shape = _shape(operand)
        along = [*steps[:axis], *steps[axis + 1 :]]
        nest.move(operand, shape, strides(shape), along, to_first=number * steps[axis])


def split(nest: Nest, equation: Equation) -> None:
    """The ranges of an axis, each as an array of its own."""
    source = _shape(equation.invars[0])
    steps, axis, at = strides(source), equation.params["axis"], 0
    for number, out in enumerate(equation.outvars):
        shape = _shape(out)
        nest.move(equation.invars[0], shape, steps, strides(shape), at * steps[axis], number=number)
        at += shape[axis]


def pad(nest: Nest, equation: Equation) -> None:
    """More elements before, behind and between.

    Raises:
        Unsupported: Elements are taken away.
    """
    operand, value = equation.invars
    out, shape, config = _shape(equation.outvars[0]), _shape(operand), equation.params["padding_config"]
    if any(int(n) < 0 for ends in config for n in ends):
        raise Unsupported("`pad` that takes elements away")
    nest.move(value, (int(np.prod(out)),), [0], [1])
    steps = strides(out)
    first = sum(int(low) * step for (low, _, _), step in zip(config, steps, strict=True))
    wide = [step * (int(between) + 1) for step, (_, _, between) in zip(steps, config, strict=True)]
    nest.move(operand, shape, strides(shape), wide, to_first=first)


def part(nest: Nest, equation: Equation) -> None:
    """As many elements as the result has, from the numbers given on, which are brought into range."""
    operand, *starts = equation.invars
    shape, out = _shape(operand), _shape(equation.outvars[0])
    begins = [nest.bounded(nest.index(s, whole(0)), n - m) for s, n, m in zip(starts, shape, out, strict=True)]
    nest.move(operand, out, strides(shape), strides(out), nest.offset(begins, strides(shape)))


def replaced_part(nest: Nest, equation: Equation) -> None:
    """A copy of the first operand with the second in it, from the numbers given on."""
    operand, update, *starts = equation.invars
    shape, small = _shape(operand), _shape(update)
    nest.copy(operand)
    begins = [nest.bounded(nest.index(s, whole(0)), n - m) for s, n, m in zip(starts, shape, small, strict=True)]
    nest.move(update, small, strides(small), strides(shape), to_first=nest.offset(begins, strides(shape)))


MOVED = {
    "broadcast_in_dim": broadcast,
    "tile": tile,
    "transpose": transpose,
    "slice": cut,
    "rev": reverse,
    "concatenate": concatenate,
    "stack": stack,
    "split": split,
    "pad": pad,
    "dynamic_slice": part,
    "dynamic_update_slice": replaced_part,
}
