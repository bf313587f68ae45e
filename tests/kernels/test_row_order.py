"""Rows of connections sorted for delivery by blocks of steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spark.kernels import native
from spark.kernels import rows as kernel_rows
from spark.kernels.order import (
    by_delay,
    first_of_second_half,
    longest_delay,
    pays,
    steps_together,
    unpacked,
    with_middles,
)
from spark.kernels.rows import Rows, weight_layout

pytestmark = pytest.mark.hypothesis
UNITS = 300
HALF = 128  # Of 5 blocks of 64 units, 2.


@st.composite
def connections(draw: st.DrawFn) -> Rows:
    lengths = draw(st.lists(st.integers(0, 40), min_size=1, max_size=6))
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    post = np.concatenate([np.sort(rng.integers(0, UNITS, n)) for n in lengths])
    post = post.astype(draw(st.sampled_from([np.uint16, np.int32])))
    delays = draw(arrays.arrays(np.uint8, post.size, elements=st.integers(0, 255)))
    # A number for each connection says which it was; one for all is that of an only one.
    weights = np.arange(post.size if draw(st.booleans()) else 1)
    return Rows(starts, post, weights.astype(draw(st.sampled_from([np.float16, np.float32]))), delays)


def check(rows: Rows) -> None:
    packed = by_delay(rows, UNITS, weight_layout(rows))
    found = unpacked(packed)
    for row, (first, last) in enumerate(zip(rows.starts[:-1], rows.starts[1:], strict=True)):
        before = range(first, last)
        expected = sorted(before, key=lambda n: (rows.post[n] >= HALF, rows.delays[n], n))
        np.testing.assert_array_equal(found.post[first:last], rows.post[expected])
        np.testing.assert_array_equal(found.delays[first:last], rows.delays[expected])
        if rows.weights.size == rows.post.size:
            np.testing.assert_array_equal(found.weights[first:last], expected)
        assert found.middles[row] == first + np.count_nonzero(rows.post[first:last] < HALF)
    np.testing.assert_array_equal(packed.post, found.delays.astype(np.int64) * 2**24 + found.post)
    assert (packed.post.dtype, packed.delays, found.weights.dtype) == (np.uint32, None, rows.weights.dtype)
    assert longest_delay(packed) == longest_delay(rows) == (rows.delays.max() if rows.delays.size else 0)


@given(connections(), st.sampled_from([1 << 20, 30]))
def test_rows_ascend_by_half_then_delay_and_equal_ones_stay_as_they_stood(rows: Rows, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel_rows, "_AT_ONCE", chunk)
        check(rows)
        patch.setattr(native, "available", lambda: False)
        check(rows)


@given(connections(), st.sampled_from([1 << 20, 30]))
def test_the_middle_of_a_row_that_ascends_by_target_is_where_its_second_half_begins(rows: Rows, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel_rows, "_AT_ONCE", chunk)
        found = with_middles(rows, UNITS)
    ends = zip(rows.starts[:-1], rows.starts[1:], strict=True)
    expected = [first + int(np.count_nonzero(rows.post[first:last] < HALF)) for first, last in ends]
    np.testing.assert_array_equal(found.middles, expected)
    assert (found.middles.dtype, found.by_delay) == (np.int32, False)
    assert all(a is b for a, b in zip(found[:4], rows[:4], strict=True))


def test_halves_are_those_of_two_threads() -> None:
    assert [first_of_second_half(units) for units in (1, 63, 128, 129, 300)] == [0, 0, 64, 64, HALF]


def test_few_targets_take_eight_steps_together_and_many_fewer() -> None:
    assert [steps_together(units) for units in (1, 20_000, 60_000, 200_000, 10**7)] == [8, 8, 4, 1, 1]


def test_blocks_pay_where_the_ring_is_large_and_a_visit_brings_several_connections() -> None:
    sources, units, slots = 100, 20_000, 40
    starts = np.arange(sources + 1, dtype=np.int32) * 400
    post, delays = np.zeros(sources * 400, np.uint16), np.zeros(sources * 400, np.uint8)
    rows = Rows(starts, post, np.ones(1, np.float32), delays)
    assert pays(rows, slots, units)
    assert not pays(rows, slots, 2_000)
    assert not pays(rows._replace(delays=None), slots, units)
    # A delay that a byte does not hold, and more units than three bytes tell apart.
    assert not pays(rows._replace(delays=delays.astype(np.uint16)), slots, units)
    assert not pays(rows, slots, 2**24 + 1)
    sparse = Rows(starts // 10, post[::10], rows.weights, delays[::10])
    assert not pays(sparse, slots, units)
