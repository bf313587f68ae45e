"""Rules of tables against the equations of their papers, one synapse after another (`reference.event_rules`)."""

import numpy as np
import pytest
from builders import array_code
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st
from rules_in_brains import EVERY, LAYOUTS, RULES, brain, learned, pairs, ran, sent, set_up, structure
from tolerances import INTEGRATED, WEIGHTS

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap, SpikeArray, kernels
from spark.engine.ways import COMPOSED, way_of
from spark.kernels import native
from spark.nn import Brain, BrainConfig, plasticity
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig
from spark.sim.run import build

needs_native = pytest.mark.skipif(not kernels.status().available, reason="no native kernels on this machine")


@pytest.mark.parametrize(("name", "layout"), pairs(EVERY, first=1))
def test_a_rule_gives_the_weights_of_its_equations(name, layout):
    rule = set_up(name)
    made = brain(rule, **LAYOUTS[layout])
    first, delays = structure(made)
    post = ran(made, sent())["pool"]
    assert 20 < post.sum() < 0.4 * post.size
    expected = learned(rule, first, delays, sent(), post).weights[-1]
    assert np.abs(expected - first).max() > 0.05
    np.testing.assert_allclose(made.pool.synapses.kernel, expected, **INTEGRATED["float32"])


@pytest.mark.thorough
@pytest.mark.parametrize("name", EVERY)
def test_a_rule_follows_its_equations_for_ten_seconds(name):
    rule, every = set_up(name), 50
    made = brain(rule)
    first, delays = structure(made)
    recorded = ran(made, sent(steps=10_000), record=(spark.Probe("pool.synapses.weights", every=every),))
    expected = learned(rule, first, delays, sent(steps=10_000), recorded["pool"]).weights[::every]
    assert recorded["pool"].sum() > 300 and np.abs(expected - first).max() > 0.05
    found = np.swapaxes(recorded["pool.synapses.weights"], -1, -2).reshape(expected.shape)
    np.testing.assert_allclose(found, expected, **INTEGRATED["float32"])


def test_the_standard_plastic_network_agrees_within_a_millionth():
    """Additive pairs with the amplitudes of Song, Miller & Abbott 2000 for weights up to 0.3."""
    rule = plasticity.PairRuleConfig(a_plus=1e-4, a_minus=1.05e-4, weight_unit=1.0, maximum=0.3)
    made = brain(rule, units=(24, 20), scale=0.1)
    first, delays = structure(made)
    pre = sent(3, 1500, 24)
    post = ran(made, pre)["pool"]
    expected = learned(rule, first, delays, pre, post).weights[-1]
    assert np.abs(expected - first).max() > 1e-3
    np.testing.assert_allclose(made.pool.synapses.kernel, expected, **WEIGHTS["float32"])


@needs_native
@pytest.mark.parametrize(("name", "layout"), pairs(EVERY, first=0, one_of=3))
def test_all_ways_to_run_give_the_same_weights(name, layout):
    """Changes that wait, changes at once (the weights are recorded), single steps, and array code."""
    rule = set_up(name)
    lazy, eager, single, plain = (brain(rule, **LAYOUTS[layout]) for _ in range(4))
    spikes = ran(lazy, sent()).spikes("pool")
    recorded = ran(eager, sent(), record=("pool.synapses.weights",))
    np.testing.assert_array_equal(recorded.spikes("pool"), spikes)
    np.testing.assert_array_equal(lazy.state["pool.synapses.weights"], eager.state["pool.synapses.weights"])
    np.testing.assert_array_equal(recorded["pool.synapses.weights"][-1], lazy.state["pool.synapses.weights"])
    for row in sent():
        single(spikes=SpikeArray(row))
    np.testing.assert_array_equal(lazy.state["pool.synapses.weights"], single.state["pool.synapses.weights"])
    with array_code():
        np.testing.assert_array_equal(ran(plain, sent()).spikes("pool"), spikes)
    np.testing.assert_allclose(
        plain.state["pool.synapses.weights"], lazy.state["pool.synapses.weights"], **INTEGRATED["float32"]
    )


# Each rule with each set of instructions, each with one of them in the quick run.
SETS = [
    pytest.param(name, instruction_set, marks=[] if (number + place) % 3 == 0 else pytest.mark.slow)
    for number, name in enumerate(EVERY)
    for place, instruction_set in enumerate(("portable", "avx2", "avx512"))
]


