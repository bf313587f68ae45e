"""A network like Brunel's with a constant drive instead of random input: what benchmarks of simulators take.

8,000 excitatory and 2,000 inhibitory leaky units with delta synapses: 1,000 synapses onto each, of 0.1 mV and of five
times as much for inhibition, 1.5 ms late. 22 mV of drive would have each unit fire alone. What to see: 11 to 12 Hz, as
in Brian2 with the same parameters.

Source: Brunel 2000, doi:10.1023/A:1008925309027, for all but the drive.
"""

import numpy as np

import spark
from spark.nn import Brain, connections, neurons

DT, WEIGHT, INHIBITION, DELAY = 0.1, 0.1, 5.0, 1.5  # ms, mV, of excitation, ms
THRESHOLD, RESET, TAU, REFRACTORY, DRIVE = 20.0, 10.0, 20.0, 2.0, 22.0  # mV, mV, ms, ms, mV


def driven(units: int = 10_000, synapses: int = 1000, seed: int = 1) -> Brain:
    """The network; it begins with random potentials."""
    net, first = spark.Network(dt=DT, seed=seed), np.random.default_rng(seed).uniform(0.0, THRESHOLD, units)
    soma = {
        "potential_rest": 0.0,
        "potential_reset": RESET,
        "threshold": THRESHOLD,
        "potential_tau": TAU,
        "cooldown": REFRACTORY,
        "resistance": 1000.0,  # So a current of 1 pA is 1 mV.
        "background": DRIVE,
    }
    pattern = connections.FixedProbability(probability=synapses / units)
    settings = {"_s_connections": pattern, "_s_delay": DELAY, "background__weight": WEIGHT}
    settings |= {"excitatory__kernel": WEIGHT, "inhibitory__kernel": INHIBITION * WEIGHT}
    excitatory, pools = units * 4 // 5, []
    for name, own in (("excitatory", first[:excitatory]), ("inhibitory", first[excitatory:])):
        settings |= {"soma": {**soma, "potential_first": own}, "inhibitory_rate": float(name == "inhibitory")}
        pools.append(net.pool(name, own.size, neurons.DeltaLIFNeuron, **settings))
    for pool in pools:
        net.connect(pools[0], pool.excitation)
        net.connect(pools[1], pool.inhibition)
    return net.build()


if __name__ == "__main__":
    brain = driven()
    spark.run(brain, 5_000)
    recording = spark.run(brain, 10_000, record=["excitatory"])
    print(f"{recording.rates('excitatory').mean():.1f} Hz")
