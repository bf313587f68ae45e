"""Texts whose threshold draws a number: however they are run, and as often as they say."""

import jax.numpy as jnp
import numpy as np
import pytest
from builders import compiled_apart
from test_somas_as_text import CASES, UNITS, brain_of

import spark
from spark import CurrentArray
from spark.nn.somas import EquationSomaConfig, from_equations
from spark.sim import chunk


@pytest.mark.parametrize("name", ["EscapeRateSoma", "PoissonSoma"])
def test_a_threshold_that_draws_does_the_same_step_by_step_by_threads_and_in_array_code(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, _, mean, dt = CASES[name]
    current = {"current": CurrentArray(jnp.full(64, mean, jnp.float32))}
    whole = spark.run(brain_of(text, 64, dt), 300, current, record="pool")["pool"]
    shared = spark.run(brain_of(text, 64, dt), 300, current, record="pool", threads=2)["pool"]
    np.testing.assert_array_equal(shared, whole)
    brain, stepped = brain_of(text, 64, dt), []
    for _ in range(40):
        brain(**current)
        stepped.append(np.asarray(brain.get_spikes_from_cache()["pool"].value) != 0)
    np.testing.assert_array_equal(stepped, whole[:40])
    monkeypatch.setattr(chunk, "native_run", lambda *_: None)
    with compiled_apart("step by step"):
        as_written = spark.run(brain_of(text, 64, dt), 300, current, record="pool")["pool"]
    np.testing.assert_array_equal(as_written, whole)
    # Units draw numbers of their own, other ones in each step.
    assert 0 < whole.mean() < 1 and len(np.unique(whole, axis=0)) > 50 and len(np.unique(whole, axis=1).T) == 64


def alone(text: EquationSomaConfig, steps: int) -> np.ndarray:
    """Which units fire, (steps, units), that nothing reaches."""
    net = spark.Network(dt=1.0, seed=1)
    net.pool("pool", UNITS, soma=text)
    return np.asarray(spark.run(net.build(), steps, record="pool", progress=False)["pool"]) != 0


def test_units_that_draw_fire_as_often_as_their_probability_says() -> None:
    text = from_equations("x = 0.2 : 1", threshold="rand() < x", potential="")
    fired = alone(text, 20_000)
    # Five standard deviations of the mean of 100,000 draws.
    assert abs(fired.mean() - 0.2) < 5 * np.sqrt(0.2 * 0.8 / fired.size)


@pytest.mark.parametrize(
    ("threshold", "equations", "potential", "share"),
    [
        ("theta > 1*mV", "dv/dt = -v/tau : mV", "v", 1.0),
        ("theta > 3*mV", "dv/dt = -v/tau : mV", "v", 0.0),
        ("theta > 1*mV or rand() < 0.1", "x = I/tau : pA/ms", "", 1.0),
        ("theta > 3*mV and rand() < 0.1", "x = I/tau : pA/ms", "", 0.0),
    ],
)
def test_a_threshold_of_numbers_alone_holds_for_every_unit_or_for_none(threshold, equations, potential, share) -> None:
    parameters = {"tau": "10 ms", "theta": "2 mV"}
    text = from_equations(equations, threshold=threshold, parameters=parameters, potential=potential)
    fired = alone(text, 20)
    assert fired.shape == (20, UNITS) and fired.mean() == share
