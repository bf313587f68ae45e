"""`deliver_edges`: C++, reference and plain Python give the same bits, and delays are exact."""

import jax
import jax.numpy as jnp
import kernel_oracle
import numpy as np
import pytest
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st

from spark.kernels import build_edges, deliver_edges, history_words, push_history


@given(
    st.integers(0, 1000),
    st.sampled_from([(1, 1, 0), (5, 3, 40), (40, 7, 300), (300, 90, 3000)]),
    st.sampled_from([0, 1, 31, 32, 70]),
    st.sampled_from([0.0, 0.002, 0.05, 1.0]),
    st.sampled_from(["float32", "float16", "bfloat16"]),
)
@examples(5, 100)
def test_native_reference_and_oracle_agree_bit_for_bit(seed, sizes, max_delay, density, dtype):
    case = kernel_oracle.draw_case(seed, *sizes, max_delay, density)
    weights = jnp.asarray(case.weights, dtype)
    expected = kernel_oracle.sparse(case.history, np.asarray(weights), case.edges)
    for implementation in ("native", "reference"):
        found = deliver_edges(case.history, weights, case.edges, implementation)
        np.testing.assert_array_equal(found, expected)
    jitted = jax.jit(lambda h, w, e: deliver_edges(h, w, e, "reference"))
    np.testing.assert_array_equal(jitted(case.history, weights, case.edges), expected)


@pytest.mark.parametrize("implementation", ["native", "reference"])
@pytest.mark.parametrize("max_delay", [3, 31, 32, 65])
def test_the_longest_delay_arrives_exactly_so_many_steps_later(implementation, max_delay):
    """One spike every `max_delay` steps and a bit, for three times the length of the history."""
    edges, _ = build_edges([0, 0], [0, 1], [0, max_delay], 1, 2, max_delay)
    length, period = 3 * 32 * history_words(max_delay), max_delay + 2
    spikes = (jnp.arange(length) % period == 0).astype(jnp.int8)[:, None]

    def step(history, now):
        history = push_history(history, now)
        return history, deliver_edges(history, jnp.array([1.0, 2.0], jnp.float32), edges, implementation)

    empty = jnp.zeros((2, history_words(max_delay), 1), jnp.uint32)
    arrived = np.asarray(jax.lax.scan(step, empty, spikes)[1])
    emitted = np.asarray(spikes)[:, 0]
    np.testing.assert_array_equal(arrived[:, 0], emitted)
    np.testing.assert_array_equal(arrived[:max_delay, 1], 0)
    np.testing.assert_array_equal(arrived[max_delay:, 1], 2 * emitted[: length - max_delay])


@pytest.mark.parametrize("implementation", ["native", "reference"])
def test_an_inhibitory_spike_lowers_the_sum(implementation):
    edges, _ = build_edges([0, 1], [0, 0], [0, 0], 2, 1, 0)
    history = push_history(jnp.zeros((2, 1, 2), jnp.uint32), jnp.array([1, -1], jnp.int8))
    found = deliver_edges(history, jnp.array([1.0, 0.25], jnp.float32), edges, implementation)
    np.testing.assert_array_equal(found, np.float32([0.75]))


@pytest.mark.parametrize("implementation", ["native", "reference"])
def test_bits_older_than_the_longest_delay_deliver_nothing(implementation):
    edges, _ = build_edges([0, 0], [0, 0], [0, 2], 1, 1, 2)
    history = jnp.stack([jnp.full((2, 1), 0xFFFFFFF8, jnp.uint32), jnp.zeros((2, 1), jnp.uint32)])
    assert deliver_edges(history, jnp.ones(2, jnp.float32), edges, implementation)[0] == 0


@pytest.mark.parametrize("implementation", ["auto", pytest.param("reference", marks=pytest.mark.thorough)])
def test_vmap_equals_a_loop(implementation, rng):
    case = kernel_oracle.draw_case(1, 30, 10, 200, 40, 0.1)
    histories = jnp.stack([jnp.asarray(kernel_oracle.draw_history(rng, 2, 30, 0.1)) for _ in range(3)])
    weights = jnp.stack([jnp.asarray(case.weights) * scale for scale in (1.0, 0.5, 2.0)])
    mapped = jax.vmap(lambda h, w: deliver_edges(h, w, case.edges, implementation))
    expected = [deliver_edges(h, w, case.edges, "reference") for h, w in zip(histories, weights, strict=True)]
    np.testing.assert_array_equal(mapped(histories, weights), jnp.stack(expected))


def test_a_history_that_is_too_short_is_refused():
    case = kernel_oracle.draw_case(0, 4, 4, 10, 40, 0.1)
    with pytest.raises(ValueError, match="history: must hold at least 2 words for delays up to 40 steps, got 1"):
        deliver_edges(case.history[:, :1], case.weights, case.edges)


def test_weights_that_do_not_fit_the_edges_are_refused():
    case = kernel_oracle.draw_case(0, 4, 4, 10, 3, 0.1)
    with pytest.raises(ValueError, match=r"weights: shape must be \(10\), got \(9,\)"):
        deliver_edges(case.history, case.weights[:9], case.edges)


def test_edges_of_another_dtype_are_refused():
    case = kernel_oracle.draw_case(0, 4, 4, 10, 3, 0.1)
    edges = case.edges._replace(post=case.edges.post.astype(np.int16))
    with pytest.raises(TypeError, match="edges.post: must be int32, got int16"):
        deliver_edges(case.history, case.weights, edges)
