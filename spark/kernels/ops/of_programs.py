"""Instructions of no module: they copy, count steps, take rows of series, and note results."""

from spark.kernels import instructions as ins
from spark.kernels.ops.declared import BYTES, STEP, Array, Op

OF_PROGRAMS: dict[int, Op] = {
    ins.COPY: Op(
        "Copy",
        (Array("to", BYTES, "elements * size", "w"), Array("from", BYTES, "elements * size", "r")),
        ("elements", "size"),
        units="elements",
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
    ins.WATCH: Op(
        "Watch",
        (Array("fault", "int32", "2", "W"), Array("step", STEP, "", "R")),
        ("arrays",),
        groups=(Op("Watched", (Array("values", "float32", "elements", "R"),), ("elements", "number")),),
    ),
}
