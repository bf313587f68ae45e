"""`build_edges`: the lists say the same as the connections they were made from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peak import peak

from spark.kernels import build_edges
from spark.kernels.edge_parts import edges_onto


@st.composite
def connections(draw):
    """Lists of connections, duplicates among them."""
    pre_units, post_units, max_delay = draw(st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(0, 40)))
    count = draw(st.integers(0, 40))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    lists = (rng.integers(0, high, count) for high in (pre_units, post_units, max_delay + 1))
    return (*lists, pre_units, post_units, max_delay)


@given(connections())
def test_edges_are_sorted_by_pre_then_delay_then_post_and_duplicates_keep_their_order(case):
    pre, post, delay, *_ = case
    edges, order = build_edges(*case)
    expected = np.lexsort((post, delay, pre))
    np.testing.assert_array_equal(order, expected)
    np.testing.assert_array_equal(edges.pre, pre[expected])
    np.testing.assert_array_equal(edges.delay, delay[expected])
    np.testing.assert_array_equal(edges.post, post[expected])


@given(connections())
def test_starts_bound_the_edges_of_a_unit_and_a_delay(case):
    edges, _ = build_edges(*case)
    assert edges.starts.shape == (case[3], case[5] + 2)
    for unit in range(case[3]):
        for delay in range(case[5] + 1):
            found = np.flatnonzero((edges.pre == unit) & (edges.delay == delay))
            np.testing.assert_array_equal(np.arange(*edges.starts[unit, delay : delay + 2]), found)


@given(connections())
def test_the_walk_from_the_postsynaptic_side_sees_every_edge_once_in_ascending_order(case):
    edges, _ = build_edges(*case)
    for unit in range(case[4]):
        found = edges.in_edge[edges.in_starts[unit] : edges.in_starts[unit + 1]]
        np.testing.assert_array_equal(found, np.flatnonzero(edges.post == unit))
    np.testing.assert_array_equal(edges.in_pre, edges.pre[edges.in_edge])
    np.testing.assert_array_equal(edges.in_delay, edges.delay[edges.in_edge])


@given(connections())
def test_every_array_is_int32(case):
    assert {array.dtype for array in build_edges(*case)[0]} == {np.dtype(np.int32)}


@given(connections(), st.data())
def test_the_edges_onto_some_units_are_those_made_of_their_connections_alone(case, data):
    pre, post, delay, pre_units, post_units, max_delay = case
    bounds = sorted(data.draw(st.lists(st.integers(0, post_units), min_size=2, max_size=2, unique=True)))
    edges, order = build_edges(*case)
    part, numbers = edges_onto(edges, *bounds)
    kept = (post >= bounds[0]) & (post < bounds[1])
    lists = pre[kept], post[kept] - bounds[0], delay[kept]
    expected, among = build_edges(*lists, pre_units, bounds[1] - bounds[0], max_delay)
    for name, array in expected._asdict().items():
        np.testing.assert_array_equal(getattr(part, name), array, err_msg=name)
    np.testing.assert_array_equal(order[numbers], np.flatnonzero(kept)[among])


def test_long_lists_are_sorted_as_short_ones_and_take_few_bytes_beyond_the_result(rng):
    count, pre_units, post_units, max_delay = 600_000, 300, 200, 8
    pre, post, delay = (
        rng.integers(0, high, count).astype(dtype)
        for high, dtype in ((pre_units, np.int32), (post_units, np.int32), (max_delay + 1, np.uint8))
    )
    (edges, order), held = peak(lambda: build_edges(pre, post, delay, pre_units, post_units, max_delay))
    np.testing.assert_array_equal(order, np.lexsort((post, delay, pre)))
    counted = np.bincount(pre.astype(int) * (max_delay + 1) + delay, minlength=pre_units * (max_delay + 1))
    np.testing.assert_array_equal(np.diff(edges.starts, axis=1).ravel(), counted)
    np.testing.assert_array_equal(np.diff(edges.in_starts), np.bincount(post, minlength=post_units))
    # Six lists and the order of 4 bytes each, and one of 8 that is sorted.
    assert held < 44 * count


def test_keys_too_large_to_pack_are_sorted_the_same_way(rng):
    """20 bits of units on either side and 10 of delays leave no room for the position beside the key."""
    units, max_delay, count = 2**20, 2**10 - 1, 5000
    pre, post, delay = rng.integers(0, 3, count), rng.integers(0, units, count), rng.integers(0, max_delay, count)
    edges, order = build_edges(pre, post, delay, 3, units, max_delay)
    wide, wide_order = build_edges(pre, post, delay, 4000, units, max_delay)
    np.testing.assert_array_equal(order, np.lexsort((post, delay, pre)))
    np.testing.assert_array_equal(wide_order, order)
    np.testing.assert_array_equal(wide.post, edges.post)


def test_one_number_is_the_delay_of_all():
    edges, _ = build_edges(np.array([0, 1]), np.array([1, 0]), 3, 2, 2, 4)
    np.testing.assert_array_equal(edges.delay, [3, 3])


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        (([2], [0], [0]), r"pre_index must lie in \[0, 1\], got 2 to 2"),
        (([-1], [0], [0]), r"pre_index must lie in \[0, 1\], got -1 to -1"),
        (([0], [3], [0]), r"post_index must lie in \[0, 2\], got 3 to 3"),
        (([0], [0], [5]), r"delay must lie in \[0, 4\], got 5 to 5"),
        (([0, 1], [0], [0]), "lists of one length"),
    ],
)
def test_connections_out_of_range_are_refused(lists, message):
    with pytest.raises(ValueError, match=message):
        build_edges(*lists, 2, 3, 4)


def test_indices_that_are_not_integers_are_refused():
    with pytest.raises(TypeError, match="delay must hold integers, got float64"):
        build_edges([0], [0], [0.5], 1, 1, 1)


def test_more_delay_slots_than_int32_counts_are_refused():
    with pytest.raises(ValueError, match="must not exceed"):
        build_edges([0], [0], [0], 2**20, 1, 2**12)
