"""A program is run once, or as often as it is told, by any number of threads."""

import numpy as np
import pytest

from spark import kernels
from spark.kernels.instructions import STEP
from spark.kernels.program import Program

pytestmark = pytest.mark.skipif(not kernels.available(), reason="no native kernels on this machine")
BEGIN = 41


def counting() -> Program:
    """Adds one to a step counter, of 64 bits in two words."""
    made = Program([np.array([BEGIN, 0], np.uint32)])
    made.emit(STEP, (made.state(0, 0, (2,), "uint32"),))
    return made


def counted(state: tuple) -> int:
    return int(state[0][0]) - BEGIN


def test_without_a_number_of_steps_it_is_run_once():
    state, results = counting().run()
    assert counted(state) == 1 and results == ()


@pytest.mark.parametrize("steps", [0, 1, 2, 7])
@pytest.mark.parametrize("threads", [None, 1, 2, 5])
def test_in_a_loop_it_is_run_so_often_and_says_so(steps, threads):
    state, (done,) = counting().run(np.int32(steps), None if threads is None else np.int32(threads))
    assert counted(state) == int(done) == steps


@pytest.mark.parametrize("steps", [None, 3])
def test_times_are_told_beside(steps):
    state, results = counting().run(None if steps is None else np.int32(steps), timed=True)
    assert counted(state) == (1 if steps is None else steps)
    assert [result.shape for result in results] == ([(1, 2)] if steps is None else [(), (1, 2)])
