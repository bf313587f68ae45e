"""The adaptive exponential soma fires in the patterns that Naud et al. 2008 describe."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reference.somas import AdEx, adaptive_exponential

import spark
from spark.nn.somas import AdaptiveExponentialSoma

# Name: C pF, g_L nS, E_L, V_T, Delta_T mV, a nS, tau_w ms, b pA, V_r mV, I pA. Source: Naud, Marcille, Clopath &
# Gerstner 2008, doi:10.1007/s00422-008-0264-7, table 1, as reproduced in Brian2's example of that paper.
PATTERNS = {
    "tonic": (200, 10, -70, -50, 2, 2, 30, 0, -58, 500),
    "adaptation": (200, 12, -70, -50, 2, 2, 300, 60, -58, 500),
    "initial burst": (130, 18, -58, -50, 2, 4, 150, 120, -50, 400),
    "regular bursting": (200, 10, -58, -50, 2, 2, 120, 100, -46, 210),
    "delayed accelerating": (200, 12, -70, -50, 2, -10, 300, 0, -58, 300),
    "delayed regular bursting": (100, 10, -65, -50, 2, -10, 90, 30, -47, 110),
    "transient": (100, 10, -65, -50, 2, 10, 90, 100, -47, 180),
    "irregular": (100, 12, -60, -50, 2, -11, 130, 30, -48, 160),
}
# Spikes in 600 ms of forward Euler by steps of 0.1 ms.
COUNTS = dict(zip(PATTERNS, (60, 12, 12, 11, 45, 32, 1, 33), strict=True))


def soma(name: str, dt: float) -> AdaptiveExponentialSoma:
    capacitance, leak, rest, knee, sharpness, coupling, tau, jump, reset, current = PATTERNS[name]
    return AdaptiveExponentialSoma(
        units=(1,),
        dt=dt,
        potential_rest=rest,
        potential_first=rest,
        potential_reset=reset,
        potential_tau=capacitance / leak,
        resistance=1000.0 / leak,
        threshold=0.0,
        knee=knee,
        sharpness=sharpness,
        background=current,
        adaptation_tau=tau,
        adaptation_coupling=coupling,
        adaptation_jump=jump,
    )


def spike_times(name: str, dt: float) -> np.ndarray:
    """Spike times in ms within 600 ms."""
    made = soma(name, dt)
    silence = {"current": spark.CurrentArray(jnp.zeros(1))}
    made(**silence)
    made.reset()
    graph, state = spark.split(made)

    def step(state, _):
        module = spark.merge(graph, state)
        out = module(**silence)
        return spark.split(module)[1], out["spikes"].value[0]

    _, fired = jax.lax.scan(step, state, None, length=round(600 / dt))
    return np.flatnonzero(fired) * dt


@functools.cache
def expected_spikes(dt: float, more: float) -> np.ndarray:
    """Of all patterns by forward Euler in float64, with this share more of current, (steps, patterns)."""
    *numbers, current = np.array([*PATTERNS.values()], float).T
    return adaptive_exponential(
        np.tile(current * (1 + more), (round(600 / dt), 1)), dt, numbers=AdEx(*numbers, peak=0.0)
    )


def expected_times(name: str, dt: float, more: float = 0.0) -> np.ndarray:
    """Spike times in ms within 600 ms."""
    return np.flatnonzero(expected_spikes(dt, more)[:, [*PATTERNS].index(name)]) * dt


@pytest.mark.parametrize("name", PATTERNS)
def test_spike_times_equal_those_of_a_plain_integration(name):
    found, expected, disturbed = spike_times(name, 0.1), expected_times(name, 0.1), expected_times(name, 0.1, more=1e-6)
    assert len(found) == len(expected) == COUNTS[name]
    # Bursts amplify float32's rounding: a spike may shift by a step. What depends on a millionth of the current is not
    # known in float32 at all: of a pattern that is chaotic that is most of it.
    parted = np.flatnonzero(np.abs(disturbed - expected) > 0.01)
    known = parted[0] if parted.size else len(expected)
    assert known >= min(4, len(expected))
    np.testing.assert_allclose(found[:known], expected[:known], atol=0.21)


def test_delayed_bursts_are_short_and_far_apart():
    intervals = np.diff(spike_times("delayed regular bursting", 0.1))
    within, between = intervals[intervals < 20], intervals[intervals >= 20]
    assert within.size and between.size and within.max() < 10 and between.min() > 40


def test_irregular_units_never_repeat_themselves():
    """No pattern of up to 8 intervals comes twice in a row, though all is deterministic."""
    intervals = np.diff(spike_times("irregular", 0.1))[2:]
    assert 0.3 < intervals.std() / intervals.mean() < 0.8
    assert all(np.abs(intervals[n:] - intervals[:-n]).max() > 2.0 for n in range(1, 9))


def test_tonic_units_fire_evenly():
    intervals = np.diff(spike_times("tonic", 0.1))[2:]
    assert intervals.std() / intervals.mean() < 0.03


def test_adapting_units_slow_down():
    intervals = np.diff(spike_times("adaptation", 0.1))
    assert intervals[-1] > 4 * intervals[0]


def test_delayed_units_speed_up():
    intervals = np.diff(spike_times("delayed accelerating", 0.1))
    assert intervals[-1] < 0.7 * intervals[0]


def test_transient_units_fire_once():
    assert len(spike_times("transient", 0.1)) == 1


@pytest.mark.parametrize("name", ["tonic", "adaptation", "regular bursting"])
def test_a_smaller_step_changes_the_count_by_a_few_spikes_only(name):
    assert abs(len(spike_times(name, 0.1)) - len(spike_times(name, 0.01))) <= 2
