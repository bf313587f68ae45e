"""Where spikes of inhibitory units act as those of others, because a receptor has a sign of its own."""

from collections.abc import Iterator

import numpy as np

from spark.core.payloads import PotentialArray
from spark.core.tree import part_named, walk
from spark.graph.specs import CALL
from spark.nn.brain import Brain
from spark.nn.pools.pool import Pool


def unsigned(brain: Brain) -> tuple[tuple[str, str], ...]:
    """Modules that have inhibitory units, and the receptors to which their spikes are as those of any other unit.

    Receptors that are inhibitory are none of these: who wires one says that all that arrives there takes away.

    Args:
        brain: A built brain.
    """
    inner = ((path, part) for path, part in walk(brain) if isinstance(part, Brain))
    return tuple(sorted({pair for path, part in inner for pair in _of_one(part, f"{path}." if path else "")}))


def _of_one(brain: Brain, before: str) -> Iterator[tuple[str, str]]:
    for name, specs in brain.config.modules_map.items():
        pool = part_named(brain, name)
        if not isinstance(pool, Pool):
            continue
        for feed in pool._feeds:
            arriving = pool.input_specs[feed.port]
            if issubclass(arriving.payload_type, PotentialArray):
                continue
            begins = np.cumsum([0, *(wire.size for wire in arriving.wires)]).tolist()
            for which, (first, _) in enumerate(feed.ranges):
                # One projection may be all wires together.
                projection = feed.projections[min(which, len(feed.projections) - 1)]
                number = begins.index(first)
                wire = specs.inputs[feed.port][number]
                # What a loop promised before it was built knows no signs; the module itself does.
                own = wire.origin == CALL
                sent = arriving.wires[number] if own else part_named(brain, wire.origin)._outputs[wire.port]
                some = sent.signs is not None and bool((np.asarray(sent.signs) < 0).any())
                if some and not projection.signed and not projection.inhibits:
                    yield f"{before}{wire.port if own else wire.origin}", f"{before}{name}.{feed.port}"
