"""Random probes of a built brain."""

import numpy as np

from fuzz.case import Case
from spark import Probe
from spark.nn import Brain
from spark.sim.recordable import Recordable, recordables


def random_probes(case: Case, brain: Brain) -> tuple[Probe, ...]:
    """One to five probes of anything that can be recorded, with units, windows, triggers and reductions."""
    generator = np.random.default_rng([7, case.seed])
    known = recordables(brain)
    names = sorted(known)
    weights = [n for n in names if n.endswith(".weights")]
    spiking = [n for n in names if known[n].spikes]
    chosen = [names[i] for i in generator.integers(len(names), size=generator.integers(1, 5))]
    chosen += [weights[i] for i in generator.integers(len(weights), size=1)] if weights else []
    # Where there is little room for notes, many spikes fill it.
    chosen += [spiking[i] for i in generator.permutation(len(spiking))[:2]]
    return tuple(_probe(generator, number, known[path], case, spiking) for number, path in enumerate(chosen))


def _probe(generator: np.random.Generator, number: int, what: Recordable, case: Case, spiking: list[str]) -> Probe:
    size = int(np.prod(what.shape))
    asked: dict = {"name": f"probe_{number}"}
    if generator.random() < 0.3 and size > 1:
        asked["units"] = sorted(int(u) for u in generator.permutation(size)[: generator.integers(1, size)])
    if generator.random() < 0.3:
        begin = int(generator.integers(0, case.steps - 1))
        end = int(generator.integers(begin + 1, case.steps + 50))
        asked["window"] = (case.first + begin, case.first + end)
    if not what.spikes and generator.random() < 0.5:
        asked["every"] = int(generator.integers(1, 20))
    if what.spikes and generator.random() < 0.2:
        asked["reduce"] = "rate"
    elif not what.spikes and generator.random() < 0.3:
        asked["reduce"] = ["mean", "min", "max", "std"][generator.integers(4)]
    if generator.random() < 0.25 and asked.get("reduce") != "rate":
        asked |= {"trigger": spiking[generator.integers(len(spiking))], "around": (2, int(generator.integers(0, 9)))}
    return Probe(what.path, **asked)
