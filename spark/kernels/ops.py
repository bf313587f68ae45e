"""Instructions that are no formula, each declared once: its places with their types and sizes, and its numbers.

From a declaration follow how threads share the instruction (`spark.kernels.sharing`), what `Program.emit` accepts, and
in C++ a structure with its decoder and the checks of the debug build (`spark.kernels.ops_header` writes native/ops.h).
Rules, whose operands depend on what they change, and formulas, whose arrays are as many as they have, are not declared
here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from spark.kernels import instructions as ins
from spark.kernels.place import Place

# A counter of steps: 8 bytes, which C++ reads as a whole number. Whether anything is learned: it is where nobody says.
STEP, LEARNING = "step", "learning"
BYTES = "bytes"
_EITHER = (STEP, BYTES)
# Of what types connections are, what their weights belong to, whether signs count, and whether targets ascend.
_KINDS = ("post_type", "weight_type", "delay_type", "layout", "is_signed", "ascends")


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
    """

    name: str
    dtype: str
    size: str
    use: str
    optional: bool = False
    units: str = ""

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
    """

    name: str
    places: tuple[Array, ...]
    wholes: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    units: str = ""
    groups: tuple["Op", ...] = ()

    @property
    def uses(self) -> str:
        """A letter for each place; see `Array`."""
        return "".join(place.use for place in self.places)

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
            if place is not None and dtype not in (*_EITHER, place.dtype):
                raise ValueError(f"{self.name}: {array.name} must be {dtype}, got {place.dtype}.")


# What postsynaptic spikes wait in until their row is needed, how many may, and for how many steps; see native/replay.h.
_WAITING = Op("Waiting", (Array("memory", "int32", "", "W", optional=True),), ("room", "steps"))

OPS: dict[int, Op] = {
    ins.COPY: Op(
        "Copy",
        (Array("to", BYTES, "elements * size", "w"), Array("from", BYTES, "elements * size", "r")),
        ("elements", "size"),
        units="elements",
    ),
    ins.SPIKER: Op(
        "Spiker",
        (
            Array("potential", "float32", "units", "w"),
            Array("refractory", "int32", "units", "w"),
            Array("drive", "float32", "units", "r"),
            Array("spikes", "int8", "units", "w"),
        ),
        ("units", "blocked"),
        ("factor", "gain", "level"),
        "units",
    ),
    ins.BUMP: Op(
        "Bump",
        (
            Array("signal", "float32", "signals", "R"),
            Array("place", "float32", "resolution", "R"),
            Array("drive", "float32", "signals * resolution", "W"),
        ),
        ("signals", "resolution"),
        ("low", "span", "pi", "scale"),
    ),
    ins.PUSH: Op(
        "Push",
        (Array("history", "uint32", "2 * words * pre", "w"), Array("spikes", "int8", "pre", "r")),
        ("words", "pre"),
        units="pre",
    ),
    ins.SOMA: Op(
        "Soma",
        (
            Array("potential", "float32", "units", "w"),
            Array("refractory", "int32", "units", "w"),
            Array("threshold", "float32", "units", "w", optional=True),
            Array("current", "float32", "units", "r"),
            Array("spikes", "int8", "units", "w"),
        ),
        ("units", "blocked"),
        ("gain", "resistance", "level", "after", "fall", "rise"),
        "units",
    ),
    ins.SIGN: Op(
        "Sign",
        (
            Array("out", "int8", "units", "w"),
            Array("spikes", "int8", "units", "r"),
            Array("signs", "int8", "units", "r"),
        ),
        ("units",),
        units="units",
    ),
    ins.INTEGRATOR: Op(
        "Integrator",
        (
            Array("average", "float32", "groups", "W"),
            Array("smooth", "float32", "groups", "W", optional=True),
            Array("spikes", "int8", "units", "R"),
            Array("group", "int32", "units", "R"),
            Array("share", "float32", "groups", "R"),
            Array("counts", "int32", "groups", "W"),
            Array("out", "float32", "groups", "W"),
        ),
        ("groups", "units"),
        ("gain", "smooth_gain"),
    ),
    ins.DRAW_SPIKES: Op(
        "DrawSpikes",
        (
            Array("key", "uint32", "2", "R"),
            Array("step", STEP, "", "R"),
            Array("signal", "float32", "units", "r"),
            Array("spikes", "int8", "units", "w"),
        ),
        ("units",),
        ("chance",),
        "units",
    ),
    ins.ADD_COUNTS: Op(
        "AddCounts",
        (
            # That of a share of a pool's units says in a third word which is the first.
            Array("key", "uint32", "2 + is_share", "R"),
            Array("step", STEP, "", "R"),
            Array("bounds", "uint32", "most", "R"),
            Array("ring", "float32", "slots * units", "w"),
        ),
        ("units", "most", "slots", "is_share"),
        ("weight",),
        "units",
    ),
    ins.RECEIVE: Op(
        "Receive",
        (
            Array("ring", "float32", "slots * units", "w"),
            Array("to", "float32", "units", "w"),
            Array("step", STEP, "", "R"),
        ),
        ("units", "slots"),
        units="units",
    ),
    ins.DELIVER_DENSE: Op(
        "DeliverDense",
        (
            Array("spikes", "int8", "pre", "R"),
            Array("weights", "float32", "pre * post", "r"),
            Array("current", "float32", "post", "w"),
        ),
        ("pre", "post"),
        units="post",
    ),
    ins.DELIVER_EDGES: Op(
        "DeliverEdges",
        (
            Array("history", "uint32", "2 * words * pre", "R"),
            Array("weights", "float32", "", "e"),
            Array("post", "int32", "weights.count()", "R"),
            Array("starts", "int32", "pre * (delays + 1)", "R"),
            Array("current", "float32", "units", "w"),
        ),
        ("words", "pre", "delays", "units"),
        units="units",
    ),
    ins.DELIVER_AND_CHANGE: Op(
        "DeliverAndChange",
        (
            Array("history", "uint32", "2 * words * pre", "R"),
            Array("weights", "float32", "", "E"),
            Array("post", "int32", "weights.count()", "R"),
            Array("starts", "int32", "pre * (delays + 1)", "R"),
            Array("current", "float32", "units", "w"),
            Array("post_trace", "float32", "units", "r"),
            Array("parameters", "float32", "7", "R"),
            Array("decayed", "float32", "units", "w"),
            Array("learning", LEARNING, "", "R", optional=True),
        ),
        ("words", "pre", "delays", "units"),
        ("factor",),
        "units",
    ),
    ins.ZENKE_TRACES: Op(
        "ZenkeTraces",
        (
            Array("history", "uint32", "2 * words * pre", "r", units="pre"),
            Array("ring", "float32", "slots * pre", "w", units="pre"),
            Array("post_trace", "float32", "units", "w"),
            Array("slow_trace", "float32", "units", "w"),
            Array("spikes", "int8", "units", "r"),
            Array("step", STEP, "", "R"),
            Array("post_decayed", "float32", "units", "w"),
            Array("slow_decayed", "float32", "units", "w"),
        ),
        ("words", "pre", "units", "slots"),
        ("fast_pre", "fast_post", "slow_post"),
        "units",
    ),
    ins.ZENKE: Op(
        "Zenke",
        (
            Array("weights", "float32", "", "E"),
            Array("baseline", "float32", "weights.count()", "e"),
            Array("history", "uint32", "2 * words * pre", "R"),
            Array("ring", "float32", "slots * pre", "R"),
            Array("spikes", "int8", "units", "r"),
            Array("step", STEP, "", "R"),
            Array("post", "int32", "weights.count()", "R"),
            Array("starts", "int32", "pre * (delays + 1)", "R"),
            Array("in_starts", "int32", "units + 1", "R"),
            Array("in_edge", "int32", "weights.count()", "R"),
            Array("in_pre", "int32", "weights.count()", "R"),
            Array("in_delay", "int32", "weights.count()", "R"),
            Array("parameters", "float32", "7", "R"),
            Array("post_decayed", "float32", "units", "r"),
            Array("slow_decayed", "float32", "units", "r"),
            Array("learning", LEARNING, "", "R", optional=True),
        ),
        ("words", "pre", "delays", "units", "slots", "arrived"),
        units="units",
    ),
    ins.STEP: Op("Step", (Array("step", BYTES, "8", "W"),)),
    ins.CLEAR: Op("Clear", (Array("to", BYTES, "bytes", "W"),), ("bytes",)),
    ins.TAKE: Op(
        "Take",
        (Array("to", BYTES, "elements * size", "w"), Array("series", BYTES, "", "R")),
        ("elements", "size"),
        units="elements",
    ),
    ins.GUARD: Op("Guard", (Array("total", "int32", "1", "R"),), ("units", "room")),
    ins.LIST_FIRED: Op(
        "ListFired",
        (Array("spikes", "int8", "units", "r"), Array("lists", "int32", "steps * fired_words(units)", "l")),
        ("units", "steps"),
        units="units",
    ),
    ins.NOTE_SPIKES: Op(
        "NoteSpikes",
        (
            Array("total", "int32", "1", "W"),
            Array("counts", "int32", "", "W"),
            Array("noted", "int32", "", "W"),
            Array("lists", "int32", "fired_words(units)", "R"),
        ),
        ("units",),
    ),
    ins.NOTE_ROW: Op(
        "NoteRow",
        (
            Array("rows", "int32", "1", "W"),
            Array("noted", BYTES, "", "W"),
            Array("from", BYTES, "", "R"),
            Array("chosen", "int32", "elements", "R", optional=True),
            Array("step", STEP, "", "R"),
        ),
        ("elements", "size", "every"),
    ),
    ins.SCATTER: Op(
        "Scatter",
        (
            Array("lists", "int32", "fired_words(pre)", "R"),
            Array("starts", "int32", "pre + 1", "R"),
            Array("post", BYTES, "", "R"),
            Array("weights", BYTES, "", "R"),
            Array("delays", BYTES, "", "R", optional=True),
            Array("ring", "float32", "slots * units", "w"),
            Array("step", STEP, "", "R"),
            Array("amplitudes", "float32", "pre", "R", optional=True),
        ),
        ("pre", "slots", "units", "further", *_KINDS),
        units="units",
    ),
    ins.ARRIVE: Op(
        "Arrive",
        (
            Array("lists", "int32", "(further + 1) * fired_words(pre)", "R"),
            Array("starts", "int32", "pre + 1", "R"),
            Array("post", BYTES, "", "R"),
            Array("weights", BYTES, "", "R"),
            Array("ring", "float32", "slots * units", "w"),
            Array("row", "float32", "units", "w"),
            Array("step", STEP, "", "R"),
        ),
        ("pre", "slots", "units", "further", *_KINDS, "is_first"),
        units="units",
    ),
    ins.SPREAD: Op(
        "Spread",
        (
            Array("post", BYTES, "", "R"),
            Array("weights", BYTES, "", "R"),
            Array("delays", BYTES, "", "R"),
            Array("ring", "float32", "slots * units", "w"),
            Array("block", "float32", "together * units", "w"),
            Array("step", STEP, "", "R"),
            Array("memory", BYTES, "", "R"),
        ),
        ("units", "slots", "further", "together", *_KINDS, "wires"),
        units="units",
        groups=(
            Op(
                "SpreadWire",
                (
                    Array("lists", "int32", "fired_words(sources)", "R"),
                    Array("starts", "int32", "sources + 1", "R"),
                    Array("middles", "int32", "sources", "R"),
                    Array("amplitudes", "float32", "sources", "R", optional=True),
                ),
                ("sources", "first"),
            ),
        ),
    ),
    ins.WATCH: Op(
        "Watch",
        (Array("fault", "int32", "2", "W"), Array("step", STEP, "", "R")),
        ("arrays",),
        groups=(Op("Watched", (Array("values", "float32", "elements", "R"),), ("elements", "number")),),
    ),
    ins.TRACES: Op(
        "Traces",
        (
            Array("pre_trace", "float32", "pre_traces * slots * pre", "w", units="pre"),
            Array("post_trace", "float32", "post_traces * post", "w"),
            Array("pre_spikes", "int8", "pre", "r", optional=True, units="pre"),
            Array("history", "uint32", "2 * words * pre", "r", optional=True, units="pre"),
            Array("post_spikes", "int8", "post", "r"),
            Array("step", STEP, "", "R"),
            Array("pre_decayed", "float32", "pre_traces * pre", "w", units="pre"),
            Array("post_decayed", "float32", "post_traces * post", "w"),
        ),
        ("pre", "post", "words", "slots", "pre_traces", "post_traces"),
        units="post",
        groups=(Op("Trace", (), ("nearest",), ("factor",)),),
    ),
    ins.DELIVER_WAITING: Op(
        "DeliverWaiting",
        (
            Array("spikes", "int8", "pre", "R"),
            Array("weights", "float32", "pre * post", "w"),
            Array("current", "float32", "post", "w"),
            Array("coefficients", "float32", "", "R"),
            Array("baseline", "float32", "pre * post", "r", optional=True),
        ),
        ("pre", "post", "pre_traces", "post_traces"),
        units="post",
        groups=(_WAITING, Op("Decay", (), (), ("factor",))),
    ),
}
