"""Connections onto a share of the units: all shares together bring what the whole brings."""

import numpy as np
import pytest
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st

from spark.kernels import rows_onto
from spark.kernels.order import by_delay, first_of_second_half, unpacked, with_middles
from spark.kernels.rows import ONE_WEIGHT, WEIGHT_OF_EDGE, WEIGHT_OF_UNIT, Rows, weight_layout

LAYOUTS = (ONE_WEIGHT, WEIGHT_OF_UNIT, WEIGHT_OF_EDGE)


def drawn(rng: np.random.Generator, pre: int, post: int, layout: int, delayed: bool) -> Rows:
    """Rows of connections, whose weights can be told apart by their number."""
    lists = [np.sort(rng.choice(post, rng.integers(0, post + 1), replace=False)) for _ in range(pre)]
    edges = sum(map(len, lists))
    layout = WEIGHT_OF_EDGE if layout == WEIGHT_OF_UNIT and edges == pre else layout
    size = {ONE_WEIGHT: 1, WEIGHT_OF_UNIT: pre, WEIGHT_OF_EDGE: edges}[layout]
    delays = rng.integers(0, 4, edges).astype(np.uint8) if delayed else None
    starts = np.cumsum([0, *map(len, lists)]).astype(np.int32)
    return Rows(starts, np.concatenate(lists).astype(np.uint16), rng.normal(size=size).astype(np.float32), delays)


def brought(rows: Rows, post: int) -> np.ndarray:
    """Weight from each unit onto each by delay, (pre, 4, post), by a loop over connections."""
    rows = unpacked(rows)
    total = np.zeros((len(rows.starts) - 1, 4, post), np.float32)
    layout = weight_layout(rows)
    for pre, (first, last) in enumerate(zip(rows.starts[:-1], rows.starts[1:], strict=True)):
        for edge in range(first, last):
            weight = rows.weights[{ONE_WEIGHT: 0, WEIGHT_OF_UNIT: pre, WEIGHT_OF_EDGE: edge}[layout]]
            total[pre, 0 if rows.delays is None else rows.delays[edge], rows.post[edge]] += weight
    return total


@given(
    seed=st.integers(0, 999),
    sizes=st.tuples(st.integers(1, 7), st.sampled_from([2, 3, 9, 200])),
    layout=st.sampled_from(LAYOUTS),
    order=st.sampled_from(["no delays", "by target", "by target, with middles", "by delay"]),
)
@examples(60, 600)
def test_shares_together_bring_what_the_whole_brings(seed, sizes, layout, order):
    pre, post = sizes
    rng = np.random.default_rng(seed)
    rows = drawn(rng, pre, post, layout, order != "no delays")
    rows = by_delay(rows, post, weight_layout(rows)) if order == "by delay" else rows
    rows = with_middles(rows, post) if order == "by target, with middles" else rows
    bounds = [0, *np.sort(rng.integers(0, post + 1, 2)).tolist(), post]
    parts = [(rows_onto(rows, a, b), b - a) for a, b in zip(bounds[:-1], bounds[1:], strict=True) if b > a]
    for part, units in parts:
        if part.middles is not None:
            half = unpacked(part).post >= first_of_second_half(units)
            assert half[: part.starts[-1]].sum() == (part.starts[1:] - part.middles).sum()
        assert [a.dtype for a in part if a is not None] == [a.dtype for a in rows if a is not None]
    np.testing.assert_array_equal(np.concatenate([brought(*part) for part in parts], axis=2), brought(rows, post))


@pytest.mark.parametrize("order", ["no delays", "by target", "by delay"])
def test_as_many_connections_as_sources_do_not_turn_a_weight_of_each_source_into_one_of_each_connection(order):
    """Of six connections, three end at the first 130 units; there are three sources.

    Sorted anew for these units alone, whose half lies elsewhere, the last two change places.
    """
    delays = None if order == "no delays" else np.array([0, 0, 0, 3, 1, 0], np.uint8)
    weights = np.array([1.0, 2.0, 3.0], np.float32)
    post = np.array([0, 131, 131, 60, 70, 131], np.uint16)
    rows = Rows(np.array([0, 3, 3, 6], np.int32), post, weights, delays)
    if order == "by delay":
        rows = by_delay(rows, 132, WEIGHT_OF_UNIT)
    part = rows_onto(rows, 0, 130)
    assert weight_layout(part) == WEIGHT_OF_UNIT
    assert part.starts.tolist() == [0, 1, 1, 3]
    np.testing.assert_array_equal(brought(part, 130).sum(axis=(1, 2)), [1.0, 0.0, 6.0])
