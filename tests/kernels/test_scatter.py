"""`scatter_spikes`: C++, reference and plain Python give the same bits."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st

from spark.kernels.rows import Rows
from spark.kernels.scatter import scatter_spikes

LAYOUTS = ("one", "unit", "edge")


def drawn(seed: int, pre: int, post: int, slots: int, layout: str, dtype: str, delayed: bool, wide: bool):
    rng = np.random.default_rng(seed)
    # As many connections for every seed: another number would compile every operation of the reference anew.
    lengths = rng.permutation(np.random.default_rng(pre).integers(0, max(post, 1), pre))
    edges = int(lengths.sum())
    targets = np.concatenate([np.sort(rng.choice(post, n, replace=False)) for n in lengths] or [np.zeros(0, int)])
    size = {"one": 1, "unit": pre, "edge": edges}[layout]
    rows = Rows(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
        targets.astype(np.int32 if wide else np.uint16),
        jnp.asarray(rng.normal(size=size), dtype),
        rng.integers(0, slots, edges).astype(np.uint16 if wide else np.uint8) if delayed else None,
    )
    spikes = rng.choice(np.array([-1, 0, 1], np.int8), pre, p=[0.1, 0.7, 0.2])
    return spikes, rows, rng.normal(size=(slots, post)).astype(np.float32)


def oracle(spikes, rows, ring, slot, signed):
    """One addition after the other, in float32."""
    out = ring.copy()
    weights = np.asarray(rows.weights).astype(np.float32)
    for unit in np.flatnonzero(spikes):
        for edge in range(rows.starts[unit], rows.starts[unit + 1]):
            weight = weights[edge if len(weights) == len(rows.post) else 0 if len(weights) == 1 else unit]
            late = 0 if rows.delays is None else int(rows.delays[edge])
            sign = np.float32(spikes[unit] if signed else 1)
            out[(slot + late) % len(ring), rows.post[edge]] += sign * weight
    return out


@given(
    st.integers(0, 1000),
    st.sampled_from([(1, 1), (3, 7), (70, 20), (300, 40)]),
    st.sampled_from([1, 2, 17]),
    st.sampled_from(LAYOUTS),
    st.sampled_from(["float32", "float16", "bfloat16"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
@examples(5, 100)
def test_native_reference_and_oracle_agree_bit_for_bit(seed, shape, slots, layout, dtype, delayed, wide, signed):
    spikes, rows, ring = drawn(seed, *shape, slots, layout, dtype, delayed, wide)
    slot = seed % slots
    expected = oracle(spikes, rows, ring, slot, signed)
    for implementation in ("native", "reference"):
        found = scatter_spikes(spikes, rows, ring, slot, signed, implementation)
        np.testing.assert_array_equal(found, expected, err_msg=implementation)


@pytest.mark.parametrize("implementation", ["native", "reference"])
def test_an_unsigned_scatter_counts_inhibitory_spikes_as_any_other(implementation):
    rows = Rows(np.array([0, 1, 2], np.int32), np.array([0, 0], np.uint16), np.array([2.0, 3.0], np.float32), None)
    spikes, ring = np.array([1, -1], np.int8), np.zeros((1, 1), np.float32)
    assert float(scatter_spikes(spikes, rows, ring, 0, True, implementation)[0, 0]) == -1.0
    assert float(scatter_spikes(spikes, rows, ring, 0, False, implementation)[0, 0]) == 5.0


@pytest.mark.parametrize("implementation", ["native", "reference"])
def test_units_without_connections_add_nothing(implementation):
    rows = Rows(np.zeros(5, np.int32), np.zeros(0, np.int32), np.ones(1, np.float32), None)
    found = scatter_spikes(np.ones(4, np.int8), rows, np.ones((2, 3), np.float32), 1, True, implementation)
    np.testing.assert_array_equal(found, np.ones((2, 3), np.float32))


@pytest.mark.parametrize("implementation", ["auto", pytest.param("reference", marks=pytest.mark.thorough)])
def test_vmap_equals_a_loop(implementation):
    made = [drawn(seed, 9, 12, 3, "edge", "float32", False, False) for seed in range(3)]
    rows, ring = made[0][1], made[0][2]
    spikes = jnp.stack([m[0] for m in made])
    expected = [scatter_spikes(s, rows, ring, 1, True, "reference") for s in spikes]
    found = jax.vmap(lambda s: scatter_spikes(s, rows, ring, 1, True, implementation))(spikes)
    np.testing.assert_array_equal(found, jnp.stack(expected))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"post": np.zeros(2, np.int16)}, "post must be uint16, int32 or uint32, got int16"),
        ({"delays": np.zeros(2, np.int32)}, "delays must be uint8 or uint16, got int32"),
        ({"weights": np.zeros(2, np.int32)}, "weights: must be float32, float16 or bfloat16, got int32"),
    ],
)
def test_wrong_types_are_refused_by_name(change, text):
    rows = Rows(np.array([0, 2], np.int32), np.zeros(2, np.uint16), np.ones(2, np.float32), None)
    with pytest.raises(TypeError, match=text):
        scatter_spikes(np.ones(1, np.int8), rows._replace(**change), np.zeros((1, 3), np.float32), 0)


def test_weights_of_a_wrong_number_are_refused():
    rows = Rows(np.array([0, 2], np.int32), np.zeros(2, np.uint16), np.ones(5, np.float32), None)
    with pytest.raises(ValueError, match="weights must be one number, or one for each of"):
        scatter_spikes(np.ones(1, np.int8), rows, np.zeros((1, 3), np.float32), 0)


@pytest.mark.parametrize(
    ("change", "ring", "more", "text"),
    [
        ({"starts": np.int32([0, 1, 2])}, (1, 3), {}, r"starts: shape must be (2), got (3,)."),
        ({"starts": np.int32([0])}, (1, 3), {}, r"starts: shape must be (2), got (1,)."),
        ({"delays": np.zeros(3, np.uint8)}, (1, 3), {}, r"delays: shape must be (2), got (3,)."),
        ({}, (3,), {}, r"ring: shape must be (any, any), got (3,)."),
        ({}, (1, 3), {"amplitudes": np.ones(2, np.float32)}, r"amplitudes: shape must be (1), got (2,)."),
    ],
    ids=["more rows than spikes", "fewer rows", "delays", "ring", "amplitudes"],
)
def test_arrays_that_do_not_fit_are_refused_by_name(change, ring, more, text):
    rows = Rows(np.array([0, 2], np.int32), np.zeros(2, np.uint16), np.ones(2, np.float32), None)
    with pytest.raises(ValueError, match=re.escape(text)):
        scatter_spikes(np.ones(1, np.int8), rows._replace(**change), np.zeros(ring, np.float32), 0, **more)
