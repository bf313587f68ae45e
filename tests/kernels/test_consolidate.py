"""Weights that move by their eligibilities: C++ and the reference against NumPy, for both layouts."""

import numpy as np
import pytest
from tolerances import WEIGHTS

from spark.kernels import Plastic, consolidate

PRE, POST, EDGES = 5, 7, 24
# Bounds, and a table without any trace: change and slope at both kinds of spikes, and the pull.
COEFFICIENTS = np.array([-0.5, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0], np.float32)


@pytest.mark.parametrize("due", [0, 1])
@pytest.mark.parametrize("waits", [False, True], ids=["each step", "every few steps"])
@pytest.mark.parametrize("each", [False, True], ids=["one modulation", "one for each unit"])
@pytest.mark.parametrize("layout", ["matrix", "list"])
def test_weights_move_by_eligibility_and_what_is_pending_within_their_bounds(layout, each, waits, due, rng):
    shape = (PRE, POST) if layout == "matrix" else (EDGES,)
    weights, eligibility, pending = (rng.normal(size=shape).astype(np.float32) for _ in range(3))
    pending = pending if waits else np.zeros(0, np.float32)
    moved = rng.normal(size=POST if each else 1).astype(np.float32)
    post = np.zeros(0, np.int32) if layout == "matrix" else rng.integers(0, POST, EDGES).astype(np.int32)
    factor = moved[post] if layout == "list" and each else moved
    change = eligibility * factor + (pending if waits else 0)
    expected = np.clip(weights + change, -0.5, 1.0) if due else weights
    for implementation in ("native", "reference"):
        given = Plastic(weights.copy(), eligibility, pending.copy())
        found = consolidate(given, moved, np.int32(due), post, COEFFICIENTS, implementation)
        np.testing.assert_allclose(found.weights, expected, **WEIGHTS["float32"])
        np.testing.assert_array_equal(found.eligibility, eligibility)
        np.testing.assert_array_equal(found.pending, np.zeros_like(pending) if due else pending)
