"""Arrays of NumPy that lie on large pages."""

import numpy as np
from numpy.typing import DTypeLike

_PAGE = 1 << 21
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
    room = np.empty(bytes_needed + _PAGE, np.uint8)
    first = -room.ctypes.data % _PAGE
    return room[first : first + bytes_needed].view(dtype).reshape(shape)
