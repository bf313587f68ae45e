"""The competition of Song, Miller & Abbott 2000 has the winners and losers of the paper."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "networks"))
import song


def ends_and_middle(weights):
    """Shares of weights in the lowest fifth, in the highest, and in the fifth between."""
    return tuple(((weights >= low) & (weights <= low + 0.2)).mean() for low in (0.0, 0.8, 0.4))


def test_the_unit_begins_fast_and_depression_takes_that_away():
    brain = song.learner(20.0)
    first, _ = song.lived(brain, 2.0)
    assert first.rates("cell")[0] > 100 and first.cv("cell")[0] < 0.3
    _, weights = song.lived(brain, 18.0)
    assert weights.mean() < 0.8 and weights.max() <= 1


@pytest.mark.slow
def test_weights_become_bimodal_and_fewer_win_where_inputs_are_faster():
    """Figure 2 of the paper."""
    rates, won = {}, {}
    for hertz, seconds in ((10.0, 2500.0), (40.0, 2500.0)):
        brain = song.learner(hertz)
        song.lived(brain, seconds)
        recording, weights = song.lived(brain, 100.0)
        lost, won[hertz], between = ends_and_middle(weights)
        assert min(lost, won[hertz]) > 2 * between and lost + won[hertz] > 0.8
        rates[hertz] = recording.rates("cell")[0]
        assert recording.cv("cell")[0] > 0.7
    assert won[40.0] < won[10.0] / 2
    # Inputs four times as fast, and the unit hardly faster.
    assert rates[40.0] < 2 * rates[10.0] and min(rates.values()) > 5
