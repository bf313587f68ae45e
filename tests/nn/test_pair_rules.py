"""Rules that are array code for units and connections, against the equations of their papers (`reference`)."""

from typing import Any

import numpy as np
import pytest
from builders import array_code, refused
from pool_brains import DT, SOURCES, UNITS, brain_of, matrix_of, source, trains
from reference import connection_rules as reference
from reference.btsp import btsp
from tolerances import INTEGRATED, SAME_BRAIN

import spark
from spark import FloatArray, InputSpec, SpikeArray
from spark.nn import Projection, plasticity, receptors, somas
from spark.nn.connections import AllToAll, FixedProbability
from spark.nn.initializers import UniformInitializer as Uniform

STEPS = 3000
FIRST = np.random.default_rng(6).uniform(0.3, 0.7, (UNITS, SOURCES)).round(3)
RULES: dict[str, Any] = {
    "BCM": plasticity.BCMRuleConfig(amplitude=0.1, tau=50.0, threshold_tau=400.0, target=20.0),
    "power law": plasticity.PowerLawRuleConfig(rate=0.02, exponent=0.4, pre_tau=15.0, post_tau=25.0),
    "Clopath": plasticity.ClopathRuleConfig(depression=4e-4, potentiation=3e-4, theta_minus=-65.0, theta_plus=-52.0),
    "scaling": plasticity.ScalingRuleConfig(amplitude=0.9, tau=200.0, target=20.0, interval=5.0),
    "BTSP": plasticity.BTSPRuleConfig(
        threshold=-52.0, pre_tau=300.0, post_tau=150.0, duration=80.0, rate=30.0, potentiation=24.0, depression=12.0
    ),
}


