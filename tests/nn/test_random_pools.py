"""Random pools run natively, and give what they give as array code."""

import numpy as np
import pytest
from builders import array_code
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st
from pool_brains import SOURCES, UNITS, config_of, trains
from test_pools import alike

import spark
from spark import CurrentArray, InputSpec, PortMap, SpikeArray, kernels
from spark.kernels import llvm
from spark.nn import Brain, Projection, connections, initializers, plasticity, receptors, somas
from spark.sim.run import build

pytestmark = [
    pytest.mark.skipif(bool(llvm.why_not()), reason=llvm.why_not()),
    pytest.mark.skipif(not kernels.status().available, reason="no native kernels on this machine"),
]
STEPS = 100
EACH = np.linspace(-1.0, 1.0, UNITS)
SOMAS = (
    somas.IntegrateAndFireSomaConfig(cooldown=1.0),
    somas.IntegrateAndFireSomaConfig(threshold=-55.0 + EACH, potential_tau=15.0 + EACH, background=20.0),
    somas.LeakySomaConfig(threshold=-55.0),
    somas.AdaptiveLeakySomaConfig(threshold=-55.0 + EACH),
    somas.AdaptiveExponentialSomaConfig(background=300.0),
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
    connections.FixedInDegree(degree=2),
    connections.FixedTotalNumber(number=7),
    connections.DistanceDependent(width=0.5),
)
DELAYS = (None, 0.5, 2.0, initializers.UniformInitializer(low=0.5, high=20.0))
RULES = (
    None,
    plasticity.PairRuleConfig(a_plus=0.05),
    plasticity.TripletRuleConfig(),
    plasticity.HebbianRuleConfig(),
    plasticity.ZenkeRuleConfig(),
)


@st.composite
def projections(draw, receptor, number, scale):
    """A projection from the brain's input or from the pool itself."""
    origin, port = draw(st.sampled_from([("__call__", "s"), ("pool", "out_spikes")]))
    rule = draw(st.sampled_from(RULES))
    spread = initializers.UniformInitializer(low=0.5 * scale, high=2.0 * scale)
    return Projection(
        origin,
        port,
        name=f"{receptor}_{number}",
        pattern=draw(st.sampled_from(PATTERNS)),
        weights=draw(st.sampled_from([scale, spread])),
        delay=draw(st.sampled_from(DELAYS)),
        rule=rule,
        signed=draw(st.sampled_from([None, False])),
        weight_dtype=draw(st.sampled_from(["float32", "float16", "bfloat16"])) if rule is None else "float32",
    )


@st.composite
def pools(draw):
    """Any soma with some receptors, each with some projections, and perhaps a current."""
    chosen = draw(st.lists(st.sampled_from(RECEPTORS), min_size=1, max_size=4))
    kinds = {f"r{number}": receptor for number, (receptor, _) in enumerate(chosen)}
    wires = {
        name: [draw(projections(name, number, scale)) for number in range(draw(st.integers(1, 3)))]
        for name, (_, scale) in zip(kinds, chosen, strict=True)
    }
    # Something comes in from outside.
    wires["r0"].append(Projection("__call__", "s", name="from_outside", weights=chosen[0][1]))
    if draw(st.booleans()):
        kinds["stimulus"], wires["stimulus"] = receptors.CurrentConfig(), PortMap("__call__", "i")
    inputs = {"i": InputSpec(CurrentArray, (UNITS,), "float32")}
    inhibitory = draw(st.sampled_from([0.0, 0.4]))
    seed = draw(st.integers(0, 999))
    soma = draw(st.sampled_from(SOMAS))
    return config_of(wires, kinds, inputs=inputs, soma=soma, inhibitory_rate=inhibitory, seed=seed)


def ran(made):
    """Spikes and the last state."""
    currents = np.random.default_rng(1).uniform(0, 100, (STEPS, UNITS)).astype(np.float32)
    inputs = {"s": SpikeArray(trains(STEPS, SOURCES, signed=True)), "i": CurrentArray(currents)}
    recording = spark.run(made, STEPS, inputs, record="pool", progress=False)
    return recording["pool"], {path: np.asarray(made.state[path]) for path in made.state}


@examples(quick=6, thorough=150)
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
