"""Traces of a rule, step by step, in JAX."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.counter import Counter
from spark.core.delayed import DelayedSpikes
from spark.core.payloads import SpikeArray
from spark.kernels import Trace


def advance(
    traces: Sequence[Trace], factors: Sequence[float], kept: jax.Array, fired: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Traces that decayed, as a rule reads them in this step, and as they are after this step's spikes.

    Args:
        traces: What they are.
        factors: Decay of each in a step.
        kept: float32 (traces, units), after the last step.
        fired: bool (units,).
    """
    decayed = kept * _column(factors)
    return decayed, _jumped(traces, decayed, fired)


def advance_ring(
    traces: Sequence[Trace], factors: Sequence[float], ring: jax.Array, spikes: DelayedSpikes, step: Counter
) -> jax.Array:
    """A ring of decayed traces with this step's row; a row holds none of its own step's spikes.

    So a delayed spike meets at its synapse the trace that an undelayed one would have met.

    Args:
        traces: What they are.
        factors: Decay of each in a step.
        ring: float32 (traces, slots, units).
        spikes: The history with this step pushed.
        step: The brain's counter of steps.
    """
    count, slots, units = ring.shape
    previous = ((spikes.history[0, 0] >> 1) & jnp.uint32(1)) != 0
    # Unsigned numbers of slots: indexing with them needs no handling of negative ones, which costs kernels.
    number = jnp.asarray(step % slots).astype(jnp.uint32)
    now, before = (jax.lax.rem(number + k, jnp.uint32(slots)) for k in (0, slots - 1))
    zero = jnp.uint32(0)
    last = jax.lax.dynamic_slice(ring, (zero, before, zero), (count, 1, units))[:, 0]
    row = _jumped(traces, last, previous) * _column(factors)
    return jax.lax.dynamic_update_slice(ring, row[:, None], (zero, now, zero))


def history_of(spikes: SpikeArray) -> jax.Array:
    """Spikes as the bits that kernels on lists of connections read."""
    if isinstance(spikes, DelayedSpikes):
        return spikes.history
    fired = (spikes.value.reshape(-1) != 0).astype(jnp.uint32)
    return jnp.stack([fired, jnp.zeros_like(fired)])[:, None, :]


def _column(factors: Sequence[float]) -> np.ndarray:
    return np.array(factors, np.float32)[:, None]


def _jumped(traces: Sequence[Trace], values: jax.Array, fired: jax.Array) -> jax.Array:
    grown = values + fired.astype(jnp.float32)
    nearest = np.array([trace.nearest for trace in traces], bool)[:, None]
    return jnp.where(nearest & fired, jnp.float32(1), grown) if nearest.any() else grown
