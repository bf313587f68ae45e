"""A chunk of a run: up to a fixed number of steps in one compiled call, and what was noted of them."""

import functools

import jax
import jax.numpy as jnp

from spark.core.compiled import forgetful
from spark.core.module import Module
from spark.core.payloads import Payload
from spark.core.ports import PortSpec
from spark.core.state import Graph, State
from spark.core.transform import STEP, merge, split
from spark.engine.native import native_run
from spark.engine.taps import Noted, Tap

Values = dict[str, jax.Array]


@forgetful
@functools.partial(jax.jit, static_argnames=("taps", "most"), donate_argnames="state")
def run_chunk(
    graph: Graph,
    state: State,
    inputs: dict[str, Payload],
    series: dict[str, Payload],
    steps: jax.Array,
    chosen: dict[str, jax.Array],
    threads: jax.Array,
    learning: jax.Array | bool,
    *,
    taps: tuple[Tap, ...],
    most: int,
) -> tuple[State, dict[str, Noted], jax.Array, Values]:
    """Run up to `steps` steps; another number of steps, other inputs or other state compile nothing.

    Args:
        graph: From `spark.split`.
        state: From `spark.split`, or from the last call. It is donated: its arrays are used up.
        inputs: Payloads that all steps share, by name of input.
        series: Payloads of the other inputs, with a leading axis of `most` rows, of which each step takes one; spikes
            are -1, 0 or 1.
        steps: How many steps, int32 of shape (), at most `most`.
        chosen: Flat indices by name of tap, where a tap notes only some elements.
        threads: How many share the work of a native program, int32 of shape (); another number compiles nothing.
        learning: Whether weights may change, a boolean of shape (); another value compiles nothing.
        taps: What to note.
        most: Greatest number of steps in a call.

    Returns:
        The new state, what was noted by name of tap, and how many steps were done: fewer than asked for only if
        what is noted had no more room. Last, the outputs of the last step by name, where no native program does all
        steps: there a step puts them out whatever is noted, so that it rounds the same.
    """
    module = merge(graph, state)
    found = native_run(module, inputs, series, steps, taps, chosen, most, threads, learning)
    if found is not None:
        noted, done = found
        return split(module)[1], _as_declared(module, noted, taps), done, {}
    return _one_by_one(graph, state, inputs, series, steps, chosen, learning, taps, most, module.output_specs)


def _as_declared(module: Module, noted: dict[str, Noted], taps: tuple[Tap, ...]) -> dict[str, Noted]:
    declared = {t.name: module.output_specs[t.output].dtype for t in taps if t.output is not None and not t.spikes}
    return {n: Noted(v.first.astype(declared[n])) if n in declared else v for n, v in noted.items()}


def _one_by_one(
    graph: Graph,
    state: State,
    inputs: dict[str, Payload],
    series: dict[str, Payload],
    steps: jax.Array,
    chosen: dict[str, jax.Array],
    learning: jax.Array | bool,
    taps: tuple[Tap, ...],
    most: int,
    specs: dict[str, PortSpec],
) -> tuple[State, dict[str, Noted], jax.Array, Values]:
    """The same by a loop in JAX. Spikes are noted as packed bits, one row a step, so that there is always room."""

    def outcome(now: State, at: jax.Array) -> tuple[dict[str, Payload], State]:
        module = merge(graph, now)
        module._clock.learns = jnp.asarray(learning)
        rows = {n: type(p)(jax.lax.dynamic_index_in_dim(p.value, at, keepdims=False)) for n, p in series.items()}
        outputs = module(**inputs, **rows)
        return outputs, split(module)[1]

    def value(tap: Tap, found: jax.Array) -> jax.Array:
        if tap.spikes:
            return jnp.packbits(found.reshape(-1) != 0)
        return found.reshape(-1)[chosen[tap.name]] if tap.name in chosen else found

    def step(carry: tuple[jax.Array, jax.Array, State, Values]) -> tuple[jax.Array, jax.Array, State, Values]:
        at, until, now, _ = carry
        outputs, after = outcome(now, at)
        return at + 1, until, after, {n: jnp.asarray(outputs[n].value, spec.dtype) for n, spec in specs.items()}

    def noting(
        carry: tuple[jax.Array, State, Values, Values, Values],
    ) -> tuple[jax.Array, State, Values, Values, Values]:
        at, now, last, rows, counts = carry
        # The loop within is the same, and XLA compiles it to the same machine code, whatever is noted: a step in one
        # loop with what notes it is fused with that, and its sums of products round otherwise. Its end is no constant,
        # and all outputs are used, or XLA would unroll it, or leave them out of it.
        until = at + 1 if taps else steps
        done, _, after, last = jax.lax.while_loop(lambda c: c[0] < c[1], step, (at, until, now, last))
        for tap in taps:
            found = last[tap.output] if tap.output is not None else after[tap.path]
            here = at if tap.spikes else counts[tap.name]
            noted = tap.spikes | (now[STEP] % tap.every == 0)
            # A row beyond the end is dropped.
            row = jnp.where(noted, here, jnp.int32(rows[tap.name].shape[0]))
            rows = {**rows, tap.name: rows[tap.name].at[row].set(value(tap, found), mode="drop")}
            counts = {**counts, tap.name: counts[tap.name] + jnp.asarray(noted, jnp.int32)}
        return done, after, last, rows, counts

    def empty(tap: Tap) -> jax.Array:
        # A step need not be traced for it: what is noted of it has the shapes that the brain was built with.
        return silent[tap.output] if tap.output is not None else state[tap.path]

    silent = {n: jnp.zeros(spec.shape, spec.dtype) for n, spec in specs.items()}
    shapes = jax.eval_shape(lambda: {t.name: value(t, empty(t)) for t in taps})
    rows = {
        t.name: jnp.zeros((most if t.spikes else t.room, *shapes[t.name].shape), shapes[t.name].dtype) for t in taps
    }
    counts = {t.name: jnp.int32(0) for t in taps}
    first = (jnp.int32(0), state, silent, rows, counts)
    done, after, last, rows, _ = jax.lax.while_loop(lambda c: c[0] < steps, noting, first)
    return after, {name: Noted(row) for name, row in rows.items()}, done, last
