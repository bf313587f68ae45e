"""Spikes scattered through compressed rows of connections into a ring of future input."""

from collections.abc import Callable, Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Array
from spark.kernels.check import check_dtype, check_shape, check_weights
from spark.kernels.choice import Implementation, choose
from spark.kernels.instructions import ARRIVE, SCATTER
from spark.kernels.order import steps_together, units_and_delays
from spark.kernels.place import Place
from spark.kernels.program import Program
from spark.kernels.rows import WEIGHT_OF_UNIT, Rows, weight_layout

# Numbers of types, as in native/scatter.h.
_POST = {"uint16": 0, "int32": 1, "uint32": 2}
_WEIGHT = {"float32": 0, "float16": 1, "bfloat16": 2}
_DELAY = {"uint8": 1, "uint16": 2}
NO_DELAY = 0


def scatter_spikes(
    spikes: Array,
    rows: Rows[Array],
    ring: Array,
    slot: Array | int,
    signed: bool = True,
    implementation: Implementation = "auto",
    amplitudes: Array | None = None,
) -> jax.Array:
    """Add the weights of the connections of all units that fired to the steps and units where they arrive.

    ring[(slot + delays[e]) mod slots, post[e]] += sign * weights[e], in float32, by ascending presynaptic unit, then
    ascending e: both versions give the same bits on CPUs.

    Args:
        spikes: int8 (pre,), signed spikes: -1, 0 or 1.
        rows: The connections.
        ring: float32 (slots, post).
        slot: Row of the ring that a delay of 0 stands for, int32 of shape (), at least 0 and below `slots`.
        signed: Whether spikes of -1 subtract; else they add as those of +1 do.
        implementation: 'auto' takes C++ on CPUs. Its work follows the spikes, the reference's the number of
            connections.
        amplitudes: float32 (pre,): what the weights of each unit are multiplied by; left out, 1. With them it is the
            reference that runs; the C++ version is an instruction of a program.

    Returns:
        The new ring.

    Raises:
        TypeError: A dtype is not one of those above.
        ValueError: Shapes do not fit.
        RuntimeError: 'native' was asked for, and the library cannot be had.
    """
    spikes, ring = jnp.asarray(spikes), jnp.asarray(ring)
    slot = jnp.asarray(slot, jnp.int32)
    starts, post, weights = (jnp.asarray(array) for array in rows[:3])
    later = None if rows.delays is None else jnp.asarray(rows.delays)
    listed = Rows(starts, post, weights, later)
    _check(spikes, listed, ring)
    delays = jnp.zeros(0, jnp.uint8) if later is None else later
    arguments = (spikes, starts, post, weights, delays, ring, slot)
    if amplitudes is not None:
        check_shape("amplitudes", amplitudes, spikes.shape)
        return _reference(signed)(*arguments, amplitudes)
    name = "scatter_signed" if signed else "scatter_unsigned"
    return choose(name, implementation, _native(listed, signed), _reference(signed), *arguments)


def _check(spikes: jax.Array, rows: Rows[jax.Array], ring: jax.Array) -> None:
    check_dtype("spikes", spikes, jnp.int8)
    check_dtype("starts", rows.starts, jnp.int32)
    check_weights(rows.weights)
    check_dtype("ring", ring, jnp.float32)
    check_shape("starts", rows.starts, (spikes.size + 1,))
    check_shape("ring", ring, (None, None))
    if str(rows.post.dtype) not in _POST:
        raise TypeError(f"post must be uint16, int32 or uint32, got {rows.post.dtype}.")
    if rows.weights.shape not in ((1,), spikes.shape, rows.post.shape):
        raise ValueError(
            f"weights must be one number, or one for each of {spikes.shape} units or {rows.post.shape} connections, "
            f"got shape {rows.weights.shape}."
        )
    if rows.delays is not None:
        if str(rows.delays.dtype) not in _DELAY:
            raise TypeError(f"delays must be uint8 or uint16, got {rows.delays.dtype}.")
        check_shape("delays", rows.delays, rows.post.shape)


def _numbers(rows: Rows[jax.Array] | Rows[Place], signed: bool) -> tuple[int, int, int, int, int, int]:
    delay = NO_DELAY if rows.delays is None else _DELAY[str(rows.delays.dtype)]
    kinds = _POST[str(rows.post.dtype)], _WEIGHT[str(rows.weights.dtype)], delay, weight_layout(rows)
    return *kinds, int(signed), int(not rows.by_delay)


def _native(rows: Rows[jax.Array], signed: bool) -> Callable[..., jax.Array]:
    names = ("post_type", "weight_type", "delay_type", "layout", "is_signed")
    attributes = {n: np.int64(v) for n, v in zip(names, _numbers(rows, signed), strict=False)}

    def call(*arguments: jax.Array) -> jax.Array:
        ring = arguments[5]
        out = jax.ShapeDtypeStruct(ring.shape, ring.dtype)
        made = jax.ffi.ffi_call("spark_scatter", out, vmap_method="sequential", input_output_aliases={5: 0})
        return made(*arguments, **attributes)

    return call