@needs_native
@pytest.mark.parametrize(("name", "instruction_set"), SETS)
def test_changes_that_waited_long_are_those_made_at_once(name, instruction_set):
    """Rows that fire after 1 to 2,000 steps, some never, in a run that is longer than what may wait."""
    units, steps = (40, 30), 5000
    chances = np.geomspace(0.0005, 0.3, units[0])
    chances[3] = 0.0
    spikes = (np.random.default_rng(1).random((steps, units[0])) < chances).astype(np.int8)
    native.limit_instruction_set(instruction_set)
    try:
        lazy, eager = (brain(set_up(name), units=units) for _ in range(2))
        fired = ran(lazy, spikes)["pool"]
        recorded = ran(eager, spikes, record=(spark.Probe("pool.synapses.weights", every=1000),))
    finally:
        native.limit_instruction_set("avx512")
    assert fired.sum() > 500
    np.testing.assert_array_equal(recorded["pool"], fired)
    np.testing.assert_array_equal(lazy.state["pool.synapses.weights"], eager.state["pool.synapses.weights"])


@needs_native
@given(
    seed=st.integers(0, 99),
    units=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    cuts=st.lists(st.integers(1, 120), min_size=1, max_size=4),
    name=st.sampled_from(list(EVERY)),
)
@examples(5, 60)
def test_however_a_run_is_cut_the_weights_are_the_same(seed, units, cuts, name):
    spikes = sent(seed, sum(cuts), units[0])
    whole, cut = (brain(set_up(name), units=units) for _ in range(2))
    ran(whole, spikes)
    for part in np.split(spikes, np.cumsum(cuts)[:-1]):
        ran(cut, part)
    np.testing.assert_array_equal(whole.state["pool.synapses.weights"], cut.state["pool.synapses.weights"])


