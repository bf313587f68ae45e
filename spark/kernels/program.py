"""A whole step as one native call: a list of instructions over the packed leaves of a state.

XLA on CPU hands every small kernel of a step to a pool of threads; for a small brain that costs several times what
the kernels compute. A program does the same work in one call. It has no reference of its own: the modules, run one by
one, are its reference.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from spark.kernels import native
from spark.kernels.instructions import CLEAR, COPY, GUARD, LIST_FIRED, NOTE_ROW, NOTE_SPIKES, TAKE, WATCH
from spark.kernels.ops import OPS
from spark.kernels.place import APART, ARGUMENT, RESULT, SCRATCH, STATE, Place
from spark.kernels.sharing import (
    LIST_BYTES,
    TOGETHER,
    Line,
    formula_line,
    line,
    spread_line,
    uses_by_one,
    whole,
    with_barriers,
)

if TYPE_CHECKING:
    from spark.kernels.formula.formula import Formula

# From this size on, a leaf is changed in place where XLA can give it up. Where it cannot, as in a call without
# donation, XLA copies it by a kernel of its own; smaller leaves the program copies itself, which costs less than that.
_IN_PLACE_ELEMENTS = 16_384

# Postsynaptic spikes that may wait for rows of dense weights, steps for which they may, and steps between two marks of
# the presynaptic traces; see native/replay.h.
_WAITING, _WAITING_STEPS, _SEGMENT = 1 << 15, 1 << 12, 32


@dataclass(frozen=True)
class Waiting:
    """Memory for postsynaptic spikes that wait until their row is needed; see native/replay.h."""

    memory: Place
    room: int
    steps: int = _WAITING_STEPS


@dataclass(frozen=True)
class SpikeRoom:
    """Room for the spikes of so many units: where they are counted, and how many fit in one call."""

    total: Place
    units: int
    room: int


def _whole_lines(size: int) -> int:
    """Bytes of whole cache lines: different arrays do not share one."""
    return -(-size // 64) * 64


class Program:
    """Collects instructions over the leaves of a state, then runs them in one call."""

    def __init__(self, states: Sequence[ArrayLike]) -> None:
        self._states = list(states)
        self._arguments: list[ArrayLike] = []
        self._results: list[jax.ShapeDtypeStruct] = []
        self._scratch = self._apart = 0
        self._code: list[Line] = []
        self._numbers: list[float] = []
        self._late: list[Callable[[], None]] = []
        self._owner = ""
        self._listed: dict[tuple[Place, int], Place] = {}

    def state(self, leaf: int, offset: int, shape: tuple[int, ...], dtype: str) -> Place:
        """An array that begins at a byte of a leaf of the state; instructions change it in place."""
        return Place(STATE, leaf, offset, shape, dtype)

    def argument(self, array: ArrayLike) -> Place:
        """An array that instructions read."""
        return self.array_within(array, 0, tuple(np.shape(array)), str(jnp.result_type(array)))

    def array_within(self, array: ArrayLike, offset: int, shape: tuple[int, ...], dtype: str) -> Place:
        """An array that begins at a byte of another; the same outer array twice is passed once."""
        number = next((n for n, known in enumerate(self._arguments) if known is array), len(self._arguments))
        if number == len(self._arguments):
            self._arguments.append(array)
        return Place(ARGUMENT, number, offset, shape, dtype)

    def result(self, shape: tuple[int, ...], dtype: str) -> Place:
        """A new array that the program returns."""
        self._results.append(jax.ShapeDtypeStruct(shape, jnp.dtype(dtype)))
        return Place(RESULT, len(self._results) - 1, 0, shape, dtype)

    def scratch(self, shape: tuple[int, ...], dtype: str) -> Place:
        """Memory for the length of the call."""
        place = Place(SCRATCH, 0, self._scratch, shape, dtype)
        self._scratch += _whole_lines(place.bytes)
        return place

    def apart(self, shape: tuple[int, ...], dtype: str) -> Place:
        """Memory for the length of the call that each share of an instruction has for itself."""
        place = Place(APART, 0, self._apart, shape, dtype)
        self._apart += _whole_lines(place.bytes)
        return place

    def waiting(self, pre: int, post: int, traces: int) -> Waiting:
        """Memory for what waits in a rule with so many presynaptic traces, for each share what it changes itself."""
        room = max(_WAITING, 4 * post)
        marks = _WAITING_STEPS // _SEGMENT
        words = 16 + pre * (1 + (2 + marks) * traces) + _WAITING_STEPS + room * (3 + 2 * (traces + 1))
        return Waiting(self.apart((words,), "int32"), room)

    def emit(
        self,
        instruction: int,
        places: Sequence[Place | None] = (),
        wholes: Sequence[int] = (),
        numbers: Sequence[float] = (),
    ) -> None:
        """Add an instruction with its operands, in the order in which native code reads them; see `OPS`.

        Raises:
            ValueError: They are not what is declared of the instruction.
        """
        if instruction in OPS:
            OPS[instruction].check(places, wholes, numbers)
        self._append(line(instruction, places, [int(n) for n in wholes]))
        self.extend(numbers=numbers)

    def _append(self, one: Line) -> None:
        one.owner = self._owner
        self._code.append(one)
        written = [use for use in one.uses if use.writes]
        self._listed = {
            (spikes, steps): lists
            for (spikes, steps), lists in self._listed.items()
            if not any(use.buffer == whole(spikes).buffer and use.meets(whole(spikes)) for use in written)
        }

    def extend(
        self, places: Sequence[Place | None] = (), wholes: Sequence[int] = (), numbers: Sequence[float] = ()
    ) -> None:
        """Add further operands to the last instruction; where shares do it, only places that each has apart."""
        last = self._code[-1]
        last.operands += [*places, *(int(n) for n in wholes)]
        last.uses += uses_by_one(places)
        for number in numbers:
            last.operands.append(len(self._numbers))
            self._numbers.append(float(number))

    def watch(self, fault: Place, step: Place, arrays: Sequence[tuple[int, Place]]) -> None:
        """Note in `fault` the step, and the number of the first of these float32 arrays with a NaN or an infinity."""
        self.emit(WATCH, (fault, step), (len(arrays),))
        for number, place in arrays:
            OPS[WATCH].groups[0].check((place,), (place.size, number), ())
            self.extend((place,), (place.size, number))

    def copy(self, to: Place, source: Place) -> None:
        """Copy an array.

        Raises:
            ValueError: Sizes or dtypes differ.
        """
        if (to.size, to.dtype) != (source.size, source.dtype):
            raise ValueError(f"cannot copy {source.dtype}[{source.size}] to {to.dtype}[{to.size}].")
        self.emit(COPY, (to, source), (to.size, np.dtype(to.dtype).itemsize))

    def formula(
        self,
        formula: "Formula",
        step: Place,
        read: Sequence[tuple[Place, int]],
        write: Sequence[tuple[Place, int]],
    ) -> None:
        """Compute a formula.

        Args:
            formula: What is computed.
            step: The step counter.
            read: Its inputs: each with the number of rows that lie behind one another from there on; of a ring of
                several the row of this step is meant.
            write: Its outputs, likewise.
        """
        numbers = self.argument(np.array(formula.numbers or (0.0,), np.float32))
        operands: list[int | Place | None] = [step, formula.key(), formula.units, len(read) + 1 + len(write)]
        for place, rows in (*read, (numbers, 1), *write):
            operands += [place.reshaped(rows, *place.shape), place.bytes, rows]
        uses = [(*array, slot.each, False) for array, slot in zip(read, formula.inputs, strict=True)]
        uses += [(numbers, 1, False, False), (step, 1, False, False)]
        uses += [(*array, slot.each, True) for array, slot in zip(write, formula.outputs, strict=True)]
        self._append(formula_line(operands, formula.units, uses))

    def fired(self, spikes: Place, steps: int = 1) -> Place:
        """Where the units stand that fire in this step, which instructions read that deliver their spikes.

        They are listed once, and again only where something has written to `spikes` in the meantime.

        Args:
            spikes: int8, the spikes of all units.
            steps: Of how many steps of a loop the lists are kept.
        """
        spikes = spikes.reshaped(spikes.size)
        if (spikes, steps) not in self._listed:
            lists = self.scratch((steps, -(-spikes.size // TOGETHER), LIST_BYTES // 4), "int32")
            self.emit(LIST_FIRED, (spikes, lists), (spikes.size, steps))
            self._listed[spikes, steps] = lists
        return self._listed[spikes, steps]

    def spread(
        self,
        places: Sequence[Place | None],
        wholes: Sequence[int],
        wires: Sequence[tuple[Place, Place, Place, Place | None, int]],
    ) -> None:
        """Deliver what arrives in this block of steps along connections with many delays; see native/spread.h.

        Args:
            places: Targets, weights, the ring of what is under way when a call begins or ends, the block's rows, and
                the step counter.
            wholes: Units, slots, further steps, steps of a block, and of what kinds the connections are.
            wires: Of each wire its spikes, the starts and the middles of its rows, amplitudes or None, and how many
                units the wires before it have.
        """
        memory = self.apart((1,), "uint64")
        lists = [(self.fired(wire[0]), *wire[1:4], wire[0].size, wire[4]) for wire in wires]
        self._append(spread_line((*places, memory), wholes, lists))

    def take(self, series: ArrayLike, shape: tuple[int, ...]) -> Place:
        """This step's row of an array with a leading axis of steps, in a loop of steps."""
        rows = self.argument(series)
        place = self.scratch(shape, rows.dtype)
        self.emit(TAKE, (place, rows), (place.size, np.dtype(rows.dtype).itemsize))
        return place

    def room_for_spikes(self, units: int, room: int) -> "SpikeRoom":
        """Let a loop of steps end before a step whose spikes might not fit beside those that are noted already.

        It must come before every instruction that changes a state: a step that is begun is done.
        """
        total = self.scratch((), "int32")
        self.emit(CLEAR, (total,), (total.bytes,))
        self.emit(GUARD, (total,), (units, room))
        return SpikeRoom(total, units, room)

    def note_spikes(self, spikes: Place, steps: int, within: "SpikeRoom") -> tuple[Place, Place]:
        """Append the units that fire in every step of a loop.

        Returns:
            Results: how many units fired in each step, int32 (steps,); and which, int32 (room,).

        Raises:
            ValueError: There are more units than room was kept for.
        """
        if spikes.size > within.units:
            raise ValueError(f"room was kept for the spikes of {within.units} units, got {spikes.size} units.")
        counts, fired = self.result((steps,), "int32"), self.result((within.room,), "int32")
        self._late.append(
            lambda: self.emit(NOTE_SPIKES, (within.total, counts, fired, self.fired(spikes)), (spikes.size,))
        )
        return counts, fired

    def note_rows(self, source: Place, step: Place, every: int, rows: int, chosen: Place | None = None) -> Place:
        """Append an array, or the `chosen` elements of it (int32), in every step of a loop that `every` divides.

        Returns:
            The result: shape (rows, *source.shape), or (rows, chosen.size).
        """
        shape = source.shape if chosen is None else chosen.shape
        noted = self.result((rows, *shape), source.dtype)
        count = self.scratch((), "int32")
        size = np.dtype(source.dtype).itemsize
        elements = source.size if chosen is None else chosen.size
        self.emit(CLEAR, (count,), (count.bytes,))
        self._late.append(lambda: self.emit(NOTE_ROW, (count, noted, source, chosen, step), (elements, size, every)))
        return noted

    def notes(self) -> None:
        """Emit what notes the results of a step, once it is known."""
        for emit in self._late:
            emit()
        self._late.clear()

    @contextmanager
    def owned_by(self, path: str) -> Iterator[None]:
        """What is emitted inside belongs to the module at this path, in what `timed` tells."""
        before, self._owner = self._owner, path
        try:
            yield
        finally:
            self._owner = before

    def owners(self) -> list[str]:
        """The path of the module whose work each instruction is, in their order; see `owned_by`."""
        return [one.owner for one in self._code]

    def run(
        self, steps: ArrayLike | None = None, threads: ArrayLike | None = None, timed: bool = False
    ) -> tuple[tuple[jax.Array, ...], tuple[jax.Array, ...]]:
        """Run all instructions in order, once or in a loop.

        Args:
            steps: How many times, an int32 array of shape (); the last result then says how many steps were done.
            threads: By how many threads, an int32 array of shape (); one, if left out. It changes no result.
            timed: Whether the last result says how long each instruction took: uint32 (instructions, 2), the lower
                and upper words of nanoseconds. Then one thread runs it.

        Returns:
            The changed leaves of the state, and the results in the order in which they were asked for.

        Raises:
            RuntimeError: The native library cannot be had.
        """
        native.require()
        wanted = None if steps is None else self.argument(steps)
        by = None if threads is None else self.argument(threads)
        done = None if steps is None else self.result((), "int32")
        times = self.result((len(self._code), 2), "uint32") if timed else None
        states, arguments = len(self._states), len(self._arguments)
        first = {STATE: 0, ARGUMENT: states, RESULT: states + arguments}
        first[SCRATCH] = first[RESULT] + len(self._results)
        first[APART] = first[SCRATCH] + 1
        code: list[int] = []
        for one in self._code if wanted is None or timed else with_barriers(self._code):
            words: list[int] = []
            for item in one.operands:
                if isinstance(item, Place):
                    words.extend((first[item.space] + item.number, item.offset, item.bytes))
                elif item is None:
                    words.extend((-1, 0, 0))
                else:
                    words.append(item)
            code.extend((one.number, len(words), int(one.is_shared), *words))
        shapes = [jax.ShapeDtypeStruct(np.shape(s), jnp.result_type(s)) for s in self._states]
        call = jax.ffi.ffi_call(
            "spark_run_program",
            [*shapes, *self._results],
            vmap_method="sequential",
            input_output_aliases={n: n for n, s in enumerate(shapes) if s.size >= _IN_PLACE_ELEMENTS},
        )
        found = call(
            *self._states,
            *(jnp.asarray(a) for a in self._arguments),
            code=np.array(code, np.int64),
            numbers=np.array(self._numbers, np.float32),
            states=np.int64(states),
            scratch=np.int64(self._scratch),
            apart=np.int64(self._apart),
            steps=np.int64(-1 if wanted is None else first[ARGUMENT] + wanted.number),
            threads=np.int64(-1 if by is None else first[ARGUMENT] + by.number),
            done=np.int64(-1 if done is None else first[RESULT] + done.number),
            timed=np.int64(-1 if times is None else first[RESULT] + times.number),
        )
        return tuple(found[:states]), tuple(found[states:])
