"""Checks of the arrays that go into native code, which trusts them."""

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from spark.arrays import Array
from spark.kernels.edges import Edges

_WEIGHTS = (jnp.float32, jnp.float16, jnp.bfloat16)


def check_dtype(name: str, array: Array, dtype: DTypeLike) -> None:
    """Raise a TypeError unless the array has the dtype."""
    if array.dtype != dtype:
        raise TypeError(f"{name}: must be {jnp.dtype(dtype).name}, got {array.dtype.name}. Cast it with `.astype`.")


def check_weights(weights: jax.Array, doubles: bool = False) -> None:
    """Raise a TypeError unless the weights have a dtype that the kernels can add up: the reference adds doubles too."""
    if weights.dtype in _WEIGHTS or (doubles and weights.dtype == jnp.float64):
        return
    known = "float32, float16, bfloat16 or float64" if doubles else "float32, float16 or bfloat16"
    raise TypeError(f"weights: must be {known}, got {weights.dtype.name}.")


def check_shape(name: str, array: Array, shape: tuple[int | None, ...]) -> None:
    """Raise a ValueError unless the array has the shape; None stands for any length."""
    fits = len(array.shape) == len(shape) and all(
        wanted is None or wanted == length for wanted, length in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"{name}: shape must be ({wanted}), got {array.shape}.")


def check_history(history: jax.Array, starts: jax.Array) -> None:
    """Raise unless a history covers the units and the delays of edges."""
    check_dtype("history", history, jnp.uint32)
    words = (starts.shape[1] - 2) // 32 + 1
    check_shape("history", history, (2, None, starts.shape[0]))
    if history.shape[1] < words:
        raise ValueError(
            f"history: must hold at least {words} words for delays up to {starts.shape[1] - 2} steps, got "
            f"{history.shape[1]}. Make it with `history_words`."
        )


def check_edges(edges: Edges[jax.Array]) -> None:
    """Raise unless every array of the edges is int32, and all have as many connections."""
    connections = edges.post.shape[0] if edges.post.ndim else 0
    lengths: dict[str, tuple[int | None, ...]] = {"starts": (None, None), "in_starts": (None,)}
    for name, array in edges._asdict().items():
        check_dtype(f"edges.{name}", array, jnp.int32)
        check_shape(f"edges.{name}", array, lengths.get(name, (connections,)))
