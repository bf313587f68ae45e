"""Operations as functions of spikes that are floats, for derivatives with a surrogate at the threshold.

`choose` names each operation in what JAX traces; who looks for a derivative by spikes takes the formula of this table
in its place. Sums are taken in any order, so that results agree with those of the operation to rounding.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp

# Up to so many pairs of units, delivery without delays is a product with a matrix, which the processor does best.
MOST_PAIRS = 1 << 24


def deliver_dense(spikes: jax.Array, weights: jax.Array) -> tuple[jax.Array, ...]:
    """The sum of the rows of `weights` (pre, post), each times its unit's spike."""
    return (spikes @ weights.astype(jnp.float32),)


def scatter(
    spikes: jax.Array,
    starts: jax.Array,
    post: jax.Array,
    weights: jax.Array,
    delays: jax.Array,
    ring: jax.Array,
    slot: jax.Array,
) -> tuple[jax.Array, ...]:
    """`scatter_spikes` of spikes with the signs that count."""
    edges, pre = post.shape[0], spikes.shape[0]
    if edges == 0:
        return (ring,)
    unit = jnp.repeat(jnp.arange(pre), starts[1:] - starts[:-1], total_repeat_length=edges)
    wide = weights.astype(jnp.float32)
    each = wide if weights.shape[0] in (1, edges) else wide[unit]
    target = post.astype(jnp.int32)
    if delays.shape[0] == 0 and pre * ring.shape[1] <= MOST_PAIRS:
        matrix = jnp.zeros((pre, ring.shape[1]), jnp.float32).at[unit, target].add(each)
        return (ring.at[slot].add(spikes @ matrix),)
    row = (slot + delays.astype(jnp.int32)) % ring.shape[0] if delays.shape[0] else slot
    return (ring.at[row, target].add(spikes[unit] * each),)


def push_history(history: jax.Array, spikes: jax.Array) -> tuple[jax.Array, ...]:
    """The history, floats (units, steps) that begin with this step's, a step later.

    Args:
        history: Floats; or the bits, uint32 (2, words, units), of a time before which no derivative is asked for.
        spikes: Floats (units,).
    """
    before = unpacked(history) if history.dtype == jnp.uint32 else history
    return (jnp.concatenate([spikes[:, None], before[:, :-1]], axis=1),)


def unpacked(history: jax.Array) -> jax.Array:
    """Signed spikes of the last steps, float32 (units, 32 * words), of bits uint32 (2, words, units)."""
    bits = (history[:, :, None, :] >> jnp.arange(32, dtype=jnp.uint32)[:, None]) & jnp.uint32(1)
    fired, negative = bits.reshape(2, -1, history.shape[2]).astype(jnp.float32)
    return (fired * (1 - 2 * negative)).T


def deliver_edges(history: jax.Array, weights: jax.Array, post: jax.Array, *others: jax.Array) -> tuple[jax.Array, ...]:
    """`deliver_edges` of a history of floats; `others` are the further arrays of `Edges`."""
    _, in_starts, *_, pre, delay = others
    arrives = history[pre, delay] * weights.astype(jnp.float32)
    return (jnp.zeros(in_starts.shape[0] - 1, jnp.float32).at[post].add(arrives),)


def magnitude(spikes: jax.Array) -> jax.Array:
    """Spikes without their sign; a unit that is silent is taken for an excitatory one."""
    return jnp.where(spikes < 0, -spikes, spikes)


SMOOTH: Mapping[str, Callable[..., tuple[jax.Array, ...]]] = {
    "deliver_dense": deliver_dense,
    "push_history": push_history,
    "deliver_edges": deliver_edges,
    "scatter_signed": scatter,
    "scatter_unsigned": scatter,
}
# Formulas that take the sizes of spikes, not their signs.
OF_SIZES = frozenset({"scatter_unsigned"})
# Changes of weights by a rule: they have no derivative by spikes.
WITHOUT_DERIVATIVE = frozenset({"consolidate", "zenke", "stdp_dense", "stdp_edges"})
