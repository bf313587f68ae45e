"""The spikes of the last steps, as bits."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.kernels.choice import named

_IS_FIRED_ROW = np.array([[True], [False]])


def history_words(max_delay: int) -> int:
    """Words of 32 bits that hold this step and the `max_delay` steps before it.

    Args:
        max_delay: Longest delay, steps, at least 0.

    Returns:
        The length of the second axis of a history.
    """
    return max_delay // 32 + 1


def push_history(history: jax.Array, spikes: jax.Array) -> jax.Array:
    """Move every bit one step into the past and write this step's spikes.

    Bit k of a unit (word k // 32, bit k % 32) says what happened k steps ago. What moves beyond the last word is
    forgotten.

    Args:
        history: uint32 (2, words, units); row 0 holds fired bits, row 1 sign bits (1 is negative, inhibitory).
        spikes: int8 (units,), signed spikes: -1, 0 or 1.

    Returns:
        The new history, the same shape.
    """
    return named("push_history", _push)(jnp.asarray(history), jnp.asarray(spikes))


def _push(history: jax.Array, spikes: jax.Array) -> jax.Array:
    # Both rows from one expression: XLA runs `stack` and `concatenate` element by element, ten times slower.
    newest = ((spikes < 0) | ((spikes > 0) & _IS_FIRED_ROW)).astype(jnp.uint32)[:, None, :]
    if history.shape[1] == 1:
        return (history << jnp.uint32(1)) | newest
    carried = jnp.concatenate([newest, history[:, :-1] >> jnp.uint32(31)], axis=1)
    return (history << jnp.uint32(1)) | carried
