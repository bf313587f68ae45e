"""The third factor: modulation moves weights by their eligibility."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from spark.kernels.check import check_dtype, check_shape
from spark.kernels.choice import Implementation, choose
from spark.kernels.stdp import Plastic


class _Move(NamedTuple):
    """Arguments in the order in which the native version takes them."""

    weights: jax.Array
    pending: jax.Array
    eligibility: jax.Array
    moved: jax.Array
    due: jax.Array
    post: jax.Array
    coefficients: jax.Array


def consolidate(
    plastic: Plastic,
    moved: jax.Array,
    due: jax.Array,
    post: jax.Array,
    coefficients: jax.Array,
    implementation: Implementation = "auto",
) -> Plastic:
    """Move all weights, if it is due: w = clip(w + (eligibility * moved + pending)), pending = 0.

    Args:
        plastic: Weights, eligibility and pending changes, as in `stdp_dense`.
        moved: float32 (1,) or (post,): modulation since the weights moved last, in units of scaled eligibility.
        due: int32 of shape (); where it is 0 nothing is touched.
        post: int32 (edges,), the postsynaptic unit of each connection of a list; empty for weights (pre, post).
        coefficients: float32 of shape (entries,), from `RuleTable.coefficients`; the first two are the bounds.
        implementation: 'auto' takes C++ on CPUs and the reference elsewhere.

    Raises:
        TypeError: A dtype is not one of those above.
        ValueError: Shapes do not fit.
        RuntimeError: 'native' was asked for, and the library cannot be had.
    """
    weights, eligibility, pending = plastic
    given = _Move(*map(jnp.asarray, (weights, pending, eligibility, moved, due, post, coefficients)))
    for name in ("weights", "pending", "eligibility", "moved", "coefficients"):
        check_dtype(name, given._asdict()[name], jnp.float32)
    check_dtype("due", given.due, jnp.int32)
    check_shape("due", given.due, ())
    check_dtype("post", given.post, jnp.int32)
    check_shape("eligibility", given.eligibility, given.weights.shape)
    check_shape("pending", given.pending, given.weights.shape if given.pending.size else (0,))
    if given.weights.ndim == 1:
        check_shape("post", given.post, given.weights.shape)
    elif given.moved.size > 1:
        check_shape("moved", given.moved, given.weights.shape[1:])
    weights, pending = choose("consolidate", implementation, _native, _reference, given)
    return Plastic(weights, plastic.eligibility, pending)


def _native(given: _Move) -> tuple[jax.Array, jax.Array]:
    shapes = [jax.ShapeDtypeStruct(array.shape, jnp.float32) for array in given[:2]]
    aliases = {0: 0, 1: 1}
    call = jax.ffi.ffi_call("spark_stdp_consolidate", shapes, vmap_method="sequential", input_output_aliases=aliases)
    weights, pending = call(*given)
    return weights, pending


def _reference(given: _Move) -> tuple[jax.Array, jax.Array]:
    def move(given: _Move) -> tuple[jax.Array, jax.Array]:
        moved = given.moved if given.weights.ndim == 2 or given.moved.size == 1 else given.moved[given.post]
        change = given.eligibility * moved
        if given.pending.size:
            change = change + given.pending
        minimum, maximum = given.coefficients[:2]
        weights = jnp.minimum(jnp.maximum(given.weights + change, minimum), maximum)
        return weights, jnp.zeros_like(given.pending)

    return jax.lax.cond(given.due != 0, move, lambda given: (given.weights, given.pending), given)
