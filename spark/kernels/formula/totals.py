"""What adds numbers up: reductions, running totals, products of matrices. Sums run in a fixed order."""

from collections.abc import Callable

import numpy as np
from llvmlite import ir

from spark.kernels.formula.arithmetic import OPERATIONS
from spark.kernels.formula.conversions import converted
from spark.kernels.formula.flat import Equation
from spark.kernels.formula.nest import LONG, Nest, strides, whole
from spark.kernels.formula.values import (
    PLAIN,
    Numbers,
    Unsupported,
    is_float,
    itemsize,
    multiplied_and_added,
    scalar_type,
)
from spark.kernels.jaxprs import Typed

# How many sums run beside each other along a row, whatever the processor: so it gives the same bits everywhere.
LANES = 16
# Larger products of two matrices are faster in XLA.
_LARGE = 1 << 22
_TOTALS = {
    "reduce_sum": "add",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_and": "and",
    "reduce_or": "or",
    "reduce_xor": "xor",
    "reduce_prod": "mul",
}
_RUNNING = {"cumsum": "add", "cumprod": "mul", "cummax": "max", "cummin": "min"}


def _shape(atom: Typed) -> tuple[int, ...]:
    return tuple(int(n) for n in atom.aval.shape)


def reduction(nest: Nest, equation: Equation) -> None:
    """The total along some axes: of rows that lie in memory without gaps in `LANES` sums, of others one by one."""
    (operand,), axes = equation.invars, sorted(equation.params["axes"])
    shape, dtype = _shape(operand), str(operand.aval.dtype)
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    steps = strides(shape)
    outer, inner = [shape[axis] for axis in kept], [shape[axis] for axis in axes]
    name = _TOTALS[equation.primitive.name]
    row = int(np.prod(inner, dtype=np.int64))
    in_rows = axes == list(range(len(kept), len(shape))) and name == "add" and dtype == "float32" and row >= 2 * LANES
    with nest.over(outer) as index:
        first = nest.offset(index, [steps[axis] for axis in kept])
        if in_rows:
            total = _row_sum(nest, row, lambda at, lanes: _lanes(nest, operand, nest.b.add(first, at), lanes))
        else:
            total = _one_by_one(nest, name, operand, first, inner, [steps[axis] for axis in axes])
        nest.write(nest.offset(index, strides(outer)), total)


def _one_by_one(nest: Nest, name: str, operand: Typed, first: Numbers, shape: list[int], steps: list[int]) -> Numbers:
    dtype = str(operand.aval.dtype)
    total = _cell(nest, nest.read(operand, first))
    with nest.over(shape) as index:
        at = nest.offset(index, steps)
        value = nest.read(operand, nest.b.add(first, at))
        before = nest.b.load(total, typ=value.type)
        after = OPERATIONS[name](nest.b, [before, value], dtype, PLAIN)
        # The first element stands there already.
        nest.b.store(
            nest.b.select(nest.b.icmp_signed("==", _ordinal(nest, index, shape), whole(0)), before, after), total
        )
    return nest.b.load(total, typ=scalar_type(dtype))


def _ordinal(nest: Nest, index: list[Numbers], shape: list[int]) -> Numbers:
    return nest.offset(index, strides(shape))


def _cell(nest: Nest, value: Numbers) -> Numbers:
    """Memory for a number that loops change."""
    with nest.b.goto_entry_block():
        cell = nest.b.alloca(value.type)
        cell.type = ir.PointerType()
    nest.b.store(value, cell)
    return cell


def _lanes(nest: Nest, operand: Typed, at: Numbers, lanes: int) -> Numbers:
    if lanes == 1:
        return nest.read(operand, at)
    kind = ir.VectorType(scalar_type(str(operand.aval.dtype)), lanes)
    return nest.b.load(nest.source(operand, at), typ=kind, align=itemsize(str(operand.aval.dtype)))


