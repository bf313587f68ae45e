"""Model files of earlier versions open, and their brains fire as they did then."""

import json
from pathlib import Path

import numpy as np

import spark
from spark import FloatArray, SpikeArray

KEPT = Path(__file__).with_name("kept")


def test_a_file_from_before_every_neuron_was_a_pool_opens_and_its_brain_fires_as_it_did():
    """Three pools: delays of pairs, a matrix, a modulated rule; `.` is silence, + and - are signed spikes."""
    drawn = json.loads((KEPT / "lif_and_alif_spikes.json").read_text())
    steps = len(drawn["alif"][0])
    rng = np.random.default_rng(0)
    sent = (rng.random((300, 30)) < 0.15).astype(np.int8)[:steps]
    reward = (rng.random((300, 1)) * 2 - 0.5).astype(np.float32)[:steps]
    brain = spark.load_model(KEPT / "lif_and_alif.spark.json")
    fired = spark.run(brain, steps, {"s": SpikeArray(sent), "reward": FloatArray(reward)}, record=list(drawn))
    for pool, units in drawn.items():
        then = np.array([[".+-".index(mark) for mark in unit] for unit in units]).T
        np.testing.assert_array_equal(fired[pool], np.array([0, 1, -1], np.int8)[then])