def _reference(signed: bool) -> Callable[..., jax.Array]:
    def call(
        spikes: jax.Array,
        starts: jax.Array,
        post: jax.Array,
        weights: jax.Array,
        delays: jax.Array,
        ring: jax.Array,
        slot: jax.Array,
        amplitudes: jax.Array | None = None,
    ) -> jax.Array:
        edges = post.shape[0]
        if edges == 0:
            return ring
        if post.dtype == jnp.uint32:
            post, delays = (jnp.asarray(array) for array in units_and_delays(post))
        unit = jnp.repeat(jnp.arange(spikes.size), starts[1:] - starts[:-1], total_repeat_length=edges)
        sign = spikes if signed else jnp.abs(spikes)
        sign = sign.astype(jnp.float32) if amplitudes is None else sign.astype(jnp.float32) * amplitudes
        sign = sign[unit]
        wide = weights.astype(jnp.float32)
        each = wide if weights.shape[0] in (1, edges) else wide[unit]
        row = jnp.where(sign != 0, slot, 0)
        if delays.shape[0]:
            row = (slot + delays.astype(jnp.int32)) % ring.shape[0]
        brought = sign * each
        if amplitudes is None:
            brought = jnp.where(sign != 0, brought, jnp.float32(0))
        # Else without a mask, whose bits would be the same: through an amplitude or a spike of 0 a derivative passes.
        return ring.at[row, post.astype(jnp.int32)].add(brought)

    return call


def emit_scatter(
    program: Program,
    spikes: Sequence[Place],
    rows: Rows[Place],
    ring: Place,
    at: tuple[Place, int],
    signed: bool,
    amplitudes: Place | None = None,
) -> None:
    """The same as instructions of a program, one for each part of the presynaptic units.

    Args:
        program: The program.
        spikes: int8, one array behind the other: those of `pre` units together.
        rows: Places instead of arrays.
        ring: float32 (slots, post).
        at: Place of the step counter, and how many steps from it a delay of 0 arrives.
        signed: As in `scatter_spikes`.
        amplitudes: As in `scatter_spikes`.
    """
    step, further = at
    numbers = _numbers(rows, signed)
    for first, part, starts, weights in _wires(spikes, rows):
        brings = None if amplitudes is None else amplitudes.part(first, part.size)
        middles = _middles(rows, first, part.size)
        places = (program.fired(part), starts, rows.post, weights, rows.delays, ring, step, brings, middles)
        program.emit(SCATTER, places, (part.size, *ring.shape, further, *numbers))


def emit_arrive(
    program: Program, spikes: Sequence[Place], rows: Rows[Place], ring: Place, at: tuple[Place, int], signed: bool
) -> Place:
    """The same where all spikes arrive equally late: they are delivered when they arrive; see native/arrive.h.

    Args:
        program: The program.
        spikes: As in `emit_scatter`.
        rows: Places instead of arrays, without delays of their own.
        ring: float32 (slots, post): what is under way when a call begins or ends. In between its rows are zero.
        at: Place of the step counter, and in how many steps from it spikes arrive, at least 1.
        signed: As in `scatter_spikes`.

    Returns:
        What arrives in this step, float32 (post,). Whoever reads it must leave it zero.
    """
    step, further = at
    row = program.scratch((ring.shape[1],), "float32")
    numbers = _numbers(rows, signed)
    for wire, (first, part, starts, weights) in enumerate(_wires(spikes, rows)):
        middles = _middles(rows, first, part.size)
        places = (program.fired(part, further + 1), starts, rows.post, weights, ring, row, step, middles)
        program.emit(ARRIVE, places, (part.size, *ring.shape, further, *numbers, int(wire == 0)))
    return row


def emit_spread(
    program: Program,
    spikes: Sequence[Place],
    rows: Rows[Place],
    ring: Place,
    at: tuple[Place, int],
    signed: bool,
    amplitudes: Place | None = None,
) -> Place:
    """The same where rows ascend by delay: what arrives in a few steps is delivered together; see native/spread.h.

    Args:
        program: The program.
        spikes: As in `emit_scatter`.
        rows: Places instead of arrays, by delay.
        ring: float32 (slots, post): what is under way when a call begins or ends. In between its rows are zero.
        at: Place of the step counter, and in how many steps from it a delay of 0 arrives.
        signed: As in `scatter_spikes`.
        amplitudes: As in `scatter_spikes`.

    Returns:
        What arrives in these steps, float32 (steps, post): the row of step s is s mod steps. Whoever reads it must
        leave it zero.
    """
    step, further = at
    assert rows.middles is not None
    slots, post = ring.shape
    block = program.scratch((steps_together(post), post), "float32")
    wires = [
        (part, starts, rows.middles.part(first, part.size), amplitudes and amplitudes.part(first, part.size), first)
        for first, part, starts, _ in _wires(spikes, rows)
    ]
    kinds = (_WEIGHT[str(rows.weights.dtype)], weight_layout(rows), int(signed))
    places = (rows.post, rows.weights, ring, block, step)
    program.spread(places, (post, slots, further, block.shape[0], *kinds), wires)
    return block


def _middles(rows: Rows[Place], first: int, size: int) -> Place | None:
    """Those of one wire's rows, where rows ascend by target: by delay they are cut by what they contain."""
    return None if rows.middles is None or rows.by_delay else rows.middles.part(first, size)


def _wires(spikes: Sequence[Place], rows: Rows[Place]) -> Iterator[tuple[int, Place, Place, Place]]:
    """Of each wire its first unit, its spikes, the starts of its rows, and its weights, or those of all."""
    first = 0
    for part in spikes:
        own = weight_layout(rows) == WEIGHT_OF_UNIT
        yield (
            first,
            part,
            rows.starts.part(first, part.size + 1),
            rows.weights.part(first, part.size) if own else rows.weights,
        )
        first += part.size
