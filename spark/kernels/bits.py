"""Spikes packed to bits, 32 a word."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from spark.kernels.choice import choose

_BITS = np.arange(32, dtype=np.uint32)[:, None]


def bit_words(count: int) -> int:
    """Words that hold `count` bits."""
    return -(-count // 32)


def pack_spikes(spikes: jax.Array) -> jax.Array:
    """Pack signed spikes: a bit that says whether a unit fired, and one that says whether its spike is negative.

    Args:
        spikes: int8 (count,): -1, 0 or 1.

    Returns:
        uint32 (2 * words,), unused bits zero: the words of spikes, then those of signs. Bit k of word j is unit
        k * words + j, so that array code runs along whole words.
    """
    made = jax.ShapeDtypeStruct((2 * bit_words(spikes.shape[0]),), jnp.uint32)
    native = jax.ffi.ffi_call("spark_pack_spikes", made, vmap_method="sequential")
    return choose("pack_spikes", "auto", native, _pack, spikes)


def unpack_spikes(words: jax.Array, count: int) -> jax.Array:
    """The spikes of packed words.

    Args:
        words: uint32 (..., 2 * words), each from `pack_spikes`.
        count: Number of units of each.

    Returns:
        int8 (..., count).
    """
    made = jax.ShapeDtypeStruct((*words.shape[:-1], count), jnp.int8)
    native = jax.ffi.ffi_call("spark_unpack_spikes", made, vmap_method="sequential")
    return choose("unpack_spikes", "auto", native, functools.partial(_unpack, count), words)


def _pack(spikes: jax.Array) -> jax.Array:
    flags = jnp.stack([spikes != 0, spikes < 0])
    words = bit_words(spikes.shape[0])
    padded = jnp.pad(flags, ((0, 0), (0, 32 * words - spikes.shape[0])))
    rows = padded.reshape(2, 32, words).astype(jnp.uint32)
    return (rows << _BITS).sum(axis=-2, dtype=jnp.uint32).reshape(-1)


def _unpack(count: int, words: jax.Array) -> jax.Array:
    length = words.shape[-1] // 2
    halves = words.reshape(*words.shape[:-1], 2, 1, length)
    bits = ((halves >> _BITS) & jnp.uint32(1)).astype(jnp.int8)
    fired, negative = jnp.moveaxis(bits.reshape(*words.shape[:-1], 2, 32 * length)[..., :count], -2, 0)
    return fired - jnp.int8(2) * negative
