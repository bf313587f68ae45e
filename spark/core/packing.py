"""Packing: many named arrays in a few leaves.

A jitted call pays for every array that goes in or comes out, so small variables lie side by side in one leaf of 32-bit
words, whatever their dtypes, and only large ones are leaves of their own. Packing knows nothing of modules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.counter import Counter

# Above this size a copy into the joint leaf costs more than one more leaf does (about 3 microseconds).
SOLO_ELEMENTS = 16_384
WORD = 4


@dataclass(frozen=True)
class Slot:
    """Where one array lies: leaf number, first byte, shape and dtype; `solo` leaves hold only it."""

    leaf: int
    offset: int
    shape: tuple[int, ...]
    dtype: str
    solo: bool

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def words(self) -> int:
        """Words that the array takes, the last one perhaps in part."""
        return -(-self.size * jnp.dtype(self.dtype).itemsize // WORD)

    def cut(self, words: Any) -> Any:
        """The array, cut out of a leaf of words."""
        part = words[self.offset // WORD : self.offset // WORD + self.words]
        held = jnp.dtype("uint8") if self.dtype == "bool" else jnp.dtype(self.dtype)
        if held.itemsize > WORD:
            part = part.reshape(-1, held.itemsize // WORD)
        flat = jax.lax.bitcast_convert_type(jnp.asarray(part), held).reshape(-1)[: self.size]
        return (flat != 0 if self.dtype == "bool" else flat).reshape(self.shape)

    def to_words(self, value: Any) -> Any:
        """An array of this slot's shape, or a counter, as words."""
        if isinstance(value, Counter):
            return value.words
        flat = value.reshape(-1)
        if self.dtype == "bool":
            flat = flat.astype("uint8")
        per_word = max(WORD // flat.dtype.itemsize, 1)
        missing = -self.size % per_word
        if isinstance(flat, np.ndarray):
            return np.pad(flat, (0, missing)).view(np.uint32)
        if missing:
            flat = jnp.concatenate([flat, jnp.zeros(missing, flat.dtype)])
        if per_word > 1:
            flat = flat.reshape(-1, per_word)
        return jax.lax.bitcast_convert_type(flat, jnp.uint32).reshape(-1)


@dataclass(frozen=True, eq=False)
class Layout:
    """Slots by path, sorted by path. Compared and hashed by identity, in constant time."""

    slots: Mapping[str, Slot]
    leaves: int

    def read(self, leaves: tuple[Any, ...], path: str) -> Any:
        """The array at `path`, cut out of the leaves."""
        slot = self.slots[path]
        return leaves[slot.leaf] if slot.solo else slot.cut(leaves[slot.leaf])

    def counter(self, leaves: tuple[Any, ...], path: str) -> Counter:
        """The whole number of 64 bits at `path`."""
        slot = self.slots[path]
        first = slot.offset // WORD
        return Counter(leaves[slot.leaf][first], leaves[slot.leaf][first + 1])

    def replace(self, leaves: tuple[Any, ...], path: str, value: Any) -> tuple[Any, ...]:
        """Leaves with another array at `path`, of the slot's shape and dtype."""
        slot = self.slots[path]
        changed = list(leaves)
        if slot.solo:
            changed[slot.leaf] = value
        else:
            first = slot.offset // WORD
            words = jnp.asarray(leaves[slot.leaf])
            changed[slot.leaf] = words.at[first : first + slot.words].set(slot.to_words(value))
        return tuple(changed)

    def pack(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Leaves from arrays by path. NumPy arrays give NumPy leaves; anything else, JAX's."""
        parts: list[list[Any]] = [[] for _ in range(self.leaves)]
        for path, slot in self.slots.items():
            value = values[path]
            parts[slot.leaf].append(value if slot.solo else slot.to_words(value))
        return tuple(_joined(part) for part in parts)


def _joined(parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(p, np.ndarray) for p in parts):
        return np.concatenate(parts)
    return jnp.concatenate(parts)


def plan(entries: Mapping[str, tuple[tuple[int, ...], str]]) -> Layout:
    """Lay out arrays given by path as (shape, dtype); the same entries give the same plan.

    Large arrays get leaves of their own; the rest share the first leaf, in path order, each from a word's begin.
    """
    slots: dict[str, Slot] = {}
    small = {p for p, (shape, _) in entries.items() if np.prod(shape, dtype=np.int64) < SOLO_ELEMENTS}
    leaves = 1 if small else 0
    offset = 0
    for path in sorted(entries):
        shape, dtype = entries[path]
        if path in small:
            slots[path] = Slot(0, offset, shape, dtype, False)
            offset += slots[path].words * WORD
        else:
            slots[path] = Slot(leaves, 0, shape, dtype, True)
            leaves += 1
    return Layout(slots, leaves)
