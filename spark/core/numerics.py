"""Checking numbers: where and when the first NaN or infinity appeared.

A checked brain carries one small variable, `fault`: the lower word of the step and the place of the first bad number,
or -1.
It is written inside the compiled step, so it also works in a user's own `jax.jit` or `lax.scan`.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core import transform, tree
from spark.core.arguments import checked
from spark.core.errors import NumericsError, Problem
from spark.core.part import Part
from spark.core.payloads import Payload
from spark.core.state import Graph, State


def watched(paths: Any, inputs: Any) -> list[str]:
    """What is looked at, in order: inputs, then variables. A fault names its number in this list."""
    return [f"__call__.{name}" for name in sorted(inputs)] + sorted(paths)


def watch(module: Part, payloads: dict[str, Payload], step: Any) -> None:
    """Note the first bad number among this step's inputs and the state it left, in that order."""
    variables = tree.variables_of(module)
    places = watched(variables, module._inputs)
    bad = []
    for place in places:
        name = place.removeprefix("__call__.")
        found = payloads[name].value if place.startswith("__call__.") else variables[place].value
        if jnp.issubdtype(jnp.result_type(found), jnp.floating):
            bad.append(~jnp.isfinite(found).all())
        else:
            bad.append(jnp.zeros((), bool))
    flags = jnp.stack(bad)
    place = jnp.argmax(flags).astype(jnp.int32)
    now = jnp.stack([jnp.asarray(step.__jax_array__()), place])
    fault = module._fault  # type: ignore[attr-defined]
    fresh = flags.any() & (fault[1] < 0)
    module._fault = jnp.where(fresh, now, fault)  # type: ignore[attr-defined]


def fault_of(graph: Graph, state: State) -> tuple[int, str] | None:
    """The step and the path of the first bad number, or None."""
    if transform.FAULT not in state:
        return None
    low, place = (int(n) for n in np.asarray(state[transform.FAULT]))
    if place < 0:
        return None
    template = graph.structure.template
    done = int(state[transform.STEP])
    return done - (done - low) % (1 << 32), watched(tree.variables_of(template), template._inputs)[place]


@checked
def raise_faults(graph: Graph, state: State) -> None:
    """Raise if a NaN or an infinity was seen.

    Args:
        graph: Of a module that looks at numbers, from `split`.
        state: Its state, after the steps in question.

    Raises:
        NumericsError: Names the module, the variable or input, and the step.
    """
    fault = fault_of(graph, state)
    if fault is None:
        return
    step, path = fault
    if path.startswith("__call__."):
        where, what = path, "input"
    else:
        where, what = path, "variable"
    owner, _, name = path.rpartition(".")
    kind = type(graph.structure.template).__name__
    raise NumericsError(
        Problem(
            where,
            f"{what} '{name}' of '{owner or kind}' became NaN or infinite at step {step}",
            "Look at what feeds it at that step; `brain.reset()` starts anew",
            "numerics",
        )
    )
