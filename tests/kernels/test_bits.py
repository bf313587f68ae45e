"""Spikes as bits: what is packed comes back, natively and in array code, and both write the same words."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import array_code

from spark import kernels

COUNTS = (1, 7, 8, 31, 32, 33, 100, 2085)


def drawn(rng: np.random.Generator, count: int, density: float) -> np.ndarray:
    signs = rng.choice(np.array([-1, 1], np.int8), count)
    return np.where(rng.random(count) < density, signs, np.int8(0)).astype(np.int8)


@pytest.mark.parametrize("density", [0.0, 0.02, 1.0])
def test_packed_spikes_are_bits_of_words_and_come_back(density, rng):
    for count in COUNTS:
        spikes, words = drawn(rng, count, density), kernels.bit_words(count)
        packed = np.asarray(kernels.pack_spikes(jnp.asarray(spikes)))
        expected = np.zeros(2 * words, np.uint32)
        for unit in np.flatnonzero(spikes):
            expected[unit % words] |= np.uint32(1 << (unit // words))
            expected[words + unit % words] |= np.uint32((spikes[unit] < 0) << (unit // words))
        np.testing.assert_array_equal(packed, expected)
        np.testing.assert_array_equal(kernels.unpack_spikes(jnp.asarray(packed), count), spikes)


@pytest.mark.skipif(not kernels.available(), reason="no native kernels on this machine")
def test_array_code_writes_the_same_words(rng):
    spikes = jnp.asarray(drawn(rng, 1000, 0.3))
    native = kernels.pack_spikes(spikes)
    with array_code():
        np.testing.assert_array_equal(kernels.pack_spikes(spikes), native)
        np.testing.assert_array_equal(kernels.unpack_spikes(native, 1000), spikes)


def test_rows_are_unpacked_together_and_in_turn(rng):
    rows = np.stack([drawn(rng, 70, 0.5) for _ in range(6)])
    packed = jnp.stack([kernels.pack_spikes(jnp.asarray(row)) for row in rows])
    np.testing.assert_array_equal(kernels.unpack_spikes(packed, 70), rows)
    steps = packed.reshape(2, 3, -1)
    np.testing.assert_array_equal(
        jax.vmap(lambda words: kernels.unpack_spikes(words, 70))(steps), rows.reshape(2, 3, 70)
    )
