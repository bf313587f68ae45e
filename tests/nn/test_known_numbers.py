"""Numbers that the field knows of its standard models: closed forms with the parameters of their papers."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import run

import spark
from spark import CurrentArray, FloatArray, InputSpec, ModuleSpecs, Projection, SpikeArray
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, connections, plasticity, receptors, somas, synapses

# NEST's standard unit: 250 pF and 10 ms, a threshold 15 mV above rest and 2 ms of rest.
UNIT: dict[str, float] = {"potential_tau": 10.0, "resistance": 40.0}
# By current, pA: when it fires first, ms, and at which rate, Hz.
FIRES = {376.0: (59.295891, 16.3143), 500.0: (13.862944, 63.0400), 1000.0: (4.700036, 149.2529)}


def test_the_standard_unit_fires_first_and_on_when_its_closed_form_has_it() -> None:
    dt, seconds = 0.05, 10
    made = somas.IntegrateAndFireSoma(scheme="precise", threshold=-45.0, cooldown=2.0, dt=dt, **UNIT)
    currents = np.tile(np.float32([*FIRES]), (round(1_000 * seconds / dt), 1))
    made(current=CurrentArray(jnp.zeros(len(FIRES))))
    made.reset()
    found, _, _ = run(made, {"current": CurrentArray(jnp.asarray(currents))})
    spikes = np.asarray(found["spikes"].value)
    first, rates = np.array([*FIRES.values()]).T
    np.testing.assert_array_equal(spikes.argmax(axis=0), np.floor(first / dt))
    assert np.abs(spikes.sum(axis=0) - seconds * rates).max() <= 1


# Receptor: its time constant, ms; the highest potential of 1 pA, mV, and when that is, ms.
HIGHEST: dict[Any, tuple[float, float, float]] = {
    receptors.ExponentialCurrentConfig: (0.5, 0.00170826, 1.576701),
    receptors.AlphaCurrentConfig: (2.0, 0.0130007, 6.651),
}


@pytest.mark.parametrize("kind", HIGHEST)
def test_the_potential_of_one_spike_is_as_high_and_as_late_as_its_closed_form(kind: Any) -> None:
    """On a grid of 0.01 ms; an alpha current is held during a step of the membrane."""
    tau, highest, late = HIGHEST[kind]
    soma = somas.IntegrateAndFireSomaConfig(threshold=1e6, **UNIT)
    wire = Projection("__call__", "s", weights=1.0)
    pool = ModuleSpecs("pool", Pool, {"r": wire}, PoolConfig(units=(1,), soma=soma, receptors={"r": kind(tau=tau)}))
    inputs = {"s": InputSpec(SpikeArray, (1,), "int8")}
    brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=[pool], dt=0.01))
    spikes = np.zeros((1_000, 1), np.int8)
    spikes[0] = 1
    found = spark.run(brain, 1_000, {"s": SpikeArray(spikes)}, record="pool.soma.potential")
    potential = np.asarray(found["pool.soma.potential"])[:, 0]
    assert potential.max() == pytest.approx(highest, rel=1e-4)
    assert 0.01 * (potential.argmax() + 1) == pytest.approx(late, abs=0.016)


def _potential_of_one_spike(kind: Any, taus: np.ndarray, dt: float, steps: int) -> np.ndarray:
    """mV above rest, (steps, units), of units whose receptors have these time constants."""
    soma = somas.IntegrateAndFireSomaConfig(threshold=1e6, **UNIT)
    wire = Projection("__call__", "s", weights=1.0, pattern=connections.AllToAll())
    config = PoolConfig(units=taus.shape, soma=soma, receptors={"r": kind(tau=taus)})
    inputs = {"s": InputSpec(SpikeArray, (1,), "int8")}
    modules = [ModuleSpecs("pool", Pool, {"r": wire}, config)]
    brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, dt=dt))
    spikes = np.zeros((steps, 1), np.int8)
    spikes[0] = 1
    return np.asarray(
        spark.run(brain, steps, {"s": SpikeArray(spikes)}, record="pool.soma.potential")["pool.soma.potential"]
    )


@pytest.mark.parametrize(
    ("kind", "rel"), [(receptors.ExponentialCurrentConfig, 1e-5), (receptors.AlphaCurrentConfig, 1e-2)]
)
def test_a_receptor_as_slow_as_the_membrane_is_the_limit_of_those_that_are_nearly_so(kind: Any, rel: float) -> None:
    """The closed form divides by the difference of the time constants; an alpha current is held during a step."""
    dt, steps = 0.1, 400
    tau = UNIT["potential_tau"]
    taus = tau - np.array([0.0, *10.0 ** -np.arange(1.0, 16.0)])
    found = _potential_of_one_spike(kind, taus, dt, steps)
    at = dt * np.arange(1, steps + 1)
    fine = np.linspace(0.0, 1.0, 2_001)
    for unit, own in enumerate(taus):
        # The integral of the current times what is left of it, by Simpson's rule.
        since = at[:, None] * fine
        current = np.exp(-since / own) if rel < 1e-3 else since / own * np.exp(1 - since / own)
        left = current * np.exp((since - at[:, None]) / tau)
        inner = left[:, :-2:2] + 4 * left[:, 1:-1:2] + left[:, 2::2]
        expected = 1e-3 * UNIT["resistance"] / tau * at * inner.sum(axis=1) / (6 * 1_000)
        np.testing.assert_allclose(found[:, unit], expected, rtol=rel, atol=rel * expected.max())
    np.testing.assert_allclose(found[:, 4:], np.repeat(found[:, :1], 12, axis=1), rtol=2e-4)


def test_random_spikes_bring_the_mean_and_the_variance_of_campbells_theorem() -> None:
    """Mean 20 mV, within 0.05 over 1,000 units: what NEST's tests ask for."""
    rate, tau, dt = 8_000.0, 2.0, 0.1
    weight = 20.0 / (1e-3 * UNIT["resistance"] * 1e-3 * rate * tau * np.e)
    soma = somas.IntegrateAndFireSomaConfig(threshold=1e6, **UNIT)
    events = {"r": synapses.PoissonBackgroundConfig(rate=rate, weight=weight)}
    config = PoolConfig(
        units=(1_000,), soma=soma, receptors={"r": receptors.AlphaCurrentConfig(tau=tau)}, background=events
    )
    modules = [ModuleSpecs("pool", Pool, {"r": Projection("__call__", "s", weights=1.0)}, config)]
    inputs = {"s": InputSpec(SpikeArray, (1_000,), "int8")}
    brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, dt=dt, seed=1))
    silent = {"s": SpikeArray(np.zeros(1_000, np.int8))}
    spark.run(brain, 1_500, silent)
    probe = spark.Probe("pool.soma.potential", every=100)
    found = np.asarray(spark.run(brain, 4_000, silent, record=[probe])["pool.soma.potential"])
    at = 0.01 * np.arange(1, 20_000)
    difference = 1 / UNIT["potential_tau"] - 1 / tau
    one = np.e * weight * 1e-3 * UNIT["resistance"] / (tau * UNIT["potential_tau"])
    one = (
        one
        * np.exp(-at / UNIT["potential_tau"])
        * ((at / difference - 1 / difference**2) * np.exp(at * difference) + 1 / difference**2)
    )
    assert 1e-3 * rate * one.sum() * 0.01 == pytest.approx(20.0, rel=1e-3)
    assert found.mean() == pytest.approx(20.0, abs=0.05)
    assert found.var() == pytest.approx(1e-3 * rate * (one**2).sum() * 0.01, rel=0.05)


