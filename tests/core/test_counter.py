"""The step counter is exact in 64 bits, in Python and in compiled code."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spark.core.counter import Counter

VALUES = [0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 5, 2**40 + 12345, 2**62 + 2**32 - 1]
DIVISORS = [1, 2, 3, 7, 40, 64, 255, 65_535, 65_536, 65_537, 2**20 + 7, 2**31 - 1, 2**31]


@pytest.mark.parametrize("divisor", DIVISORS)
def test_remainders_are_those_of_whole_numbers(divisor):
    compiled = jax.jit(lambda counter: counter % divisor)
    for value in VALUES:
        counter = Counter.of(value)
        assert int(counter % divisor) == int(compiled(counter)) == value % divisor


@pytest.mark.parametrize("value", VALUES)
def test_sums_and_comparisons_are_those_of_whole_numbers(value):
    counter = Counter.of(value)
    compare = jax.jit(lambda c: (c > 2**31, c < 2**32, c == value, c != value, c >= 2**40, c <= 0))
    expected = (value > 2**31, value < 2**32, True, False, value >= 2**40, value <= 0)
    assert tuple(map(bool, compare(counter))) == expected
    assert int(jax.jit(lambda c: c + 1)(counter)) == int(counter + 1) == value + 1
    assert counter == value and int(counter) == value and np.asarray(counter) == value
    assert np.asarray(counter).dtype == np.int64
    assert list(range(3))[Counter.of(1)] == 1


def test_a_traced_number_may_be_added_to_a_counter_that_is_known():
    later = jax.jit(lambda steps: (Counter.of(2**32 - 1) + steps).words)(2)
    assert list(np.asarray(later)) == [1, 1]


def test_beside_an_array_it_is_a_number_of_the_arrays_kind():
    counter = Counter.of(40)
    np.testing.assert_array_equal(jnp.arange(3) + counter, [40, 41, 42])
    np.testing.assert_allclose(counter * 0.1, 4.0, rtol=1e-6)
    np.testing.assert_allclose(Counter.of(2**40).astype(jnp.float32), 2.0**40)


@pytest.mark.parametrize("value", [-1, 2**63, -(2**70)])
def test_what_is_no_counter_is_refused(value):
    with pytest.raises(ValueError, match=r"must lie in \[0, 2\^63 - 1\], got"):
        Counter.of(value)


@pytest.mark.parametrize("divisor", [0, -1, 2**31 + 1])
def test_a_divisor_that_no_remainder_fits_is_refused(divisor):
    with pytest.raises(ValueError, match=r"must lie in \[1, 2\^31\]"):
        Counter.of(5) % divisor
