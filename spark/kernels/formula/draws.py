"""Random numbers of `jax.random` from keys of Threefry, the same bits for every unit wherever it is computed."""

from collections.abc import Callable

import jax
import numpy as np
from llvmlite import ir

from spark.kernels.formula.functions import threefry
from spark.kernels.formula.shapes import spread
from spark.kernels.formula.values import FEW, Builder, Each, Few, Numbers, Params, Unsupported, constant, same


def _words(key: Few) -> tuple[Numbers, Numbers]:
    cells = spread(key, (2,))
    return cells[0], cells[1]


def _key(words: tuple[Numbers, Numbers]) -> Few:
    cells = np.empty(2, object)
    cells[:] = words
    return Few(cells, "uint32")


def wrapped(params: Params, key: Few) -> Few:
    """Two words as a key."""
    if params["impl"].name != "threefry2x32":
        raise Unsupported(f"random numbers of '{params['impl'].name}'")
    return key


def folded(b: Builder, key: Few, number: Few) -> Few:
    """A key that follows from another and a whole number, as `jax.random.fold_in` makes it."""
    zero = constant(0, "uint32")
    return _key(threefry(b, _words(key), (zero, number.cells.reshape(-1)[0])))


def bits(
    once: Builder, each: Builder, key: Few, shape: tuple[int, ...], units: int, index: Callable[[], Numbers]
) -> Each | Few:
    """32 random bits for each element of a shape: for units by their number, or few of them."""
    if not jax.config.jax_threefry_partitionable:  # type: ignore[attr-defined]
        raise Unsupported("random numbers with jax_threefry_partitionable turned off")
    size = int(np.prod(shape))
    first, second = _words(key)
    if size == units:
        low = index()
        found = threefry(
            each, (_splat(once, first, low.type), _splat(once, second, low.type)), (same(0, low.type), low)
        )
        return Each(each.xor(*found), "uint32")
    if size > FEW:
        raise Unsupported(f"{size} random numbers for {units} units")
    cells = np.empty(size, object)
    for number in range(size):
        pair = (constant(0, "uint32"), constant(number, "uint32"))
        cells[number] = once.xor(*threefry(once, (first, second), pair))
    return Few(cells.reshape(shape), "uint32")


def _splat(b: Builder, scalar: Numbers, kind: ir.Type) -> Numbers:
    return splat(b, scalar, kind.count)  # type: ignore[attr-defined]


def splat(b: Builder, scalar: Numbers, lanes: int) -> Numbers:
    """A number in every lane."""
    kind = ir.VectorType(scalar.type, lanes)
    if isinstance(scalar, ir.Constant):
        return ir.Constant(kind, [scalar] * lanes)
    number = ir.IntType(32)
    first = b.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(number, 0))
    mask = ir.Constant(ir.VectorType(number, lanes), [ir.Constant(number, 0)] * lanes)
    return b.shuffle_vector(first, ir.Constant(kind, ir.Undefined), mask)
