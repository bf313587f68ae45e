"""Checks of a module's steps: what goes in, what comes out, what is kept."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core import fingerprint, transform, tree
from spark.core.check_trial import STEPS, Trial, arrays, variables
from spark.core.errors import InputError, ModuleError, Problem
from spark.core.payloads import Payload, SpikeArray
from spark.core.ports import PortSpec
from spark.core.variable import Constant, Variable


def check_outputs(trial: Trial) -> None:
    """Every step puts out what was declared, and inferred at build."""
    declared = trial.cls.ports_from(trial.config).outputs
    inferred = trial.module.output_specs
    problems = []
    for number, outputs in enumerate(trial.outputs):
        found = {port: PortSpec.of(payload) for port, payload in outputs.items()}
        wrong = [port for port in inferred if found.get(port) != inferred[port]]
        wrong += [p for p, kind in declared.items() if not isinstance(outputs.get(p), kind)]
        wrong += sorted(set(found) - set(inferred))
        problems += [
            Problem(
                f"{trial.name}.{port}",
                f"step {number} put out {found.get(port)}; expected {inferred.get(port)}",
                "Put out the same ports, payload types, shapes and dtypes in every step",
                "outputs",
            )
            for port in dict.fromkeys(wrong)
        ]
    if problems:
        raise ModuleError(problems[:3])


def check_output_contract(trial: Trial) -> None:
    """What `output_contract` promises is what is put out."""
    promised = trial.module.output_contract(**trial.module.input_specs) or {}
    problems = [
        Problem(
            f"{trial.name}.output_contract",
            f"promises another '{port}' than is put out, got {spec}; expected {trial.module.output_specs.get(port)}",
            "Promise what `__call__` returns",
            "contract",
        )
        for port, spec in promised.items()
        if spec != trial.module.output_specs.get(port)
    ]
    if problems:
        raise ModuleError(problems)


def check_state(trial: Trial) -> None:
    """Shapes and dtypes of the state stay, and every variable has a unit, be it an empty one."""
    first, last = variables(trial.first), variables(trial.last)
    problems = []
    for path, value in first.items():
        after = last.get(path)
        if after is None or (after.shape, after.dtype) != (value.shape, value.dtype):
            problems.append(
                Problem(
                    f"{trial.name}.{path}",
                    f"changed its shape or dtype in a step, got {after}; expected {value.shape} {value.dtype}",
                    "Cast what you assign to `.value`",
                    "state",
                )
            )
        unit = trial.first.about.units.get(path)
        if not isinstance(unit, str):
            problems.append(
                Problem(
                    f"{trial.name}.{path}",
                    f"has no unit, got {unit!r}; expected text",
                    "Write `spark.Variable(..., unit='mV')`, or leave the unit out for a plain number",
                    "state-unit",
                )
            )
    if problems:
        raise ModuleError(problems)


def check_finite(trial: Trial) -> None:
    """Ordinary inputs make no NaN and no infinity."""
    seen = {path: [value] for path, value in variables(trial.last).items()}
    for outputs in trial.outputs:
        for port, value in arrays(outputs).items():
            seen.setdefault(port, []).append(value)
    problems = [
        Problem(
            f"{trial.name}.{name}",
            f"became NaN or infinite within {STEPS} steps of ordinary inputs",
            "Look for a division by zero, a logarithm of zero or a value that grows without bound",
            "finite",
        )
        for name, values in seen.items()
        if any(jnp.issubdtype(v.dtype, jnp.floating) and not np.isfinite(v.astype(np.float64)).all() for v in values)
    ]
    if problems:
        raise ModuleError(problems)


def check_refusals(trial: Trial) -> None:
    """Wrong inputs are refused: another shape, a missing or an extra port, an array that is no payload."""
    good = trial.inputs[0]
    calls: list[tuple[str, dict[str, Any]]] = [("an input that it does not declare", {**good, "no_such_port": None})]
    for port, payload in good.items():
        array = jnp.asarray(payload.value)
        larger = type(payload)(jnp.concatenate([array.reshape(-1)] * 2))
        calls.append((f"'{port}' of another shape than at build", {**good, port: larger}))
        calls.append((f"a bare array as '{port}'", {**good, port: array}))
        calls.append((f"no '{port}'", {name: p for name, p in good.items() if name != port}))
    before = trial.module.state
    problems = []
    for what, inputs in calls:
        try:
            trial.module(**inputs)
        except InputError:
            continue
        trial.module.load_state(before)
        problems.append(
            Problem(
                f"{trial.name}.__call__",
                f"takes {what}; expected an InputError",
                "Leave the check of inputs to spark.Module: do not wrap or replace `__call__` after the class is made",
                "refusal",
            )
        )
    if problems:
        raise ModuleError(problems)


def check_hidden_state(trial: Trial) -> None:
    """A step changes variables only: a plain attribute would keep, in a compiled step, what it had at the trace."""
    view = transform.merge(trial.graph, trial.first)
    before = {path: _plain(part) for path, part in tree.walk(view)}
    inputs = trial.inputs[0]

    def traced(payloads: dict[str, Payload]) -> Any:
        return view(**payloads)

    jax.eval_shape(traced, inputs)
    problems = []
    for path, part in tree.walk(view):
        after = _plain(part)
        changed = [n for n in {**before[path], **after} if before[path].get(n) != after.get(n)]
        problems += [
            Problem(
                ".".join(p for p in (trial.name, path, name) if p),
                "is changed by a step, but is no variable: a compiled step would not see the change",
                f"Create it in `build`: `self.{name} = spark.Variable(...)`, and assign to its `.value`",
                "hidden-state",
            )
            for name in changed
        ]
    if problems:
        raise ModuleError(problems)


def _plain(part: Any) -> dict[str, Any]:
    return {
        name: fingerprint.freeze(value)
        for name, value in vars(part).items()
        if name not in fingerprint.DERIVED
        and not isinstance(value, (tree.Part, Variable, Constant))
        and name != tree.CACHE
    }


def check_spikes_are_signed(trial: Trial) -> None:
    """Spikes put out are 0, +1 or -1, as the author's function gives them: whoever calls it takes their signs."""
    if not any(issubclass(spec.payload_type, SpikeArray) for spec in trial.module.output_specs.values()):
        return
    written = trial.cls.__call__.__wrapped__  # type: ignore[attr-defined]

    @jax.jit
    def as_written(graph: Any, state: Any, inputs: dict[str, Payload]) -> Any:
        view = transform.merge(graph, state)
        outputs = written(view, **inputs)
        return outputs, transform.split(view)[1]

    state = trial.first
    for inputs in trial.inputs:
        outputs, state = as_written(trial.graph, state, inputs)
        for port, payload in outputs.items():
            if isinstance(payload, SpikeArray) and not np.isin(np.asarray(payload.value, np.float32), (-1, 0, 1)).all():
                raise ModuleError(
                    Problem(
                        f"{trial.name}.{port}",
                        f"puts out spikes other than 0, +1 and -1, got {np.unique(np.asarray(payload.value))}",
                        "Put out a spike as +1, or -1 of an inhibitory unit; a number is a spark.FloatArray",
                        "spikes",
                    )
                )


CHECKS = (
    check_outputs,
    check_output_contract,
    check_state,
    check_finite,
    check_spikes_are_signed,
    check_refusals,
    check_hidden_state,
)
