"""`zenke_edges`: C++, reference and plain Python agree, weights stay in bounds, and nothing is copied in a scan."""

import re

import jax
import jax.numpy as jnp
import kernel_oracle
import numpy as np
import pytest
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st
from tolerances import WEIGHTS

from spark.kernels import deliver_edges, push_history, zenke_edges

PARAMETERS = np.float32([1.0, 2.0, 100.0, 0.3, 0.01, 0.0, 1.2])


def drawn(seed: int, pre: int, post: int, count: int, max_delay: int, density: float, scale: float = 1.0) -> tuple:
    """Arguments of `zenke_edges`; large traces drive weights into both bounds."""
    case = kernel_oracle.draw_case(seed, pre, post, count, max_delay, density)
    rng = np.random.default_rng(seed)
    weights, baseline = rng.random((2, count), dtype=np.float32)
    traces = (rng.random((max_delay + 2, pre)), rng.random(post), rng.random(post))
    pre_trace, post_trace, slow_trace = (np.float32(scale) * trace.astype(np.float32) for trace in traces)
    fired = (rng.random(post) < 0.4).astype(np.int8)
    state = (case.history, pre_trace, fired, post_trace, slow_trace, np.int32(rng.integers(0, 1000)))
    return (weights, baseline, *state, case.edges, PARAMETERS)


cases = st.builds(
    drawn,
    st.integers(0, 1000),
    st.sampled_from([1, 40]),
    st.sampled_from([1, 23]),
    st.sampled_from([0, 1, 400]),
    st.sampled_from([0, 3, 40]),
    st.sampled_from([0.0, 0.05, 0.6]),
    st.sampled_from([0.1, 1.0, 30.0]),
)


@given(cases)
@examples(5, 100)
def test_native_reference_and_oracle_agree_bit_for_bit(arguments):
    expected = kernel_oracle.zenke(*arguments)
    np.testing.assert_array_equal(zenke_edges(*arguments, "native"), expected)
    np.testing.assert_array_equal(zenke_edges(*arguments, "reference"), expected)


@given(cases)
@examples(5, 100)
def test_the_compiled_reference_agrees_to_rounding(arguments):
    """XLA may fuse products into sums."""
    compiled = jax.jit(lambda *given: zenke_edges(*given, "reference"))
    np.testing.assert_allclose(compiled(*arguments), zenke_edges(*arguments, "native"), **WEIGHTS["float32"])


@given(cases)
@examples(5, 100)
def test_weights_that_are_touched_never_leave_the_bounds(arguments):
    found = np.asarray(zenke_edges(*arguments, "native"))
    changed = found != arguments[0]
    assert (found[changed] >= PARAMETERS[5]).all()
    assert (found[changed] <= PARAMETERS[6]).all()


@pytest.mark.parametrize("implementation", ["native", "reference"])
def test_a_step_without_spikes_changes_nothing(implementation):
    arguments = list(drawn(0, 20, 10, 100, 3, 0.0))
    arguments[4] = np.zeros_like(arguments[4])
    np.testing.assert_array_equal(zenke_edges(*arguments, implementation), arguments[0])


@pytest.mark.parametrize("implementation", ["native", "reference"])
def test_the_sign_of_a_spike_plays_no_part(implementation):
    arguments = list(drawn(0, 20, 10, 100, 3, 0.3))
    expected = zenke_edges(*arguments, implementation)
    arguments[2] = np.stack([arguments[2][0], np.zeros_like(arguments[2][1])])
    np.testing.assert_array_equal(zenke_edges(*arguments, implementation), expected)


@pytest.mark.parametrize("implementation", ["native", "reference"])
def test_the_pull_never_goes_beyond_the_baseline(implementation):
    """At a burst (y = 30) the pull is complete: without potentiation the weight is the baseline."""
    arguments = list(drawn(2, 20, 10, 100, 3, 0.0))
    arguments[3] = np.zeros_like(arguments[3])
    arguments[4] = np.ones_like(arguments[4])
    arguments[5] = np.full_like(arguments[5], 30)
    found = zenke_edges(*arguments, implementation)
    np.testing.assert_allclose(found, arguments[1], **WEIGHTS["float32"])


def test_arguments_of_the_caller_are_not_overwritten():
    arguments = drawn(4, 20, 10, 100, 3, 0.3)
    weights = jnp.asarray(arguments[0])
    changed = jax.jit(lambda w: zenke_edges(w, *arguments[1:], "native"))(weights)
    assert (changed != weights).any()
    np.testing.assert_array_equal(weights, arguments[0])


@pytest.mark.parametrize("implementation", ["auto", "reference"])
def test_vmap_equals_a_loop(implementation):
    arguments = drawn(5, 20, 10, 100, 3, 0.3)
    weights = jnp.stack([jnp.asarray(arguments[0]) * scale for scale in (1.0, 0.5, 0.1)])
    fired = jnp.stack([jnp.roll(jnp.asarray(arguments[4]), shift) for shift in range(3)])

    def update(w, spikes):
        return zenke_edges(w, *arguments[1:4], spikes, *arguments[5:], implementation)

    expected = jnp.stack([update(w, s) for w, s in zip(weights, fired, strict=True)])
    np.testing.assert_allclose(jax.vmap(update)(weights, fired), expected, **WEIGHTS["float32"])


def while_bodies(text: str) -> list[str]:
    """The text of every loop body of a compiled program."""
    names = re.findall(r"\bbody=(%[\w.\-]+)", text)
    return [text[(start := text.index(f"\n{name} (")) : text.index("\n}", start)] for name in names]


def test_a_scan_that_reads_and_then_changes_the_weights_copies_none():
    """Postsynaptic spikes follow from what was delivered, so XLA knows that the weights are read first."""
    count = 2000
    weights, baseline, history, pre_trace, _, *rest = drawn(6, 50, 40, count, 3, 0.0)
    post_trace, slow_trace, step, edges, parameters = rest

    def run(weights, history, baseline, spikes):
        def one(carry, now):
            weights, history, step = carry
            history = push_history(history, now)
            current = deliver_edges(history, weights, edges)
            fired = (current > 0.5).astype(jnp.int8)
            weights = zenke_edges(
                weights, baseline, history, pre_trace, fired, post_trace, slow_trace, step, edges, parameters
            )
            return (weights, history, step + 1), current

        return jax.lax.scan(one, (weights, history, step), spikes)

    spikes = jnp.zeros((10, 50), jnp.int8)
    text = jax.jit(run).lower(weights, history, baseline, spikes).compile().as_text()
    (body,) = while_bodies(text)
    assert body.count("custom-call(") == 2
    assert f"f32[{count}]" in body
    assert not re.search(rf"f32\[{count}\]\S* copy\(", body)


@pytest.mark.parametrize(
    ("position", "value", "error", "message"),
    [
        (0, np.zeros(100, np.float16), TypeError, "weights: must be float32, got float16"),
        (1, np.zeros(99, np.float32), ValueError, r"baseline: shape must be \(100\), got \(99,\)"),
        (3, np.zeros((3, 20), np.float32), ValueError, "pre_trace: must have at least 4 slots"),
        (4, np.zeros(10, np.bool_), TypeError, "post_spikes: must be int8, got bool"),
        (7, np.zeros(1, np.int32), ValueError, r"slot: shape must be \(\)"),
        (9, np.zeros(6, np.float32), ValueError, r"parameters: shape must be \(7\)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(position, value, error, message):
    arguments = list(drawn(0, 20, 10, 100, 3, 0.1))
    arguments[position] = value
    with pytest.raises(error, match=message):
        zenke_edges(*arguments)