def _row_sum(nest: Nest, count: int, terms: Callable[[Numbers, int], Numbers]) -> Numbers:
    """The sum of `count` floats: every sixteenth in a sum of its own, then halves upon each other.

    Args:
        nest: The loops.
        count: How many there are.
        terms: From where in the row, and how many beside each other, to their values.
    """
    b, kind = nest.b, ir.VectorType(ir.FloatType(), LANES)
    sums = _cell(nest, ir.Constant(kind, [0.0] * LANES))
    if count // LANES:
        with nest.counted(count // LANES) as round_:
            value = terms(b.mul(round_, whole(LANES)), LANES)
            b.store(b.fadd(b.load(sums, typ=kind), value), sums)
    vector = b.load(sums, typ=kind)
    numbers = [b.extract_element(vector, ir.Constant(ir.IntType(32), lane)) for lane in range(LANES)]
    for lane in range(count % LANES):
        numbers[lane] = b.fadd(numbers[lane], terms(whole(count - count % LANES + lane), 1))
    while len(numbers) > 1:
        half = len(numbers) // 2
        numbers = [b.fadd(x, y) for x, y in zip(numbers[:half], numbers[half:], strict=True)]
    return numbers[0]


def extreme_place(nest: Nest, equation: Equation) -> None:
    """Where the greatest, or the least, stands along an axis: the first of equals, and NaN before any number."""
    (operand,), (axis,) = equation.invars, equation.params["axes"]
    shape, dtype, b = _shape(operand), str(operand.aval.dtype), nest.b
    steps, kept = strides(shape), [n for n in range(len(shape)) if n != axis]
    out = str(equation.outvars[0].aval.dtype)
    name = "gt" if equation.primitive.name == "argmax" else "lt"
    with nest.over([shape[n] for n in kept]) as index:
        first = nest.offset(index, [steps[n] for n in kept])
        best, place = _cell(nest, nest.read(operand, first)), _cell(nest, whole(0))
        with nest.counted(shape[axis]) as at:
            value = nest.read(operand, b.add(first, b.mul(at, whole(steps[axis]))))
            before = b.load(best, typ=value.type)
            better = OPERATIONS[name](b, [value, before], dtype, PLAIN)
            if is_float(dtype):
                no_number = b.and_(b.fcmp_unordered("uno", value, value), b.fcmp_ordered("ord", before, before))
                better = b.or_(better, no_number)
            b.store(b.select(better, value, before), best)
            b.store(b.select(better, at, b.load(place, typ=LONG)), place)
        found = converted(b, b.load(place, typ=LONG), "int64", out)
        nest.write(nest.offset(index, strides([shape[n] for n in kept])), found)


def running(nest: Nest, equation: Equation) -> None:
    """Totals up to each element along an axis."""
    (operand,), axis = equation.invars, equation.params["axis"]
    shape, dtype, b = _shape(operand), str(operand.aval.dtype), nest.b
    steps, back = strides(shape), equation.params["reverse"]
    name = _RUNNING[equation.primitive.name]
    kept = [n for n in range(len(shape)) if n != axis]
    with nest.over([shape[n] for n in kept]) as index:
        first = nest.offset(index, [steps[n] for n in kept])
        total = _cell(nest, nest.read(operand, first))
        with nest.counted(shape[axis]) as at:
            along = b.sub(whole(shape[axis] - 1), at) if back else at
            place = b.add(first, b.mul(along, whole(steps[axis])))
            value = nest.read(operand, place)
            before = b.load(total, typ=value.type)
            after = OPERATIONS[name](b, [before, value], dtype, PLAIN)
            b.store(b.select(b.icmp_signed("==", at, whole(0)), value, after), total)
            nest.write(place, b.load(total, typ=value.type))


def product(nest: Nest, equation: Equation) -> None:
    """A product of matrices, or of matrices and vectors.

    Raises:
        Unsupported: The dtypes differ, or it is a product of two large matrices.
    """
    left, right = equation.invars
    (contracted, batch), b = equation.params["dimension_numbers"], nest.b
    dtype = str(left.aval.dtype)
    if {dtype, str(right.aval.dtype), str(equation.outvars[0].aval.dtype)} != {dtype} or dtype == "bool":
        raise Unsupported("a product of arrays of different dtypes")
    shapes = [_shape(left), _shape(right)]
    steps = [strides(shape) for shape in shapes]
    free = [[n for n in range(len(s)) if n not in (*c, *p)] for s, c, p in zip(shapes, contracted, batch, strict=True)]
    outer = [shapes[0][n] for n in batch[0]]
    sizes = [[shapes[side][n] for n in free[side]] for side in (0, 1)]
    inner = [shapes[0][n] for n in contracted[0]]
    # Where each axis of the result steps in either operand.
    nothing = [[0] * len(sizes[1]), [0] * len(sizes[0])]
    both = [[steps[side][n] for n in batch[side]] for side in (0, 1)]
    along = [
        [*both[0], *[steps[0][n] for n in free[0]], *nothing[0]],
        [*both[1], *nothing[1], *[steps[1][n] for n in free[1]]],
    ]
    out, summed = [*outer, *sizes[0], *sizes[1]], [[steps[side][n] for n in contracted[side]] for side in (0, 1)]
    count = int(np.prod(inner, dtype=np.int64))
    if min(int(np.prod(s, dtype=np.int64)) for s in sizes) > 1 and count * int(np.prod(out)) > _LARGE:
        raise Unsupported("a product of two large matrices")
    if dtype == "float32" and len(inner) == 1 and count >= 2 * LANES and summed == [[1], [1]]:
        with nest.over(out) as index:
            firsts = [nest.offset(index, along[side]) for side in (0, 1)]

            def terms(at: Numbers, lanes: int) -> Numbers:
                return b.fmul(
                    *(_lanes(nest, x, b.add(f, at), lanes) for x, f in zip((left, right), firsts, strict=True))
                )

            nest.write(nest.offset(index, strides(out)), _row_sum(nest, count, terms))
        return
    size = int(np.prod(out, dtype=np.int64))
    with nest.counted(size) as at:
        nest.write(at, _zero(dtype))
    # The sums of a whole row of the result grow together: its last axis is innermost, and can be done in vectors.
    rows, last = (out[:-1], out[-1:]) if out else ([], [])
    with nest.over(rows) as index, nest.over(inner) as term, nest.over(last) as end:
        values = [
            nest.read(x, nest.offset([*index, *end], along[side], nest.offset(term, summed[side])))
            for side, x in enumerate((left, right))
        ]
        place = nest.offset([*index, *end], strides(out))
        if dtype == "float32":
            nest.write(place, multiplied_and_added(b, values[0], values[1], nest.written(place)))
        else:
            product = OPERATIONS["mul"](b, values, dtype, PLAIN)
            nest.write(place, OPERATIONS["add"](b, [nest.written(place), product], dtype, PLAIN))


def _zero(dtype: str) -> ir.Constant:
    return ir.Constant(scalar_type(dtype), 0.0 if is_float(dtype) else 0)


TOTALS = {
    **dict.fromkeys(_TOTALS, reduction),
    **dict.fromkeys(_RUNNING, running),
    "argmax": extreme_place,
    "argmin": extreme_place,
    "dot_general": product,
}
