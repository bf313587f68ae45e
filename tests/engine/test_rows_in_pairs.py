"""Postsynaptic spikes that wait for rows of dense weights, alone or in pairs, change weights as if none had waited."""

import numpy as np
import pytest

import spark
from spark import SpikeArray, kernels
from spark.kernels import RuleTable, Term, Trace
from spark.nn import Brain, plasticity, receptors, somas
from spark.nn.initializers import UniformInitializer
from spark.nn.plasticity.event_rule import EventRule, EventRuleConfig

pytestmark = pytest.mark.skipif(not kernels.available(), reason="no native kernels on this machine")

STEPS = 150
GREATEST = 1.0


class TwoTracesConfig(EventRuleConfig):
    """A fast and a slow presynaptic trace."""

    def table(self) -> RuleTable:
        """Both strengthen at a postsynaptic spike, with a constant besides; a presynaptic one weakens."""
        return RuleTable(
            pre=(Trace(10.0), Trace(60.0)),
            post=(Trace(20.0), Trace(90.0)),
            at_pre=(Term(-0.02, post=1), Term(-0.01, post=2), Term(-0.001)),
            at_post=(Term(0.02, pre=1), Term(0.005, pre=2), Term(0.002)),
        )


class TwoTraces(EventRule):
    """The rule of that table."""

    config: TwoTracesConfig


class DrawnConfig(EventRuleConfig):
    """Any table of one to three traces on either side."""

    number: int = spark.field(0, description="Which table.")

    def table(self) -> RuleTable:
        """Drawn by its number; every second one reads no postsynaptic trace at postsynaptic spikes."""
        draw = np.random.default_rng(self.number)
        pre, post = draw.integers(1, 4, 2)

        def terms(most_post: int, times_weight: float) -> tuple[Term, ...]:
            drawn = [
                (draw.normal(0.0, 0.02), draw.integers(0, pre + 1), draw.integers(0, most_post + 1)) for _ in "123"
            ]
            return tuple(Term(a, int(x), int(y), bool(draw.random() < times_weight)) for a, x, y in drawn)

        equal = self.number % 2 == 0
        return RuleTable(
            pre=tuple(Trace(float(tau), bool(draw.random() < 0.3)) for tau in draw.uniform(5.0, 80.0, pre)),
            post=tuple(Trace(float(tau), bool(draw.random() < 0.3)) for tau in draw.uniform(5.0, 80.0, post)),
            at_pre=terms(post, 0.3),
            at_post=terms(0 if equal else post, 0.0 if equal else 0.3),
        )


class Drawn(EventRule):
    """The rule of such a table."""

    config: DrawnConfig


PAIR = plasticity.PairRuleConfig(a_plus=0.02, a_minus=0.015, maximum=GREATEST, weight_unit=1.0)
RULES = {
    "strengthens": PAIR,
    "weakens": PAIR.updated(a_plus=-0.02, a_minus=-0.02),
    "two traces": TwoTracesConfig(maximum=GREATEST, weight_unit=1.0),
    "gains of their own": plasticity.TripletRuleConfig(maximum=GREATEST, weight_unit=1.0),
    "soft bounds": PAIR.updated(soft_bounds=True),
}


def learner(sources: int, units: int, rule: EventRuleConfig, **settings) -> Brain:
    """Every source onto every unit, which fires about every tenth step."""
    net = spark.Network(dt=1.0, seed=2)
    pool = net.pool(
        "pool",
        units,
        receptors={"r": receptors.JumpConfig()},
        soma=somas.IntegrateAndFireSomaConfig(
            threshold=-50.0, cooldown=2.0, resistance=100.0, background=UniformInitializer(low=200.0, high=600.0)
        ),
    )
    spikes = net.input("s", sources, SpikeArray)
    net.connect(spikes, pool.r, name="a", weights=UniformInitializer(low=0.0, high=GREATEST), rule=rule, **settings)
    return net.build()


