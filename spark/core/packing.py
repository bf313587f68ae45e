"""Packing: many named arrays in a few leaves.

A jitted call pays for every array that goes in or comes out, so small variables lie side by side: floats in one leaf
for each of their dtypes, so that they have gradients, whole numbers and booleans in one leaf of 32-bit words. Only
large variables are leaves of their own. Packing knows nothing of modules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from spark.core.counter import Counter

# Above this size a copy into the joint leaf costs more than one more leaf does (about 3 microseconds).
SOLO_ELEMENTS = 16_384
WORD = 4


@dataclass(frozen=True)
class Slot:
    """Where one array lies: leaf number, first byte, shape and dtype; `solo` leaves hold only it.

    A leaf that is not solo is one of words, uint32, for whole numbers and booleans, or has the dtype of its floats.
    """

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
    def floats(self) -> bool:
        """Whether it holds floats, real or complex."""
        return jnp.issubdtype(jnp.dtype(self.dtype), jnp.inexact)

    @property
    def part(self) -> slice:
        """Which elements of a shared leaf hold it."""
        size, count = (jnp.dtype(self.dtype).itemsize, self.size) if self.floats else (WORD, self.words)
        return slice(self.offset // size, self.offset // size + count)

    def read(self, leaf: Any) -> Any:
        """The array, read from its leaf."""
        if self.solo:
            return leaf
        if on_host(leaf):
            # To dispatch the operations below one by one takes longer than the step of a small brain.
            held = jnp.dtype(self.dtype)
            # Where JAX is set to 32 bits it narrows what comes from NumPy, but not what it holds.
            if jax.dtypes.canonicalize_dtype(held) == held:
                # With a dtype nothing is compiled for it either.
                return jnp.asarray(self.read_host(np.asarray(leaf)), held)
        return jnp.asarray(leaf)[self.part].reshape(self.shape) if self.floats else self.cut(leaf[self.part])

    def read_host(self, leaf: np.ndarray) -> np.ndarray:
        """A copy of the array, read from its leaf in NumPy: nothing is compiled for it."""
        held = np.dtype("uint8") if self.dtype == "bool" else np.dtype(jnp.dtype(self.dtype))
        flat = leaf.reshape(-1) if self.solo else leaf[self.part].view(held)
        return flat[: self.size].astype(jnp.dtype(self.dtype)).reshape(self.shape)

    def flat(self, value: Any) -> Any:
        """An array of this slot's shape as elements of its shared leaf."""
        return value.reshape(-1) if self.floats else self.to_words(value)

    @property
    def words(self) -> int:
        """Words that the array takes, the last one perhaps in part."""
        return -(-self.size * jnp.dtype(self.dtype).itemsize // WORD)

    def cut(self, part: Any) -> Any:
        """The array that so many words hold."""
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
        return slot.read(leaves[slot.leaf])

    def counter(self, leaves: tuple[Any, ...], path: str) -> Counter:
        """The whole number of 64 bits at `path`."""
        slot = self.slots[path]
        leaf, first = leaves[slot.leaf], slot.offset // WORD
        if on_host(leaf):
            # Nothing is compiled to read two words in NumPy.
            leaf = np.asarray(leaf)
        return Counter(leaf[first], leaf[first + 1])

    def replace(self, leaves: tuple[Any, ...], path: str, value: Any) -> tuple[Any, ...]:
        """Leaves with another array at `path`, of the slot's shape and dtype."""
        slot = self.slots[path]
        changed = list(leaves)
        if slot.solo:
            changed[slot.leaf] = value
        else:
            changed[slot.leaf] = jnp.asarray(leaves[slot.leaf]).at[slot.part].set(slot.flat(value))
        return tuple(changed)

    def replace_all(self, leaves: tuple[jax.Array, ...], values: Mapping[str, jax.Array]) -> tuple[jax.Array, ...]:
        """Leaves with other arrays at some paths, each of its slot's shape and dtype.

        What shares a leaf in the memory of this process is put there in NumPy: to dispatch that array by array takes
        longer than the step of a small brain.
        """
        for leaf in sorted({self.slots[path].leaf for path in values}):
            within = {path: value for path, value in values.items() if self.slots[path].leaf == leaf}
            old = leaves[leaf]
            # Where JAX is set to 32 bits it narrows what comes from NumPy, but not what it holds.
            held = not isinstance(old, Tracer) and jax.dtypes.canonicalize_dtype(old.dtype) == old.dtype
            if self.slots[next(iter(within))].solo or not held or not all(map(on_host, (old, *within.values()))):
                for path, value in within.items():
                    leaves = self.replace(leaves, path, value)
                continue
            new = np.array(old)
            for path, value in within.items():
                slot = self.slots[path]
                # NumPy's whole numbers are 64 bits wide where JAX's are 32.
                new[slot.part] = slot.flat(np.asarray(value).astype(jnp.dtype(slot.dtype), copy=False))
            leaves = (*leaves[:leaf], jnp.asarray(new, old.dtype), *leaves[leaf + 1 :])
        return leaves

    def pack(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Leaves from arrays by path. NumPy arrays give NumPy leaves; anything else, JAX's."""
        parts: list[list[Any]] = [[] for _ in range(self.leaves)]
        for path, slot in self.slots.items():
            value = values[path]
            parts[slot.leaf].append(value if slot.solo else slot.flat(value))
        return tuple(_joined(part) for part in parts)


def on_host(leaf: Any) -> bool:
    """Whether it is a whole array in the memory of this process, which NumPy reads without a copy."""
    if isinstance(leaf, np.ndarray):
        return True
    if isinstance(leaf, Tracer) or not isinstance(leaf, jax.Array):
        return False
    # Where an array was put on purpose, what is read from it stays there.
    return leaf.is_fully_addressable and not leaf.committed and next(iter(leaf.devices())).platform == "cpu"


def _joined(parts: list[Any]) -> Any:
    # Nothing joined to a single number is more than XLA compiles: it ends the process.
    parts = [part for part in parts if part.size] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(p, np.ndarray) for p in parts):
        return np.concatenate(parts)
    return jnp.concatenate(parts)


def plan(entries: Mapping[str, tuple[tuple[int, ...], str]]) -> Layout:
    """Lay out arrays given by path as (shape, dtype); the same entries give the same plan.

    Large arrays get leaves of their own; the others share the first leaves, in path order.
    """
    sizes = {path: int(np.prod(shape, dtype=np.int64)) for path, (shape, _) in entries.items()}
    large = [path for path in sorted(entries) if sizes[path] >= SOLO_ELEMENTS]
    slots, leaves = shared_slots({path: entries[path] for path in entries.keys() - set(large)}, 0)
    slots |= {path: Slot(number, 0, *entries[path], True) for number, path in enumerate(large, leaves)}
    return Layout({path: slots[path] for path in sorted(slots)}, leaves + len(large))


def shared_slots(entries: Mapping[str, tuple[tuple[int, ...], str]], leaf: int) -> tuple[dict[str, Slot], int]:
    """Slots of arrays that lie side by side, in path order.

    Args:
        entries: Shape and dtype by path.
        leaf: Number of the first leaf.

    Returns:
        The slots, and the number of the leaf after the last.
    """
    slots: dict[str, Slot] = {}
    ends: dict[str, int] = {}
    held = {path: Slot(0, 0, *entry, False) for path, entry in sorted(entries.items())}
    kinds = sorted({slot.dtype if slot.floats else "" for slot in held.values()})
    for path, slot in held.items():
        kind = slot.dtype if slot.floats else ""
        offset = ends.get(kind, 0)
        slots[path] = replace(slot, leaf=leaf + kinds.index(kind), offset=offset)
        ends[kind] = offset + (slot.size * jnp.dtype(slot.dtype).itemsize if slot.floats else slot.words * WORD)
    return slots, leaf + len(kinds)
