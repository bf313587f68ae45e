"""The sparse network of Brunel 2000 and its four states: units with delta synapses and random input.

10,000 excitatory and 2,500 inhibitory units; each has the same number of inputs, from a tenth of both, and as many
excitatory inputs from outside as from within. What the network does depends on `inhibition` (g, how much stronger
inhibition is) and `input_rate` (in units of the rate that would just bring a unit to threshold).

What to see, as in the paper's figure 8:

    A  g 3,   input 2    synchronous regular (SR): all near the highest rate, 1 / 2 ms
    B  g 6,   input 4    synchronous irregular, fast: 60.7 Hz, the whole oscillates at 180 Hz
    C  g 5,   input 2    asynchronous irregular (AI): 37.7 Hz, and no rhythm
    D  g 4.5, input 0.9  synchronous irregular, slow: 5.5 Hz, the whole at 22 Hz

Source: Brunel 2000, doi:10.1023/A:1008925309027.
"""

import sys

import numpy as np

import spark
from spark.nn import Brain, neurons
from spark.nn.connections import FixedInDegree

STATES = {"A": (3.0, 2.0), "B": (6.0, 4.0), "C": (5.0, 2.0), "D": (4.5, 0.9)}
DT, DENSITY, WEIGHT, DELAY = 0.1, 0.1, 0.1, 1.5  # ms, share of all units, mV, ms
THRESHOLD, RESET, TAU, REFRACTORY = 20.0, 10.0, 20.0, 2.0  # mV above rest, mV above rest, ms, ms
SOMA = {"potential_rest": 0.0, "potential_first": 0.0, "potential_reset": RESET, "threshold": THRESHOLD}


def brunel(inhibition: float = 5.0, input_rate: float = 2.0, excitatory: int = 10_000, seed: int = 1) -> Brain:
    """The network of figure 8; a smaller one needs a larger weight, which changes what it does."""
    net = spark.Network(dt=DT, seed=seed)
    sizes = {"excitatory": excitatory, "inhibitory": excitatory // 4}
    settings = {f"{name}__connections": FixedInDegree(degree=round(DENSITY * size)) for name, size in sizes.items()}
    settings |= {"excitatory__kernel": WEIGHT, "inhibitory__kernel": inhibition * WEIGHT, "_s_delay": DELAY}
    settings |= {"soma": {**SOMA, "potential_tau": TAU, "cooldown": REFRACTORY}, "background__weight": WEIGHT}
    # Events a second that all outside sources of a unit make together, where each brings one `WEIGHT`.
    settings["background__rate"] = input_rate * THRESHOLD / (WEIGHT * TAU * 1e-3)
    pools = [
        net.pool(name, size, neurons.DeltaLIFNeuron, inhibitory_rate=float(name == "inhibitory"), **settings)
        for name, size in sizes.items()
    ]
    for pool in pools:
        net.connect(pools[0], pool.excitation)
        net.connect(pools[1], pool.inhibition)
    return net.build()


if __name__ == "__main__":
    state = sys.argv[1] if len(sys.argv) > 1 else "C"
    brain = brunel(*STATES[state])
    spark.run(brain, 2000)
    recording = spark.run(brain, 10_000, record=["excitatory"])
    power = np.abs(np.fft.rfft((recording["excitatory"] != 0).sum(axis=1))) ** 2  # Over a second: one each Hz.
    rate, irregularity = recording.rates("excitatory").mean(), np.nanmean(recording.cv("excitatory"))
    rhythm = np.argmax(power[10:400]) + 10
    print(f"state {state}: {rate:.1f} Hz, CV {irregularity:.2f}, strongest rhythm {rhythm} Hz")
