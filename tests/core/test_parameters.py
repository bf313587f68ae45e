"""Parameters: durations in whole steps are the same for a number and for an array of it."""

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark.core.parameter import counted, steps
from spark.core.variable import Constant
from spark.nn.somas import IntegrateAndFireSoma, IntegrateAndFireSomaConfig

STEPS = ("0.01", "0.025", "0.05", "0.1", "0.125", "0.2", "0.25", "0.3", "0.5", "0.7", "1", "2")


@given(st.sampled_from(STEPS), st.integers(0, 300_000), st.sampled_from([10, 20, 40, 100]))
def test_an_array_gives_as_many_steps_as_the_same_number_and_as_exact_arithmetic(dt: str, count: int, of: int) -> None:
    duration = Fraction(count, of)
    expected = ceil(duration / Fraction(dt))
    number, array = (
        counted("x", value, float(dt), (2,), "int32").value
        for value in (float(duration), np.full(2, float(duration), np.float32))
    )
    assert number == expected
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(("duration", "dt", "expected"), [(8.8, 0.1, 88), (2.2, 0.025, 88), (1000.4, 0.1, 10_004)])
def test_refractory_periods_of_a_number_and_of_an_array_are_as_long(duration: float, dt: float, expected: int) -> None:
    assert steps(duration, dt) == expected
    for cooldown in (duration, np.full(2, duration)):
        soma = IntegrateAndFireSoma(IntegrateAndFireSomaConfig(units=(2,), dt=dt, cooldown=cooldown))
        soma.prepare_point((2,))
        np.testing.assert_array_equal(soma.blocked.value, expected)


@pytest.mark.parametrize("count", [2**23, 2**24, 10_000_001, 20_000_001])
def test_a_long_number_of_steps_is_not_cut(count: int) -> None:
    assert steps(float(count), 1.0) == count


def test_what_is_above_a_whole_number_of_steps_by_more_than_rounding_takes_one_more() -> None:
    found = counted("x", np.asarray([1.0, 1.0001, 1.5, 2.0], np.float32), 1.0, (4,), "int16")
    assert isinstance(found, Constant)
    np.testing.assert_array_equal(found.value, [1, 2, 2, 2])