def after(brain: Brain, spikes: np.ndarray, **given) -> np.ndarray:
    """Weights after a run of all steps."""
    brain.reset()
    spark.run(brain, len(spikes), {"s": SpikeArray(spikes)}, progress=False, **given)
    return np.asarray(brain.state["pool.a.weights"])


def one_by_one(brain: Brain, spikes: np.ndarray) -> np.ndarray:
    """Weights after a run for each step, in which nothing waits."""
    brain.reset()
    return step_by_step(brain, spikes)


def step_by_step(brain: Brain, spikes: np.ndarray) -> np.ndarray:
    """Weights after a run for each step, from the state that the brain is in."""
    for now in spikes:
        spark.run(brain, 1, {"s": SpikeArray(now[None])}, progress=False)
    return np.asarray(brain.state["pool.a.weights"])


def fired(sources: int, rate: float = 0.1, steps: int = STEPS) -> np.ndarray:
    """Random spikes, int8 (steps, sources)."""
    return (np.random.default_rng(sources).random((steps, sources)) < rate).astype(np.int8)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("sources", "units"), [(40, 64), (7, 33), (1, 16), (30, 129)])
def test_a_long_call_ends_with_the_weights_of_as_many_calls_of_one_step(rule, sources, units):
    brain, spikes = learner(sources, units, RULES[rule]), fired(sources)
    expected = one_by_one(brain, spikes)
    recorded = spark.run(brain, 100, {"s": SpikeArray(spikes[:100])}, record=["pool"], progress=False)
    assert recorded["pool"].sum(axis=0).min() > 2
    assert np.unique(expected).size > min(expected.size, 100) // 2
    for threads in (1, 2, 3):
        np.testing.assert_array_equal(after(brain, spikes, threads=threads), expected)


def number_of_rule(number: int) -> object:
    """The first few in every run of the tests, the others in the thorough one."""
    return pytest.param(number, marks=[] if number < 4 else [pytest.mark.thorough])


@pytest.mark.parametrize("number", [number_of_rule(number) for number in range(60)])
def test_a_rule_of_any_table_does_too_through_rows_and_along_a_list(number):
    rule = DrawnConfig(number=number, maximum=GREATEST, weight_unit=1.0)
    for settings in ({}, {"delay": UniformInitializer(low=1.0, high=6.0)}):
        brain, spikes = learner(11, 40, rule, **settings), fired(11)
        np.testing.assert_array_equal(after(brain, spikes), one_by_one(brain, spikes))


def test_weights_below_the_least_are_raised_where_an_event_touches_them():
    """They cannot come about by the rule, but somebody may put them there."""
    brain, spikes = learner(12, 32, PAIR), fired(12)
    after(brain, spikes)
    lower = np.asarray(brain.state["pool.a.weights"]) - 0.5
    brain.reset()
    brain.replace_state({"pool.a.weights": lower})
    spark.run(brain, STEPS, {"s": SpikeArray(spikes)}, progress=False)
    at_once = np.asarray(brain.state["pool.a.weights"])
    brain.reset()
    brain.replace_state({"pool.a.weights": lower})
    np.testing.assert_array_equal(step_by_step(brain, spikes), at_once)


@pytest.mark.parametrize("rate", [0.0, 0.002, 0.4])
def test_rows_wait_for_many_steps_or_for_few(rate):
    """The second group of steps begins after 512, and what waits is applied after 4,096 at the latest."""
    brain, spikes = learner(9, 24, PAIR), fired(9, rate, 1500)
    spikes[:, 0] |= (np.arange(1500) % 4 == 0).astype(np.int8)
    whole = after(brain, spikes)
    brain.reset()
    for begin in range(0, 1500, 100):
        spark.run(brain, 100, {"s": SpikeArray(spikes[begin : begin + 100])}, progress=False)
    np.testing.assert_array_equal(brain.state["pool.a.weights"], whole)
