"""How threads share an instruction of a native program, and where they must wait for each other.

Each thread does a share of the units, the same for every instruction over as many units. An instruction uses
of an array the elements of its share, or those of all. Threads wait where one might read what another has
written since they last waited, or write what another has read or written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from spark.kernels import instructions as ins
from spark.kernels.ops import OPS
from spark.kernels.place import APART, RESULT, STATE, Place

# Units that are never shared out, as in native/shares.h.
TOGETHER = 64
# Of the lists of units that fired, for each so many units, as in native/fired.h.
LIST_BYTES = 4 * (TOGETHER + 16)
# In place of the bytes of an element, where a list of connections says to which unit each belongs.
LISTED = -1


class Use(NamedTuple):
    """What an instruction does with an array.

    Attributes:
        buffer: Space and number of its buffer.
        first: First byte.
        end: Byte after the last one.
        writes: Whether it writes there.
        own: By what the bytes are shared out, where a share touches its own alone: first byte, bytes of an element and
            number of units. Two uses that agree meet in no byte of another share. None where it touches others.
            Weights of a list of connections belong to the units where they end, for all that use them.
    """

    buffer: tuple[int, int]
    first: int
    end: int
    writes: bool
    own: tuple[int, int, int] | None = None

    def meets(self, other: "Use") -> bool:
        """Whether shares may touch a byte at which one of them writes."""
        return (
            (self.writes or other.writes)
            and self.first < other.end
            and other.first < self.end
            and (self.own is None or self.own != other.own)
        )


def whole(place: Place, writes: bool = False, rows: int = 1) -> Use:
    """A use of elements of all shares; `rows` of the place's size lie behind one another."""
    return Use((place.space, place.number), place.offset, place.offset + rows * place.bytes, writes)


def own(place: Place, units: int, writes: bool = False, rows: int = 1) -> Use:
    """A use of the share's own elements, of this row or of any other."""
    size = place.bytes // max(place.size, 1)
    return whole(place, writes, rows)._replace(own=(place.offset, size, units))


@dataclass
class Line:
    """An instruction.

    Attributes:
        number: Which; see `spark.kernels.instructions`.
        operands: Places and numbers, as native/program.h reads them.
        uses: What it does with its arrays.
        is_shared: Whether each share does its part; else the first does all.
        owner: Path of the module whose work it is.
    """

    number: int
    operands: list[int | Place | None]
    uses: list[Use] = field(default_factory=list)
    is_shared: bool = False
    owner: str = ""

    def done(self) -> list[Use]:
        """What is done with the arrays: where one share does all, its own elements are all of them."""
        return self.uses if self.is_shared else [use._replace(own=None) for use in self.uses]

    def lasts(self) -> bool:
        """Whether it writes something that outlasts the run of a program."""
        return any(use.writes and use.buffer[0] in (STATE, RESULT) for use in self.uses)


def line(number: int, places: Sequence[Place | None], wholes: Sequence[int]) -> Line:
    """An instruction with its operands, shared as it may be."""
    op = OPS.get(number)
    if op is None or not op.is_shared_with(places):
        return Line(number, [*places, *wholes], uses_by_one(places, "" if op is None else op.uses_with(places)))
    uses = [
        _use(place, kind, wholes[units])
        for place, kind, units in zip(places, op.uses_with(places), op.shared_by, strict=True)
        if place is not None
    ]
    return Line(number, [*places, *wholes], uses, is_shared=True)


def _use(place: Place, kind: str, units: int) -> Use:
    if kind == "l":
        return whole(place, True)._replace(own=(place.offset, LIST_BYTES // TOGETHER, units))
    if kind in "eE":
        return whole(place, kind == "E")._replace(own=(place.offset, LISTED, units))
    return whole(place) if kind == "R" else own(place, units, kind == "w")


def uses_by_one(places: Sequence[Place | None], kinds: str = "") -> list[Use]:
    """Uses of the places of an instruction that one share does; those of which nothing is said are written."""
    return [whole(p, kinds[n : n + 1] != "R") for n, p in enumerate(places) if p is not None]


def formula_line(
    operands: list[int | Place | None], units: int, arrays: Sequence[tuple[Place, int, bool, bool]]
) -> Line:
    """A formula, whose arrays have rows, and are one number for each unit or a few for all, read or written too.

    A few numbers are written by the share with the first unit; where they are read from there too, one share does all.
    So it does where there are no more units than are ever shared out.
    """
    made = Line(ins.FORMULA, operands, is_shared=units > TOGETHER)
    few: list[Use] = []
    for place, rows, each, writes in arrays:
        use = own(place, units, writes, rows) if each else whole(place, writes, rows)
        made.uses.append(use)
        few += [] if each else [use]
    if any(a.meets(b) for a in few for b in few if a is not b):
        made.is_shared = False
    return made


def spread_line(
    places: Sequence[Place | None],
    wholes: Sequence[int],
    wires: Sequence[tuple[Place, Place, Place, Place | None, int, int]],
) -> Line:
    """Connections with many delays from several wires; see native/spread.h.

    Of what is under way, and of what arrives, each share has what ends at its own units.

    Args:
        places: Targets, weights, ring, block of rows, step counter and each share's own memory.
        wholes: Units, and what else is told once.
        wires: Of each wire its lists of fired units, starts, middles and amplitudes, how many units it has, and how
            many all wires before it.
    """
    op, told = OPS[ins.SPREAD], (*wholes, len(wires))
    op.check(places, told, ())
    made = line(ins.SPREAD, places, told)
    for wire in wires:
        op.groups[0].check(wire[:4], wire[4:], ())
        made.operands += wire
        made.uses += [whole(place) for place in wire[:4] if place is not None]
    return made


class _Held:
    """What was done since threads last waited."""

    def __init__(self) -> None:
        self.shared: dict[tuple[int, int], dict[Use, None]] = {}
        self.by_one: dict[tuple[int, int], dict[Use, None]] = {}
        self.may_end = False

    def clear(self) -> None:
        self.shared, self.by_one, self.may_end = {}, {}, False

    def stops(self, line: Line) -> bool:
        """Whether a thread must wait before it does this."""
        if self.may_end and line.lasts():
            return True
        return any(use.meets(other) for use in line.done() for other in self._others(line, use.buffer))

    def _others(self, line: Line, buffer: tuple[int, int]) -> Iterator[Use]:
        yield from self.shared.get(buffer, ())
        # What the first share has done it may go on with itself.
        if line.is_shared:
            yield from self.by_one.get(buffer, ())

    def add(self, line: Line) -> None:
        into = self.shared if line.is_shared else self.by_one
        for use in line.done():
            if use.buffer[0] != APART:
                into.setdefault(use.buffer, {})[use] = None
        self.may_end |= line.number == ins.GUARD


def with_barriers(lines: Sequence[Line]) -> list[Line]:
    """The lines of one step of a loop, with barriers between where threads must wait.

    Whether a step is done at all one share finds out (`GUARD`): before the others know, nothing that lasts is written.
    """
    waits = [False] * len(lines)
    held = _Held()
    # The end of a step meets the begin of the next one, where another wait may be found, and so on.
    for step in range(len(lines) + 2):
        before = list(waits)
        for number, here in enumerate(lines):
            if here.number == ins.CLEAR:  # Once, before the first step.
                continue
            waits[number] |= held.stops(here)
            if waits[number]:
                held.clear()
            held.add(here)
        if step > 0 and waits == before:
            break
    made: list[Line] = []
    for wait, here in zip(waits, lines, strict=True):
        made += [Line(ins.BARRIER, [], is_shared=True), here] if wait else [here]
    return made
