"""Units that fire at random fire in the steps in which their paper's equations do, with the same draws."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import run
from drawing import some

from spark import CurrentArray
from spark.nn import somas

UNITS, SECONDS, DT = 6, 10.0, 0.5


def draws(made: Any, steps: int) -> np.ndarray:
    """What each unit draws in each step: the numbers of `jax.random` from the soma's key and the step."""
    key = jax.random.wrap_key_data(jnp.asarray(made.key.value), impl="threefry2x32")
    keys = jax.vmap(lambda step: jax.random.fold_in(key, step))(jnp.arange(steps, dtype=jnp.uint32))
    return np.asarray(jax.vmap(lambda one: jax.random.uniform(one, (UNITS,)))(keys))


def escape(rate_at: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Gerstner 2000, section 2.2: tau V' = -V + R I, 20 ms and 100 MOhm, then a rate, Hz, of V in mV above rest.

    A spike leaves V at rest, where it stays for 5 ms.
    """

    def spikes(currents: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        v, left = np.zeros(UNITS), np.zeros(UNITS, int)
        found = np.zeros(currents.shape, bool)
        for n, current in enumerate(currents):
            ready = left == 0
            v = np.where(ready, 0.1 * current + (v - 0.1 * current) * np.exp(-DT / 20.0), v)
            fired = ready & (drawn[n] < -np.expm1(-1e-3 * DT * rate_at(v)))
            v, left = np.where(fired, 0.0, v), np.where(fired, round(5.0 / DT), np.maximum(left - 1, 0))
            found[n] = fired
        return found

    return spikes


def poisson(currents: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Chichilnisky 2001: a rate of 10 Hz and 0.1 Hz more for each pA, never below 0."""
    return drawn < -np.expm1(-1e-3 * DT * np.clip(10.0 + 0.1 * currents, 0.0, 1_000.0))


CASES: dict[str, tuple[Any, Any]] = {
    "exponential": (lambda: somas.EscapeRateSoma(dt=DT), escape(lambda v: 100.0 * np.exp((v - 10.0) / 2.0))),
    "sigmoid": (
        lambda: somas.EscapeRateSoma(dt=DT, escape="sigmoid"),
        escape(lambda v: 100.0 / (1.0 + np.exp(-(v - 10.0) / 2.0))),
    ),
    "Poisson": (lambda: somas.PoissonSoma(dt=DT), poisson),
}


@pytest.mark.parametrize("name", some(CASES, 3, thorough=1))
def test_a_soma_fires_at_random_in_the_steps_of_its_paper(name: str) -> None:
    """Over 10 s, spike for spike: no draw comes as near to its probability as 32 bits round it."""
    made, reference = CASES[name][0](), CASES[name][1]
    steps = round(1_000 * SECONDS / DT)
    currents = np.random.default_rng(4).normal(60.0, 150.0, (steps, UNITS)).astype(np.float32)
    made(current=CurrentArray(jnp.asarray(currents[0])))
    made.reset()
    found, _, _ = run(made, {"current": CurrentArray(jnp.asarray(currents))})
    expected = reference(currents.astype(np.float64), draws(made, steps))
    assert expected.sum() > 3 * SECONDS * UNITS
    np.testing.assert_array_equal(np.asarray(found["spikes"].value) != 0, expected)
