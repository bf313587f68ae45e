"""A brain in its world, as a line of text for each step of the world."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from spark.learn.placing import the_only
from spark.nn import Brain
from spark.sim.records import Probe
from spark.sim.run import build, run
from spark.worlds import World

_AT_ONCE = 50


def frames(brain: Brain, rounds: int) -> Iterator[str]:
    """A line for each of so many steps of the world, in which nothing is learned.

    Raises:
        RunError: The brain has no world, or several.
    """
    name = the_only(brain, World)
    build(brain)
    specs = brain.config.modules_map[name]
    config: Any = specs.config
    world: Any = specs.module_cls
    probes = [Probe(f"{name}.{path}", every=config.every) for path in ("physical", "gained")]
    for first in range(0, rounds, _AT_ONCE):
        count = min(_AT_ONCE, rounds - first)
        recording = run(brain, count * config.every, record=probes, learning=False, progress=False)
        shown, gained = (np.asarray(recording[probe.path]) for probe in probes)
        for physical, total in zip(shown, gained, strict=True):
            yield f"{world.drawn(physical)} {float(total[0]):6.0f}"
