"""What a share of the units keeps of a module's arrays, by what those say of themselves."""

import numpy as np
import pytest
from builders import refused

import spark
from spark.engine.shares.share import Cut, Share, cut_every_array

SHARE = Share(2, 5, 6)
EACH = np.arange(6.0, dtype=np.float32)
ROWS = np.arange(12.0, dtype=np.float32).reshape(2, 6)


def cut(**attributes: object) -> Cut:
    return cut_every_array("own", attributes, SHARE)


@pytest.mark.parametrize("kind", [spark.Variable, spark.Constant])
def test_an_array_is_cut_along_the_axis_that_it_says(kind: type) -> None:
    held = {
        "each": kind(EACH),
        "grid": kind(EACH.reshape(2, 3)),
        "rows": kind(ROWS, unit_axis=1),
        "grids": kind(ROWS.reshape(2, 3, 2), unit_axis=1),
        "one": kind(np.float32(3.0)),
        "table": kind(np.zeros((6, 4), np.float32), unit_axis=None),
        "key": spark.RandomKey(),
        "number": 7,
    }
    kept = cut(**held).kept
    assert kept.keys() == {"each", "grid", "rows", "grids"}
    for name in ("each", "grid"):
        np.testing.assert_array_equal(kept[name].take(EACH), [2, 3, 4])
    for name in ("rows", "grids"):
        np.testing.assert_array_equal(kept[name].take(ROWS), [[2, 3, 4], [8, 9, 10]])


def test_of_a_ring_each_row_is_cut_as_other_arrays_are() -> None:
    rings = {"past": spark.Ring(ROWS), "traces": spark.Ring(np.stack([ROWS, ROWS + 12]), unit_axis=1)}
    kept = cut(**rings, shared=spark.Ring(ROWS, unit_axis=None)).kept
    np.testing.assert_array_equal(kept["past"].take(ROWS), [[2, 3, 4], [8, 9, 10]])
    traces = kept["traces"].take(np.arange(24.0, dtype=np.float32))
    np.testing.assert_array_equal(traces, [[2, 3, 4], [8, 9, 10], [14, 15, 16], [20, 21, 22]])
    assert "shared" not in kept


@pytest.mark.parametrize(
    ("held", "shape"),
    [
        (spark.Variable(ROWS), (2, 6)),
        (spark.Constant(EACH[:5]), (5,)),
        (spark.Variable(EACH, unit_axis=1), (6,)),
        (spark.Ring(EACH), (6,)),
    ],
)
def test_an_array_that_lies_otherwise_is_refused(held: object, shape: tuple[int, ...]) -> None:
    text = (
        f"own.held: cannot be cut by unit, got shape {shape}; expected one element for each of 6 units. "
        "Say `unit_axis=1` where the units lie along the second axis, `unit_axis=None` of what all units share"
    )
    with refused(spark.ModuleError, text):
        cut(held=held)
