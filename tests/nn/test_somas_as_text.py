"""Built-in somas as text fire in the same steps as their classes: all but those that draw random numbers."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from texts_of_somas import CASES, brain_of

import spark
from spark import CurrentArray, catalogue

# The language of texts has no random numbers; and an equation soma is its text.
WITHOUT = {"PoissonSoma", "EscapeRateSoma", "EquationSoma"}
UNITS = 5


def spikes_of(soma: Any, current: np.ndarray, dt: float) -> np.ndarray:
    given = {"current": CurrentArray(jnp.asarray(current, jnp.float32))}
    return spark.run(brain_of(soma, UNITS, dt), len(current), given, record="pool")["pool"]


def test_every_soma_that_draws_no_random_numbers_is_written_here() -> None:
    assert set(CASES) == {cls.__name__ for cls in catalogue.BUILT_IN["soma"]} - WITHOUT


@pytest.mark.parametrize("name", CASES)
def test_a_built_in_soma_as_text_fires_in_the_same_steps_as_its_class(name: str) -> None:
    text, config, mean, dt = CASES[name]
    steps = 10_000
    # Currents that stay for 10 ms, of another strength for each unit.
    held = round(10.0 / dt)
    drawn = np.random.default_rng(5100).normal(1.0, 0.5, (steps // held, UNITS)) * np.linspace(0.5, 1.5, UNITS)
    current = mean * np.repeat(drawn, held, axis=0)
    expected = spikes_of(config, current, dt)
    assert expected.sum() > 50 and np.count_nonzero(expected.sum(axis=0)) >= 3
    np.testing.assert_array_equal(spikes_of(text, current, dt), expected)