def expected_of(name: str, pre: np.ndarray, post: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weights after all steps by the equations of the paper, for the numbers of `RULES`; v is absolute, mV."""
    match name:
        case "BCM":
            return reference.bcm(pre, post, w, DT, eta=0.1, tau=50.0, tau_theta=400.0, target=20.0)
        case "power law":
            return reference.power_law(pre, post, w, DT, rate=0.02, alpha=1.05, mu=0.4, tau_pre=15.0, tau_post=25.0)
        case "Clopath":
            numbers = {"a_ltd": 4e-4, "a_ltp": 3e-4, "theta_minus": -65.0, "theta_plus": -52.0}
            return reference.clopath(pre, post, v, w, DT, rest=-60.0, **numbers)
        case "scaling":
            return reference.scaling(post, w, DT, alpha=0.9, tau=200.0, target=20.0, every=5.0)
        case _:
            numbers = {"tau_e": 300.0, "tau_i": 150.0, "duration": 80.0, "rate": 30.0, "k_plus": 24.0, "k_minus": 12.0}
            return btsp(pre, v > -52.0, w, DT, **numbers)


# In the quick run 1.5 s, each rule with one delay; 10 s of all else.
@pytest.mark.parametrize(
    ("name", "delay", "steps"),
    [(name, delay, STEPS) for name, delay in zip(RULES, (None, 2.0, None, 2.0, 2.0), strict=True)]
    + [pytest.param(name, delay, 20_000, marks=pytest.mark.thorough) for name in RULES for delay in (None, 2.0)],
)
def test_a_rule_of_connections_gives_the_weights_of_its_equations(name: str, delay: float | None, steps: int) -> None:
    wire = Projection(
        "__call__", "s", name="learns", weights=FIRST, delay=delay, rule=RULES[name],
        pattern=FixedProbability(probability=0.7),
    )  # fmt: skip
    soma = somas.IntegrateAndFireSomaConfig(background=np.linspace(60.0, 110.0, UNITS), cooldown=2.0)
    made = brain_of({"r": wire}, {"r": receptors.JumpConfig()}, soma=soma)
    first, _ = matrix_of(made.connections("pool.learns"))
    there = first != 0
    sent = trains(steps, rate=0.02)
    recorded = spark.run(made, steps, {"s": SpikeArray(sent)}, record=["pool", "pool.soma.potential"])
    fired, potential = recorded["pool"] != 0, recorded["pool.soma.potential"].astype(float) - 60.0
    late = 0 if delay is None else round(delay / DT)
    arrived = np.vstack([np.zeros((late, SOURCES)), sent[: steps - late]])
    pre = np.repeat(arrived[:, None], UNITS, axis=1)
    expected = np.where(there, expected_of(name, pre, fired, potential, first), 0.0)
    found, _ = matrix_of(made.connections("pool.learns"))
    assert np.abs(expected - first).max() > 0.02 and fired.sum() > 50
    tolerance = {"rtol": 10 * INTEGRATED["float32"]["rtol"], "atol": 10 * INTEGRATED["float32"]["atol"]}
    np.testing.assert_allclose(found, expected, **tolerance)


UNITS_OF_MANY = 150
LAYOUTS: dict[str, Any] = {
    "all": {},
    "listed": {"pattern": FixedProbability(probability=0.6)},
    "late": {"pattern": FixedProbability(probability=0.6), "delay": Uniform(low=0.5, high=6.0)},
}


def learned(every: bool, threads: int = 1) -> dict[str, np.ndarray]:
    """Weights of all rules on every layout, or on one, after a run, and eligibilities of each rule on one, by path."""
    wires = [
        Projection(
            "__call__", "s", name=f"{layout}{number}{'_taught' * modulated}", weights=0.5,
            rule=rule.updated(eligibility_tau=40.0, consolidation=4.0) if modulated else rule,
            modulator="dopamine" if modulated else None, **settings,
        )
        for number, rule in enumerate(RULES.values())
        for at, (layout, settings) in enumerate(LAYOUTS.items())
        if every or at == number % len(LAYOUTS)
        for modulated in ((False, True) if at == number % len(LAYOUTS) else (False,))
    ]  # fmt: skip
    soma = somas.IntegrateAndFireSomaConfig(background=np.linspace(60.0, 110.0, UNITS_OF_MANY), cooldown=2.0)
    made = brain_of(
        {"r": wires, "dopamine": source("dopamine")}, {"r": receptors.JumpConfig()}, soma=soma, units=(UNITS_OF_MANY,),
        inputs={"dopamine": InputSpec(FloatArray, (1,), "float32")}, modulators=("dopamine",),
    )  # fmt: skip
    teaches = FloatArray(np.sin(np.arange(200.0, dtype=np.float32))[:, None])
    given = {"s": SpikeArray(trains(200, rate=0.1)), "dopamine": teaches}
    spark.run(made, 200, given, threads=threads, progress=False)
    kept = (".weights", ".kept_eligibility")
    return {path: np.asarray(made.state[path]) for path in made.state.paths() if path.endswith(kept)}


@pytest.mark.parametrize(
    "every", [pytest.param(False, marks=pytest.mark.thorough), pytest.param(True, marks=pytest.mark.slow)]
)
def test_rules_of_connections_are_the_same_by_threads_and_in_array_code_on_layouts_and_modulated(every: bool) -> None:
    alone, shared = learned(every), learned(every, threads=2)
    with array_code():
        written = learned(every)
    assert len(alone) == len(RULES) * (len(LAYOUTS) if every else 1) + 2 * len(RULES)
    for path, value in alone.items():
        np.testing.assert_array_equal(shared[path], value, err_msg=path)
        np.testing.assert_allclose(written[path], value, rtol=100 * SAME_BRAIN["float32"], atol=1e-5, err_msg=path)
        assert np.ptp(value) > 1e-3, path


def test_a_rule_that_reads_a_potential_that_is_hidden_is_refused() -> None:
    text = (
        "pool.learns_rule: reads the potential of the soma, and PoissonSoma exposes none. "
        "Take another rule, or let the soma expose `potential`"
    )
    wire = Projection("__call__", "s", name="learns", weights=0.5, rule=plasticity.ClopathRuleConfig())
    with refused(spark.ConfigError, text):
        brain_of({"r": wire}, {"r": receptors.PulseCurrentConfig()}, soma=somas.PoissonSomaConfig())


def test_a_threshold_with_a_time_constant_of_an_hour_moves() -> None:
    rule = plasticity.BCMRule(plasticity.BCMRuleConfig(dt=0.1, tau=100.0, threshold_tau=3.6e6, target=0.1))
    once = SpikeArray(np.ones(1, np.int8))
    rule(pre_spikes=once, post_spikes=once, weights=FloatArray(np.ones((1, 1), np.float32)))
    y = -np.expm1(-0.1 / 100.0) * 1000.0 / (0.1 * 0.1)
    moved = float(rule.threshold.value[0]) - 1.0
    np.testing.assert_allclose(moved, -np.expm1(-0.1 / 3.6e6) * (y**2 - 1.0), atol=2**-23)


def test_bounds_in_the_wrong_order_are_refused() -> None:
    text = "BCMRuleConfig.maximum: must be above minimum (2), got 1. Swap them"
    with refused(spark.ConfigError, text):
        plasticity.BCMRuleConfig(minimum=2.0)


@pytest.mark.parametrize("pattern", [AllToAll(), FixedProbability(probability=0.9)])
@pytest.mark.parametrize("name", RULES)
def test_first_weights_outside_of_the_bounds_are_refused_before_they_are_clipped(name: str, pattern: Any) -> None:
    def made(rule: Any) -> Any:
        return brain_of(
            {"r": Projection("__call__", "s", name="learns", weights=0.7, rule=rule, pattern=pattern)},
            {"r": receptors.JumpConfig()}, soma=somas.IntegrateAndFireSomaConfig(),
        )  # fmt: skip

    for wrong, which, bound in (("maximum", "greatest", 0.6), ("minimum", "least", 0.8)):
        text = (
            f"pool.learns_rule.config.{wrong}: the {which} first weight lies outside, got 0.7; the bound is {bound}, "
            "in the receptor's unit. Change the bound, or draw other first weights"
        )
        with refused(spark.ConfigError, text):
            made(RULES[name].updated(**{wrong: bound}))
    # Exactly on a bound is within.
    made(RULES[name].updated(maximum=0.7))
    made(RULES[name].updated(minimum=0.7))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("rule", [plasticity.PairRuleConfig(rate=100.0, weight_unit=1.0, maximum=900.0), RULES["BCM"]])
def test_a_first_weight_on_a_bound_is_within_however_half_precision_rounds_both(dtype: str, rule: Any) -> None:
    """Of 123.121 float16 makes 123.125, and of 100.02 100.0."""
    for weight in (123.121, 100.02, 301.3):
        for bounds in ({"maximum": weight}, {"minimum": weight, "maximum": 900.0}):
            wire = Projection("__call__", "s", name="learns", weights=weight, rule=rule.updated(**bounds))
            soma = somas.IntegrateAndFireSomaConfig(potential_tau=10.0)
            made = brain_of({"r": wire}, {"r": receptors.JumpConfig()}, soma=soma, dtype=dtype)
            assert str(made.state["pool.learns.weights"].dtype) == dtype


def test_scaling_brings_units_to_their_target_and_keeps_what_their_weights_are_to_each_other() -> None:
    rule = plasticity.ScalingRuleConfig(amplitude=3.0, tau=2000.0, target=15.0, interval=20.0, maximum=100.0)
    wire = Projection("__call__", "s", name="learns", weights=Uniform(low=1.0, high=3.0), rule=rule)
    # Driven by themselves a little more or less.
    soma = somas.IntegrateAndFireSomaConfig(background=np.linspace(0.0, 60.0, UNITS), cooldown=2.0)
    made = brain_of({"r": wire}, {"r": receptors.JumpConfig()}, soma=soma)
    first, _ = matrix_of(made.connections("pool.learns"))
    steps = 40_000
    recording = spark.run(made, steps, {"s": SpikeArray(trains(steps, rate=0.02))}, record="pool", progress=False)[
        "pool"
    ]
    before, after = (1000.0 / DT * part.mean(axis=0) for part in (recording[:2000] != 0, recording[-20_000:] != 0))
    assert np.abs(before - 15.0).max() > 6 and np.abs(after - 15.0).max() < 3
    last, _ = matrix_of(made.connections("pool.learns"))
    shares = last / first
    assert np.ptp(shares[:, 0]) > 0.2
    np.testing.assert_allclose(shares, shares[:, :1] * np.ones_like(shares), rtol=1e-4)


def test_scaling_grows_by_the_rate_at_the_step_of_the_change_times_the_interval() -> None:
    config = plasticity.ScalingRuleConfig(dt=1.0, tau=5.0, target=100.0, amplitude=2.0, interval=4.0)
    rule, weights = plasticity.ScalingRule(config), np.full((1, 1), 0.5, np.float32)
    y, keep = 1.0, np.exp(-1.0 / 5.0)
    changes = []
    for fired in (1, 1, 0, 0, 0, 0, 0, 1):
        spikes = SpikeArray(np.array([fired], np.int8))
        after = np.asarray(rule(pre_spikes=spikes, post_spikes=spikes, weights=FloatArray(weights))["weights"].value)
        y = keep * y + (1 - keep) * 10.0 * fired
        changes.append((after / weights - 1.0).item() / (2.0 * 4.0 / 1000.0 * (1.0 - y)))
        weights = after
    np.testing.assert_allclose(changes, [0, 0, 0, 1, 0, 0, 0, 1], atol=1e-4)


def test_an_interval_below_a_step_is_refused() -> None:
    text = (
        "ScalingRuleConfig.interval: is shorter than a step, got 0.2 ms with dt=0.5 ms; expected at least dt. "
        "Lengthen it, or shorten dt"
    )
    with refused(spark.ConfigError, text):
        plasticity.ScalingRuleConfig(interval=0.2, dt=0.5)
