"""Spikes that arrive at each synapse at a time of its own."""

from typing import Any

import jax
import jax.numpy as jnp

from spark.core.errors import ModuleError, Problem
from spark.core.payloads import SpikeArray


class DelayedSpikes(SpikeArray):
    """The last spikes of every input unit, as bits, and the delay of every pair of units.

    Synapses read the bits and touch only what a spike reaches now; nothing of size post x pre is computed.
    `value` is there for plain array code: it makes the signed spikes of every pair, shape (post..., pre...).

    Attributes:
        history: uint32 (2, words, pre): fired bits and sign bits; bit k is k steps ago.
        delays: Delay of every pair in steps, unsigned integers of shape (pre, post); None where only listed connections
            have delays, and know them themselves. Then there is no `value`.
        pairs: Shape of `value`: the units' shape and the inputs' shape.
    """

    needs_source = True
    history: Any
    delays: Any
    pairs: tuple[int, ...]

    def __init__(self, history: Any, delays: Any, pairs: tuple[int, ...]) -> None:
        object.__setattr__(self, "history", history)
        object.__setattr__(self, "delays", delays)
        object.__setattr__(self, "pairs", pairs)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `value`."""
        return self.pairs

    @property
    def value(self) -> Any:  # type: ignore[override]
        """Signed spikes that arrive now, int8, shape (post..., pre...).

        Raises:
            ModuleError: Only listed connections have delays.
        """
        if self.delays is None:
            text = "has no value for every pair of units: only listed connections have delays"
            fix = "Read its `history`, and the delays of the connections"
            raise ModuleError(Problem("DelayedSpikes.value", text, fix, "lists"))
        delays = jnp.asarray(self.delays).astype(jnp.uint32)
        word = (delays // 32).astype(jnp.int32)
        pre = jnp.arange(self.history.shape[2])[:, None]
        fired, negative = ((self.history[row][word, pre] >> (delays % 32)) & jnp.uint32(1) for row in (0, 1))
        signed = fired.astype(jnp.int8) * (1 - 2 * negative.astype(jnp.int8))
        return signed.T.reshape(self.pairs)

    @property
    def dtype(self) -> Any:
        """Type of `value`."""
        return jnp.dtype("int8")

    @property
    def kept(self) -> Any:
        """The bits: a wire need not keep what the delays at its origin know."""
        return self.history

    @classmethod
    def from_kept(cls, kept: Any, spec: Any) -> "DelayedSpikes":
        """The spikes of these bits, with the delays of their origin."""
        delays = spec.source.delays
        return cls(kept, None if delays is None else delays.value, spec.shape)

    @classmethod
    def abstract(cls, spec: Any) -> "DelayedSpikes":
        """Shapes without values; the delays at the other end of the wire know them."""
        history, delays = spec.source.history, spec.source.delays
        return cls(
            jax.ShapeDtypeStruct(history.shape, history.dtype),
            None if delays is None else jax.ShapeDtypeStruct(delays.shape, delays.dtype),
            spec.shape,
        )


jax.tree_util.register_pytree_node(
    DelayedSpikes,
    lambda spikes: ((spikes.history, spikes.delays), spikes.pairs),
    lambda pairs, arrays: DelayedSpikes(*arrays, pairs),
)
