"""Automatic layout: nothing lies on anything, and the whole has the shape of a screen."""

import pytest

from spark.io.layout import HEIGHT, WIDTH, arrange


def chain(count, recurrent=False):
    nodes = {f"n{i}": {"type": "LIFNeuron", "name": f"p{i}"} for i in range(count)}
    edges = {f"e{i}": {"from": [f"n{i}", "out"], "to": [f"n{i + 1}", "in"]} for i in range(count - 1)}
    if recurrent:
        edges |= {f"b{i}": {"from": [f"n{i + 1}", "out"], "to": [f"n{i}", "in"]} for i in range(count - 1)}
    return {"nodes": nodes, "edges": edges}


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("count", [1, 5, 9, 33, 60])
def test_a_long_line_is_wrapped_and_nothing_overlaps(count, recurrent):
    places = arrange(chain(count, recurrent), None)
    assert len(set(places.values())) == count
    xs, ys = zip(*places.values(), strict=True)
    assert all(
        abs(a[0] - b[0]) >= WIDTH or abs(a[1] - b[1]) >= HEIGHT
        for i, a in enumerate(places.values())
        for b in list(places.values())[:i]
    )
    if count > 16:
        assert (max(xs) - min(xs) + WIDTH) / (max(ys) - min(ys) + HEIGHT) < 5


def test_five_modules_in_a_row_stay_in_a_row():
    places = arrange(chain(5), None)
    assert [places[f"n{i}"] for i in range(5)] == [(i * WIDTH, 0) for i in range(5)]
