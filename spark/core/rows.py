"""Packing for rows: leaves that may be longer than what lies in them, so that devices' leaves fit into one array."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.packing import SOLO_ELEMENTS, Layout, Slot, shared_slots


class RowLayout(Layout):
    """A layout whose large arrays are flat leaves, the largest first; what lies beyond an array is left alone."""

    def read(self, leaves: tuple[Any, ...], path: str) -> Any:
        """The array at `path`."""
        slot = self.slots[path]
        leaf = leaves[slot.leaf]
        if not slot.solo:
            return slot.read(leaf)
        return (leaf if leaf.shape[0] == slot.size else leaf[: slot.size]).reshape(slot.shape)

    def replace(self, leaves: tuple[Any, ...], path: str, value: Any) -> tuple[Any, ...]:
        """Leaves with another array at `path`."""
        slot = self.slots[path]
        if not slot.solo:
            return super().replace(leaves, path, value)
        leaf, flat = leaves[slot.leaf], value.reshape(-1)
        changed = list(leaves)
        changed[slot.leaf] = flat if leaf.shape[0] == slot.size else leaf.at[: slot.size].set(flat)
        return tuple(changed)

    def pack(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Leaves from arrays by path."""
        return super().pack({p: values[p].reshape(-1) if slot.solo else values[p] for p, slot in self.slots.items()})


def read_host(layout: Layout, leaves: tuple[np.ndarray, ...], path: str) -> np.ndarray:
    """The array at `path` of leaves that are NumPy arrays; nothing is compiled for it."""
    slot = layout.slots[path]
    return slot.read_host(leaves[slot.leaf])


def plan_rows(entries: Mapping[str, tuple[tuple[int, ...], str]]) -> RowLayout:
    """Lay out arrays given by path as (shape, dtype): whole numbers together, then the large arrays, then floats."""
    size = {path: int(np.prod(shape, dtype=np.int64)) for path, (shape, _) in entries.items()}
    large = sorted((p for p in entries if size[p] >= SOLO_ELEMENTS), key=lambda p: (-size[p], p))
    small = {path: entries[path] for path in entries.keys() - set(large)}
    floats = {p: e for p, e in small.items() if jnp.issubdtype(jnp.dtype(e[1]), jnp.inexact)}
    slots, leaf = shared_slots({p: small[p] for p in small.keys() - floats.keys()}, 0)
    # Large arrays first: devices' leaves are joined by dtype in their order, and are filled up to the longest.
    slots |= {path: Slot(number, 0, *entries[path], True) for number, path in enumerate(large, leaf)}
    shared, leaves = shared_slots(floats, leaf + len(large))
    slots |= shared
    return RowLayout({path: slots[path] for path in sorted(slots)}, leaves)


def joint_leaves(rows: Sequence[Sequence[Any]]) -> list[tuple[int, ...]]:
    """Which joint leaf each leaf of each row goes to, so that leaves of one dtype share one, in their order."""
    ranks = []
    for row in rows:
        seen: dict[str, int] = {}
        ranked = []
        for leaf in row:
            dtype = str(leaf.dtype)
            ranked.append((dtype, seen.get(dtype, 0)))
            seen[dtype] = seen.get(dtype, 0) + 1
        ranks.append(ranked)
    joint = sorted({rank for ranked in ranks for rank in ranked})
    return [tuple(joint.index(rank) for rank in ranked) for ranked in ranks]
