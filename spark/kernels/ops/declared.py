"""What is declared of an instruction that is no formula: its places with their types and sizes, and its numbers.

From a declaration follow how threads share the instruction (`spark.kernels.sharing`), what `Program.emit` accepts, and
in C++ a structure with its decoder and the checks of the debug build (`spark.kernels.ops_header` writes them).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from spark.kernels.place import Place

# A counter of steps: 8 bytes, which C++ reads as a whole number. Whether anything is learned: it is where nobody says.
STEP, LEARNING = "step", "learning"
BYTES = "bytes"
_EITHER = (STEP, BYTES)


@dataclass(frozen=True)
class Array:
    """A place among the operands.

    Attributes:
        name: In errors, and in the structure of C++.
        dtype: Of its elements; `BYTES` for any, `STEP` and `LEARNING` for what they say.
        size: Number of elements, as C++ computes it from whole numbers and from places without a size; empty where it
            looks at it itself. `fired_words(units)` is that of lists of units that fired, see native/shares.h.
        use: Whether all shares' elements are read (R), the own ones read (r) or written too (w), lists of the own units
            written (l), or weights of a list of connections read (e) or written (E) that end at own units; of what one
            share does whether it is read (R) or written too (W).
        optional: Whether it may be left out.
        units: The whole number of units by which it is shared; left out, that of the instruction.
        listed: As `use`, where the weights are those of a list of connections; left out, the same.
    """

    name: str
    dtype: str
    size: str
    use: str
    optional: bool = False
    units: str = ""
    listed: str = ""

    @property
    def writes(self) -> bool:
        """Whether it is written."""
        return self.use in "wWlE"


@dataclass(frozen=True)
class Op:
    """An instruction.

    Attributes:
        name: Of the structure in C++.
        places: Its arrays, in their order.
        wholes: Names of its whole numbers, which stand behind them.
        numbers: Names of its floats, which stand behind those.
        units: Which whole number says how many units there are that shares divide; empty where one share does all.
        groups: Of further operands, which follow by `Program.extend`, each as often as the instruction knows: those of
            a wire, or of a trace.
        lists: The place that is there where weights are those of a list of connections.
        alone: The place that is there where one share does all: what all weights wait for.
    """

    name: str
    places: tuple[Array, ...]
    wholes: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    units: str = ""
    groups: tuple["Op", ...] = ()
    lists: str = ""
    alone: str = ""

    @property
    def uses(self) -> str:
        """A letter for each place; see `Array`."""
        return "".join(place.use for place in self.places)

    def uses_with(self, places: Sequence[Place | None]) -> str:
        """A letter for each of these places."""
        if not self._has(self.lists, places):
            return self.uses
        return "".join(place.listed or place.use for place in self.places)

    def is_shared_with(self, places: Sequence[Place | None]) -> bool:
        """Whether shares divide the units, with these places."""
        return bool(self.units) and not self._has(self.alone, places)

    def _has(self, name: str, places: Sequence[Place | None]) -> bool:
        return any(array.name == name and place is not None for array, place in zip(self.places, places, strict=False))

    @property
    def shared_by(self) -> tuple[int, ...]:
        """For each place which of the whole numbers says by how many units it is shared."""
        return tuple(self.wholes.index(place.units or self.units) for place in self.places)

    def check(self, places: Sequence[Place | None], wholes: Sequence[int], numbers: Sequence[float]) -> None:
        """Hold operands to the declaration: how many there are, and of which types.

        Raises:
            ValueError: They are others.
        """
        got, expected = (
            (len(places), len(wholes), len(numbers)),
            (len(self.places), len(self.wholes), len(self.numbers)),
        )
        if got != expected:
            raise ValueError(f"{self.name}: takes {expected} places, whole numbers and floats, got {got}.")
        for place, array in zip(places, self.places, strict=True):
            dtype = "int32" if array.dtype == LEARNING else array.dtype
            # A boolean is a byte that is 0 or 1.
            if place is not None and dtype not in (*_EITHER, "int8" if place.dtype == "bool" else place.dtype):
                raise ValueError(f"{self.name}: {array.name} must be {dtype}, got {place.dtype}.")
