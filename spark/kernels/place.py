"""Where arrays lie that a native program works on."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

STATE, ARGUMENT, RESULT, SCRATCH, APART = range(5)


@dataclass(frozen=True)
class Place:
    """Where an array lies: a buffer, its first byte, its shape and dtype."""

    space: int
    number: int
    offset: int
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def bytes(self) -> int:
        """Number of bytes."""
        return self.size * jnp.dtype(self.dtype).itemsize

    def reshaped(self, *shape: int) -> "Place":
        """The same memory with another shape."""
        return Place(self.space, self.number, self.offset, shape, self.dtype)

    def part(self, first: int, size: int) -> "Place":
        """`size` elements from element `first` on."""
        offset = self.offset + first * np.dtype(self.dtype).itemsize
        return Place(self.space, self.number, offset, (size,), self.dtype)
