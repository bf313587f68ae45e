"""Weights of pairs against a matrix product; kernels read and written whole."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from builders import paired, refused, spikes
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import spark
from spark.nn.initializers import ArrayInitializer, UniformInitializer
from spark.nn.projections import PairSynapsesConfig, PlasticProjection

# Whole numbers are summed without rounding, so that results are equal to the last bit.
weights = hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(-50, 50))


def view_of(made: PlasticProjection) -> Any:
    return spark.merge(*spark.split(made))


@given(weights, st.integers(0, 2**32 - 1))
def test_what_arrives_is_the_matrix_product_dense_or_listed(kernel: np.ndarray, seed: int) -> None:
    """An array without zeros is kept dense, one with zeros as a list."""
    fired = np.random.default_rng(seed).choice([-1, 0, 1], kernel.shape[1])
    made = paired(kernel.shape[1], (kernel.shape[0],), kernel=kernel)
    np.testing.assert_array_equal(made(spikes=spikes(fired))["arrivals"].value, kernel @ fired)
    assert made.listed == bool((kernel == 0).any())


@pytest.mark.parametrize("density", [1.0, 0.3], ids=["dense", "listed"])
def test_what_arrives_is_that_of_the_kernel_that_is_read(rng: np.random.Generator, density: float) -> None:
    made = paired((3, 4), (5, 2), kernel=UniformInitializer(density=density, low=1.0, high=2.0))
    kernel = np.round(np.asarray(made.kernel) * 8)
    made.kernel = jnp.asarray(kernel)
    fired = rng.choice([-1, 0, 1], (3, 4))
    np.testing.assert_array_equal(made(spikes=spikes(fired))["arrivals"].value, np.einsum("abij,ij->ab", kernel, fired))


@pytest.mark.parametrize("density", [1.0, 0.3], ids=["dense", "listed"])
def test_a_kernel_that_is_set_is_read_back_where_there_are_connections(density: float) -> None:
    made = paired(6, (5,), kernel=UniformInitializer(density=density, low=1.0, high=2.0))
    view = view_of(made)
    exists = np.asarray(view.kernel) != 0
    new = np.arange(1, 31, dtype=np.float32).reshape(5, 6)
    view.kernel = jnp.asarray(new)
    np.testing.assert_array_equal(view.kernel, np.where(exists, new, 0))


def test_setting_a_kernel_changes_the_weights_in_the_state() -> None:
    view = view_of(paired(3, (2,), kernel=1.0))
    view.kernel = jnp.full((2, 3), 7.0)
    np.testing.assert_array_equal(spark.split(view)[1]["weights"], np.full((3, 2), 7.0))


def test_kernel_has_the_shape_of_the_units_and_the_inputs() -> None:
    assert paired((3, 4), (5, 2)).kernel.shape == (5, 2, 3, 4)


def test_weights_are_kept_in_the_dtype_asked_for() -> None:
    assert paired(3, (2,), dtype="float16").state["weights"].dtype == np.float16


@given(st.integers(0, 2**32 - 1))
@examples(3, 20)
def test_same_seed_same_connections_and_weights(seed: int) -> None:
    first, second = (paired(30, (20,), UniformInitializer(density=0.2), seed=seed).kernel for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_another_seed_gives_other_connections() -> None:
    few = UniformInitializer(density=0.2)
    first, second = (np.asarray(paired(30, (20,), few, seed=seed).kernel) != 0 for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_kernel_of_another_size_is_refused() -> None:
    text = (
        "synapses.config.kernel.array: has the wrong shape, got (3, 3); expected (2, 4). "
        "Give one value for every pair of units"
    )
    with refused(spark.ConfigError, text):
        paired(4, (2,), kernel=np.ones((3, 3)))


def test_transposed_kernel_of_the_right_size_is_refused() -> None:
    text = (
        "synapses.config.kernel.array: has the wrong shape, got (4, 2); expected (2, 4). "
        "Give one value for every pair of units"
    )
    with refused(spark.ConfigError, text):
        paired(4, (2,), kernel=np.ones((4, 2)))


def test_word_for_a_kernel_is_refused() -> None:
    text = (
        "PairSynapsesConfig.kernel: expected an initializer, a number or an array, got 'x'. "
        "Which connections there are, and their first weights."
    )
    with refused(spark.ConfigError, text):
        PairSynapsesConfig(kernel="x")


def test_an_array_of_zeros_makes_no_connection() -> None:
    made = paired(3, (2,), kernel=ArrayInitializer(array=np.zeros((2, 3))))
    np.testing.assert_array_equal(made(spikes=spikes([1, 1, 1]))["arrivals"].value, [0, 0])
