"""Examples of plasticity do what their papers show."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "networks"))
import place_field
import rewiring

from spark.nn.projections import Rewiring


def test_one_plateau_makes_a_field_that_begins_seconds_before_it() -> None:
    """Bittner et al. 2017: asymmetric, about as long in seconds at another speed, and so longer in space."""
    lengths = {}
    for speed in (25.0, 50.0):
        brain = place_field.cell()
        first, _, last = (place_field.lap(brain, speed, number == 1, number) for number in range(3))
        before, behind = place_field.field(brain)
        assert len(first) <= 1 and len(last) >= 5
        # A spike or two by chance may lie anywhere. Places in cm: nearer than what is run in a second.
        assert abs(np.median(last) - place_field.TRACK / 2) < speed
        assert before > 1.5 * behind and before > 1.0 * speed and behind > 0.3 * speed
        lengths[speed] = before + behind
    assert 1.2 < lengths[50.0] / lengths[25.0] < 2.0


def test_without_a_plateau_there_is_no_field() -> None:
    brain = place_field.cell()
    for number in range(2):
        place_field.lap(brain, 50.0, seed=number)
    np.testing.assert_array_equal(brain.connections("cell.learns").weights, np.float32(place_field.FIRST))


def test_rewired_units_find_the_sources_that_fire_together_and_keep_their_number_of_inputs() -> None:
    shares = {}
    for how in (Rewiring(interval=200.0, threshold=60.0, weight=100.0), None):
        brain = rewiring.network(how)
        rewiring.run(brain, 0.1, 0)
        before = rewiring.from_those(brain)
        rewiring.run(brain, 5.0, 1)
        shares[how is not None] = before, rewiring.from_those(brain)
        inputs = np.bincount(brain.connections("pool.learns").targets, minlength=rewiring.UNITS)
        assert np.all(inputs == rewiring.DEGREE)
    # By chance it is a half, with a deviation of 0.5 / sqrt(200).
    assert abs(shares[True][0] - 0.5) < 0.15 and shares[True][1] > shares[True][0] + 0.15
    assert shares[False][0] == shares[False][1]
