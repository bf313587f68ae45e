"""Numbers on their way to a narrower dtype, which casts wrap, cut and make infinite without a word."""

import jax.numpy as jnp
import numpy as np
from numpy.typing import DTypeLike

from spark.core.errors import Problem


def beyond(address: str, array: np.ndarray, held: DTypeLike) -> list[Problem]:
    """What is wrong with numbers for the dtype `held`: the first that it would wrap, cut or make infinite.

    Rounding is not looked at, and infinity stays what it is.
    """
    held = jnp.dtype(held)
    if array.dtype == held or jnp.can_cast(array.dtype, held, "safe"):
        return []
    with np.errstate(all="ignore"):
        kept = array.astype(held)
    floats = jnp.issubdtype(held, jnp.inexact)
    wrong = array[np.isinf(kept) & ~np.isinf(array) if floats else kept != array]
    if not wrong.size:
        return []
    least, most = _room(held)
    if floats or not least <= python_number(wrong[0]) <= most:
        message = f"is more than {held} holds, got {wrong[0]}; expected {least} to {most}"
    else:
        message = f"is no whole number, which {held} holds alone, got {wrong[0]}"
    return [Problem(address, message, "", "bounds")]


def python_number(number: np.generic | float) -> float | int:
    """The number to compare with bounds: in NumPy they take its dtype, in which 70,000 is infinity for float16."""
    # What no dtype holds, such as 2**70, NumPy leaves as it is.
    if isinstance(number, int | float):
        return number
    return float(number) if jnp.issubdtype(number.dtype, jnp.inexact) else int(number)


def _room(held: np.dtype) -> tuple[float, float]:
    if held == np.bool_:
        return 0, 1
    if jnp.issubdtype(held, jnp.inexact):
        widths = jnp.finfo(held)
        return float(widths.min), float(widths.max)
    room = jnp.iinfo(held)
    return room.min, room.max
