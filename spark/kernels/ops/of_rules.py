"""Instructions of plasticity, and of delivery that changes weights on its way."""

from spark.kernels import instructions as ins
from spark.kernels.ops.declared import LEARNING, STEP, Array, Op

# The lists of connections of a rule; none of dense weights.
_LISTS = (
    Array("post", "int32", "synapses", "R", optional=True),
    Array("starts", "int32", "pre * (delays + 1)", "R", optional=True),
    Array("in_starts", "int32", "units + 1", "R", optional=True),
    *(
        Array(name, "int32", "synapses", "R", optional=True)
        for name in ("in_edge", "in_pre", "in_delay", "edge_pre", "edge_delay")
    ),
)
# What a rule has beside its weights that a third factor modulates; none of a rule without.
_THIRD = (
    Array("eligibility", "float32", "synapses", "w", optional=True),
    Array("pending", "float32", "synapses", "w", optional=True),
    Array("waiting", "int32", "1", "w", optional=True),
    Array("moved", "float32", "modulations", "w", optional=True),
    Array("modulation", "float32", "modulations", "R", optional=True),
    Array("learning", LEARNING, "", "R", optional=True),
)
_SIZES = ("pre", "units", "synapses", "words", "delays", "slots")
_OF_THIRD = ("modulations", "interval", "renewal")
# What postsynaptic spikes wait in until their row is needed, how many may, and for how many steps; see native/replay.h.
_WAITING = Op("Waiting", (Array("memory", "int32", "", "W", optional=True),), ("room", "steps"))

# Whether only the nearest spike counts for a trace, and its decay.
_TRACE = Op("Trace", (), ("nearest",), ("factor",))

OF_RULES: dict[int, Op] = {
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
        groups=(_TRACE,),
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
    ins.STDP: Op(
        "Stdp",
        (
            Array("weights", "float32", "synapses", "w", listed="E"),
            Array("coefficients", "float32", "", "R"),
            Array("pre_trace", "float32", "pre_traces * slots * pre", "R"),
            Array("pre_spikes", "int8", "pre", "R", optional=True),
            Array("history", "uint32", "2 * words * pre", "R", optional=True),
            Array("post_spikes", "int8", "units", "r"),
            Array("step", STEP, "", "R"),
            Array("pre_decayed", "float32", "pre_traces * pre", "R"),
            Array("post_decayed", "float32", "post_traces * units", "r"),
            *_LISTS,
            *_THIRD,
            Array("baseline", "float32", "synapses", "r", optional=True, listed="e"),
        ),
        ("pre_traces", "post_traces", *_SIZES, *_OF_THIRD),
        ("rate",),
        "units",
        (_WAITING, _TRACE),
        "post",
        "eligibility",
    ),
    ins.RULE: Op(
        "Rule",
        (
            Array("weights", "float32", "synapses", "w", listed="E"),
            Array("bounds", "float32", "2", "R"),
            Array("pre_spikes", "int8", "pre", "R", optional=True),
            Array("history", "uint32", "2 * words * pre", "R", optional=True),
            Array("active", "int8", "units", "R", optional=True),
            Array("step", STEP, "", "R"),
            Array("pre_value", "float32", "pre_values * slots * pre", "R", optional=True),
            Array("post_value", "float32", "post_values * units", "R", optional=True),
            Array("numbers_at_pre", "float32", "", "R"),
            Array("numbers_at_post", "float32", "", "R"),
            *_LISTS,
            *_THIRD,
        ),
        ("pre_values", "post_values", *_SIZES, "at_pre", "at_post", "key_at_pre", "key_at_post", *_OF_THIRD),
        ("rate",),
        "units",
        (),
        "post",
        "eligibility",
    ),
}