# By the number of pairings a second: the change of a weight after 60 pairings whose second spike comes 10 ms after the
# first, where the presynaptic one is first and where it is last; event by event in float64.
OF_FREQUENCY = {10: (0.1186, -0.3322), 20: (0.2278, -0.3417), 40: (0.5321, 0.1737), 50: (0.7627, 0.7492)}


@pytest.mark.parametrize("frequency", OF_FREQUENCY)
def test_the_minimal_triplet_rule_of_the_visual_cortex_has_its_curve_of_frequency(frequency: int) -> None:
    """Pfister & Gerstner 2006, table 3, all-to-all."""
    config = plasticity.TripletRuleConfig(
        a2_plus=0.0, a3_plus=6.5e-3, a2_minus=7.1e-3, a3_minus=0.0, pre_tau=16.8, post_tau=33.7, post_slow_tau=114.0,
        weight_unit=1.0, minimum=-100.0, maximum=100.0,
    )  # fmt: skip
    gap = 1_000 // frequency
    steps = np.arange(60 * gap)
    first, second = (jnp.asarray(steps[:, None] % gap == at, jnp.int8) for at in (0, 10))
    changes = []
    for pre, post in ((first, second), (second, first)):
        rule, weights = plasticity.TripletRule(config), jnp.ones((1, 1), jnp.float32)
        rule(pre_spikes=SpikeArray(pre[0]), post_spikes=SpikeArray(post[0]), weights=FloatArray(weights))
        rule.reset()
        graph, state = spark.split(rule)

        def step(now: Any, spikes: Any, graph: Any = graph) -> Any:
            view = spark.merge(graph, now[0])
            fired = {"pre_spikes": SpikeArray(spikes[0]), "post_spikes": SpikeArray(spikes[1])}
            changed = view(**fired, weights=FloatArray(now[1]))["weights"].value
            return (spark.split(view)[1], changed), None

        (_, weights), _ = jax.lax.scan(step, (state, weights), (pre, post))
        changes.append(float(weights[0, 0]) - 1.0)
    np.testing.assert_allclose(changes, OF_FREQUENCY[frequency], atol=6e-5)
