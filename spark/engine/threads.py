"""By how many threads a run is done: what is asked for, or what pays."""

import weakref
from dataclasses import dataclass

import numpy as np

from spark.core.errors import Problem, RunError
from spark.core.transform import merge, split
from spark.core.tree import constants_of, part_named, variables_of
from spark.kernels.processors import processors
from spark.nn.brain import Brain

MOST_THREADS = 1024
# What each thread must have to do in a step: some 5 microseconds, of which waiting for each other takes less than one.
WORTH = 8_000
_RATE = 5.0  # Hz, of which a brain is assumed to fire for what its connections cost.


@dataclass(frozen=True)
class Threads:
    """How many threads a run takes, and why."""

    number: int
    reason: str


def check_threads(threads: int | None) -> int | None:
    """The number of threads that is asked for, or None.

    Raises:
        RunError: It is no number from 1 to `MOST_THREADS`.
    """
    if threads is None:
        return None
    if not 1 <= threads <= MOST_THREADS:
        raise RunError(
            Problem(
                "threads",
                f"must be a whole number from 1 to {MOST_THREADS}, got {threads!r}",
                "Leave it out to take as many as pay",
                "bounds",
            )
        )
    return int(threads)


def that_pay(brain: Brain) -> Threads:
    """How many threads pay for a built brain whose run is one native call, on the processors there are."""
    there, worth = processors(), _work(brain) // WORTH
    if worth < 2:
        return Threads(1, "a step is too small to be shared")
    if worth < there:
        return Threads(worth, "a step is worth no more")
    return Threads(there, "this process may use no more processors")


_known: "weakref.WeakKeyDictionary[Brain, int]" = weakref.WeakKeyDictionary()


def _work(brain: Brain) -> int:
    """About how many units and connections a step touches; a built brain never changes."""
    if brain not in _known:
        _known[brain] = _counted(brain)
    return _known[brain]


def _counted(brain: Brain) -> int:
    view: Brain = merge(*split(brain))
    units = connections = 0
    for name in view._names:
        module = part_named(view, name)
        size = max((int(np.prod(port.shape)) for port in module.output_specs.values()), default=0)
        leaves = [*variables_of(module).values(), *constants_of(module).values()]
        sizes = [int(np.prod(leaf.shape)) for leaf in leaves]
        units += size
        # Those of connections are the larger ones; a list of them is several arrays of one size.
        connections += sum({n for n in sizes if n > size})
    fired = _RATE * brain.config.step_length / 1000.0
    return int(units + fired * connections)
