"""A check that units of a module which says that each stands alone do not change each other."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.check_trial import STEPS, Outputs, Trial, arrays, step, variables
from spark.core.errors import ModuleError, Problem
from spark.core.payloads import Payload
from spark.core.state import Graph, State


def check_units_stand_alone(trial: Trial) -> None:
    """Where `unit_ports` are named, the first half of the units does the same whatever reaches the other half.

    A share of the units that a device holds is given the inputs of its own units alone.
    """
    # One that inherits the names from a class above it says nothing of its own step.
    named: tuple[str, ...] = vars(trial.cls).get("unit_ports", ())
    fed = [port for port in trial.inputs[0] if port in named]
    shapes = {trial.module.input_specs[port].shape for port in fed}
    if len(shapes) != 1:
        return
    (shape,) = shapes
    half = int(np.prod(shape)) // 2
    if not half:
        return

    @jax.jit
    def compiled(graph: Graph, state: State, inputs: dict[str, Payload]) -> tuple[Outputs, State]:
        return step(graph, state, inputs)

    def seen(steps: list[dict[str, Payload]]) -> list[dict[str, bytes]]:
        """What the first half of the units is and puts out after every step."""
        state, noted = trial.first, []
        for inputs in steps:
            outputs, state = compiled(trial.graph, state, inputs)
            of_units = {n: a for n, a in arrays(outputs).items() if n in named}
            of_units |= {path: a for path, a in variables(state).items() if a.shape == shape}
            noted.append({name: a.reshape(-1)[:half].tobytes() for name, a in of_units.items() if a.shape == shape})
        return noted

    others = [
        inputs | {port: _elsewhere(inputs[port], trial.inputs[(number + 1) % STEPS][port], half) for port in fed}
        for number, inputs in enumerate(trial.inputs)
    ]
    for number, (one, other) in enumerate(zip(seen(trial.inputs), seen(others), strict=True)):
        changed = [name for name in one if one[name] != other[name]]
        if changed:
            text = f"says that each unit stands alone, but {changed[0]!r} of one changes with what reaches others"
            fix = "Compute each unit from elements of its own, or leave `unit_ports` out of the class"
            raise ModuleError(
                Problem(f"{trial.name}.unit_ports", f"{text}, first seen at step {number}", fix, "unit-ports")
            )


def _elsewhere(payload: Payload, another: Payload, half: int) -> Payload:
    """A payload whose elements behind the first half are those of another one, one place on."""
    value, other = np.array(payload.value), np.asarray(another.value).reshape(-1)
    value.reshape(-1)[half:] = np.roll(other[half:], 1)
    return type(payload)(jnp.asarray(value))


CHECKS = (check_units_stand_alone,)
