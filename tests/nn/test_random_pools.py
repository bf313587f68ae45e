"""Random pools run natively, and give what they give as array code."""

import math

import numpy as np
import pytest
from builders import array_code, relay
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st
from pool_brains import SOURCES, UNITS, config_of, trains
from test_pools import alike

import spark
from spark import CurrentArray, FloatArray, InputSpec, PortMap, SpikeArray, kernels
from spark.kernels import llvm
from spark.nn import Brain, Projection, connections, initializers, plasticity, receptors, somas
from spark.nn.synapses.background import PoissonBackgroundConfig
from spark.sim.run import build

pytestmark = [
    pytest.mark.skipif(bool(llvm.why_not()), reason=llvm.why_not()),
    pytest.mark.skipif(not kernels.status().available, reason="no native kernels on this machine"),
]
STEPS = 100
# Of a number for each unit.
SOMAS = (
    lambda each: somas.IntegrateAndFireSomaConfig(cooldown=1.0),
    lambda each: somas.IntegrateAndFireSomaConfig(
        threshold=-55.0 + each, potential_tau=15.0 + each, potential_rest=-60.0 + each, background=20.0
    ),
    lambda each: somas.LeakySomaConfig(threshold=-55.0),
    lambda each: somas.AdaptiveLeakySomaConfig(threshold=-55.0 + each),
    lambda each: somas.AdaptiveExponentialSomaConfig(background=300.0),
)
# Each with weights that move a potential by some millivolts.
RECEPTORS = (
    (receptors.ExponentialCurrentConfig(tau=4.0), 60.0),
    (receptors.AlphaCurrentConfig(tau=2.0), 60.0),
    (receptors.PulseCurrentConfig(), 300.0),
    (receptors.ExponentialCurrentConfig(inhibitory=True), 30.0),
    (receptors.ExponentialConductanceConfig(tau=5.0), 1.0),
    (receptors.ExponentialConductanceConfig(tau=10.0, reversal=-80.0), 1.0),
    (receptors.NMDAConfig(rise=3.0, tau=50.0), 1.0),
    (receptors.JumpConfig(), 2.0),
)
PATTERNS = (
    "all_to_all",
    connections.FixedProbability(probability=0.5),
    connections.FixedInDegree(degree=2, multapses=True),
    connections.FixedTotalNumber(number=7),
    # Between grids of as many dimensions.
    connections.DistanceDependent(width=0.5),
)
DELAYS = (None, 0.5, 2.0, initializers.UniformInitializer(low=0.5, high=20.0))
RULES = (
    None,
    plasticity.PairRuleConfig(a_plus=0.05),
    plasticity.TripletRuleConfig(),
    plasticity.HebbianRuleConfig(),
    plasticity.ZenkeRuleConfig(),
    plasticity.PairRuleConfig(a_plus=0.05, eligibility_tau=30.0),
)


@st.composite
def projections(draw, receptor, number, scale, patterns):
    """A projection from the brain's input, from another module or from the pool itself."""
    origin, port = draw(st.sampled_from([("__call__", "s"), ("relay", "spikes"), ("pool", "out_spikes")]))
    rule = draw(st.sampled_from(RULES))
    spread = initializers.UniformInitializer(low=0.5 * scale, high=2.0 * scale)
    return Projection(
        origin,
        port,
        name=f"{receptor}_{number}",
        pattern=draw(st.sampled_from(patterns)),
        weights=draw(st.sampled_from([scale, spread])),
        delay=draw(st.sampled_from(DELAYS)),
        rule=rule,
        modulator="reward" if rule is not None and rule.modulated else None,
        signed=draw(st.sampled_from([None, False])),
        weight_dtype=draw(st.sampled_from(["float32", "float16", "bfloat16"])) if rule is None else "float32",
    )


@st.composite
def pools(draw):
    """Any soma with some receptors, each with some projections, and perhaps a current."""
    units = draw(st.sampled_from([(UNITS,), (1,), (2, 3)]))
    patterns = PATTERNS if len(units) == 1 else PATTERNS[:-1]
    chosen = draw(st.lists(st.sampled_from(RECEPTORS), min_size=1, max_size=4))
    kinds = {f"r{number}": receptor for number, (receptor, _) in enumerate(chosen)}
    wires = {
        name: [draw(projections(name, n, scale, patterns)) for n in range(draw(st.integers(1, 3)))]
        for name, (_, scale) in zip(kinds, chosen, strict=True)
    }
    # Something comes in from outside.
    wires["r0"].append(Projection("__call__", "s", name="from_outside", weights=chosen[0][1]))
    if draw(st.booleans()):
        kinds["stimulus"], wires["stimulus"] = receptors.CurrentConfig(), PortMap("__call__", "i")
    background = {"r0": PoissonBackgroundConfig(rate=200.0, weight=chosen[0][1])} if draw(st.booleans()) else {}
    if any(wire.settings.modulator for name in wires if name != "stimulus" for wire in wires[name]):
        wires["reward"] = PortMap("__call__", "reward")
    return config_of(
        wires,
        kinds,
        relay("relay", ("__call__", "s")),
        inputs={
            "i": InputSpec(CurrentArray, draw(st.sampled_from([(1,), units])), "float32"),
            "reward": InputSpec(FloatArray, (), "float32"),
        },
        units=units,
        modulators=("reward",),
        background=background,
        soma=draw(st.sampled_from(SOMAS))(np.linspace(-1.0, 1.0, math.prod(units)).reshape(units)),
        inhibitory_rate=draw(st.sampled_from([0.0, 0.4])),
        seed=draw(st.integers(0, 999)),
    )


def ran(made):
    """Spikes and the last state."""
    rng = np.random.default_rng(1)
    currents = rng.uniform(0, 100, (STEPS, *made.config.input_map["i"].shape)).astype(np.float32)
    inputs = {
        "s": SpikeArray(trains(STEPS, SOURCES, signed=True)),
        "i": CurrentArray(currents),
        "reward": FloatArray(rng.normal(size=STEPS).astype(np.float32)),
    }
    recording = spark.run(made, STEPS, inputs, record="pool", progress=False)
    return recording["pool"], {path: np.asarray(made.state[path]) for path in made.state}


# Pools are among the forty random brains of the quick run too.
@examples(quick=2, thorough=150)
@given(pools())
def test_any_pool_runs_in_one_native_call_and_gives_what_array_code_gives(config):
    made = Brain(config)
    build(made)
    assert spark.explain(made).one_call, spark.explain(made)
    native = ran(made)
    with array_code():
        made = Brain(config)
        build(made)
        alike(ran(made), native)
