"""Arrays of NumPy that JAX takes without a copy: on large pages, or of zeros that cost nothing until they are read."""

import mmap
import os

import numpy as np
from numpy.typing import DTypeLike

_PAGE = 1 << 21
# What JAX shares begins with a line of the cache.
_LINE = 64
# Below, the ends cost more than is gained.
_LARGE = 1 << 22


def empty(shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    """An array whose elements are not set.

    A large one begins at a multiple of 2 MB. The system, which NumPy asks to, can then lay it on pages of that size:
    who jumps about in gigabytes of connections waits less to learn where pages lie. JAX takes it without a copy.

    Args:
        shape: Of the array.
        dtype: Of its elements.
    """
    bytes_needed = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if bytes_needed < _LARGE:
        return np.empty(shape, dtype)
    return _aligned(np.empty(bytes_needed + _PAGE, np.uint8), _PAGE, shape, dtype)


def zeros(shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    """An array of zeros. Of a large one the system finds memory only for what is touched.

    Args:
        shape: Of the array.
        dtype: Of its elements.
    """
    bytes_needed = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if bytes_needed < _LARGE:
        return _aligned(np.zeros(bytes_needed + _LINE, np.uint8), _LINE, shape, dtype)
    # NumPy's zeros are written where memory was in use before.
    private = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if os.name == "posix" else {}
    return np.frombuffer(mmap.mmap(-1, bytes_needed, **private), dtype).reshape(shape)


def _aligned(room: np.ndarray, to: int, shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    first = -room.ctypes.data % to
    return room[first : first + room.nbytes - to].view(dtype).reshape(shape)
