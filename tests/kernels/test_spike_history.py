"""`push_history`: bits move one step into the past."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kernel_oracle import sign_at

from spark.kernels import history_words, push_history


@pytest.mark.parametrize(("max_delay", "words"), [(0, 1), (31, 1), (32, 2), (63, 2), (64, 3)])
def test_words_hold_this_step_and_the_longest_delay(max_delay, words):
    assert history_words(max_delay) == words


def test_a_spike_is_found_under_every_delay_in_turn_and_then_forgotten(rng):
    """Bits are carried between words, with their signs, over three times the length."""
    words, units = 3, 5
    emitted = rng.integers(-1, 2, (3 * 32 * words, units)).astype(np.int8)
    history = jnp.zeros((2, words, units), jnp.uint32)
    push = jax.jit(push_history)
    for step, spikes in enumerate(emitted):
        history = push(history, jnp.asarray(spikes))
        if step % 37 == 0 or step == len(emitted) - 1:
            seen = np.asarray(history)
            for delay in range(32 * words):
                expected = emitted[step - delay] if delay <= step else np.zeros(units)
                assert [sign_at(seen, unit, delay) for unit in range(units)] == expected.tolist()


def test_vmap_equals_a_loop(rng):
    histories = jnp.asarray(rng.integers(0, 2**32, (4, 2, 2, 7), dtype=np.uint32))
    spikes = jnp.asarray(rng.integers(-1, 2, (4, 7)), jnp.int8)
    expected = jnp.stack([push_history(h, s) for h, s in zip(histories, spikes, strict=True)])
    np.testing.assert_array_equal(jax.vmap(push_history)(histories, spikes), expected)
