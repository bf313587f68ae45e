"""Units that fired are listed once, by all shares together, and the lists say what NumPy says."""

import numpy as np
import pytest

from spark.kernels.program import Program

STEPS = 6


def spikes_of(units: int, rate: float) -> np.ndarray:
    rng = np.random.default_rng(units)
    return rng.choice(np.array([-1, 0, 1], np.int8), (STEPS, units), p=[rate / 2, 1 - rate, rate / 2])


@pytest.mark.parametrize("rate", [0.0, 0.05, 1.0])
@pytest.mark.parametrize("units", [1, 64, 65, 700])
def test_what_is_noted_is_who_fired_in_ascending_order_by_any_number_of_threads(units, rate):
    spikes = spikes_of(units, rate)
    for threads in (1, 2, 3, 8, 20):
        made = Program([])
        room = made.room_for_spikes(units, STEPS * units)
        made.note_spikes(made.take(spikes, (units,)), STEPS, room)
        made.notes()
        counts, fired, done = made.run(np.int32(STEPS), np.int32(threads))[1]
        assert int(done) == STEPS
        np.testing.assert_array_equal(counts, np.count_nonzero(spikes, axis=1))
        np.testing.assert_array_equal(fired[: int(counts.sum())], np.nonzero(spikes)[1])


def test_spikes_are_listed_once_until_somebody_writes_to_them():
    made = Program([])
    source, spikes = made.argument(np.ones(70, np.int8)), made.scratch((70,), "int8")
    made.copy(spikes, source)
    first = made.fired(spikes)
    count = len(made.owners())
    assert made.fired(spikes.reshaped(7, 10)) == first and len(made.owners()) == count
    assert made.fired(source) != first, "other spikes have lists of their own"
    made.copy(spikes.part(3, 4), source.part(0, 4))
    assert made.fired(spikes) != first, "what has changed is listed anew"
