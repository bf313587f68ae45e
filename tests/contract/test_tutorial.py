"""The tutorial's script is the contract: it runs unchanged and shows what the tutorial shows."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import spark
from spark.demo import tutorial_config

HERE = Path(__file__).parent
RESOLUTION = 128


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    out = tmp_path_factory.mktemp("tutorial") / "tutorial.npz"
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    command = [sys.executable, str(HERE / "run_tutorial.py"), str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(np.load(out))


def test_the_script_is_the_published_one():
    content = (HERE / "seed_tutorial.py").read_bytes()
    assert hashlib.sha256(content).hexdigest() == "c9ba20ea00d6c1741883ae0fa5a767986ce375acaf38933c7e7f77ace3149036"


def test_the_raster_has_1600_steps_of_768_units(ran: dict[str, np.ndarray]):
    assert ran["spikes"].shape == (1600, 768)


def test_the_raster_holds_zeros_and_ones_only(ran: dict[str, np.ndarray]):
    assert set(np.unique(ran["spikes"])) == {0, 1}


@pytest.mark.parametrize("number", range(4))
def test_each_band_follows_the_observation_that_drives_it(ran: dict[str, np.ndarray], number: int):
    """Median distance of the decoded bump from 64*obs+64, at most 2 units."""
    band = ran["spikes"][:, number * RESOLUTION : (number + 1) * RESOLUTION].reshape(100, 16, RESOLUTION)
    counts = band.sum(axis=1)
    decoded = (counts * np.arange(RESOLUTION)).sum(axis=1) / counts.sum(axis=1)
    # The script stores an observation after the environment's step, so it drives the next iteration.
    driving = 64 * ran["obs"][:-1, number] + 64
    assert np.median(np.abs(decoded[1:] - driving)) <= 2.0


def test_the_pool_fires_at_a_plausible_rate(ran: dict[str, np.ndarray]):
    rate = ran["spikes"][:, 4 * RESOLUTION :].mean() * 1000
    assert 5 <= rate <= 50


def test_outputs_are_float16_numbers(ran: dict[str, np.ndarray]):
    assert ran["outputs"].dtype == np.float16 and np.isfinite(ran["outputs"]).all()


def test_the_first_call_shows_what_the_tutorial_shows():
    brain = spark.nn.Brain(config=tutorial_config())
    shown = brain(drive=spark.FloatArray(jnp.zeros((4,), dtype=jnp.float16)))
    assert repr(shown) == "{'action': FloatArray(value=Array([0., 0.], dtype=float16))}"
