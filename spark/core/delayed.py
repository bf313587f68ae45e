"""Spikes that arrive at each synapse at a time of its own."""

import math
from typing import Any

import jax
import jax.numpy as jnp

from spark.core.payloads import SpikeArray


class DelayedSpikes(SpikeArray):
    """The last spikes of every input unit, as bits, and the connections with their delays.

    Projections and rules read the bits and touch only what a spike reaches now; nothing of size post x pre is computed.
    `value` is there for plain array code: it makes the signed spikes of every pair, shape (post..., pre...), 0 where
    there is no connection.

    Attributes:
        history: uint32 (2, words, pre): fired bits and sign bits; bit k is k steps ago.
        edges: The connections, with arrays `pre`, `post` and `delay` (in steps) of one length.
        pairs: Shape of `value`: the units' shape and the inputs' shape.
    """

    needs_source = True
    history: Any
    edges: Any
    pairs: tuple[int, ...]

    def __init__(self, history: Any, edges: Any, pairs: tuple[int, ...]) -> None:
        object.__setattr__(self, "history", history)
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "pairs", pairs)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `value`."""
        return self.pairs

    @property
    def value(self) -> Any:  # type: ignore[override]
        """Signed spikes that arrive now, int8, shape (post..., pre...)."""
        pre, post = jnp.asarray(self.edges.pre), jnp.asarray(self.edges.post)
        delays = jnp.asarray(self.edges.delay).astype(jnp.uint32)
        word, inputs = (delays // 32).astype(jnp.int32), self.history.shape[2]
        fired, negative = ((self.history[row][word, pre] >> (delays % 32)) & jnp.uint32(1) for row in (0, 1))
        signed = fired.astype(jnp.int8) * (1 - 2 * negative.astype(jnp.int8))
        units = math.prod(self.pairs) // inputs
        return jnp.zeros((units, inputs), jnp.int8).at[post, pre].set(signed).reshape(self.pairs)

    @property
    def dtype(self) -> Any:
        """Type of `value`."""
        return jnp.dtype("int8")

    @property
    def kept(self) -> Any:
        """The bits: a wire need not keep what the projection at its origin knows."""
        return self.history

    @classmethod
    def from_kept(cls, kept: Any, spec: Any) -> "DelayedSpikes":
        """The spikes of these bits, with the connections of their origin."""
        return cls(kept, spec.source.edges, spec.shape)

    @classmethod
    def abstract(cls, spec: Any) -> "DelayedSpikes":
        """Shapes without values; the projection at the other end of the wire knows them."""
        history = spec.source.history
        edges = jax.tree.map(lambda c: jax.ShapeDtypeStruct(c.shape, c.dtype), spec.source.edge_arrays())
        return cls(jax.ShapeDtypeStruct(history.shape, history.dtype), edges, spec.shape)


jax.tree_util.register_pytree_node(
    DelayedSpikes,
    lambda spikes: ((spikes.history, spikes.edges), spikes.pairs),
    lambda pairs, arrays: DelayedSpikes(*arrays, pairs),
)
