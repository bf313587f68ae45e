"""The integrator reads 1 at its saturation frequency, whatever the size of its groups."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from builders import prepared, run, spikes, tutorial_brain
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st
from reference.interfaces import averages
from tolerances import INTEGRATED

import spark
from spark import SpikeArray
from spark.nn.interfaces import ExponentialIntegrator


def built(units: int, **config: Any) -> ExponentialIntegrator:
    made = ExponentialIntegrator(**config)
    return prepared(made, spikes=spikes(np.zeros(units)))


def signals(made: ExponentialIntegrator, given_spikes: np.ndarray) -> np.ndarray:
    outputs, _, _ = run(made, {"spikes": SpikeArray(jnp.asarray(given_spikes, jnp.int8))})
    return np.asarray(outputs["signal"].value)


def regular(units: int, interval: int, steps: int) -> np.ndarray:
    """Every unit fires once in `interval` steps, one after the other."""
    return (np.arange(steps)[:, None] % interval == np.arange(units)[None, :] % interval).astype(np.int8)


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("per_output", [8, 64, 256])
def test_saturation_frequency_reads_1_on_average(per_output: int, smooth: bool) -> None:
    """Units fire evenly at 50 Hz; over whole periods the mean of the average is exactly 1 (unclipped)."""
    made = built(2 * per_output, num_outputs=2, saturation_freq=50.0, smooth_trace=smooth, tau=50.0)
    found = signals(made, regular(2 * per_output, 20, 2000))[-1000:]
    tolerance = INTEGRATED["float32"] if smooth else INTEGRATED["float16"]
    np.testing.assert_allclose(found.mean(axis=0), [1.0, 1.0], **tolerance)


def test_half_the_frequency_reads_one_half() -> None:
    found = signals(built(64, num_outputs=1, tau=50.0), regular(64, 40, 4000))[-2000:]
    np.testing.assert_allclose(found.mean(), 0.5, **INTEGRATED["float32"])


def test_inhibitory_units_subtract() -> None:
    given_spikes = regular(64, 20, 2000)
    given_spikes[:, :32] *= -1
    found = signals(built(64, num_outputs=1), given_spikes)[-1000:]
    np.testing.assert_allclose(found.mean(), 0.0, **INTEGRATED["float32"])


def test_only_inhibition_reads_below_zero() -> None:
    assert signals(built(8, num_outputs=1), -regular(8, 20, 500))[-1, 0] < 0


@given(st.integers(1, 40), st.integers(1, 40), st.booleans())
@examples(4, 30)
def test_groups_differ_by_at_most_one_unit(groups: int, more: int, shuffle: bool) -> None:
    made = built(groups + more, num_outputs=groups, shuffle=shuffle)
    sizes = np.bincount(np.asarray(made.group.value), minlength=groups)
    assert sizes.max() - sizes.min() <= 1 and sizes.sum() == groups + more


def test_without_shuffle_groups_are_neighbours() -> None:
    made = built(7, num_outputs=3, shuffle=False)
    assert np.all(np.diff(np.asarray(made.group.value)) >= 0)


def test_with_shuffle_groups_depend_on_the_seed() -> None:
    first, second = (np.asarray(built(64, num_outputs=2, seed=s).group.value) for s in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("dt", [1.0, 0.5])
@pytest.mark.parametrize("smooth", [True, False])
def test_a_signal_is_the_rate_averaged_once_or_twice(rng: np.random.Generator, smooth: bool, dt: float) -> None:
    given_spikes = rng.choice([-1, 0, 1], (300, 30), p=[0.02, 0.9, 0.08]).astype(np.int8)
    made = built(30, num_outputs=4, smooth_trace=smooth, tau=20.0, smooth_tau=10.0, saturation_freq=40.0, dt=dt)
    once, twice = averages(given_spikes, np.asarray(made.group.value), dt, 20.0, 10.0, 40.0)
    expected = twice if smooth else np.clip(once, 0, 1)
    np.testing.assert_allclose(signals(made, given_spikes), expected, **INTEGRATED["float32"])


def test_without_smoothing_the_signal_is_clipped_to_0_and_1() -> None:
    made = built(8, num_outputs=2, smooth_trace=False)
    found = np.concatenate([signals(made, np.ones((200, 8))), signals(made, -np.ones((200, 8)))])
    assert (found.min(), found.max()) == (0.0, 1.0)


def test_spikes_of_any_shape_are_taken() -> None:
    made = ExponentialIntegrator(num_outputs=3)
    assert made(spikes=spikes(np.zeros((4, 5))))["signal"].shape == (3,)


def test_a_brain_deals_inhibitory_units_evenly_to_groups() -> None:
    brain = tutorial_brain()
    signs = np.asarray(brain.pool.signs.value)
    group = np.asarray(brain.integrator.group.value)
    inhibitory = [np.sum(signs[group == g] < 0) for g in range(2)]
    assert sum(inhibitory) > 0 and abs(inhibitory[0] - inhibitory[1]) <= 1


def test_more_outputs_than_units_are_refused_without_a_brain() -> None:
    with pytest.raises(spark.ConfigError, match=r"^ExponentialIntegrator\.config\.num_outputs: is larger"):
        built(2, num_outputs=3)
