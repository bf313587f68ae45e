"""Spikers against plain loops, and chance against its distribution."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import prepared, refused, run
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.interfaces import bump, linear_spikes

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces import (
    LinearSpiker,
    LinearSpikerConfig,
    PoissonSpiker,
    TopologicalLinearSpiker,
    TopologicalPoissonSpiker,
)


def built(cls: type, shape: tuple[int, ...], **config: Any) -> Any:
    spiker = cls(**config)
    return prepared(spiker, signal=FloatArray(jnp.zeros(shape)))


def spikes_of(spiker: Any, signals: np.ndarray) -> np.ndarray:
    outputs, _, _ = run(spiker, {"signal": FloatArray(jnp.asarray(signals, jnp.float32))})
    return np.asarray(outputs["spikes"].value)


@pytest.mark.parametrize(("tau", "cd", "max_freq"), [(100.0, 2.0, 50.0), (30.0, 2.0, 200.0), (20.0, 0.0, 400.0)])
def test_linear_spiker_fires_like_a_plain_loop(
    rng: np.random.Generator, tau: float, cd: float, max_freq: float
) -> None:
    drives = rng.uniform(0, 1, (300, 40)).astype(np.float32)
    expected = linear_spikes(drives.astype(np.float64), tau, cd, max_freq)
    assert expected.sum() > 100
    np.testing.assert_array_equal(
        spikes_of(built(LinearSpiker, (40,), tau=tau, cd=cd, max_freq=max_freq), drives), expected
    )


def intervals(max_freq: float, **config: float) -> set[int]:
    spiker = built(LinearSpiker, (1,), max_freq=max_freq, **config)
    return set(np.diff(np.flatnonzero(spikes_of(spiker, np.ones((600, 1)))[:, 0])).tolist())


SHAPES = [(tau, cd) for tau in (30.0, 100.0) for cd in (0.0, 2.0, 2.5)]
# In the quick run each frequency with one of them, each of them with two frequencies; every one compiles anew.
FREQUENCIES = [
    pytest.param(frequency, tau, cd, marks=[] if number % len(SHAPES) == shape else pytest.mark.slow)
    for number, frequency in enumerate([10, 30, 50, 70, 90, 100, 130, 190, 200, 220, 250, 300, 390])
    for shape, (tau, cd) in enumerate(SHAPES)
]


@pytest.mark.parametrize(("max_freq", "tau", "cd"), FREQUENCIES)
def test_a_drive_of_1_fires_at_max_freq_rounded_up_to_whole_steps(max_freq: float, tau: float, cd: float) -> None:
    assert intervals(max_freq, tau=tau, cd=cd) == {math.ceil(1000 / max_freq)}


@pytest.mark.parametrize("dt", [0.5, 0.1])
def test_a_drive_of_1_fires_at_max_freq_in_finer_steps(dt: float) -> None:
    assert intervals(200.0, dt=dt) == {round(5 / dt)}


def test_a_drive_of_0_is_silence() -> None:
    assert spikes_of(built(LinearSpiker, (3,)), np.zeros((1000, 3))).sum() == 0


@given(st.floats(0, 1, width=32), st.floats(0, 1, width=32))
@settings(max_examples=20)
def test_a_larger_drive_never_fires_less(first: float, second: float) -> None:
    spiker = built(LinearSpiker, (2,), max_freq=200.0)
    counts = spikes_of(spiker, np.tile(sorted([first, second]), (400, 1))).sum(axis=0)
    assert counts[0] <= counts[1]


def test_rate_that_the_unit_could_hardly_reach_is_refused() -> None:
    text = (
        "LinearSpikerConfig.max_freq: is too low for tau=30 ms, got 2 Hz; expected at least 4.72 Hz. "
        "Raise max_freq or tau: the unit would hardly ever come near its level"
    )
    with refused(spark.ConfigError, text):
        LinearSpikerConfig(tau=30.0, max_freq=2.0)


@pytest.mark.parametrize("tau", [10.0, 30.0, 100.0, 1000.0])
def test_the_lowest_rate_that_is_allowed_fires(tau: float) -> None:
    lowest = 1000 / (2 + 6.99 * tau)
    steps = int(1000 / lowest) + 100
    assert spikes_of(built(LinearSpiker, (1,), tau=tau, max_freq=lowest), np.ones((steps, 1))).any()


@pytest.mark.parametrize("glue", [0, 1, [0, 1, 0]], ids=["line", "ring", "mixed"])
def test_topological_spiker_fires_like_a_plain_loop(rng: np.random.Generator, glue: Any) -> None:
    signals = rng.uniform(-1, 1, (300, 3)).astype(np.float32)
    drives = bump(signals.astype(np.float64), np.asarray(glue), -1, 1, 24, 1 / 32)
    expected = linear_spikes(drives, 30.0, 2.0, 200.0)
    spiker = built(TopologicalLinearSpiker, (3,), glue=glue, mins=-1, maxs=1, resolution=24, tau=30.0, max_freq=200.0)
    assert expected.sum() > 100
    np.testing.assert_array_equal(spikes_of(spiker, signals), expected)


def test_topological_spiker_adds_its_resolution_to_the_shape() -> None:
    assert spikes_of(built(TopologicalLinearSpiker, (2, 3), resolution=5), np.zeros((1, 2, 3))).shape == (1, 2, 3, 5)


@pytest.mark.parametrize("value", [-1.0, -0.5, 0.0, 0.25, 1.0])
def test_the_unit_nearest_to_the_number_fires_most(value: float) -> None:
    spiker = built(TopologicalLinearSpiker, (1,), mins=-1, maxs=1, resolution=33, max_freq=200.0, tau=30.0)
    counts = spikes_of(spiker, np.full((300, 1), value))[:, 0].sum(axis=0)
    assert counts[round((value + 1) * 16)] == counts.max() > 0


def test_on_a_ring_both_ends_fire_alike() -> None:
    spiker = built(TopologicalLinearSpiker, (1,), glue=1, resolution=33, max_freq=200.0, tau=30.0)
    counts = spikes_of(spiker, np.zeros((300, 1)))[:, 0].sum(axis=0)
    assert counts[0] == counts[-1] > 0


def test_on_a_line_the_far_end_is_silent() -> None:
    spiker = built(TopologicalLinearSpiker, (1,), glue=0, resolution=33, max_freq=200.0, tau=30.0)
    assert spikes_of(spiker, np.zeros((300, 1)))[:, 0, -1].sum() == 0


# Chance. Bounds of 4 standard deviations, or a chi-square at p = 1e-4 in its normal (Wilson-Hilferty) form.


def chi_square_bound(freedom: int) -> float:
    """Quantile of the chi-square distribution that is passed with p = 1e-4."""
    spread = 2 / (9 * freedom)
    return freedom * (1 - spread + 3.719 * math.sqrt(spread)) ** 3


@pytest.mark.parametrize("signal", [0.05, 0.5, 1.0])
def test_poisson_rate_is_within_4_sigma(signal: float) -> None:
    spikes = spikes_of(built(PoissonSpiker, (100,), max_freq=200.0), np.full((2000, 100), signal))
    chance, draws = 0.2 * signal, spikes.size
    assert abs(spikes.sum() - draws * chance) < 4 * math.sqrt(draws * chance * (1 - chance))


def test_poisson_counts_of_units_pass_a_chi_square_test() -> None:
    steps, units, chance = 4000, 200, 0.1
    counts = spikes_of(built(PoissonSpiker, (units,), max_freq=100.0), np.ones((steps, units))).sum(axis=0)
    statistic = ((counts - steps * chance) ** 2 / (steps * chance * (1 - chance))).sum()
    assert statistic < chi_square_bound(units)
    assert statistic > 2 * units - chi_square_bound(units)


def test_poisson_units_are_independent_of_each_other() -> None:
    spikes = spikes_of(built(PoissonSpiker, (60,), max_freq=200.0), np.ones((4000, 60))).astype(float)
    correlation = np.corrcoef(spikes.T)[np.triu_indices(60, 1)]
    assert abs(correlation).max() < 5.5 / math.sqrt(4000) and abs(correlation.mean()) < 4 / math.sqrt(4000 * 1770)


def test_poisson_steps_are_independent_of_each_other() -> None:
    spikes = spikes_of(built(PoissonSpiker, (100,), max_freq=200.0), np.ones((2000, 100))).astype(float) - 0.2
    products = (spikes[1:] * spikes[:-1]).ravel()
    assert abs(products.mean()) < 4 * products.std() / math.sqrt(products.size)


def test_poisson_draws_differ_from_step_to_step() -> None:
    spikes = spikes_of(built(PoissonSpiker, (500,), max_freq=500.0), np.ones((2, 500)))
    assert not np.array_equal(spikes[0], spikes[1])


def test_poisson_at_the_highest_rate_fires_in_every_step() -> None:
    assert spikes_of(built(PoissonSpiker, (50,), max_freq=1000.0), np.ones((100, 50))).all()


def test_poisson_draws_under_vmap_are_those_of_each_alone() -> None:
    spiker = built(PoissonSpiker, (50,), max_freq=500.0)
    graph, state = spark.split(spiker)

    def step(x: Any) -> Any:
        return spark.merge(graph, state)(signal=FloatArray(x))["spikes"].value

    signals = jnp.stack([jnp.ones(50), jnp.full(50, 0.5)])
    np.testing.assert_array_equal(jax.vmap(step)(signals), np.stack([step(x) for x in signals]))


def test_topological_poisson_rates_follow_the_bump() -> None:
    steps, resolution = 4000, 17
    spiker = built(TopologicalPoissonSpiker, (1,), resolution=resolution, max_freq=200.0)
    counts = spikes_of(spiker, np.full((steps, 1), 0.5))[:, 0].sum(axis=0)
    chance = 0.2 * bump(np.array([0.5]), np.array(0), 0, 1, resolution, 1 / 32)[0]
    assert np.all(abs(counts - steps * chance) < 4 * np.sqrt(steps * chance * (1 - chance)) + 1)


@pytest.mark.parametrize("spiker", [TopologicalLinearSpiker, TopologicalPoissonSpiker])
def test_a_ring_is_fed_by_several_wires_as_by_one(spiker):
    config = spiker.config_class()(glue=1, resolution=5, max_freq=200.0)

    def spikes(inputs, wires):
        given = {name: InputSpec(FloatArray, (len(values),), "float32") for name, values in inputs.items()}
        ring = ModuleSpecs("ring", spiker, {"signal": [PortMap("__call__", name) for name in wires]}, config)
        brain = Brain(BrainConfig(input_map=given, output_map={}, modules_map=[ring]))
        fed = {name: FloatArray(jnp.asarray(values, jnp.float32)) for name, values in inputs.items()}
        return spark.run(brain, 80, fed, record=["ring"], progress=False)["ring"]

    together = spikes({"whole": [0.2, 0.5, 0.9]}, ["whole"])
    assert together.sum() > 20
    np.testing.assert_array_equal(spikes({"a": [0.2], "b": [0.5, 0.9]}, ["a", "b"]), together)
