"""What a step of each part of the catalogue costs, with 1,000 and 100,000 units: `python bench/cost.py`.

Each part stands in a brain that holds little else, and the same brain is measured without the part; the cost is the
difference. One thread; steps of 0.1 ms. Time is that of the process, not of the clock, so that what else runs on the
machine counts little: of several rounds the least time of a long and of a short run, whose difference is that of the
steps between them, without what a call costs.

- A soma: a pool of it, that a constant current drives to fire at about 10 Hz; nothing is taken off.
- A receptor: at a pool of leaky units, with one connection a unit from 100 sources that fire at
  10 Hz, or from another unit if it takes potentials.
- A dendrite: at a pool of leaky units, where the constant current ends at it.
- A rule, a short-term plasticity: on ten connections a unit from 100 sources at 10 Hz, onto leaky units at about 10 Hz.
- An interface: as many inputs, or outputs where it makes units of numbers; a source: as many currents; what learns from
  reward: as many spikes, or values. Nothing is taken off.
- A preset of a pool: ten connections a unit from 100 sources at 10 Hz, too weak to make it fire; the sources are taken
  off. Random events: what they add to such a pool, 1,000 a second onto each unit.

A world has no units, and a brain takes as long as its modules.
"""

import argparse
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import spark
from spark import (
    CurrentArray,
    InputSpec,
    ModuleSpecs,
    PortMap,
    PotentialArray,
    Projection,
    SpikeArray,
    catalogue,
)
from spark.core.check_examples import example_config
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, connections, neurons, receptors, somas
from spark.nn.sources import StepCurrent, StepCurrentConfig

UNITS = (1_000, 100_000)
DT = 0.1
AMPLITUDES = np.geomspace(0.1, 1e5, 61).astype(np.float32)
LEAKY = somas.IntegrateAndFireSomaConfig
# Interfaces that make so many units of one number.
SPREAD = ("TopologicalLinearSpiker", "TopologicalPoissonSpiker", "PopulationEncoder")


def brain_of(modules, inputs=None):
    """A brain of some modules, whose outputs nobody needs."""
    config = BrainConfig(input_map=inputs or {}, output_map={}, modules_map=modules, dt=DT, seed=1)
    return Brain(config)


def driven(soma, units, current, given, more=None, wires=None, **settings):
    """A pool that a constant current drives, and what is wired to it."""
    both = {"stimulus": receptors.CurrentConfig(), **(more or {})}
    exposes = ("potential",) if any(wire.origin == "pool" for wire in (wires or {}).values()) else ()
    config = PoolConfig(units=(units,), soma=soma, receptors=both, exposes=exposes, **settings)
    modules = [ModuleSpecs("pool", Pool, {"stimulus": PortMap("__call__", "current"), **(wires or {})}, config)]
    if wires:
        modules += [sources(), silence()]
    return brain_of(modules, {"current": InputSpec(CurrentArray, given, "float32")}), {
        "current": CurrentArray(np.broadcast_to(np.float32(current), given))
    }


def sources():
    """100 units that fire at random at 10 Hz."""
    config = PoolConfig(
        units=(100,), soma=somas.PoissonSomaConfig(rate=10.0), receptors={"none": receptors.CurrentConfig()}
    )
    return ModuleSpecs("sources", Pool, {"none": PortMap("none", "current")}, config)


def silence():
    """No current, which a pool must have if it has nothing else."""
    return ModuleSpecs("none", StepCurrent, {}, StepCurrentConfig(times=[0.0], amplitudes=[0.0]))


def current_of(soma):
    """The current, pA, of a ladder of them, at which a unit's rate is nearest to 10 Hz."""
    brain, given = driven(soma, len(AMPLITUDES), AMPLITUDES, AMPLITUDES.shape)
    counts = spark.run(brain, 10_000, given, record="pool")["pool"].sum(axis=0)
    return float(AMPLITUDES[np.argmin(np.abs(np.asarray(counts, float) - 10.0))])


def microseconds(brain, given, rounds, aim):
    """Process time of a step: `aim` seconds long runs against short ones."""

    def spent(steps):
        begin = time.process_time()
        spark.run(brain, steps, given, threads=1)
        return time.process_time() - begin

    spent(20)
    short, long = 100, 400
    while (spent(long) - spent(short)) < aim and long < 2_000_000:
        long *= 2
    least = [min(spent(steps) for _ in range(rounds)) for steps in (short, long)]
    return (least[1] - least[0]) / (long - short) * 1e6


def soma(cls, units, timed):
    """A pool of the soma."""
    config = cls.config_class()()
    return timed(*driven(config, units, current_of(config), (1,)))


def receptor(cls, units, timed):
    """What the receptor adds to a pool of leaky units beside 100 sources."""
    config = cls.config_class()()
    pattern = connections.FixedInDegree(degree=1)
    wire = Projection("sources", "out_spikes", pattern=pattern, weights=0.1)
    if cls.takes is CurrentArray:
        wire = PortMap("__call__", "current")
    elif cls.takes is PotentialArray:
        wire = Projection("pool", "potential", pattern=pattern, weights=0.1)
    base = timed(*driven(LEAKY(), units, 0.0, (1,)))
    alone = timed(brain_of([sources(), silence()]), {})
    return timed(*driven(LEAKY(), units, 0.0, (1,), {"receptor": config}, {"receptor": wire})) - base - alone


