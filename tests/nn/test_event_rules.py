"""Rules of tables against the equations of their papers, one synapse after another (`reference.event_rules`)."""

import contextlib
import pickle
from collections.abc import Collection
from typing import Any

import numpy as np
import pytest
from builders import array_code, delays_of_pairs
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st
from reference import event_rules as reference
from tolerances import INTEGRATED, WEIGHTS

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap, SpikeArray, kernels
from spark.engine.ways import COMPOSED, way_of
from spark.kernels import native
from spark.nn import Brain, BrainConfig, plasticity
from spark.nn.initializers import UniformInitializer
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig
from spark.sim.run import build

needs_native = pytest.mark.skipif(not kernels.status().available, reason="no native kernels on this machine")
PRE, POST, STEPS = 12, 9, 400
RULES = {
    "pair": plasticity.PairRuleConfig(a_plus=0.05, a_minus=0.04, pre_tau=15.0, post_tau=30.0),
    "pair of nearest spikes": plasticity.PairRuleConfig(a_plus=0.05, a_minus=0.04, nearest=True),
    "pair in soft bounds": plasticity.PairRuleConfig(a_plus=0.3, a_minus=0.25, soft_bounds=True),
    "triplet": plasticity.TripletRuleConfig(a2_plus=0.01, a3_plus=0.02, a2_minus=0.03, a3_minus=0.004),
    "quadruplet": plasticity.QuadrupletRuleConfig(a2_plus=0.01, a2_minus=0.03, a4_plus=0.01, a4_minus=0.008),
    "hebbian": plasticity.HebbianRuleConfig(amplitude=0.02),
    "vogels": plasticity.VogelsRuleConfig(amplitude=0.03, target=25.0, tau=15.0),
    "oja": plasticity.OjaRuleConfig(amplitude=0.05),
}
# Every term moves the weights, and none drowns the others.
EVERY = RULES | {"zenke": plasticity.ZenkeRuleConfig(gamma=0.05, a=0.05, b=0.2, c=0.02, d=0.3, post_slow_tau=60.0)}


def brain(
    rule: Any, delayed: bool = False, density: float = 1.0, units: tuple[int, int] = (PRE, POST), scale: float = 1.0
):
    """A pool with this rule under spikes from outside."""
    config = LIFNeuronConfig(
        units=(units[1],),
        async_spikes=delayed,
        inhibitory_rate=0.3,
        synapses__kernel=UniformInitializer(density=density, low=0.4 * scale, high=1.6 * scale),
        soma__resistance=1.2e5 * 12 / units[0] / scale,
        learning_rule=rule,
        **({"max_delay": 6.0} if delayed else {}),
    )
    inputs = {"in_spikes": PortMap("__call__", "spikes")}
    specs = {"spikes": InputSpec(SpikeArray, (units[0],), "int8")}
    if rule.modulated:
        inputs["modulation"] = PortMap("__call__", "reward")
        specs["reward"] = InputSpec(FloatArray, (), "float32")
    modules = [ModuleSpecs("pool", LIFNeuron, inputs, config)]
    return Brain(BrainConfig(input_map=specs, output_map={}, modules_map=modules, seed=5))


def set_up(name: str, **changes: Any) -> Any:
    given = {"maximum": 2.0} if name == "zenke" else {"weight_unit": 1.0, "maximum": 2.0}
    return EVERY[name].updated(**given, **changes)


def sent(seed: int = 0, steps: int = STEPS, units: int = PRE) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1, 0, 1], (steps, units), p=[0.02, 0.9, 0.08]).astype(np.int8)


def ran(made: Any, spikes: np.ndarray, record: tuple = (), reward: Any = None) -> Any:
    inputs = {"spikes": SpikeArray(spikes)} | ({} if reward is None else {"reward": FloatArray(reward)})
    return spark.run(made, len(spikes), inputs, record=["pool", *record], progress=False)


def structure(made: Any) -> tuple[np.ndarray, np.ndarray]:
    """First weights and delays, (post, pre)."""
    build(made)
    return np.asarray(made.pool.synapses.kernel, np.float64), delays_of_pairs(made.pool.synapses)


def equations_of(rule: Any, first: np.ndarray) -> reference.EventRule:
    """The rule of a config, as the papers have it."""
    c, bounds = rule, (rule.minimum, rule.maximum)
    match rule:
        case plasticity.ZenkeRuleConfig():
            taus = (c.pre_tau, c.post_tau, c.post_slow_tau)
            return reference.zenke(first, c.a, c.b, c.c, c.d, c.gamma, taus, bounds)
        case plasticity.TripletRuleConfig():
            fourth = (c.a4_plus, c.a4_minus) if isinstance(c, plasticity.QuadrupletRuleConfig) else ()
            taus = (c.pre_tau, c.pre_slow_tau, c.post_tau, c.post_slow_tau)
            return reference.quadruplet(c.a2_plus, c.a3_plus, c.a2_minus, c.a3_minus, taus, bounds, *fourth)
        case plasticity.VogelsRuleConfig():
            return reference.vogels(c.amplitude, c.target, c.tau, bounds)
        case plasticity.HebbianRuleConfig():
            return reference.hebbian(c.amplitude, c.pre_tau, c.post_tau, bounds)
        case plasticity.OjaRuleConfig():
            return reference.oja(c.amplitude, c.pre_tau, c.post_tau, bounds)
        case _:
            return reference.pair(c.a_plus, c.a_minus, c.pre_tau, c.post_tau, bounds, c.nearest, c.soft_bounds)


