"""Checks that the same steps give the same results: again, compiled, batched, scanned, after a reset."""

from typing import Any

import jax

from spark.core import transform
from spark.core.check_trial import (
    STEPS,
    Trial,
    arrays,
    nearly,
    same_bits,
    stacked,
    step,
    unstacked,
    variables,
)
from spark.core.errors import ModuleError, Problem

BATCH = 3


def check_determinism(trial: Trial) -> None:
    """Two modules from one config do the same, bit for bit."""
    twin = trial.twin
    for number, inputs in enumerate(trial.inputs):
        if not same_bits(arrays(twin(**inputs)), arrays(trial.outputs[number])):
            break
    else:
        if same_bits(variables(twin.state), variables(trial.last)):
            return
        number = STEPS
    raise ModuleError(
        Problem(
            trial.name,
            f"two modules from one config and one seed differ, first at step {number}",
            "Draw with `self.generator` in `build`, and with a `spark.RandomKey` in a step",
            "determinism",
        )
    )


def check_shared_structure(trial: Trial) -> None:
    """Two modules from one config share one structure, so the second compiles nothing."""
    trial.twin(**trial.inputs[0])
    structure = transform.split(trial.twin)[0].structure
    if structure is trial.graph.structure:
        return
    mine, other = trial.graph.structure.key, structure.key
    differing = [
        f"{trial.name}{'.' if path else ''}{path}.{name}"
        for (path, _, _, attributes, _), (_, _, _, others, _) in zip(mine[0], other[0], strict=False)
        for (name, value), (_, second) in zip(attributes, others, strict=False)
        if value != second
    ]
    raise ModuleError(
        Problem(
            differing[0] if differing else trial.name,
            "two modules from one config do not share one structure, so each would be compiled anew",
            "Keep in plain attributes only what is equal by value: numbers, text, tuples, or a class with "
            "`__eq__` and `__hash__`; draw arrays into `spark.Constant`",
            "structure",
        )
    )


def check_transforms(trial: Trial) -> None:
    """Called, under `jax.jit`, under `jax.vmap` and under `jax.lax.scan`, it does the same."""
    graph, first = trial.graph, trial.first
    ways = {"jax.jit": _by_jit, "jax.vmap": _by_vmap, "jax.lax.scan": _by_scan}
    expected = [arrays(outputs) for outputs in trial.outputs]
    problems = []
    differing = []
    for name, way in ways.items():
        try:
            outputs, last = way(graph, first, trial.inputs)
        except Exception as error:  # The code under test is foreign: it may raise anything.
            problems.append(
                Problem(
                    f"{trial.name}.__call__",
                    f"raised {type(error).__name__} under {name}: {error}",
                    "Use jax.numpy in a step, and no Python `if` on an array",
                    "transform",
                )
            )
            continue
        same = all(nearly(arrays(o), e) for o, e in zip(outputs, expected, strict=True))
        if not (same and nearly(variables(last), variables(trial.last))):
            differing.append(name)
    if differing:
        problems.append(
            Problem(
                f"{trial.name}.__call__",
                f"gives other results under {', '.join(differing)} than when it is called",
                "A step may depend on variables, constants and inputs only: no Python or NumPy random numbers, "
                "no clock, no plain attribute that changes",
                "transform",
            )
        )
    if problems:
        raise ModuleError(problems)


def _by_jit(graph: Any, state: Any, inputs: list[Any]) -> tuple[list[Any], Any]:
    # A function of its own, so that a trace of another module or check is never taken for this one.
    compiled = jax.jit(lambda g, s, x: step(g, s, x))
    found = []
    for now in inputs:
        outputs, state = compiled(graph, state, now)
        found.append(outputs)
    return found, state


def _by_vmap(graph: Any, state: Any, inputs: list[Any]) -> tuple[list[Any], Any]:
    """The last of a batch of identical states; all of them must be the same bits."""
    compiled = jax.jit(jax.vmap(lambda g, s, x: step(g, s, x), in_axes=(None, 0, None)))
    batch = stacked([state] * BATCH)
    found = []
    for now in inputs:
        outputs, batch = compiled(graph, batch, now)
        found.append(unstacked(outputs, BATCH - 1))
    states = [variables(unstacked(batch, n)) for n in range(BATCH)]
    if not all(same_bits(states[0], other) for other in states[1:]):
        raise ValueError("identical states of a batch went different ways")
    return found, unstacked(batch, BATCH - 1)


def _by_scan(graph: Any, state: Any, inputs: list[Any]) -> tuple[list[Any], Any]:
    def advance(carried: Any, now: Any) -> tuple[Any, Any]:
        outputs, after = step(graph, carried, now)
        return after, outputs

    last, outputs = jax.jit(lambda s, x: jax.lax.scan(advance, s, x, length=STEPS))(state, stacked(inputs))
    return [unstacked(outputs, n) for n in range(STEPS)], last


def check_merge(trial: Trial) -> None:
    """A step of a merged view leaves the module that was split as it was."""
    before = trial.module.state

    # Traced and not run: step by step, its every operation would be compiled by itself.
    def traced(state: Any, inputs: Any) -> Any:
        return step(trial.graph, state, inputs)

    jax.eval_shape(traced, before, trial.inputs[0])
    if any(after is not leaf for after, leaf in zip(trial.module.state.leaves, before.leaves, strict=True)):
        raise ModuleError(
            Problem(
                trial.name,
                "a step of a merged view advanced the module that was split",
                "Keep nothing in class attributes or globals: only variables of `self`",
                "merge",
            )
        )


def check_reset(trial: Trial) -> None:
    """`reset()` brings back the very first state, and the same outputs again."""
    module = trial.module
    module.reset()
    if not same_bits(variables(module.state), variables(trial.first)):
        raise ModuleError(
            Problem(
                f"{trial.name}.reset",
                "does not bring back the state before the first step",
                "Do not override `reset`: a variable's reset value is what it was created with",
                "reset",
            )
        )
    again = [arrays(module(**inputs)) for inputs in trial.inputs]
    if not all(same_bits(a, arrays(b)) for a, b in zip(again, trial.outputs, strict=True)):
        raise ModuleError(
            Problem(
                f"{trial.name}.reset",
                "after it, the same inputs give other outputs than the first time",
                "Keep everything that a step changes in variables",
                "reset",
            )
        )


CHECKS = (
    check_determinism,
    check_shared_structure,
    check_transforms,
    check_merge,
    check_reset,
)
