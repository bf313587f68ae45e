"""The sparse network of Brunel 2000: excitatory and inhibitory units with delta synapses and random input.

10,000 excitatory and 2,500 inhibitory units; each has the same number of inputs, from a tenth of both, and as many
excitatory inputs from outside as from within. What the network does depends on `inhibition` (g, how much stronger
inhibition is) and `input_rate` (in units of the rate that would just bring a unit to threshold): figure 8 of the paper
shows

    A  g 3,   input 2    synchronous, regular, near the highest rate
    B  g 6,   input 4    fast oscillation of the whole, irregular units
    C  g 5,   input 2    asynchronous, irregular
    D  g 4.5, input 0.9  slow oscillation of the whole, irregular units

Source: Brunel 2000, doi:10.1023/A:1008925309027.
"""

import sys

import numpy as np

import spark
from spark.nn import Brain, BrainConfig, connections, neurons

STATES = {"A": (3.0, 2.0), "B": (6.0, 4.0), "C": (5.0, 2.0), "D": (4.5, 0.9)}
DT = 0.1
DENSITY = 0.1
WEIGHT = 0.1  # mV
DELAY = 1.5  # ms
THRESHOLD, RESET, TAU, REFRACTORY = 20.0, 10.0, 20.0, 2.0


def brunel(inhibition: float = 5.0, input_rate: float = 2.0, excitatory: int = 10_000, seed: int = 1) -> Brain:
    """The network of figure 8; a smaller one needs a larger weight, which changes what it does."""
    sources = DENSITY * excitatory
    # Events a second that all outside sources of a unit make together, where each brings one `WEIGHT`.
    events = input_rate * THRESHOLD / (WEIGHT * TAU * 1e-3)
    soma = {
        "potential_rest": 0.0,
        "potential_first": 0.0,
        "potential_reset": RESET,
        "threshold": THRESHOLD,
        "potential_tau": TAU,
        "cooldown": REFRACTORY,
    }
    return _two_pools(excitatory, excitatory // 4, soma, sources / excitatory, inhibition, seed, events)


def driven(units: int = 10_000, synapses: int = 1000, seed: int = 1) -> Brain:
    """A network of the same kind with a constant drive of 22 mV instead of random input: 11-12 Hz."""
    first = np.random.default_rng(seed).uniform(0.0, THRESHOLD, units)
    soma = {
        "potential_rest": 0.0,
        "potential_reset": RESET,
        "threshold": THRESHOLD,
        "potential_tau": TAU,
        "cooldown": REFRACTORY,
        "resistance": 1000.0,
        "background": 22.0,
    }
    return _two_pools(units * 4 // 5, units // 5, soma, synapses / units, 5.0, seed, 0.0, first)


def _two_pools(
    excitatory: int,
    inhibitory: int,
    soma: dict,
    density: float,
    inhibition: float,
    seed: int,
    events: float,
    first: np.ndarray | None = None,
) -> Brain:
    wires = {
        "excitation": [spark.PortMap("excitatory", "out_spikes")],
        "inhibition": [spark.PortMap("inhibitory", "out_spikes")],
    }

    def chosen(sources: int) -> connections.Connectivity:
        if events:
            return connections.FixedInDegree(degree=round(density * sources))
        return connections.FixedProbability(probability=density)

    def pool(name: str, size: int, sign: float, start: np.ndarray | None) -> spark.ModuleSpecs:
        config = neurons.DeltaLIFNeuronConfig(
            units=(size,),
            inhibitory_rate=sign,
            soma=soma if start is None else {**soma, "potential_first": start},
            excitatory__connections=chosen(excitatory),
            inhibitory__connections=chosen(inhibitory),
            _s_delay=DELAY,
            excitatory__kernel=WEIGHT,
            inhibitory__kernel=inhibition * WEIGHT,
            background__rate=events,
            background__weight=WEIGHT,
        )
        return spark.ModuleSpecs(name, neurons.DeltaLIFNeuron, wires, config)

    starts = (None, None) if first is None else (first[:excitatory], first[excitatory:])
    pools = [pool("excitatory", excitatory, 0.0, starts[0]), pool("inhibitory", inhibitory, 1.0, starts[1])]
    return Brain(BrainConfig(input_map={}, output_map={}, modules_map=pools, dt=DT, seed=seed))


def main() -> None:
    """Run one state of figure 8 for a second and show its raster."""
    state = sys.argv[1] if len(sys.argv) > 1 else "C"
    brain = brunel(*STATES[state])
    spark.run(brain, 2000)
    recording = spark.run(brain, 10_000, record=["excitatory"])
    rate, irregularity = np.mean(recording.rates("excitatory")), np.nanmean(recording.cv("excitatory"))
    print(f"state {state}: {rate:.1f} Hz, CV {irregularity:.2f}")


if __name__ == "__main__":
    main()