def dendrite(cls, units, timed):
    """What the dendrite adds, at which the constant current ends."""
    settings = {"dendrites": {"dendrite": cls.config_class()()}, "onto": {"stimulus": "dendrite"}}
    base = timed(*driven(LEAKY(), units, 0.0, (1,)))
    return timed(*driven(LEAKY(), units, 0.0, (1,), **settings)) - base


def connected(units, timed, **settings):
    """A pool of leaky units that fire at about 10 Hz, with ten connections each."""
    leaky = LEAKY()
    wire = Projection(
        "sources", "out_spikes", name="wire", pattern=connections.FixedInDegree(degree=10), weights=0.1, **settings
    )
    more = {"receptor": receptors.ExponentialCurrentConfig()}
    return timed(*driven(leaky, units, current_of(leaky), (1,), more, {"receptor": wire}))


# Settings by which rules do all that they may do in a step: a plateau in every unit.
BUSY = {"BTSPRule": {"threshold": -100.0}}


def rule(cls, units, timed):
    """What the rule adds to connections that stay."""
    settings = BUSY.get(cls.__name__, {})
    return connected(units, timed, rule=cls.config_class()(**settings)) - connected(units, timed)


def short_term(cls, units, timed):
    """What short-term plasticity adds to connections that stay."""
    return connected(units, timed, short_term=cls.config_class()()) - connected(units, timed)


def interface(cls, units, timed):
    """The interface alone."""
    config, width = example_config(cls), units
    if cls.__name__ in SPREAD:
        flat = {"pairs": False} if cls.__name__ == "PopulationEncoder" else {}
        config, width = config.updated(resolution=100, **flat), units // 100
    elif "units" in type(config).model_fields:
        config = config.updated(units=(units,))
    ports = cls.ports_from(config)
    names = ports.inputs or ports.optional
    inputs = {name: InputSpec(kind, (width,), kind.default_dtype) for name, kind in names.items()}
    wires = {name: PortMap("__call__", name) for name in names}
    generator = np.random.default_rng(1)
    values = {
        name: kind((generator.random(width) < 0.001).astype(np.int8))
        if kind is SpikeArray
        else kind(generator.random(width).astype(kind.default_dtype))
        for name, kind in names.items()
    }
    return timed(brain_of([ModuleSpecs("part", cls, wires, config)], inputs), values)


def source(cls, units, timed):
    """The source alone."""
    config = example_config(cls).updated(units=(units,))
    return timed(brain_of([ModuleSpecs("part", cls, {}, config)]), {})


def neuron(cls, units, timed, **settings):
    """A pool with its own soma and receptors, which hears the sources and does not fire."""
    config = example_config(cls).updated(units=(units,), **settings)
    ports = cls.ports_from(config)
    port = next(iter({**ports.inputs, **ports.optional}))
    pattern = connections.FixedInDegree(degree=10)
    wire = Projection("sources", "out_spikes", name="wire", pattern=pattern, weights=1e-3)
    alone = timed(brain_of([sources(), silence()]), {})
    return timed(brain_of([ModuleSpecs("pool", cls, {port: wire}, config), sources(), silence()]), {}) - alone


def background(cls, units, timed):
    """What random events add to a pool."""
    events = {"background": cls.config_class()(rate=1000.0, weight=1e-3)}
    return neuron(neurons.DeltaLIFNeuron, units, timed, **events) - neuron(neurons.DeltaLIFNeuron, units, timed)


def learner(cls, units, timed):
    """What learns alone, beside nothing."""
    config = example_config(cls)
    kinds = cls.ports_from(config).inputs
    shapes = {name: (units,) if kind is SpikeArray or name == "value" else (1,) for name, kind in kinds.items()}
    inputs = {name: InputSpec(kind, shapes[name], kind.default_dtype) for name, kind in kinds.items()}
    fired = (np.random.default_rng(1).random(units) < 0.001).astype(np.int8)
    values = {
        name: kind(fired if kind is SpikeArray else np.zeros(shapes[name], kind.default_dtype))
        for name, kind in kinds.items()
    }
    wires = {name: PortMap("__call__", name) for name in kinds}
    return timed(brain_of([ModuleSpecs("part", cls, wires, config)], inputs), values)


FAMILIES = {
    "soma": soma,
    "receptor": receptor,
    "dendrite": dendrite,
    "plasticity": rule,
    "short_term": short_term,
    "interface": interface,
    "source": source,
    "neuron": neuron,
    "synapses": background,
    "learning": learner,
}


def main():
    """Measure what is named, or all; keep what was measured of the others."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="parts of the catalogue; all of them if none is named")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--aim", type=float, default=0.1, help="seconds of a long run")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = {"parts": {}}
    if options.json and options.json.exists():
        found = json.loads(options.json.read_text("utf-8"))

    def timed(brain, given):
        return microseconds(brain, given, options.rounds, options.aim)

    for family, measure in FAMILIES.items():
        for cls in catalogue.BUILT_IN[family]:
            if options.names and cls.__name__ not in options.names:
                continue
            times = [measure(cls, units, timed) for units in UNITS]
            found["parts"][cls.__name__] = {"family": family, "microseconds": [round(each, 3) for each in times]}
            print(f"{cls.__name__:32}{times[0]:10.2f} us{times[1]:12.1f} us", flush=True)
            if options.json:
                found |= {"units": UNITS, "date": f"{datetime.now(UTC):%Y-%m-%d}", "load": os.getloadavg()[0]}
                options.json.parent.mkdir(parents=True, exist_ok=True)
                options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
