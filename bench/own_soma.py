"""A soma of one's own, the Izhikevich soma of the docs, beside the AdEx preset on the same connections and input.

Each pool of 1,000 and of 16,000 units gets 80 connections a unit from as many random spike trains of 5 Hz. Nothing is
fed back, so both deliver the same spikes. A step of the own soma must cost at most 1.2 times that of the preset. The
code of the soma is taken from docs/write_your_own_neuron.md as it stands there.
"""

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

BENCH = Path(__file__).parent.absolute()
sys.path.insert(0, str(BENCH.parent))
SIZES = {1_000: 6_000, 16_000: 1_000}
ROUNDS, RATE, DEGREE, MOST = 7, 5.0, 80, 1.2


def soma_of_the_docs() -> dict[str, Any]:
    """What the first block of the page defines."""
    page = (BENCH.parent / "docs" / "write_your_own_neuron.md").read_text()
    names: dict[str, Any] = {"__name__": "docs"}
    exec(re.findall(r"```python\n(.*?)```", page, re.S)[0], names)
    return names


def brains(units: int) -> dict[str, Any]:
    import spark
    from spark import ModuleSpecs, PortMap
    from spark.nn import Brain, BrainConfig, Pool, PoolConfig
    from spark.nn.connections import FixedInDegree
    from spark.nn.neurons import AdExNeuron, AdExNeuronConfig
    from spark.nn.receptors import ExponentialCurrentConfig

    docs = soma_of_the_docs()
    given = {"connections": FixedInDegree(degree=DEGREE), "kernel": 40.0, "delay": 1.0}
    wire = spark.Projection(
        "__call__", "spikes", pattern=given["connections"], weights=given["kernel"], delay=given["delay"]
    )
    receptors = {"excitation": ExponentialCurrentConfig()}
    own = PoolConfig(units=(units,), soma=docs["RegularSpikingSomaConfig"](), receptors=receptors)
    configs = {
        "own": (Pool, own, wire),
        "AdEx": (AdExNeuron, AdExNeuronConfig(units=(units,), excitatory=given), PortMap("__call__", "spikes")),
    }
    return {
        name: Brain(
            BrainConfig(
                input_map={"spikes": spark.InputSpec(spark.SpikeArray, (units,), "int8")},
                output_map={},
                modules_map=[ModuleSpecs("pool", cls, {"excitation": wire}, config)],
            )
        )
        for name, (cls, config, wire) in configs.items()
    }


def main():
    import jax

    import spark

    rows, reached = [], True
    for units, steps in SIZES.items():
        rng = np.random.default_rng(1)
        spikes = spark.SpikeArray((rng.random((steps, units)) < RATE / 1000).astype(np.int8))
        made = brains(units)
        times: dict[str, list[float]] = {name: [] for name in made}
        for brain in made.values():
            spark.run(brain, steps, {"spikes": spikes}, progress=False)
        for _ in range(ROUNDS):
            for name, brain in made.items():
                begin = time.perf_counter()
                spark.run(brain, steps, {"spikes": spikes}, progress=False)
                jax.block_until_ready(brain.state.leaves)
                times[name].append((time.perf_counter() - begin) / steps * 1e6)
        row = {"units": units, **{f"{name}_us": float(np.median(taken)) for name, taken in times.items()}}
        row["ratio"] = float(np.median(np.divide(times["own"], times["AdEx"])))
        row["runs_as"] = spark.explain(made["own"])["pool.soma"].runs_as
        rows.append(row)
        reached &= row["ratio"] <= MOST
        print(f"{units:>7,} units  own {row['own_us']:7.1f} us a step ({row['runs_as']})  AdEx {row['AdEx_us']:7.1f}")
    (BENCH / "results" / "own_soma.json").write_text(json.dumps(rows, indent=1) + "\n")
    worst = max(row["ratio"] for row in rows)
    print(f"{'PASS' if reached else 'FAIL'}  a soma of one's own takes {worst:.2f} times a preset's step, must {MOST}")
    sys.exit(not reached)


if __name__ == "__main__":
    main()
