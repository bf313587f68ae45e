"""Writes a formula in LLVM's intermediate language: vectors over units, and the rest through a small buffer."""

from dataclasses import dataclass

import numpy as np
from jax.extend import core
from llvmlite import ir

from spark.kernels.formula.conversions import from_float, loaded, stored
from spark.kernels.formula.shapes import numbers, spread
from spark.kernels.formula.values import FEW, Builder, Each, Few, Numbers, Unsupported, itemsize, memory_type
from spark.kernels.formula.walk import Value, Walk
from spark.kernels.jaxprs import Code

NAME = "formula"
_LONG, _INT, _BYTE, _POINTER = ir.IntType(64), ir.IntType(32), ir.IntType(8), ir.PointerType()


@dataclass(frozen=True)
class Slot:
    """An array in memory that a formula reads or writes: one number for every unit, or a few for all."""

    shape: tuple[int, ...]
    dtype: str
    each: bool

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape))


class Loop:
    """The function `void formula(char** arrays, int64 first, int64 last)` over units `first` to `last`.

    Inputs come first among the arrays, then `numbers`, then outputs. Numbers are the floats that are written in the
    code, so that other parameters need no other machine code. An output may lie where an input lies, the same element
    at the same place: whatever a round reads it reads before it writes. Few numbers are written by the share that has
    unit 0. With `asks`, nothing is done unless that argument has that value.
    """

    def __init__(
        self,
        closed: core.ClosedJaxpr | Code,
        inputs: list[Slot],
        outputs: list[Slot],
        units: int,
        lanes: int,
        asks: tuple[int, bool] | None = None,
    ) -> None:
        self.asks = asks
        self.closed, self.inputs, self.outputs, self.units, self.lanes = closed, inputs, outputs, units, lanes
        self.module = ir.Module(NAME)
        self.function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), [_POINTER, _LONG, _LONG]), NAME)
        self.once: Builder = ir.IRBuilder(self.function.append_basic_block("once"))
        self.few: dict[int, Few] = {}
        self.numbers: list[np.float32] = []
        self._known: dict[tuple[bytes, str], Few] = {}
        self.results: list[Value] = []

    def text(self) -> str:
        """The function.

        Raises:
            Unsupported: The formula does something that is not elementwise.
        """
        arrays, first, last = self.function.args
        count, results = len(self.inputs), len(self.outputs)
        self.shared = self._array(arrays, count)
        self.arrays = [self._array(arrays, n) for n in (*range(count), *range(count + 1, count + 1 + results))]
        if self.asks is not None:
            self._leave_unless_asked(*self.asks)
        self.few = {n: self._few(n, slot) for n, slot in enumerate(self.inputs) if not slot.each}
        width = ir.Constant(_LONG, self.lanes)
        rounds = self.once.udiv(self.once.sub(last, first), width)
        whole = self.once.add(first, self.once.mul(rounds, width))
        again, body, rest, tail, done = (
            self.function.append_basic_block(name) for name in ("again", "body", "rest", "tail", "done")
        )
        # What is computed once is written into the first block until everything is known.
        loop = ir.IRBuilder(again)
        at = loop.phi(_LONG)
        loop.cbranch(loop.icmp_unsigned("<", at, whole), body, rest)
        each = ir.IRBuilder(body)
        self._round(each, at, self.arrays)
        at.add_incoming(first, self.once.block)
        at.add_incoming(each.add(at, width), each.block)
        each.branch(again)
        left: Builder = ir.IRBuilder(rest)
        count = left.sub(last, whole)
        left.cbranch(left.icmp_unsigned("==", count, ir.Constant(_LONG, 0)), done, tail)
        self._tail(ir.IRBuilder(tail), whole, count, done)
        end = ir.IRBuilder(done)
        self._store_few(end, first)
        self.once.branch(again)
        return str(self.module)

    def _leave_unless_asked(self, number: int, value: bool) -> None:
        found = self.once.load(self.arrays[number], typ=_BYTE)
        asked, unasked = (self.function.append_basic_block(name) for name in ("asked", "unasked"))
        self.once.cbranch(self.once.icmp_unsigned("!=" if value else "==", found, _BYTE(0)), asked, unasked)
        ir.IRBuilder(unasked).ret_void()
        self.once.position_at_end(asked)

    def _array(self, arrays: Numbers, number: int) -> Numbers:
        place = self.once.gep(arrays, [ir.Constant(_LONG, number)], source_etype=_POINTER)
        return self.once.load(place, typ=_POINTER)

    def _few(self, number: int, slot: Slot) -> Few:
        if slot.size > FEW:
            raise Unsupported(f"an array of shape {slot.shape} that is not one for each of {self.units} units")
        kind = memory_type(slot.dtype)
        cells = np.empty(slot.size, object)
        for at in range(slot.size):
            place = self.once.gep(self.arrays[number], [ir.Constant(_LONG, at)], source_etype=kind)
            cells[at] = loaded(self.once, self.once.load(place, typ=kind), slot.dtype)
        return Few(cells.reshape(slot.shape), slot.dtype)

    def _number(self, value: float | np.floating, dtype: str) -> Few:
        """A float that is written in the code; zero, which folds much away, stays there."""
        number = np.float32(value)
        if number == 0:
            return numbers(value, dtype)
        key = (number.tobytes(), dtype)
        if key not in self._known:
            place = self.once.gep(self.shared, [ir.Constant(_LONG, len(self.numbers))], source_etype=ir.FloatType())
            self.numbers.append(number)
            cells = np.empty((), object)
            cells[()] = from_float(self.once, self.once.load(place, typ=ir.FloatType()), dtype)
            self._known[key] = Few(cells, dtype)
        return self._known[key]

    def _round(self, b: Builder, at: Numbers, arrays: list[Numbers]) -> None:
        """Read `lanes` units, compute, and write them."""
        values: list[Value] = [
            Each(loaded(b, self._load(b, arrays[n], at, slot.dtype), slot.dtype), slot.dtype)
            if slot.each
            else self.few[n]
            for n, slot in enumerate(self.inputs)
        ]
        walk = Walk(self.once, b, b.trunc(at, _INT), self.units, self.lanes, self._number)
        self.results = walk.run(self.closed, values)
        for slot, array, value in zip(self.outputs, arrays[len(self.inputs) :], self.results, strict=True):
            if slot.each:
                made = stored(b, walk.lanes_of(value), slot.dtype)
                place = b.gep(array, [at], source_etype=memory_type(slot.dtype))
                b.store(made, place, align=itemsize(slot.dtype))
            elif isinstance(value, Each):
                raise Unsupported(f"a result of shape {slot.shape} that follows from single units")

    def _load(self, b: Builder, array: Numbers, at: Numbers, dtype: str) -> Numbers:
        kind = memory_type(dtype)
        place = b.gep(array, [at], source_etype=kind)
        return b.load(place, typ=ir.VectorType(kind, self.lanes), align=itemsize(dtype))

    def _tail(self, b: Builder, whole: Numbers, count: Numbers, done: ir.Block) -> None:
        """Fewer units than there are lanes: by way of buffers, so that nothing beyond an array is touched."""
        slots = [*self.inputs, *self.outputs]
        buffers = [self._buffer(slot) if slot.each else array for slot, array in zip(slots, self.arrays, strict=True)]
        for slot, array, buffer in zip(self.inputs, self.arrays, buffers, strict=False):
            if slot.each:
                self._move(b, buffer, self._from(b, array, whole, slot), count, slot)
        # The unit's number matters to draws and counts, its place in a buffer begins at 0.
        self._round_in(b, whole, buffers)
        for slot, array, buffer in list(zip(slots, self.arrays, buffers, strict=True))[len(self.inputs) :]:
            if slot.each:
                self._move(b, self._from(b, array, whole, slot), buffer, count, slot)
        b.branch(done)

    def _round_in(self, b: Builder, whole: Numbers, buffers: list[Numbers]) -> None:
        shifted = []
        for slot, buffer in zip([*self.inputs, *self.outputs], buffers, strict=True):
            if not slot.each:
                shifted.append(buffer)
                continue
            back = b.mul(b.neg(whole), ir.Constant(_LONG, itemsize(slot.dtype)))
            shifted.append(b.gep(buffer, [back], source_etype=_BYTE))
        self._round(b, whole, shifted)

    def _buffer(self, slot: Slot) -> Numbers:
        kind = ir.ArrayType(memory_type(slot.dtype), self.lanes)
        # As a pointer without a type, like those that come in.
        buffer = self.once.alloca(kind)
        buffer.type = _POINTER
        self.once.store(ir.Constant(kind, [ir.Constant(kind.element, 0)] * self.lanes), buffer)
        return buffer

    def _from(self, b: Builder, array: Numbers, at: Numbers, slot: Slot) -> Numbers:
        return b.gep(array, [at], source_etype=memory_type(slot.dtype))

    def _move(self, b: Builder, to: Numbers, source: Numbers, count: Numbers, slot: Slot) -> None:
        size = b.mul(count, ir.Constant(_LONG, itemsize(slot.dtype)))
        name = "llvm.memcpy.p0.p0.i64"
        kinds = [_POINTER, _POINTER, _LONG, ir.IntType(1)]
        copy = self.module.globals.get(name) or ir.Function(self.module, ir.FunctionType(ir.VoidType(), kinds), name)
        b.call(copy, [to, source, size, ir.Constant(ir.IntType(1), 0)])

    def _store_few(self, b: Builder, first: Numbers) -> None:
        few = [n for n, slot in enumerate(self.outputs) if not slot.each]
        if few:
            with b.if_then(b.icmp_unsigned("==", first, ir.Constant(_LONG, 0))):
                for n in few:
                    slot, value = self.outputs[n], self.results[n]
                    assert isinstance(value, Few)
                    kind = memory_type(slot.dtype)
                    for at, cell in enumerate(spread(value, slot.shape).reshape(-1)):
                        place = b.gep(self.arrays[len(self.inputs) + n], [ir.Constant(_LONG, at)], source_etype=kind)
                        b.store(stored(b, cell, slot.dtype), place)
        b.ret_void()
