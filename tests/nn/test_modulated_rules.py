"""Modulated rules against their equations: eligibilities, and weights that move by them."""

import contextlib
import pickle

import numpy as np
import pytest
from builders import array_code
from rules_in_brains import LAYOUTS, POST, PRE, STEPS, brain, learned, ran, sent, set_up, structure
from tolerances import INTEGRATED

import spark
from spark import kernels

needs_native = pytest.mark.skipif(not kernels.status().available, reason="no native kernels on this machine")
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


def test_without_modulation_no_bit_of_a_weight_changes():
    made = brain(set_up("pair", eligibility_tau=100.0))
    structure(made)
    before = np.asarray(made.state["pool.synapses.weights"])
    ran(made, sent(), reward=np.zeros(STEPS, np.float32))
    np.testing.assert_array_equal(made.state["pool.synapses.weights"], before)
    assert np.abs(made.state["pool.learning_rule.eligibility"]).max() > 0