@needs_native
@pytest.mark.parametrize("modulated", [False, True], ids=["plain", "modulated"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", EVERY)
def test_a_run_of_any_rule_is_native_on_any_weights(name: str, layout: str, modulated: bool) -> None:
    """What runs is a view of the brain; a pool that is native in the brain alone would be slow without a word."""
    made = brain(set_up(name, **({"eligibility_tau": 30.0} if modulated else {})), **LAYOUTS[layout])
    build(made)
    view = spark.merge(*spark.split(made))
    assert way_of(made.pool) is COMPOSED and way_of(view.pool) is COMPOSED


@given(st.floats(-80, 80).filter(lambda lag: abs(lag) > 0.5))
@examples(25, 100)
def test_an_isolated_pair_has_the_windows_closed_form(lag):
    lag = round(lag)
    rule = plasticity.PairRuleConfig(
        a_plus=0.1, a_minus=0.12, pre_tau=17.0, post_tau=34.0, weight_unit=1.0, maximum=2.0
    )
    module = plasticity.PairRule(rule)
    weights = np.array([[1.0]], np.float32)
    for n in range(200):
        pre, post = n == 100, n == 100 + lag
        out = module(
            pre_spikes=SpikeArray(np.array([pre], np.int8)),
            post_spikes=SpikeArray(np.array([post], np.int8)),
            weights=FloatArray(weights),
        )
        weights = out["weights"].value
    expected = 0.1 * np.exp(-lag / 17.0) if lag > 0 else -0.12 * np.exp(lag / 34.0)
    np.testing.assert_allclose(float(weights[0, 0]) - 1.0, expected, rtol=1e-5, atol=1e-6)


def test_without_triplets_the_triplet_rule_is_the_pair_rule():
    pair = set_up("pair").updated(a_plus=0.03, a_minus=0.02, pre_tau=16.8, post_tau=33.7)
    triplet = plasticity.TripletRuleConfig(
        a2_plus=0.03, a2_minus=0.02, a3_plus=0, a3_minus=0, weight_unit=1.0, maximum=2.0
    )
    quadruplet = plasticity.QuadrupletRuleConfig(**triplet.explicit())
    found = []
    for rule in (pair, triplet, quadruplet):
        made = brain(rule)
        ran(made, sent())
        found.append(np.asarray(made.state["pool.synapses.weights"]))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.thorough
def test_potentiation_of_the_minimal_triplet_rule_grows_with_frequency():
    """Twenty pairs at +10 ms: the closer they follow each other, the more each of them adds (Pfister 2006)."""
    rule = plasticity.TripletRuleConfig(
        a2_plus=0.0, a3_plus=6.5e-3, a2_minus=7.1e-3, a3_minus=0.0, post_slow_tau=114.0, weight_unit=1.0, maximum=10.0
    )
    changes = []
    for gap in (200, 100, 50, 25):
        module, weights = plasticity.TripletRule(rule), np.ones((1, 1), np.float32)
        for n in range(20 * gap):
            pre, post = (SpikeArray(np.array([n % gap == at], np.int8)) for at in (0, 10))
            weights = module(pre_spikes=pre, post_spikes=post, weights=FloatArray(weights))["weights"].value
        changes.append(float(weights[0, 0]) - 1.0)
    assert changes == sorted(changes)
    assert changes[0] < 0.2 * changes[-1]


@pytest.mark.parametrize("name", RULES)
def test_bounds_hold_under_any_amplitude(name):
    wild = {f: 50.0 for f in type(RULES[name]).model_fields if f.startswith("a")}
    made = brain(set_up(name, **wild))
    recording = ran(made, sent(), record=("pool.synapses.weights",))
    weights = recording["pool.synapses.weights"]
    assert weights.min() >= 0 and weights.max() <= 2.0
    assert (weights == 0).any() or (weights == 2.0).any()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: brain(set_up("pair").updated(minimum=0.9)), "the least first weight lies outside"),
        (lambda: brain(set_up("pair").updated(maximum=1.0)), "the greatest first weight lies outside"),
        (
            lambda: brain(set_up("pair", eligibility_tau=10.0, consolidation=11.0)),
            "consolidation: must be at most eligibility_tau",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(make, said):
    with pytest.raises(spark.ConfigError, match=said):
        structure(make())


def test_a_modulation_that_does_not_fit_the_rule_is_refused():
    modules = [
        ModuleSpecs(
            "pool",
            LIFNeuron,
            {"in_spikes": PortMap("__call__", "spikes")},
            LIFNeuronConfig(units=(4,), async_spikes=False, learning_rule=set_up("pair", eligibility_tau=9.0)),
        )
    ]
    config = BrainConfig(input_map={"spikes": InputSpec(SpikeArray, (3,), "int8")}, output_map={}, modules_map=modules)
    with pytest.raises(spark.WiringError, match="pool.modulation: is not wired, but the rule is modulated"):
        Brain(config)(spikes=SpikeArray(np.zeros(3, np.int8)))


@pytest.mark.parametrize("name", EVERY)
def test_json_keeps_the_kind_of_rule(name):
    config = LIFNeuronConfig(units=(4,), async_spikes=False, learning_rule=EVERY[name])
    assert LIFNeuronConfig.from_json(config.to_json()) == config
    assert type(LIFNeuronConfig.from_json(config.to_json()).learning_rule) is type(EVERY[name])


def test_an_unknown_rule_offers_the_nearest():
    with pytest.raises(spark.ConfigError, match="PairRulConfig.*PairRuleConfig"):
        LIFNeuronConfig(units=(4,), async_spikes=False, learning_rule={"rule": "PairRulConfig"})


@needs_native
@pytest.mark.parametrize("name", ["pair", pytest.param("zenke", marks=pytest.mark.slow)])
def test_a_large_plastic_kernel_is_never_copied(name):
    """The compiled chunk of a run holds no copy of 4096 x 4096 weights."""
    from spark.sim.chunk import run_chunk

    size = 4096
    made = brain(set_up(name), units=(size, size))
    structure(made)
    graph, state = spark.split(made)
    text = (
        run_chunk.lower(
            graph,
            state,
            {},
            {"spikes": SpikeArray(np.zeros((64, size), np.int8))},
            np.int32(64),
            {},
            np.int32(1),
            np.bool_(True),
            taps=(),
            most=64,
        )
        .compile()
        .as_text()
    )
    large = [line for line in text.splitlines() if f"[{size * size}" in line or f"[{size},{size}" in line]
    assert large and not [line for line in large if " copy(" in line or "copy-start" in line]
