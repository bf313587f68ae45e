"""What adds numbers up: reductions, running totals, products of matrices. Sums run in a fixed order."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from llvmlite import ir

from spark.kernels.formula.arithmetic import OPERATIONS
from spark.kernels.formula.conversions import converted
from spark.kernels.formula.flat import Equation
from spark.kernels.formula.nest import LONG, Nest, strides, whole
from spark.kernels.formula.values import (
    PLAIN,
    Builder,
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
# How many rows are added up beside each other, so that none waits for its own sum.
_ROWS = 4
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
            (total,) = _row_sums(nest, row, [lambda at, lanes: _lanes(nest, operand, nest.b.add(first, at), lanes)])
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


# From where in a row, and how many beside each other, to their values.
_Terms = Callable[[Numbers, int], Numbers]


def _row_sums(nest: Nest, count: int, rows: Sequence[_Terms]) -> list[Numbers]:
    """The sum of each row of `count` floats: every sixteenth in a sum of its own, then halves upon each other.

    Args:
        nest: The loops.
        count: How many there are in a row.
        rows: Their values.
    """
    b, kind = nest.b, ir.VectorType(ir.FloatType(), LANES)
    sums = [_cell(nest, ir.Constant(kind, [0.0] * LANES)) for _ in rows]
    if count // LANES:
        with nest.counted(count // LANES) as round_:
            at = b.mul(round_, whole(LANES))
            values = [terms(at, LANES) for terms in rows]
            for cell, value in zip(sums, values, strict=True):
                b.store(b.fadd(b.load(cell, typ=kind), value), cell)
    return [_halved(nest, count, b.load(cell, typ=kind), terms) for cell, terms in zip(sums, rows, strict=True)]


def _halved(nest: Nest, count: int, vector: Numbers, terms: _Terms) -> Numbers:
    """What lanes hold, and the last terms of their row, in one sum."""
    b, done = nest.b, count - count % LANES
    lanes = LANES // 2
    # Lanes that no further term is for add what changes nothing, also not the sign of a zero.
    last = ir.Constant(ir.VectorType(ir.FloatType(), LANES), [-0.0] * LANES)
    while lanes:
        if (count - done) & lanes:
            before = done % LANES
            value = terms(whole(done), lanes)
            if lanes == 1:
                last = b.insert_element(last, value, ir.IntType(32)(before))
            else:
                last = _placed(b, last, value, before)
            done += lanes
        lanes //= 2
    if count % LANES:
        vector = b.fadd(vector, last)
    while vector.type.count > 2:
        half = vector.type.count // 2
        vector = b.fadd(_picked(b, vector, range(half)), _picked(b, vector, range(half, 2 * half)))
    return b.fadd(*(b.extract_element(vector, ir.IntType(32)(lane)) for lane in (0, 1)))


def _picked(b: Builder, vector: Numbers, lanes: Iterable[int]) -> Numbers:
    which = list(lanes)
    return b.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(ir.IntType(32), len(which)), which))


def _placed(b: Builder, vector: Numbers, part: Numbers, first: int) -> Numbers:
    """A vector with a shorter one from a lane on."""
    count, size = vector.type.count, part.type.count
    wide = _picked(b, part, [lane % size for lane in range(count)])
    which = [count + lane - first if first <= lane < first + size else lane for lane in range(count)]
    return b.shuffle_vector(vector, wide, ir.Constant(ir.VectorType(ir.IntType(32), count), which))


def _products_of_rows(
    nest: Nest, operands: tuple[Typed, Typed], out: list[int], along: list[list[int]], count: int
) -> None:
    """Products whose sums run along rows without gaps in both operands, several of them beside each other."""
    b, steps = nest.b, strides(out)

    def product_at(index: list[Numbers]) -> _Terms:
        firsts = [nest.offset(index, along[side]) for side in (0, 1)]

        def terms(at: Numbers, lanes: int) -> Numbers:
            values = [_lanes(nest, x, b.add(f, at), lanes) for x, f in zip(operands, firsts, strict=True)]
            return b.fmul(*values)

        return terms

    def several(indices: list[list[Numbers]]) -> None:
        totals = _row_sums(nest, count, [product_at(index) for index in indices])
        for index, total in zip(indices, totals, strict=True):
            nest.write(nest.offset(index, steps), total)

    length = out[-1] if out else 1
    with nest.over(out[:-1]) as index:

        def beside(numbers: list[Numbers]) -> None:
            several([[*index, number] for number in numbers] if out else [index])

        if length // _ROWS:
            with nest.counted(length // _ROWS) as block:
                first = b.mul(block, whole(_ROWS))
                beside([b.add(first, whole(row)) for row in range(_ROWS)])
        if length % _ROWS:
            beside([whole(length - length % _ROWS + row) for row in range(length % _ROWS)])


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
        _products_of_rows(nest, (left, right), out, along, count)
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
