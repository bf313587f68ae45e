"""Event-driven updates of plastic weights, for every rule that is a `RuleTable`."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from spark.arrays import Numeric
from spark.kernels.check import check_dtype, check_edges, check_history, check_shape
from spark.kernels.choice import Implementation, choose
from spark.kernels.edges import Edges
from spark.kernels.rule_table import MOST_TRACES, coefficient_count
from spark.kernels.sparse import arriving


class Plastic(NamedTuple):
    """What a rule changes; all float32 and of the weights' shape, or empty where the rule has no such thing.

    Attributes:
        weights: (pre, post), or one for each edge of a list.
        eligibility: Where the changes go until a third factor comes, each multiplied by the scale of its step. Empty
            if the rule changes the weights themselves.
        pending: What modulation has done already, where the weights move only every few steps.
    """

    weights: jax.Array
    eligibility: jax.Array
    pending: jax.Array

    @classmethod
    def alone(cls, weights: jax.Array) -> "Plastic":
        """These `weights`, of any shape, which a rule changes directly, without eligibility."""
        return cls(weights, jnp.zeros(0, jnp.float32), jnp.zeros(0, jnp.float32))


class Third(NamedTuple):
    """What a modulated rule needs at spikes.

    Attributes:
        scale: float32 (2,): what new eligibility is multiplied by, and what all old eligibility is, 1 in most steps.
        moved: float32 (1,) or (post,): sum of the modulation since weights moved, in units of scaled eligibility.
    """

    scale: jax.Array
    moved: jax.Array

    @classmethod
    def none(cls) -> "Third":
        """For rules that are not modulated."""
        return cls(jnp.ones(2, jnp.float32), jnp.zeros(1, jnp.float32))


class _Dense(NamedTuple):
    """Arguments in the order in which the native version takes them."""

    plastic: Plastic
    pre_spikes: jax.Array
    pre_traces: jax.Array
    post_spikes: jax.Array
    post_traces: jax.Array
    third: Third
    coefficients: jax.Array
    baseline: jax.Array


class _Listed(NamedTuple):
    plastic: Plastic
    history: jax.Array
    pre_traces: jax.Array
    post_spikes: jax.Array
    post_traces: jax.Array
    slot: jax.Array
    edges: Edges[jax.Array]
    third: Third
    coefficients: jax.Array
    baseline: jax.Array


def stdp_dense(
    plastic: Plastic,
    pre_spikes: jax.Array,
    pre_traces: jax.Array,
    post_spikes: jax.Array,
    post_traces: jax.Array,
    third: Third,
    coefficients: jax.Array,
    implementation: Implementation = "auto",
    baseline: jax.Array | None = None,
) -> Plastic:
    """Change what the spikes of this step touch in a dense kernel.

    With x_1.. the presynaptic traces, y_1.. the postsynaptic ones, x_0 = y_0 = 1, and c, s the two matrices of an
    event:

    1. rows j that fired: change_ji = sum over b of (sum over a of c[a, b] * x_a[j]) * y_b[i], plus w_ji times the
       same of s; w = clip(w + change);
    2. then columns i that fired, with the other two matrices, summed over b first; where there is a baseline,
       -min(pull * y_1[i]^3, 1) * (w - baseline) is added to the change.

    Where there is an eligibility, it takes the change, times `third.scale[0]`, and no weight changes.
    Float32, sums in ascending order of a and b, clipped to the bounds: C++ and the reference run operation by
    operation give the same bits; inside `jit` XLA may fuse products into sums. The sign of a spike plays no part. The
    C++ version's work follows the spikes; it changes the arrays in place where XLA can give them up, as in the carry
    of a `lax.scan`, provided that whatever else reads the old weights comes before it in the flow of data (see
    `zenke_edges`).

    Args:
        plastic: Weights (pre, post), and eligibility.
        pre_spikes: int8 (pre,); nonzero fired.
        pre_traces: float32 (P, pre), decayed, without this step's spikes.
        post_spikes: int8 (post,); nonzero fired.
        post_traces: float32 (Q, post), likewise.
        third: Scales of eligibility.
        coefficients: float32 of shape (entries,), from `RuleTable.coefficients`.
        implementation: 'auto' takes C++ on CPUs and the reference elsewhere.
        baseline: First weights, of the weights' shape, towards which the rule pulls; left out, it does not.

    Raises:
        TypeError: A dtype is not one of those above.
        ValueError: Shapes do not fit.
        RuntimeError: 'native' was asked for, and the library cannot be had.
    """
    given = _Dense(plastic, pre_spikes, pre_traces, post_spikes, post_traces, third, coefficients, _or_empty(baseline))
    given = jax.tree.map(jnp.asarray, given)
    pre, post = given.pre_spikes.size, given.post_spikes.size
    check_dtype("pre_spikes", given.pre_spikes, jnp.int8)
    check_shape("pre_spikes", given.pre_spikes, (pre,))
    check_shape("pre_traces", given.pre_traces, (None, pre))
    _check(given, (pre, post))
    return choose("stdp_dense", implementation, _native_dense, _reference_dense, given)


def stdp_edges(
    plastic: Plastic,
    history: jax.Array,
    pre_traces: jax.Array,
    post_spikes: jax.Array,
    post_traces: jax.Array,
    slot: jax.Array,
    edges: Edges[jax.Array],
    third: Third,
    coefficients: jax.Array,
    implementation: Implementation = "auto",
    baseline: jax.Array | None = None,
) -> Plastic:
    """Change what the spikes of this step touch in a list of connections, each with a delay; see `stdp_dense`.

    Args:
        plastic: Weights (edges,), and eligibility.
        history: uint32 (2, words, pre), with this step pushed; see `push_history`.
        pre_traces: float32 (P, slots, pre), rings: row `slot` holds this step's values, `(slot - k) % slots`
            those of k steps ago; at least as many slots as delays, the longest included.
        post_spikes: int8 (post,); nonzero fired.
        post_traces: float32 (Q, post), decayed, without this step's spikes.
        slot: Row of this step, int32 of shape (), counted modulo the number of rows.
        edges: The connections, arrays of the shapes that `Edges` says.
        third: Scales of eligibility.
        coefficients: float32 of shape (entries,), from `RuleTable.coefficients`.
        implementation: 'auto' takes C++ on CPUs and the reference elsewhere.
        baseline: First weights, of the weights' shape, towards which the rule pulls; left out, it does not.

    Raises:
        TypeError: A dtype is not one of those above.
        ValueError: Shapes do not fit.
        RuntimeError: 'native' was asked for, and the library cannot be had.
    """
    given = _Listed(
        plastic, history, pre_traces, post_spikes, post_traces, slot, edges, third, coefficients, _or_empty(baseline)
    )
    given = jax.tree.map(jnp.asarray, given)
    check_edges(given.edges)
    check_history(given.history, given.edges.starts)
    check_dtype("slot", given.slot, jnp.int32)
    check_shape("slot", given.slot, ())
    check_shape("pre_traces", given.pre_traces, (None, None, given.edges.starts.shape[0]))
    check_shape("post_spikes", given.post_spikes, (given.edges.in_starts.shape[0] - 1,))
    needed, slots = given.edges.starts.shape[1] - 1, given.pre_traces.shape[1]
    if slots < needed:
        raise ValueError(f"pre_traces: must have at least {needed} slots for these delays, got {slots}.")
    _check(given, given.edges.post.shape)
    return choose("stdp_edges", implementation, _native_edges, _reference_edges, given)


def _or_empty(baseline: jax.Array | None) -> jax.Array:
    return jnp.zeros(0, jnp.float32) if baseline is None else baseline


def _check(given: _Dense | _Listed, shape: tuple[int, ...]) -> None:
    """What dense and listed weights have in common."""
    post = given.post_spikes.size
    for name, count in (("pre_traces", len(given.pre_traces)), ("post_traces", len(given.post_traces))):
        if count > MOST_TRACES:
            raise ValueError(f"{name}: a rule has at most {MOST_TRACES} traces on a side, got {count}.")
    check_dtype("post_spikes", given.post_spikes, jnp.int8)
    check_shape("post_spikes", given.post_spikes, (post,))
    check_shape("post_traces", given.post_traces, (None, post))
    check_shape("coefficients", given.coefficients, (coefficient_count(len(given.pre_traces), len(given.post_traces)),))
    check_shape("scale", given.third.scale, (2,))
    check_shape("moved", given.third.moved, (1,) if given.third.moved.size == 1 else (post,))
    check_shape("weights", given.plastic.weights, shape)
    plastic = given.plastic
    optional = {"eligibility": plastic.eligibility, "pending": plastic.pending, "baseline": given.baseline}
    for name, array in optional.items():
        check_shape(name, array, shape if array.size else (0,))
    floats = {**given.plastic._asdict(), **given.third._asdict(), "coefficients": given.coefficients}
    floats["baseline"] = given.baseline
    floats |= {"pre_traces": given.pre_traces, "post_traces": given.post_traces}
    for name, array in floats.items():
        check_dtype(name, array, jnp.float32)


def _call(target: str, plastic: Plastic, *others: jax.Array) -> Plastic:
    shapes = [jax.ShapeDtypeStruct(array.shape, jnp.float32) for array in plastic]
    aliases = {number: number for number in range(len(plastic))}
    call = jax.ffi.ffi_call(target, shapes, vmap_method="sequential", input_output_aliases=aliases)
    return Plastic(*call(*plastic, *others))


def _native_dense(given: _Dense) -> Plastic:
    return _call("spark_stdp_dense", given.plastic, *given[1:5], *given.third, given.coefficients, given.baseline)


def _native_edges(given: _Listed) -> Plastic:
    others = (*given[1:6], *given.edges, *given.third, given.coefficients, given.baseline)
    return _call("spark_stdp_edges", given.plastic, *others)


def _matrices(coefficients: jax.Array, pre: int, post: int) -> jax.Array:
    return coefficients[2:-1].reshape(4, pre + 1, post + 1)


def _at_pre(matrix: jax.Array, x: list[jax.Array], y: list[jax.Array]) -> jax.Array:
    """Sum over b of (sum over a of matrix[a, b] * x[a]) * y[b], with x[0] = y[0] = 1 left out."""

    def factor(b: int) -> jax.Array:
        total = matrix[0, b]
        for a, trace in enumerate(x, 1):
            total = total + matrix[a, b] * trace
        return total

    total = factor(0)
    for b, trace in enumerate(y, 1):
        total = total + factor(b) * trace
    return total


def applied(
    plastic: Plastic, change: Numeric, touched: jax.Array, third: Third, moved: jax.Array, bounds: jax.Array
) -> Plastic:
    """Add a change where an event touches, to the weights, or to an eligibility; see `stdp_dense`."""
    weights, eligibility, pending = plastic
    if not eligibility.size:
        changed = jnp.minimum(jnp.maximum(weights + change, bounds[0]), bounds[1])
        return Plastic(jnp.where(touched, changed, weights), eligibility, pending)
    change = jnp.where(touched, change * third.scale[0], jnp.float32(0))
    if pending.size:
        pending = pending - change * moved
    return Plastic(weights, eligibility + change, pending)


def _reference(
    given: _Dense | _Listed,
    x: list[jax.Array],
    y: list[jax.Array],
    arrived: jax.Array,
    fired: jax.Array,
    moved: jax.Array,
) -> Plastic:
    """Everything at once, with traces and spikes that broadcast against the weights."""
    plastic, third, coefficients = given.plastic, given.third, given.coefficients
    matrices, bounds = _matrices(coefficients, len(x), len(y)), coefficients[:2]
    if plastic.eligibility.size:
        plastic = plastic._replace(eligibility=plastic.eligibility * third.scale[1])
    change = _at_pre(matrices[0], x, y) + _at_pre(matrices[1], x, y) * plastic.weights
    plastic = applied(plastic, change, arrived, third, moved, bounds)
    change = _at_pre(matrices[2].T, y, x) + _at_pre(matrices[3].T, y, x) * plastic.weights
    if given.baseline.size:
        pull = jnp.minimum(((coefficients[-1] * y[0]) * y[0]) * y[0], jnp.float32(1))
        change = change - pull * (plastic.weights - given.baseline)
    return applied(plastic, change, fired, third, moved, bounds)


def _reference_dense(given: _Dense) -> Plastic:
    x, y = [trace[:, None] for trace in given.pre_traces], [trace[None, :] for trace in given.post_traces]
    arrived, fired = (given.pre_spikes != 0)[:, None], (given.post_spikes != 0)[None, :]
    return _reference(given, x, y, arrived, fired, given.third.moved)


def _reference_edges(given: _Listed) -> Plastic:
    edges, rings = given.edges, given.pre_traces
    row = (given.slot - edges.delay) % jnp.int32(rings.shape[1])
    x, y = [ring[row, edges.pre] for ring in rings], [trace[edges.post] for trace in given.post_traces]
    arrived, _ = arriving(given.history, edges)
    fired = given.post_spikes[edges.post] != 0
    moved = given.third.moved if given.third.moved.size == 1 else given.third.moved[edges.post]
    return _reference(given, x, y, arrived, fired, moved)
