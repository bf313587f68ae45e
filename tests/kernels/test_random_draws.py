"""Random spikes of native code are those of JAX's generator, whatever the number of units and of threads."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawing import some
from jax.extend.random import threefry2x32_p

from spark import kernels
from spark.kernels.instructions import DRAW_SPIKES, STEP
from spark.kernels.program import Program

pytestmark = pytest.mark.skipif(not kernels.available(), reason="no native kernels on this machine")
KEY, STEPS, CHANCE = np.array([1 << 31, 12345], np.uint32), 3, 0.7


def drawn(step: int, chance: np.ndarray) -> np.ndarray:
    """Who fires in a step; the first 2^32 have keys of their own, and so has every later one."""
    key = jax.random.fold_in(jax.random.wrap_key_data(jnp.asarray(KEY)), step % (1 << 32))
    if step >> 32:
        key = jax.random.fold_in(key, step >> 32)
    unit = np.arange(chance.size, dtype=np.uint32)
    counts = np.zeros(chance.size, np.uint32), unit // 32 * 16 + unit % 16
    one, other = threefry2x32_p.bind(*jax.random.key_data(key), *counts)
    bits = np.where(unit // 16 % 2, other, one)
    return np.flatnonzero((bits >> 9).astype(np.float32) * np.float32(2.0**-23) < chance)


# Around the numbers of lanes of a vector, and of units that a thread takes together.
@pytest.mark.parametrize("units", some([1, 3, 4, 5, 8, 15, 16, 17, 64, 65, 127, 128, 209, 300], 3, first=1, thorough=1))
@pytest.mark.parametrize(("threads", "first"), [(1, 40), (3, 40), (1, (1 << 32) - 2), (2, (7 << 32) + 3)])
def test_spikes_are_drawn_from_the_words_of_the_generator_of_jax(rng, units, threads, first):
    signal = rng.random(units).astype(np.float32)
    made = Program([np.array([first % (1 << 32), first >> 32], np.uint32)])
    step, spikes = made.state(0, 0, (2,), "uint32"), made.scratch((units,), "int8")
    made.emit(DRAW_SPIKES, (made.argument(KEY), step, made.argument(signal), spikes), (units,), (CHANCE,))
    room = made.room_for_spikes(units, STEPS * units)
    made.note_spikes(spikes, STEPS, room)
    made.notes()
    made.emit(STEP, (step,))
    _, (counts, fired, _) = made.run(np.int32(STEPS), np.int32(threads))
    for number in range(STEPS):
        begin = int(np.sum(counts[:number]))
        expected = drawn(first + number, np.float32(CHANCE) * signal)
        np.testing.assert_array_equal(fired[begin : begin + int(counts[number])], expected)
