"""`unroll`: many steps as a pure function with derivatives, through spikes too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.extend import core

from spark.arrays import Numeric
from spark.core.arguments import checked
from spark.core.binding import no_array, not_spikes, wrong_kind
from spark.core.calling import step_as_written
from spark.core.counter import Counter
from spark.core.errors import ArgumentError, InputError, Problem, StateError
from spark.core.names import suggestion
from spark.core.narrowing import beyond
from spark.core.pausing import require_no_pauses
from spark.core.payloads import Payload, SpikeArray
from spark.core.state import Graph, State
from spark.core.transform import FAULT, STEP, merge
from spark.core.tree import constants_of, variables_of, walk
from spark.kernels.smooth import unpacked
from spark.nn import Brain
from spark.nn.connection_table import HeldWeights, held_weights
from spark.nn.projections.gap import GapProjections
from spark.nn.receptors import GapJunction
from spark.sim.soft import Soft, soft_call
from spark.sim.surrogate import Surrogate

MOST_STEPS = 2**31 - 1


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Unrolled:
    """What `unroll` gives; a pytree.

    Attributes:
        outputs: By name: payloads whose first axis are the steps. Spikes are float32, with derivatives.
        recorded: By path, as asked: arrays (steps, ...), as at the end of each.
        state: After the last step.
    """

    outputs: dict[str, Payload]
    recorded: dict[str, jax.Array]
    state: State


@checked
def unroll(
    graph: Graph,
    state: State,
    steps: int,
    inputs: Mapping[str, Payload] | None = None,
    *,
    parameters: Mapping[str, Numeric] | None = None,
    record: Iterable[str] | str = (),
    surrogate: Surrogate | None = None,
    learning: bool = True,
) -> Unrolled:
    """Many steps of a brain as a function that JAX can differentiate, with a surrogate at every threshold.

    Spikes, states and outputs are those of `run`, up to the rounding of sums of weights. The derivative of a spike by
    its unit's potential is that of the surrogate. No derivative passes through a reset, which is taken as it happened,
    through the steps of a refractory period, or through what a rule makes of weights. It works under `jax.jit`,
    `jax.vmap` and `jax.grad`; it runs in XLA, and keeps what the derivatives need of every step.

    Args:
        graph: From `spark.split`.
        state: From `spark.split`; it is not used up.
        steps: How many, above 0.
        inputs: By name of input: a payload that all steps share, or one with a first axis of `steps` rows.
        parameters: Arrays that stand in for what the brain holds, by path: what is to be learned. Of a projection, as
            for `brain.connections`: float (connections,), in the order of that table; of a variable, such as
            `pool.soma.potential`; of a parameter that is one number for each unit, such as `pool.soma.threshold`. In
            the unit of what they stand in for. Not conductances of gap junctions, of whose current a half is known at
            build.
        record: Paths of variables to record; of a module whose output is spikes, its spikes.
        surrogate: The derivative of a spike; left out, `Surrogate()`.
        learning: As of `run`.

    Raises:
        ArgumentError: `steps` is not above 0, or a parameter or what to record is not there, with the nearest name.
        InputError: Inputs are missing, too many, of another shape or kind of dtype, or hold spikes that are none.
        ModuleError: Something is learned, and the brain pauses between steps, as for a `rewiring`; or a derivative
            would pass through something that has no formula in floats; says through what.
    """
    if not 0 < steps <= MOST_STEPS:
        text = f"must be from 1 to {MOST_STEPS:,}, got {steps}"
        raise ArgumentError(
            Problem("unroll.steps", text, "Every step is kept for derivatives: ask for fewer", "bounds")
        )
    brain, layout = graph.structure.template, state.about.layout
    if learning:
        require_no_pauses(brain, "`spark.unroll`", "Give `learning=False`, or leave that out")
    fixed, series = _inputs(brain, dict(inputs or {}), steps)
    values = {path: layout.read(state.leaves, path) for path in layout.slots if path not in (STEP, FAULT)}
    constants = {
        path: graph.structure.constants.read(graph.constants, path) for path in graph.structure.constants.slots
    }
    _take_parameters(graph, state, dict(parameters or {}), values, constants)
    record = [record] if isinstance(record, str) else list(record)
    recorded = {path: _variable_path(brain, path, values) for path in record}

    def one(
        values: dict[str, jax.Array], step: Counter, constants: dict[str, jax.Array], payloads: dict[str, Payload]
    ) -> tuple[dict[str, jax.Array], Counter, dict[str, Payload]]:
        view = merge(graph, state)
        for path, variable in variables_of(view).items():
            variable._value = values[path]
        for path, constant in constants_of(view).items():
            constant._value = constants[path]
        view._clock.step, view._clock.learns = step, jnp.asarray(learning)
        outputs = step_as_written(view, payloads)
        return {path: variable.value for path, variable in variables_of(view).items()}, view._clock.step, outputs

    first = {**fixed, **{name: type(p)(p.value[0]) for name, p in series.items()}}
    closed, shapes = jax.make_jaxpr(one, return_shape=True)(values, state[STEP], constants, first)
    made = jax.tree.structure(shapes)
    chosen = surrogate or Surrogate()

    def advance(carried: Any, rows: dict[str, jax.Array]) -> Any:
        values, smooth, step = carried
        payloads = {**fixed, **{name: type(series[name])(row) for name, row in rows.items()}}
        softened = {path: Soft(value, **smooth.get(path, {})) for path, value in values.items()}
        others = jax.tree.map(Soft, (step, constants, payloads))
        given = jax.tree.leaves((softened, *others), is_leaf=_is_soft)
        now, step, outputs = jax.tree.unflatten(made, soft_call(closed, given, chosen))
        step = jax.tree.map(lambda soft: soft.value, step, is_leaf=_is_soft)
        after = {path: soft.value for path, soft in now.items()}
        noted = {path: now[at].value if now[at].smooth is None else now[at].smooth for path, at in recorded.items()}
        given_out = {name: _given_out(payload) for name, payload in outputs.items()}
        return (after, {path: _floats(now[path]) for path in smooth}, step), (given_out, noted)

    smooth = _first_floats(closed, chosen, (values, state[STEP], constants, first), made)
    rows = {name: payload.value for name, payload in series.items()}
    (values, _, step), (outputs, noted) = jax.lax.scan(advance, (values, smooth, state[STEP]), rows, length=steps)
    values[STEP] = step
    if FAULT in layout.slots:
        values[FAULT] = layout.read(state.leaves, FAULT)
    return Unrolled(outputs, noted, State(layout.pack(values), state.about, state.identity))


def _first_floats(closed: core.ClosedJaxpr, surrogate: Surrogate, given: Any, made: Any) -> dict[str, Any]:
    """What variables begin with that have derivatives beside their values: those that some step gives some.

    Spikes get them in one step, what keeps spikes of the step before in the next, and so on.
    """
    values, *others = given
    floats: dict[str, Any] = {}
    while True:
        found: dict[str, Soft] = {}

        def one(values: dict[str, jax.Array], floats: Any, others: Any, found: dict[str, Soft] = found) -> None:
            softened = {path: Soft(value, **floats.get(path, {})) for path, value in values.items()}
            leaves = jax.tree.leaves((softened, *jax.tree.map(Soft, others)), is_leaf=_is_soft)
            now = jax.tree.unflatten(made, soft_call(closed, leaves, surrogate))[0]
            found.update({path: soft for path, soft in now.items() if soft.smooth is not None})

        jax.eval_shape(one, values, floats, others)
        if found.keys() <= floats.keys():
            return floats
        floats = {path: _floats(Soft(values[path])) for path in found}


def _is_soft(leaf: object) -> bool:
    return isinstance(leaf, Soft)


def _floats(soft: Soft) -> dict[str, jax.Array]:
    """What is carried from step to step beside the value."""
    if soft.value.dtype == jnp.uint32:
        return {"smooth": unpacked(soft.value) if soft.smooth is None else soft.smooth}
    return {"smooth": soft.number, "size": soft.magnitude}


def _given_out(payload: Payload) -> Payload:
    soft = payload.value
    value = soft.smooth if soft.smooth is not None and isinstance(payload, SpikeArray) else soft.value
    return type(payload)(value)


def _take_parameters(
    graph: Graph, state: State, given: dict[str, Numeric], values: dict[str, jax.Array], constants: dict[str, jax.Array]
) -> None:
    """Put parameters in the places of the arrays that they stand for."""
    floats = {p: a for held in (values, constants) for p, a in held.items() if jnp.issubdtype(a.dtype, jnp.floating)}
    coupled = {at for at, part in walk(graph.structure.template) if isinstance(part, GapProjections | GapJunction)}
    problems: list[Problem] = []
    for path, array in given.items():
        where = None if path in floats else _of_projection(graph, state, path, floats)
        if isinstance(where, Problem):
            problems.append(where)
            continue
        held = path if where is None else where.path
        if held in constants and held.rpartition(".")[0] in coupled:
            text = "is of gap junctions, of whose current a half is known at build: derivatives would miss it"
            fix = "Give other conductances by `brain.with_weights`, which builds both halves"
            problems.append(Problem(f"unroll.parameters.{path}", text, fix, "gap"))
            continue
        shape = floats[held].shape if where is None else where.positions.shape
        if jnp.shape(array) != shape:
            text = f"has the wrong shape, got {jnp.shape(array)}; expected {shape}"
            problems.append(Problem(f"unroll.parameters.{path}", text, "", "shape"))
            continue
        arrays = values if held in values else constants
        new = jnp.asarray(array).astype(floats[held].dtype)
        if where is not None:
            new = arrays[held].reshape(-1).at[where.positions].set(where.sign * new).reshape(floats[held].shape)
        arrays[held] = new
    if problems:
        raise ArgumentError(problems)


def _of_projection(graph: Graph, state: State, path: str, known: Mapping[str, object]) -> HeldWeights | Problem:
    """Where the weights of a projection are held."""
    address = f"unroll.parameters.{path}"
    try:
        with jax.ensure_compile_time_eval():
            return held_weights(merge(graph, state), path)
    except jax.errors.TracerArrayConversionError:
        fix = "Let the function see them from outside; what changes is given as `parameters`"
        return Problem(address, "is a projection, of a graph or state that JAX traces", fix, "traced")
    except StateError as error:
        if error.problems[0].kind != "unknown":
            return replace(error.problems[0], address=address)
    text = "is no projection, variable or parameter of each unit of this brain"
    return Problem(address, text, suggestion(path, known, "parameter"), "unknown")


def _variable_path(brain: Brain, path: str, values: Mapping[str, object]) -> str:
    if not isinstance(path, str):
        text = f"must be paths, got {type(path).__name__}"
        raise ArgumentError(Problem("unroll.record", text, "Give a list of strings", "type"))
    spikes = {name: f"cache.{name}.{port}" for name, port in brain._spike_ports.items()}
    for found in (path, spikes.get(path, "")):
        if found in values:
            return found
    known = [*values, *spikes]
    raise ArgumentError(
        Problem(f"unroll.record.{path}", "is no variable of this brain", suggestion(path, known, "variable"), "unknown")
    )


def _inputs(brain: Brain, given: dict[str, object], steps: int) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Payloads that all steps share, and those with a row for each."""
    fixed, series, problems = {}, {}, []
    specs = brain.declared_inputs()
    for name in given.keys() - specs.keys():
        problems.append(Problem(f"unroll.inputs.{name}", "is no input of this brain", suggestion(name, specs, "input")))
    for name, spec in specs.items():
        payload = given.get(name)
        raw = no_array(f"unroll.inputs.{name}", name, payload) if isinstance(payload, Payload) else None
        if raw is not None:
            problems.append(raw)
            continue
        shape = payload.shape if isinstance(payload, Payload) else None
        wrong = _wrong_numbers(brain, name, payload) if isinstance(payload, spec.payload_type) else None
        if wrong is not None:
            problems.append(replace(wrong, address=f"unroll.inputs.{name}"))
        elif isinstance(payload, spec.payload_type) and shape == spec.shape:
            fixed[name] = payload
        elif isinstance(payload, spec.payload_type) and shape == (steps, *spec.shape):
            series[name] = payload
        else:
            got = f"{type(payload).__name__} {shape}" if isinstance(payload, Payload) else type(payload).__name__
            text = f"does not fit, got {got}; expected a {spec.payload_type.__name__} of shape {spec.shape} or "
            problems.append(Problem(f"unroll.inputs.{name}", text + f"{(steps, *spec.shape)}", "", "shape"))
    if problems:
        raise InputError(problems)
    return fixed, series


def _wrong_numbers(brain: Brain, name: str, payload: Payload) -> Problem | None:
    """What is wrong with the numbers of an input, as for `run`; of an array that JAX traces only its kind is known."""
    if not payload.accepts(payload.dtype):
        return wrong_kind(brain, name, payload.dtype, type(payload))
    if isinstance(payload.value, Tracer):
        return None
    array, held = np.asarray(payload.value), brain.declared_inputs()[name].dtype
    return not_spikes("", type(payload)(array)) or next(iter(beyond("", array, held)), None)
