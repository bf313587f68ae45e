"""A brain from a table of connections, as one gets it from a connectome: who, onto whom, how many synapses, which sign.

The model is that of Shiu et al. 2024 for the fly's brain (139,000 neurons, 15 million connections): every neuron the
same leaky unit; a spike brings its target's input g, in mV, 0.275 mV for each synapse, 1.8 ms later; g decays with 5 ms
and rests, like the potential, in the 2.2 ms after a spike; what arrives in that time is lost, as in the authors' code.
Some neurons are driven at random, each event a spike. Here the table is drawn: some units have many connections, most
have few. A real one has the same columns. `[units] [connections] [ms]` may be given.

Source: Shiu et al. 2024, doi:10.1038/s41586-024-07763-9; constants as in the authors' model.
"""

import sys
import time

import numpy as np
from scipy import sparse

import spark
from spark.nn import Brain, interfaces, receptors, somas

DT, DELAY, SYNAPSE, RATE = 0.1, 1.8, 0.275, 150.0  # ms, ms, mV, Hz
LEAK = {"rest": "-52 mV", "theta": "-45 mV", "leak": "20 ms", "tau": "5 ms"}
STEPS = "dv/dt = (rest - v + g + GOhm*I)/leak : mV (unless refractory)\ndg/dt = -g/tau : mV (unless refractory)"
SPIKES = {"threshold": "v > theta", "reset": "v = rest; g = 0*mV", "refractory": 2.2, "first": {"v": "rest"}}
SOMA = somas.from_equations(STEPS, **SPIKES, potential="g", parameters=LEAK)
EVENT = 250 * SYNAPSE / (1 - np.exp(-DT / 20.0))  # pA over 1 GOhm for one step, which raises the potential by 68.75 mV


def drawn_table(units: int, connections: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who connects with whom by how many synapses, negative where they inhibit: a few units have most connections."""
    generator = np.random.default_rng(seed)
    popular = generator.pareto(1.5, units) + 1
    pre, post = (generator.choice(units, connections, p=popular / popular.sum()) for _ in range(2))
    key = np.unique(pre.astype(np.int64) * units + post)
    sign = np.where(generator.random(units) < 0.4, -1, 1)
    return key // units, key % units, generator.geometric(0.4, key.size) * sign[key // units]


def connectome(pre, post, synapses, units: int, driven: np.ndarray, seed: int = 1) -> Brain:
    """Units `pre` onto units `post`, with so many synapses; the input `level`, 1 for 150 Hz, drives the `driven`."""
    net = spark.Network(dt=DT, seed=seed)
    both = {"synapses": receptors.JumpConfig(), "drive": receptors.PulseCurrentConfig()}
    pool = net.pool("brain", units, soma=SOMA, inhibitory_rate=0.0, receptors=both)
    net.connect(pool, pool.synapses, sparse.coo_matrix((synapses * SYNAPSE, (post, pre)), (units, units)), delay=DELAY)
    level = net.input("level", driven.size)
    events = net.module("events", interfaces.PoissonSpiker, {"signal": level}, max_freq=RATE)
    onto = (np.full(driven.size, EVENT), (driven, np.arange(driven.size)))
    net.connect(events, pool.drive, sparse.coo_matrix(onto, (units, driven.size)))
    return net.build()


if __name__ == "__main__":
    units, connections, duration = map(int, sys.argv[1:]) if sys.argv[1:] else (20_000, 2_000_000, 200)
    brain, driven = connectome(*drawn_table(units, connections, 1), units, np.arange(100)), np.ones(100, np.float32)
    spark.run(brain, 100, {"level": spark.FloatArray(driven)}, progress=False)
    begin = time.perf_counter()
    recording = spark.run(brain, round(duration / DT), {"level": spark.FloatArray(driven)}, record="brain")
    active, rate = np.unique(recording.spikes("brain")[1]).size, recording.rates("brain").mean()
    print(f"{duration} ms in {time.perf_counter() - begin:.2f} s; {active} units fired, at {rate:.2f} Hz on average")
