"""`deliver_dense`: C++, reference and plain Python give the same bits."""

import jax
import jax.numpy as jnp
import kernel_oracle
import numpy as np
import pytest
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st

from spark.kernels import deliver_dense, native

DTYPES = ("float32", "float16", "bfloat16")


def drawn(seed: int, pre: int, post: int, density: float, dtype: str) -> tuple[jax.Array, jax.Array]:
    rng = np.random.default_rng(seed)
    spikes = rng.choice(np.array([-1, 0, 1], np.int8), pre, p=[density / 3, 1 - density, density * 2 / 3])
    return jnp.asarray(spikes), jnp.asarray(rng.normal(size=(pre, post)), dtype)


@given(
    st.integers(0, 1000),
    st.sampled_from([(0, 3), (7, 0), (1, 1), (8, 16), (65, 31), (2100, 257)]),
    st.sampled_from([0.0, 0.01, 0.2, 1.0]),
    st.sampled_from(DTYPES),
    st.sampled_from(["portable", "avx2", "avx512"]),
)
@examples(5, 100)
def test_native_reference_and_oracle_agree_bit_for_bit(seed, shape, density, dtype, instruction_set):
    spikes, weights = drawn(seed, *shape, density, dtype)
    expected = kernel_oracle.dense(np.asarray(spikes), np.asarray(weights))
    native.limit_instruction_set(instruction_set)
    try:
        np.testing.assert_array_equal(deliver_dense(spikes, weights, "native"), expected)
    finally:
        native.limit_instruction_set("avx512")
    np.testing.assert_array_equal(deliver_dense(spikes, weights, "reference"), expected)


def test_columns_beyond_one_block_are_summed_too():
    spikes, weights = drawn(3, 11, 40_000, 0.5, "float32")
    expected = kernel_oracle.dense(np.asarray(spikes), np.asarray(weights))
    np.testing.assert_array_equal(deliver_dense(spikes, weights, "native"), expected)


@pytest.mark.parametrize("instruction_set", ["portable", "avx2", "avx512"])
def test_every_float16_number_keeps_its_value(instruction_set):
    """Subnormals and infinities included, in vectors and in the rest of a row."""
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    numbers = jnp.asarray(np.append(every[~np.isnan(every)], np.float16(1e-7)))[None, :]
    native.limit_instruction_set(instruction_set)
    try:
        found = deliver_dense(jnp.ones(1, jnp.int8), numbers, "native")
    finally:
        native.limit_instruction_set("avx512")
    np.testing.assert_array_equal(found, np.asarray(numbers)[0].astype(np.float32))


@pytest.mark.parametrize("implementation", ["native", "reference"])
def test_an_inhibitory_spike_lowers_the_sum(implementation):
    weights = jnp.ones((2, 3), jnp.float32)
    found = deliver_dense(jnp.array([1, -1], jnp.int8), weights * jnp.array([[1.0], [0.25]]), implementation)
    np.testing.assert_array_equal(found, np.full(3, 0.75, np.float32))


@pytest.mark.parametrize("implementation", ["auto", pytest.param("reference", marks=pytest.mark.thorough)])
def test_vmap_equals_a_loop(implementation):
    spikes = jnp.stack([drawn(seed, 20, 9, 0.3, "float32")[0] for seed in range(4)])
    weights = jnp.stack([drawn(seed, 20, 9, 0.3, "float32")[1] for seed in range(4)])
    expected = jnp.stack([deliver_dense(s, w, "reference") for s, w in zip(spikes, weights, strict=True)])
    mapped = jax.vmap(lambda s, w: deliver_dense(s, w, implementation))
    np.testing.assert_array_equal(jax.jit(mapped)(spikes, weights), expected)
    shared = jax.vmap(lambda s: deliver_dense(s, weights[0], implementation))(spikes)
    np.testing.assert_array_equal(shared, jnp.stack([deliver_dense(s, weights[0], "reference") for s in spikes]))


def test_the_choice_by_platform_leaves_one_call_in_the_compiled_step():
    spikes, weights = drawn(0, 64, 48, 0.1, "float32")
    text = jax.jit(deliver_dense).lower(spikes, weights).compile().as_text()
    entry = text[text.index("\nENTRY ") :]
    assert entry.count("custom-call(") == 1
    assert not any(f" {name}(" in entry for name in ("conditional", "call", "fusion", "copy", "while"))


def test_a_wrong_dtype_is_refused():
    with pytest.raises(TypeError, match="spikes: must be int8, got float32"):
        deliver_dense(jnp.zeros(2, jnp.float32), jnp.zeros((2, 2), jnp.float32))
    with pytest.raises(TypeError, match="weights: must be float32, float16 or bfloat16, got int32"):
        deliver_dense(jnp.zeros(2, jnp.int8), jnp.zeros((2, 2), jnp.int32))


@pytest.mark.parametrize("shape", [(3, 2), (2,), (1, 2, 2)])
def test_a_wrong_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"weights: shape must be \(2, any\)"):
        deliver_dense(jnp.zeros(2, jnp.int8), jnp.zeros(shape, jnp.float32))


def test_an_unknown_implementation_is_refused():
    with pytest.raises(ValueError, match="implementation must be 'auto', 'native' or 'reference', got 'fast'"):
        deliver_dense(jnp.zeros(2, jnp.int8), jnp.zeros((2, 2), jnp.float32), "fast")  # pyright: ignore
