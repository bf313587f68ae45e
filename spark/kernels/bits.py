"""Booleans packed to bits, 32 a word."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_BITS = np.arange(32, dtype=np.uint32)[:, None]


def bit_words(count: int) -> int:
    """Words that hold `count` bits."""
    return -(-count // 32)


def pack_bits(flags: Any) -> jax.Array:
    """Pack booleans; bit k of word j is element k * words + j, so that both ways run along whole words.

    Args:
        flags: bool (..., count).

    Returns:
        uint32 (..., words), unused bits zero.
    """
    flags = jnp.asarray(flags)
    *lead, count = flags.shape
    words = bit_words(count)
    padded = jnp.pad(flags, [*((0, 0) for _ in lead), (0, 32 * words - count)])
    rows = padded.reshape(*lead, 32, words).astype(jnp.uint32)
    return (rows << _BITS).sum(axis=-2, dtype=jnp.uint32)


def unpack_bits(words: Any, count: int) -> jax.Array:
    """The first `count` booleans of packed words.

    Args:
        words: uint32 (..., words), from `pack_bits`.
        count: Number of elements.

    Returns:
        bool (..., count).
    """
    words = jnp.asarray(words)
    rows = (words[..., None, :] >> _BITS) & jnp.uint32(1)
    return rows.reshape(*words.shape[:-1], 32 * words.shape[-1])[..., :count] != 0
