"""A synfire chain and its separatrix: Diesmann, Gewaltig & Aertsen 1999.

Ten groups of 100 leaky units, each group wholly connected onto the next one; random input holds the units some
millivolts below threshold. The first group gets a pulse packet: `a` spikes whose times deviate by `sigma` ms.

What to see (figures 1 and 4 of the paper): a packet with enough spikes near enough to each other becomes one of nearly
100 spikes within half a millisecond, whatever it was, and runs to the end; below a separatrix, which asks for more
spikes the wider they are spread, it dies out within some groups.

Source: Diesmann, Gewaltig & Aertsen 1999, doi:10.1038/990101. Of 20,000 synapses on each unit 88 % are excitatory, at 2
Hz, and the others inhibitory, at 12.5 Hz; a postsynaptic potential is an alpha current through the membrane, 0.14 mV.
"""

import numpy as np
from scipy import sparse

import spark
from spark.nn import Brain, receptors, somas
from spark.nn.synapses import PoissonBackgroundConfig

DT, GROUPS, SIZE, MOST = 0.1, 10, 100, 120  # ms, groups, units of each, spikes of a packet at most
RISE, RESISTANCE = 0.325, 40.0  # ms, MOhm
PEAK = 4.86 / np.e / RESISTANCE * 1000.0  # pA of a synapse: 0.14 mV at the soma
EVENTS = {"excitation": 17_600 * 2.0, "inhibition": 2_400 * 12.5}  # Hz, onto each unit
DELAY, BEFORE, AFTER = 1.0, 60.0, 60.0  # ms: of all connections, before the packet, after it


def chains(number: int = 1, seed: int = 1) -> Brain:
    """So many chains side by side, each with its own input `packet`, (number, MOST): who of it fires."""
    net = spark.Network(dt=DT, seed=seed)
    soma = {"potential_rest": -70.0, "potential_reset": -70.0, "threshold": -55.0, "cooldown": 1.0}
    leaky = somas.IntegrateAndFireSomaConfig(**soma, potential_tau=10.0, resistance=RESISTANCE)
    kinds = {name: receptors.AlphaCurrentConfig(tau=RISE, inhibitory=name == "inhibition") for name in EVENTS}
    noise = {name: PoissonBackgroundConfig(rate=rate, weight=PEAK) for name, rate in EVENTS.items()}
    chain = net.pool("chain", (number, GROUPS, SIZE), soma=leaky, receptors=kinds, background=noise)
    onto_next = sparse.kron(sparse.eye(GROUPS, k=-1), np.ones((SIZE, SIZE)))
    onto_first = sparse.kron(sparse.eye(GROUPS, 1), np.ones((SIZE, MOST)))
    packet = net.input("packet", (number, MOST), spark.SpikeArray)
    for source, one in ((chain, onto_next), (packet, onto_first)):
        net.connect(source, chain.excitation, sparse.kron(sparse.eye(number), one) * PEAK, delay=DELAY)
    return net.build()


def answers(packets: list[tuple[int, float]], seed: int = 1) -> np.ndarray:
    """The most spikes within 5 ms in each group, by packet: so many that deviate by so many ms; each has a chain."""
    rng, number, steps = np.random.default_rng(seed), len(packets), round((BEFORE + AFTER) / DT)
    packet = np.zeros((steps, number, MOST), np.int8)
    for chain, (spikes, sigma) in enumerate(packets):
        times = np.rint((BEFORE + rng.normal(0.0, sigma, spikes)) / DT).astype(int)
        packet[times, chain, np.arange(spikes)] = 1
    recording = spark.run(chains(number, seed), steps, {"packet": spark.SpikeArray(packet)}, record=["chain"])
    counts = recording["chain"].reshape(steps, number, GROUPS, SIZE).sum(axis=3)[round((BEFORE - 5.0) / DT) :]
    return np.lib.stride_tricks.sliding_window_view(counts, round(5.0 / DT), axis=0).sum(axis=3).max(axis=0)


if __name__ == "__main__":
    for sigma in (0.0, 2.0, 4.0):
        arrive = {n: (answers([(n, sigma)] * 20)[:, -1] > SIZE / 2).mean() for n in range(30, 121, 10)}
        print(f"deviation {sigma} ms: of packets by spikes arrive", *(f"{n}: {part:.0%}" for n, part in arrive.items()))
