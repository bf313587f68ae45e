"""Operations that move numbers and compute none: on the few numbers that are the same for all units, any; on units,
those that leave every unit at its place.
"""

from collections.abc import Callable

import numpy as np
from jax.typing import ArrayLike

from spark.kernels.formula.values import PLAIN, Each, Few, Params, Unsupported, constant

Moved = Each | Few


def spread(few: Few, shape: tuple[int, ...]) -> np.ndarray:
    """The numbers with their true shape; one number may stand for all."""
    if few.cells.size == int(np.prod(shape)):
        return few.cells.reshape(shape)
    return np.broadcast_to(few.cells.reshape(()) if few.cells.size == 1 else few.cells, shape)


def _strip(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)


def _in_place(value: Each, old: tuple[int, ...], new: tuple[int, ...]) -> Each:
    if int(np.prod(old)) != int(np.prod(new)):
        raise Unsupported(f"a change of shape from {old} to {new}")
    return value


def _reshape(value: Moved, old: tuple[int, ...], new: tuple[int, ...], params: Params) -> Moved:
    if params.get("dimensions") is not None:
        raise Unsupported("a reshape that transposes")
    if isinstance(value, Each):
        return _in_place(value, old, new)
    return value if value.cells.size == 1 else Few(spread(value, old).reshape(new), value.dtype)


def _broadcast(value: Moved, old: tuple[int, ...], new: tuple[int, ...], params: Params) -> Moved:
    if isinstance(value, Each):
        return _in_place(value, old, new)
    if value.cells.size == 1:
        return value
    # Axes of the operand go to those named; the others are new.
    between = [1] * len(new)
    for axis, to in enumerate(params["broadcast_dimensions"]):
        between[to] = old[axis]
    return Few(np.broadcast_to(spread(value, old).reshape(between), new), value.dtype)


def _transpose(value: Moved, old: tuple[int, ...], new: tuple[int, ...], params: Params) -> Moved:
    order = params["permutation"]
    if isinstance(value, Each):
        wide = [axis for axis in order if old[axis] != 1]
        if wide != sorted(wide):
            raise Unsupported("a transposition of units")
        return value
    return Few(spread(value, old).transpose(order), value.dtype)


def _slice(value: Moved, old: tuple[int, ...], new: tuple[int, ...], params: Params) -> Moved:
    if isinstance(value, Each):
        if old == new:
            return value
        raise Unsupported("a slice of units")
    strides = params["strides"] or (1,) * len(old)
    cut = tuple(slice(*ends) for ends in zip(params["start_indices"], params["limit_indices"], strides, strict=True))
    return Few(spread(value, old)[cut], value.dtype)


def _reverse(value: Moved, old: tuple[int, ...], new: tuple[int, ...], params: Params) -> Moved:
    if isinstance(value, Each):
        raise Unsupported("units in reverse order")
    return Few(np.flip(spread(value, old), params["dimensions"]), value.dtype)


def _copy(value: Moved, old: tuple[int, ...], new: tuple[int, ...], params: Params) -> Moved:
    return value


# Takes a value, the shape that it has and the one that it shall have, and the parameters of the equation.
MOVES: dict[str, Callable[[Moved, tuple[int, ...], tuple[int, ...], Params], Moved]] = {
    "reshape": _reshape,
    "squeeze": lambda value, old, new, params: _reshape(value, old, new, PLAIN),
    "expand_dims": lambda value, old, new, params: _reshape(value, old, new, PLAIN),
    "broadcast_in_dim": _broadcast,
    "transpose": _transpose,
    "slice": _slice,
    "rev": _reverse,
    "copy": _copy,
    "copy_p": _copy,
    "stop_gradient": _copy,
    "optimization_barrier": _copy,
}


def concatenate(values: list[Moved], shapes: list[tuple[int, ...]], axis: int) -> Few:
    """Few numbers behind each other."""
    if any(isinstance(value, Each) for value in values):
        raise Unsupported("units behind each other (concatenate)")
    return Few(np.concatenate([spread(v, s) for v, s in zip(values, shapes, strict=True)], axis), values[0].dtype)  # type: ignore[arg-type]


def numbers(array: ArrayLike, dtype: str) -> Few:
    """An array that is known now; one number where all are equal to the bit."""
    known = np.asarray(array)
    flat, shape = known.reshape(-1), known.shape
    if len({value.tobytes() for value in flat}) == 1:
        flat, shape = flat[:1], ()
    cells = np.empty(flat.size, object)
    cells[:] = [constant(value, dtype) for value in flat]
    return Few(cells.reshape(shape), dtype)
