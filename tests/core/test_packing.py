"""Packing gives every array back as it was, in few leaves."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spark.core.packing import SOLO_ELEMENTS, Layout, plan

DTYPES = ["float16", "float32", "int8", "int16", "int32", "uint8", "uint32", "bool"]
names = st.text("abcxyz._", min_size=1, max_size=8)


@st.composite
def named_arrays(draw: st.DrawFn) -> dict[str, np.ndarray]:
    found = {}
    for name in draw(st.sets(names, max_size=8)):
        dtype = draw(st.sampled_from(DTYPES))
        shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
        found[name] = draw(hnp.arrays(dtype, shape))
    return found


def planned(values: dict[str, Any]) -> Layout:
    return plan({path: (v.shape, str(v.dtype)) for path, v in values.items()})


def bits(values: dict[str, Any]) -> dict[str, Any]:
    return {path: (v.shape, str(v.dtype), np.asarray(v).tobytes()) for path, v in values.items()}


@given(named_arrays())
@examples(10, 100)
def test_what_is_packed_is_read_back_bit_for_bit(values: dict[str, np.ndarray]) -> None:
    layout = planned(values)
    leaves = layout.pack(values)
    assert bits({path: layout.read(leaves, path) for path in values}) == bits(values)


@given(named_arrays())
@examples(5, 50)
def test_what_is_read_under_jit_is_what_is_read_outside(values: dict[str, np.ndarray]) -> None:
    layout = planned(values)
    leaves = jax.device_put(layout.pack(values))
    found = {path: layout.read(leaves, path) for path in values}
    assert all(isinstance(array, jax.Array) for array in found.values())
    assert bits(jax.jit(lambda held: {path: layout.read(held, path) for path in values})(leaves)) == bits(found)


def test_an_array_that_was_put_on_a_device_is_read_there() -> None:
    values = {"a": np.arange(3, dtype=np.float32), "b": np.array([True, False])}
    layout = planned(values)
    leaves = jax.device_put(layout.pack(values), jax.devices()[0])
    found = {path: layout.read(leaves, path) for path in values}
    assert bits(found) == bits(values) and all(array.committed for array in found.values())


@given(named_arrays())
@examples(5, 50)
def test_what_is_packed_under_jit_is_read_back_bit_for_bit(values: dict[str, np.ndarray]) -> None:
    layout = planned(values)

    def there_and_back(given: dict[str, Any]) -> dict[str, Any]:
        leaves = layout.pack(given)
        return {path: layout.read(leaves, path) for path in given}

    assert bits(jax.jit(there_and_back)(values)) == bits(values)


@given(named_arrays())
@examples(10, 100)
def test_numpy_and_jax_arrays_are_packed_into_the_same_words(values: dict[str, np.ndarray]) -> None:
    layout = planned(values)
    plain, traced = layout.pack(values), layout.pack({p: jnp.asarray(v) for p, v in values.items()})
    assert [np.asarray(leaf).tobytes() for leaf in traced] == [leaf.tobytes() for leaf in plain]


@given(st.data(), named_arrays())
@examples(10, 100)
def test_a_replaced_array_is_read_back_and_the_others_stay(data: st.DataObject, values: dict[str, np.ndarray]) -> None:
    if not values:
        return
    layout = planned(values)
    path = data.draw(st.sampled_from(sorted(values)))
    new = data.draw(hnp.arrays(values[path].dtype, values[path].shape))
    leaves = layout.replace(layout.pack(values), path, new)
    assert bits({p: layout.read(leaves, p) for p in values}) == bits({**values, path: new})


@pytest.mark.parametrize("how", [jnp.asarray, np.asarray, jax.device_put])
@given(st.data(), named_arrays())
@examples(5, 50)
def test_arrays_replaced_at_once_are_read_back_and_the_others_stay(
    how: Any, data: st.DataObject, values: dict[str, np.ndarray]
) -> None:
    layout = planned(values)
    paths = data.draw(st.sets(st.sampled_from(sorted(values)))) if values else set()
    new = {path: data.draw(hnp.arrays(values[path].dtype, values[path].shape)) for path in sorted(paths)}
    before = tuple(how(leaf) for leaf in layout.pack(values))
    leaves = layout.replace_all(before, {path: how(array) for path, array in new.items()})
    assert bits({p: layout.read(leaves, p) for p in values}) == bits({**values, **new})
    assert bits({p: layout.read(before, p) for p in values}) == bits(values)
    if how is jnp.asarray:
        traced = jax.jit(layout.replace_all)(before, new)
        assert [np.asarray(leaf).tobytes() for leaf in traced] == [np.asarray(leaf).tobytes() for leaf in leaves]


@pytest.mark.parametrize("dtype", ["float16", "float32", "int32"])
def test_an_empty_array_beside_a_single_number_is_packed_under_jit(dtype: str) -> None:
    """XLA ended the process while it compiled the two joined."""
    values = {"a": np.ones((), dtype), "b": np.zeros((0, 2), dtype)}
    layout = planned(values)
    found = jax.jit(lambda given: {path: layout.read(layout.pack(given), path) for path in given})(values)
    assert bits(found) == bits(values)


def test_bfloat16_is_packed_too() -> None:
    values = {"a": np.asarray(jnp.arange(5, dtype=jnp.bfloat16)), "b": np.ones(1, bool)}
    layout = planned(values)
    assert bits({p: layout.read(layout.pack(values), p) for p in values}) == bits(values)


@given(named_arrays())
@examples(10, 100)
def test_small_arrays_share_a_leaf_of_words_and_one_for_each_dtype_of_floats(values: dict[str, np.ndarray]) -> None:
    floats = {str(v.dtype) for v in values.values() if v.dtype.kind == "f"}
    whole = any(v.dtype.kind != "f" for v in values.values())
    leaves = planned(values).pack(values)
    assert sorted(str(leaf.dtype) for leaf in leaves) == sorted([*floats, *(["uint32"] if whole else [])])


@given(named_arrays(), st.randoms())
def test_the_plan_does_not_depend_on_the_order_of_the_entries(values: dict[str, np.ndarray], random: Any) -> None:
    shuffled = list(values.items())
    random.shuffle(shuffled)
    assert dict(planned(dict(shuffled)).slots) == dict(planned(values).slots)


def test_large_arrays_have_leaves_of_their_own() -> None:
    values = {"a": np.zeros(SOLO_ELEMENTS, np.float32), "b": np.ones(3, np.int8), "c": np.zeros(SOLO_ELEMENTS, bool)}
    assert sorted(leaf.size for leaf in planned(values).pack(values)) == [1, SOLO_ELEMENTS, SOLO_ELEMENTS]


def test_a_large_array_is_not_copied() -> None:
    values = {"a": np.zeros((SOLO_ELEMENTS // 64, 64), np.float32)}
    assert planned(values).pack(values)[0] is values["a"]