def learned(rule: Any, first: np.ndarray, delays: np.ndarray, pre: np.ndarray, post: np.ndarray, reward: Any = None):
    """Weights and eligibilities after every step, by the papers' equations."""
    modulation = {} if reward is None else {"reward": reward, "eligibility_tau": rule.eligibility_tau}
    rate = rule.rate if isinstance(rule, plasticity.EventRuleConfig) else 1.0
    return reference.learned(equations_of(rule, first), first, delays, pre, post, rate=rate, **modulation)


LAYOUTS = {"dense": {}, "sparse": {"density": 0.5}, "delayed": {"delayed": True}}


def pairs(names: Collection[str], first: int, one_of: int = 1) -> list[Any]:
    """Each rule with each layout; in the quick run one rule of so many with one of them: every pair compiles anew."""
    quick = {(n, (first - n) % len(LAYOUTS)) for n, _ in enumerate(names) if n % one_of == 0}
    return [
        pytest.param(name, layout, marks=[] if (number, place) in quick else pytest.mark.slow)
        for number, name in enumerate(names)
        for place, layout in enumerate(LAYOUTS)
    ]


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


# In the quick run each rule with each interval, each interval with each layout; every one compiles anew.
MODULATED = [
    pytest.param(name, interval, layout, marks=[] if (number + place + late) % len(LAYOUTS) == 0 else pytest.mark.slow)
    for number, name in enumerate(("pair", "triplet", "hebbian"))
    for late, interval in enumerate((None, 7.0))
    for place, layout in enumerate(LAYOUTS)
]


@pytest.mark.parametrize(("name", "interval", "layout"), MODULATED)
def test_modulation_moves_weights_by_their_eligibility(name, interval, layout):
    """The oracle updates every eligibility in every step; bounds are out of reach, so that intervals change nothing."""
    rule = set_up(name, eligibility_tau=40.0, consolidation=interval, rate=0.02).updated(minimum=-50.0, maximum=50.0)
    made = brain(rule, **LAYOUTS[layout])
    first, delays = structure(made)
    reward = np.where(np.arange(406) % 50 == 0, np.float32(2.0), np.float32(0.0))
    reward[200:300] = np.sin(np.arange(100) / 9.0)
    pre = sent(steps=406)
    post = ran(made, pre, reward=reward)["pool"]
    expected = learned(rule, first, delays, pre, post, reward).weights[-1]
    assert np.abs(expected - first).max() > 0.01
    np.testing.assert_allclose(made.pool.synapses.kernel, expected, **INTEGRATED["float32"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_modulated_rule_still_pulls_towards_the_first_weights(layout):
    rule = set_up("zenke", eligibility_tau=40.0)
    made = brain(rule, **LAYOUTS[layout])
    first, delays = structure(made)
    reward = np.sin(np.arange(STEPS) / 40.0).astype(np.float32) * 0.05
    post = ran(made, sent(), reward=reward)["pool"]
    expected = learned(rule, first, delays, sent(), post, reward).weights[-1]
    unpulled = learned(rule.updated(c=0.0), first, delays, sent(), post, reward).weights[-1]
    assert np.abs(expected - first).max() > 0.05 and np.abs(expected - unpulled).max() > 0.01
    np.testing.assert_allclose(made.pool.synapses.kernel, expected, **INTEGRATED["float32"])


@pytest.mark.parametrize("interval", [None, 2.0])
def test_eligibilities_are_renewed_without_a_trace(interval):
    """With a short time constant the kept form is renewed every 40 steps."""
    rule = set_up("pair", eligibility_tau=2.0, consolidation=interval).updated(minimum=-50.0, maximum=50.0)
    made = brain(rule)
    first, delays = structure(made)
    reward = np.random.default_rng(1).normal(size=STEPS).astype(np.float32)
    post = ran(made, sent(), reward=reward)["pool"]
    assert made.pool.learning_rule.third.renewal <= 40
    expected = learned(rule, first, delays, sent(), post, reward).weights[-1]
    np.testing.assert_allclose(made.pool.synapses.kernel, expected, **INTEGRATED["float32"])


def laid_out(values: np.ndarray, kernel: np.ndarray, delays: np.ndarray, dense: bool) -> np.ndarray:
    """Values of pairs (..., post, pre) as a state has them: (..., pre, post); or listed by source, delay and target."""
    if dense:
        return np.swapaxes(values, -1, -2)
    post, pre = np.nonzero(kernel)
    order = np.lexsort((post, delays[post, pre], pre))
    return values[..., post[order], pre[order]]


# Each layout and each code once in the quick run.
@pytest.mark.parametrize(
    ("code", "layout"),
    [
        pytest.param(code, layout, marks=[] if (place + late) % 2 == 0 else pytest.mark.slow)
        for late, code in enumerate(("native", "array"))
        for place, layout in enumerate(LAYOUTS)
    ],
)
def test_an_eligibility_is_read_and_recorded_as_it_is(layout: str, code: str) -> None:
    """It is renewed every 60 steps, in between kept in units that decay with it; nobody is to see that."""
    rule = set_up("pair", eligibility_tau=3.0, consolidation=2.0).updated(minimum=-50.0, maximum=50.0)
    made = brain(rule, **LAYOUTS[layout])
    first, delays = structure(made)
    path, reward = "pool.learning_rule.eligibility", np.random.default_rng(3).normal(size=STEPS).astype(np.float32)
    probes = (spark.Probe(path, name="all"), spark.Probe(path, name="some", every=7, units=[2, 5]))
    with contextlib.nullcontext() if code == "native" else array_code():
        recording = ran(made, sent(), probes, reward)
    eligibilities = learned(rule, first, delays, sent(), recording["pool"], reward).eligibilities
    expected = laid_out(eligibilities, first, delays, dense=layout == "dense")
    assert made.pool.learning_rule.third.renewal == 60 and np.abs(expected).max() > 0.1
    found = recording["all"].reshape(expected.shape)
    np.testing.assert_allclose(found, expected, **INTEGRATED["float32"])
    np.testing.assert_array_equal(recording["some"], found.reshape(STEPS, -1)[::7][:, [2, 5]])
    np.testing.assert_array_equal(made.state[path], found[-1])
    assert made.state.unit(path) == "pA" and path in made.state


def test_an_eligibility_can_be_set_and_stays_what_it_is_when_steps_are_counted_anew() -> None:
    made = brain(set_up("pair", eligibility_tau=30.0))
    structure(made)
    ran(made, sent(steps=90), reward=np.zeros(90, np.float32))
    path = "pool.learning_rule.eligibility"
    before, state = np.asarray(made.state[path]), made.state
    assert np.abs(before).max() > 0
    np.testing.assert_allclose(state.replace({"step": 7})[path], before, rtol=1e-6)
    np.testing.assert_allclose(state.replace({path: 2 * before})[path], 2 * before, rtol=1e-6)
    np.testing.assert_allclose(state.replace({path: before, "step": 2**40})[path], before, rtol=1e-6)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(state))[path], before)
    with pytest.raises(spark.StateError, match=r"pool\.learning_rule\.eligibility: cannot take this value"):
        state.replace({path: np.zeros(3, np.float32)})


