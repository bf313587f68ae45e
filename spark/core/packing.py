"""Packing: many named arrays in a few leaves.

A jitted call pays for every array that goes in or comes out, so small variables of one dtype lie side by
side in one flat leaf, and only large ones are leaves of their own. Packing knows nothing of modules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

# Above this size a copy into a joint leaf costs more than one more leaf does (about 1.5 microseconds).
SOLO_ELEMENTS = 16_384


@dataclass(frozen=True)
class Slot:
    """Where one array lies: leaf number, first element, shape and dtype; `solo` leaves hold only it."""

    leaf: int
    offset: int
    size: int
    shape: tuple[int, ...]
    dtype: str
    solo: bool


@dataclass(frozen=True, eq=False)
class Layout:
    """Slots by path, sorted by path. Compared and hashed by identity, in constant time."""

    slots: Mapping[str, Slot]
    leaves: int

    def read(self, leaves: tuple[Any, ...], path: str) -> Any:
        """The array at `path`, cut out of the leaves."""
        slot = self.slots[path]
        leaf = leaves[slot.leaf]
        if slot.solo:
            return leaf
        return leaf[slot.offset : slot.offset + slot.size].reshape(slot.shape)

    def pack(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Leaves from arrays by path. NumPy arrays give NumPy leaves; anything else, JAX's."""
        parts: list[list[Any]] = [[] for _ in range(self.leaves)]
        for path, slot in self.slots.items():
            value = values[path]
            parts[slot.leaf].append(value if slot.solo else value.reshape(-1))
        return tuple(_joined(part) for part in parts)


def _joined(parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(p, np.ndarray) for p in parts):
        return np.concatenate(parts)
    return jnp.concatenate(parts)


def plan(entries: Mapping[str, tuple[tuple[int, ...], str]]) -> Layout:
    """Lay out arrays given by path as (shape, dtype); the same entries give the same plan.

    Large arrays get leaves of their own; the rest share one leaf for each dtype, in path order.
    """
    slots: dict[str, Slot] = {}
    shared: dict[str, tuple[int, int]] = {}
    leaves = 0
    for path in sorted(entries):
        shape, dtype = entries[path]
        size = int(np.prod(shape, dtype=np.int64))
        if size >= SOLO_ELEMENTS:
            slots[path] = Slot(leaves, 0, size, shape, dtype, True)
            leaves += 1
            continue
        if dtype not in shared:
            shared[dtype] = (leaves, 0)
            leaves += 1
        leaf, offset = shared[dtype]
        slots[path] = Slot(leaf, offset, size, shape, dtype, False)
        shared[dtype] = (leaf, offset + size)
    return Layout(slots, leaves)
