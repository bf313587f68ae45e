"""Several steps with the same inputs, as one compiled loop."""

import functools

import jax
import jax.numpy as jnp

from spark.core.compiled import forgetful
from spark.core.payloads import Payload
from spark.core.state import Graph, State
from spark.core.transform import merge, split


@forgetful
@functools.partial(jax.jit, static_argnames=("steps", "spikes"), donate_argnames="state")
def advance(
    graph: Graph,
    state: State,
    inputs: dict[str, Payload],
    learning: jax.Array | bool = True,
    *,
    steps: int = 1,
    spikes: bool = False,
) -> tuple[dict[str, Payload], dict[str, Payload], State]:
    """Run a brain for `steps` steps with constant inputs.

    Args:
        graph: From `spark.split`.
        state: From `spark.split`, or from the last call. It is donated: its arrays are used up.
        inputs: A payload for every input port.
        learning: Whether weights may change; another value compiles nothing.
        steps: Number of steps; another number compiles anew.
        spikes: Whether to return the spikes of every module.

    Returns:
        Outputs of every step (a leading axis of length `steps`), spikes of every step by module (empty unless asked
        for), and the new state.
    """

    def step(now: State, _: None) -> tuple[State, tuple[dict[str, Payload], dict[str, Payload]]]:
        module = merge(graph, now)
        module._clock.learns = jnp.asarray(learning)
        outputs = module(**inputs)
        fired = module.get_spikes_from_cache() if spikes else {}
        return split(module)[1], (outputs, fired)

    state, (outputs, fired) = jax.lax.scan(step, state, None, length=steps)
    return outputs, fired, state
