"""How long the instructions of a native program take, by the module or component that they belong to."""

import functools
from collections import defaultdict

import jax
import numpy as np

from spark.core.compiled import forgetful
from spark.core.payloads import Payload, with_signs
from spark.core.state import Graph, State
from spark.core.transform import merge, split, take_leaves
from spark.engine.lowered_run import LoweredRun
from spark.engine.lowering import Lowering
from spark.engine.native import as_declared
from spark.nn.brain import Brain


class _Owners:
    """Takes whose instructions a program has, when it is traced."""

    def __init__(self) -> None:
        self.owners: list[str] = []


def nanoseconds_by_owner(
    graph: Graph, state: State, inputs: dict[str, Payload], series: dict[str, Payload], steps: int
) -> dict[str, int]:
    """Nanoseconds by path, in so many steps by one thread; of a brain all of whose modules are native.

    Args:
        graph: From `spark.split`.
        state: From `spark.split`; it is not used up.
        inputs: Payloads that all steps share, by name of input.
        series: Payloads of the other inputs, with a leading axis of as many rows as steps.
        steps: How many.
    """
    owners = _Owners()
    times, _ = _timed(graph, state, inputs, series, np.int32(steps), owners=owners)
    found: dict[str, int] = defaultdict(int)
    for owner, (low, high) in zip(owners.owners, np.asarray(times).astype(np.uint64), strict=True):
        found[owner] += int(low) + (int(high) << 32)
    return dict(found)


@forgetful
@functools.partial(jax.jit, static_argnames="owners")
def _timed(
    graph: Graph,
    state: State,
    inputs: dict[str, Payload],
    series: dict[str, Payload],
    steps: jax.Array,
    *,
    owners: _Owners,
) -> tuple[jax.Array, State]:
    view: Brain = merge(graph, state)
    given, rows = as_declared(view, with_signs(inputs)), as_declared(view, series)
    made = LoweredRun(view, Lowering(*split(view), True), given, view._names, series=rows)
    times, leaves = made.times(steps)
    owners.owners[:] = made.program.owners()
    take_leaves(view, leaves)
    return times, split(view)[1]