def test_an_eligibility_goes_on_with_another_time_constant() -> None:
    """What is kept of it depends on the time constant, what it is does not."""
    made = brain(set_up("pair", eligibility_tau=30.0))
    structure(made)
    ran(made, sent(steps=90), reward=np.zeros(90, np.float32))
    path, before = "pool.learning_rule.eligibility", np.asarray(made.state["pool.learning_rule.eligibility"])
    after = made.with_config({"pool.learning_rule.eligibility_tau": 60.0})
    np.testing.assert_allclose(after.state[path], before, rtol=1e-6)
    ran(after, np.zeros((20, PRE), np.int8), reward=np.zeros(20, np.float32))
    post = np.asarray(after.state["pool.learning_rule.post_traces"])
    assert post.shape == (1, POST)
    np.testing.assert_allclose(after.state[path], before * np.exp(-20 / 60.0), rtol=1e-5)


@needs_native
@pytest.mark.parametrize(
    ("name", "interval"),
    [
        ("triplet", None),
        ("zenke", 7.0),
        pytest.param("triplet", 7.0, marks=pytest.mark.slow),
        pytest.param("zenke", None, marks=pytest.mark.slow),
    ],
)
def test_modulated_rules_run_the_same_in_array_code(name, interval):
    rule = set_up(name, eligibility_tau=30.0, consolidation=interval)
    reward = np.random.default_rng(2).normal(size=STEPS).astype(np.float32)
    native, plain = brain(rule), brain(rule)
    expected = ran(native, sent(), reward=reward)["pool"]
    with array_code():
        np.testing.assert_array_equal(ran(plain, sent(), reward=reward)["pool"], expected)
    for entry in ("synapses.weights", "learning_rule.eligibility", "learning_rule.moved"):
        np.testing.assert_allclose(native.state[f"pool.{entry}"], plain.state[f"pool.{entry}"], **INTEGRATED["float32"])


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


def test_without_modulation_no_bit_of_a_weight_changes():
    made = brain(set_up("pair", eligibility_tau=100.0))
    structure(made)
    before = np.asarray(made.state["pool.synapses.weights"])
    ran(made, sent(), reward=np.zeros(STEPS, np.float32))
    np.testing.assert_array_equal(made.state["pool.synapses.weights"], before)
    assert np.abs(made.state["pool.learning_rule.eligibility"]).max() > 0


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
