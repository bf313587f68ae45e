"""Instructions of somas, receptors and interfaces."""

from spark.kernels import instructions as ins
from spark.kernels.ops.declared import STEP, Array, Op

OF_UNITS: dict[int, Op] = {
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
}
