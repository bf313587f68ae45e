"""Instructions that deliver spikes along connections."""

from spark.kernels import instructions as ins
from spark.kernels.ops.declared import BYTES, STEP, Array, Op

# Of what types connections are, what their weights belong to, whether signs count, and whether targets ascend.
_KINDS = ("post_type", "weight_type", "delay_type", "layout", "is_signed", "ascends")

OF_CONNECTIONS: dict[int, Op] = {
    ins.PUSH: Op(
        "Push",
        (Array("history", "uint32", "2 * words * pre", "w"), Array("spikes", "int8", "pre", "r")),
        ("words", "pre"),
        units="pre",
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
            Array("middles", "int32", "pre", "R", optional=True),
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
            Array("middles", "int32", "pre", "R", optional=True),
        ),
        ("pre", "slots", "units", "further", *_KINDS, "is_first"),
        units="units",
    ),
    ins.SPREAD: Op(
        "Spread",
        (
            Array("targets", "uint32", "", "R"),
            Array("weights", BYTES, "", "R"),
            Array("ring", "float32", "slots * units", "w"),
            Array("block", "float32", "together * units", "w"),
            Array("step", STEP, "", "R"),
            Array("memory", BYTES, "", "R"),
        ),
        ("units", "slots", "further", "together", "weight_type", "layout", "is_signed", "wires"),
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
}
