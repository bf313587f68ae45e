"""Loops over an array's axes in LLVM's language, for what moves numbers or adds them up: number by number."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from llvmlite import ir

from spark.kernels.formula.conversions import loaded, stored
from spark.kernels.formula.flat import Equation, Name, size_of
from spark.kernels.formula.values import Builder, Numbers, Unsupported, constant, is_signed, itemsize, memory_type
from spark.kernels.jaxprs import Typed, is_literal

# How many numbers that lie side by side are moved at once.
TOGETHER = 16
NAME = "formula"
# How the module is called in which loops are.
MODULE = "nest"
LONG, _POINTER = ir.IntType(64), ir.PointerType()


def strides(shape: Sequence[int]) -> list[int]:
    """How far apart neighbours along each axis lie, in elements; neighbours along an axis of length 1 at one place."""
    found, step = [], 1
    for length in reversed(shape):
        found.append(0 if length == 1 else step)
        step *= length
    return found[::-1]


def whole(number: int) -> ir.Constant:
    """A number of 64 bits."""
    return ir.Constant(LONG, number)


class Nest:
    """The function `void formula(char** arrays, int64 first, int64 last)` of one equation.

    Among the arrays the operands come first, each once, then an array that is not read, then the results. The share
    that has unit 0 does all of it. With `asks` nothing is done unless that operand, a boolean, has that value.

    Attributes:
        b: Writes the code, at the place where the loops that are open now stand.
        operands: What lies in memory.
    """

    def __init__(self, equation: Equation, asks: tuple[Name, bool] | None = None) -> None:
        self.equation = equation
        operands = [*equation.invars, *([] if asks is None else asks[:1])]
        self.operands = list(dict.fromkeys(atom for atom in operands if isinstance(atom, Name)))
        module = ir.Module(MODULE)
        self._function = ir.Function(module, ir.FunctionType(ir.VoidType(), [_POINTER, LONG, LONG]), NAME)
        self.b: Builder = ir.IRBuilder(self._function.append_basic_block("begin"))
        arrays, first, _ = self._function.args
        work, self._end = (self._function.append_basic_block(name) for name in ("work", "end"))
        begins = self.b.icmp_unsigned("==", first, whole(0))
        if asks is not None:
            place = self._array(arrays, self.operands.index(asks[0]))
            found = self.b.icmp_unsigned("!=", self.b.load(place, typ=ir.IntType(8)), ir.IntType(8)(0))
            begins = self.b.and_(begins, found if asks[1] else self.b.not_(found))
        self.b.cbranch(begins, work, self._end)
        self.b.position_at_end(work)
        self._sources: dict[Typed, Numbers] = {name: self._array(arrays, n) for n, name in enumerate(self.operands)}
        results = range(len(self.operands) + 1, len(self.operands) + 1 + len(equation.outvars))
        self._results = [self._array(arrays, n) for n in results]

    def _array(self, arrays: Numbers, number: int) -> Numbers:
        place = self.b.gep(arrays, [whole(number)], source_etype=_POINTER)
        return self.b.load(place, typ=_POINTER)

    def text(self) -> str:
        """The function, once everything is written."""
        self.b.branch(self._end)
        ir.IRBuilder(self._end).ret_void()
        return str(self._function.module)

    @contextmanager
    def counted(self, count: int) -> Iterator[Numbers]:
        """A loop over 0 to `count - 1`, at least one round; gives the number of the round."""
        b, before = self.b, self.b.block
        body = self._function.append_basic_block()
        after = self._function.append_basic_block()
        b.branch(body)
        b.position_at_end(body)
        at = b.phi(LONG)
        at.add_incoming(whole(0), before)
        yield at
        following = b.add(at, whole(1))
        at.add_incoming(following, b.block)
        b.cbranch(b.icmp_unsigned("<", following, whole(count)), body, after)
        b.position_at_end(after)

    @contextmanager
    def over(self, shape: Sequence[int]) -> Iterator[list[Numbers]]:
        """Loops over all elements of a shape, the last axis innermost; gives the index along each axis."""
        if not shape:
            yield []
            return
        with self.counted(shape[0]) as first, self.over(shape[1:]) as rest:
            yield [first, *rest]

    def offset(self, index: Sequence[Numbers], steps: Sequence[int], first: Numbers | int = 0) -> Numbers:
        """Where an element lies that is so far along each axis."""
        total: Numbers = whole(first) if isinstance(first, int) else first
        for at, step in zip(index, steps, strict=True):
            if step:
                total = self.b.add(total, at if step == 1 else self.b.mul(at, whole(step)))
        return total

    def read(self, atom: Typed, offset: Numbers) -> Numbers:
        """An element of an operand, as it is computed with."""
        dtype = str(atom.aval.dtype)
        if is_literal(atom):
            return constant(atom.val, dtype)
        place = self.source(atom, offset)
        return loaded(self.b, self.b.load(place, typ=memory_type(dtype), align=itemsize(dtype)), dtype)

    def source(self, atom: Typed, offset: Numbers) -> Numbers:
        """Where an element of an operand lies in memory."""
        return self.b.gep(self._sources[atom], [offset], source_etype=memory_type(str(atom.aval.dtype)))

    def result(self, number: int, offset: Numbers) -> Numbers:
        """Where an element of a result lies in memory."""
        dtype = str(self.equation.outvars[number].aval.dtype)
        return self.b.gep(self._results[number], [offset], source_etype=memory_type(dtype))

    def written(self, offset: Numbers, number: int = 0) -> Numbers:
        """What was written to an element of a result."""
        dtype = str(self.equation.outvars[number].aval.dtype)
        place = self.result(number, offset)
        return loaded(self.b, self.b.load(place, typ=memory_type(dtype), align=itemsize(dtype)), dtype)

    def write(self, offset: Numbers, value: Numbers, number: int = 0) -> None:
        """Write an element of a result."""
        dtype = str(self.equation.outvars[number].aval.dtype)
        self.b.store(stored(self.b, value, dtype), self.result(number, offset), align=itemsize(dtype))

    def index(self, atom: Typed, offset: Numbers) -> Numbers:
        """An element of an operand as a number of 64 bits."""
        value, dtype = self.read(atom, offset), str(atom.aval.dtype)
        if value.type.width == 64:
            return value
        return (self.b.sext if is_signed(dtype) else self.b.zext)(value, LONG)

    def bounded(self, value: Numbers, most: int) -> Numbers:
        """A number of 64 bits brought into 0 to `most`."""
        b = self.b
        value = b.select(b.icmp_signed("<", value, whole(0)), whole(0), value)
        return b.select(b.icmp_signed(">", value, whole(most)), whole(most), value)

    def copy(self, atom: Typed) -> None:
        """All elements of an operand, at the same places of the result."""
        self.move(atom, (size_of(atom),), [0 if is_literal(atom) else 1], [1])

    def move(
        self,
        atom: Typed,
        shape: Sequence[int],
        steps: Sequence[int],
        to_steps: Sequence[int],
        first: Numbers | int = 0,
        to_first: Numbers | int = 0,
        number: int = 0,
    ) -> None:
        """Elements of an operand to places of a result; those that lie side by side, or are all the same one, at once.

        Args:
            atom: The operand.
            shape: How many, along so many axes.
            steps: How far apart neighbours along each lie in the operand.
            to_steps: How far apart they lie in the result.
            first: Where the first lies in the operand.
            to_first: Where it goes.
            number: Of the result.
        """
        axes = _joined([axis for axis in zip(shape, steps, to_steps, strict=True) if axis[0] != 1])
        count, step, to_step = axes.pop() if axes and axes[-1][1] in (0, 1) and axes[-1][2] == 1 else (1, 0, 1)
        with self.over([length for length, _, _ in axes]) as index:
            at = self.offset(index, [inner for _, inner, _ in axes], first)
            to = self.offset(index, [outer for _, _, outer in axes], to_first)
            rounds = count // TOGETHER
            if rounds:
                with self.counted(rounds) as round_:
                    done = self.b.mul(round_, whole(TOGETHER))
                    self._move_row(atom, at, to, TOGETHER, step, done, number)
            done, lanes = rounds * TOGETHER, TOGETHER // 2
            while lanes:
                if (count - done) & lanes:
                    self._move_row(atom, at, to, lanes, step, whole(done), number)
                    done += lanes
                lanes //= 2

    def _move_row(
        self, atom: Typed, at: Numbers, to: Numbers, lanes: int, step: int, done: Numbers, number: int
    ) -> None:
        dtype, b = str(atom.aval.dtype), self.b
        single = memory_type(dtype)
        kind = single if lanes == 1 else ir.VectorType(single, lanes)
        if is_literal(atom):
            value = stored(b, constant(atom.val, dtype), dtype)
        else:
            place = self.source(atom, b.add(at, done) if step else at)
            value = b.load(place, typ=kind if step else single, align=itemsize(dtype))
        if not step and lanes > 1:
            none = ir.Constant(kind, ir.Undefined)
            value = b.insert_element(none, value, ir.IntType(32)(0))
            value = b.shuffle_vector(value, none, ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes))
        b.store(value, self.result(number, b.add(to, done)), align=itemsize(dtype))


def _joined(axes: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Axes along which one moves on, those joined that are as one: how long, and how far neighbours lie apart."""
    found: list[tuple[int, int, int]] = []
    for length, step, to_step in axes:
        if found and found[-1][1:] == (length * step, length * to_step):
            length *= found.pop()[0]
        found.append((length, step, to_step))
    return found


def nonempty(equation: Equation) -> None:
    """Refuse arrays without elements.

    Raises:
        Unsupported: There is one.
    """
    for atom in (*equation.invars, *equation.outvars):
        if size_of(atom) == 0:
            raise Unsupported(f"an array of shape {tuple(np.shape(atom.aval))}")
