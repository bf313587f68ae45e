"""Codes in time, readouts and control modules against the equations in their docstrings, in NumPy."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from builders import run
from tolerances import INTEGRATED

from spark import FloatArray, ModuleSpecs, PortMap, SpikeArray
from spark.nn import Brain, BrainConfig, interfaces

NUMBERS = np.random.default_rng(3)


def out_of(made: Any, given: np.ndarray, kind: type = FloatArray, port: str = "signal") -> dict[str, np.ndarray]:
    """What a module puts out in each step, by port."""
    series = {port: kind(jnp.asarray(given, jnp.int8 if kind is SpikeArray else jnp.float32))}
    made(**{port: kind(next(iter(series.values())).value[0])})
    made.reset()
    return {name: np.asarray(found.value) for name, found in run(made, series)[0].items()}


def test_in_each_window_a_unit_fires_once_and_the_earlier_the_larger_its_number() -> None:
    x = np.array([-0.5, 0.0, 1e-3, 0.25, 0.5, 0.75, 1.0, 7.0])
    found = out_of(interfaces.LatencySpiker(window=20.0, dt=0.5), np.tile(x, (120, 1)))["spikes"]
    for window in found.reshape(3, 40, len(x)):
        assert window.sum(axis=0).tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
        np.testing.assert_array_equal(window.argmax(axis=0)[2:], np.round((1 - np.minimum(x[2:], 1)) * 39))


def test_phases_send_the_binary_digits_of_a_number_the_largest_first() -> None:
    x = np.concatenate([NUMBERS.random(30), [0.0, 1.0, -1.0, 0.5, 0.25]])
    found = out_of(interfaces.PhaseSpiker(phases=6), np.tile(x, (18, 1)))["spikes"]
    for cycle in found.reshape(3, 6, len(x)):
        sent = (cycle * 2.0 ** -np.arange(1, 7)[:, None]).sum(axis=0)
        np.testing.assert_array_equal(sent, np.floor(np.clip(x, 0, 1 - 2.0**-6) * 64) / 64)


def test_crossings_of_levels_add_up_to_the_number_within_a_level() -> None:
    t = np.arange(600)[:, None]
    x = np.sin(t / np.array([40.0, 90.0, 15.0])) * np.array([1.0, 2.0, 0.4])
    found = out_of(interfaces.DeltaSpiker(threshold=0.05), x)["spikes"]
    level, expected = np.zeros(3), np.zeros(x.shape)
    for step, now in enumerate(x.astype(np.float32)):
        sign = (now - level >= np.float32(0.05)) * 1.0 - (level - now >= np.float32(0.05)) * 1.0
        level = (level + sign * np.float32(0.05)).astype(np.float32)
        expected[step] = sign
    np.testing.assert_array_equal(found, expected)
    assert set(np.unique(found)) == {-1, 0, 1}
    assert np.abs(np.cumsum(found, axis=0) * 0.05 - x).max() < 0.051


def test_a_population_vector_points_where_the_rates_do() -> None:
    """Rates a + b cos(phi - phi_k) vote for b in the direction phi; and the average is that of its equation."""
    units, direction = 40, 2.1
    preferred = 2 * np.pi * np.arange(units) / units
    chance = 0.05 + 0.04 * np.cos(direction - preferred)
    spikes = NUMBERS.random((8000, units)) < chance
    found = out_of(interfaces.PopulationVector(tau=500.0), spikes, SpikeArray, "spikes")["signal"]
    rate, expected = np.zeros(units), []
    for fired in spikes:
        rate = rate * np.exp(-1 / 500) + (1 - np.exp(-1 / 500)) * 1000 * fired
        expected.append(2 / units * np.array([rate @ np.cos(preferred), rate @ np.sin(preferred)]))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    x, y = found[2000:].mean(axis=0)
    assert abs(np.arctan2(y, x) - direction) < 0.1 and abs(np.hypot(x, y) - 40.0) < 4.0


def test_a_population_vector_may_come_back_to_the_units_that_it_hears() -> None:
    """What it puts out is known before its inputs are."""
    spiker = ModuleSpecs("spiker", interfaces.LatencySpiker, {"signal": PortMap("vector", "signal")})
    vector = ModuleSpecs("vector", interfaces.PopulationVector, {"spikes": PortMap("spiker", "spikes")})
    brain = Brain(BrainConfig(modules_map=[spiker, vector]))
    brain()
    assert brain.get_spikes_from_cache()["spiker"].value.shape == (2,)


def test_the_first_to_fire_wins_until_the_window_ends() -> None:
    spikes = np.zeros((30, 4), np.int8)
    spikes[3, 2] = spikes[4, 0] = spikes[12, 1] = 1
    spikes[13, 3] = spikes[25, 0] = spikes[25, 3] = -1
    found = out_of(interfaces.FirstToSpike(window=10.0), spikes, SpikeArray, "spikes")["signal"]
    expected = np.zeros((30, 4))
    expected[3:10, 2] = expected[12:20, 1] = expected[25:30, 0] = expected[25:30, 3] = 1
    np.testing.assert_array_equal(found, expected)


def test_a_softmax_chooses_with_the_probabilities_that_it_puts_out() -> None:
    x, steps = np.array([0.3, -1.0, 1.2, 0.0, 5.0e-3]), 20_000
    found = out_of(interfaces.SoftmaxChoice(sharpness=1.5), np.tile(x, (steps, 1)))
    p = np.exp(1.5 * x) / np.exp(1.5 * x).sum()
    np.testing.assert_allclose(found["probabilities"], np.tile(p, (steps, 1)), **INTEGRATED["float32"])
    assert (found["choice"].sum(axis=1) == 1).all()
    assert (np.abs(found["choice"].mean(axis=0) - p) < 4 * np.sqrt(p * (1 - p) / steps)).all()
    even = out_of(interfaces.SoftmaxChoice(sharpness=0.0), np.tile(x, (10, 1)))["probabilities"]
    np.testing.assert_allclose(even, 0.2, **INTEGRATED["float32"])


def test_the_winner_is_the_first_of_the_largest() -> None:
    x = np.array([[1.0, 3.0, 2.0], [-1.0, -1.0, -2.0], [0.0, 0.5, 0.5]])
    found = out_of(interfaces.WinnerTakeAll(), x)["signal"]
    np.testing.assert_array_equal(found, np.eye(3)[x.argmax(axis=1)])


def test_numbers_are_scaled_summed_averaged_and_delayed() -> None:
    x, dt = NUMBERS.normal(size=(200, 5)), 0.5
    gains = np.array([1.0, 2.0, -1.0, 0.5, 3.0])
    found = out_of(interfaces.Gain(gain=gains, offset=0.25, least=-1.0, most=1.5, dt=dt), x)["signal"]
    np.testing.assert_allclose(found, np.clip(gains * x + 0.25, -1.0, 1.5), **INTEGRATED["float32"])
    total, average, leaky = np.zeros(5), np.zeros(5), np.zeros(5)
    sums = {"total": [], "leaky": [], "average": []}
    for now in x:
        total, leaky = total + now * dt, leaky * np.exp(-dt / 10.0) + now * dt
        average = average + (1 - np.exp(-dt / 20.0)) * (now - average)
        for name, value in zip(sums, (total, leaky, average), strict=True):
            sums[name].append(value)
    plain = out_of(interfaces.Accumulator(dt=dt), x)["signal"]
    np.testing.assert_allclose(plain, sums["total"], rtol=1e-4, atol=1e-4)
    found = out_of(interfaces.Accumulator(dt=dt, tau=10.0), x)["signal"]
    np.testing.assert_allclose(found, sums["leaky"], **INTEGRATED["float32"])
    found = out_of(interfaces.Average(dt=dt, tau=20.0), x)["signal"]
    np.testing.assert_allclose(found, sums["average"], **INTEGRATED["float32"])
    found = out_of(interfaces.DelayLine(dt=dt, delay=2.1), x)["signal"]
    np.testing.assert_array_equal(found, np.vstack([np.zeros((5, 5)), x[:-5]]).astype(np.float32))


def test_codes_of_a_brain_begin_anew_after_a_reset() -> None:
    made = interfaces.LatencySpiker(window=4.0)
    once = out_of(made, np.full((6, 2), 1.0))["spikes"]
    again = out_of(made, np.full((6, 2), 1.0))["spikes"]
    np.testing.assert_array_equal(once[:, 0], [1, 0, 0, 0, 1, 0])
    np.testing.assert_array_equal(again, once)
