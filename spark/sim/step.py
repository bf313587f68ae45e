"""`step`: one step as a pure function."""

import functools

import jax

from spark.core.compiled import forgetful
from spark.core.payloads import Payload
from spark.core.state import Graph, State
from spark.core.transform import merge, split


@forgetful
@functools.partial(jax.jit, donate_argnames="state")
def step(graph: Graph, state: State, inputs: dict[str, Payload] | None = None) -> tuple[dict[str, Payload], State]:
    """One step of a brain, compiled, as a function of its state and inputs.

    JAX brings inputs to their brain, and narrows 64 bits to 32 on the way; numbers that an input does not hold are
    refused where they can be seen: by a call of the brain, and by a run.

    Args:
        graph: From `spark.split`.
        state: From `spark.split`, or from the last call. It is donated: its arrays are used up.
        inputs: A payload for every input.

    Returns:
        The outputs by name, and the new state.
    """
    module = merge(graph, state)
    outputs = module(**(inputs or {}))
    return outputs, split(module)[1]
