"""CUBA and COBA: the balanced networks of Vogels & Abbott 2005, as in Brette et al. 2007.

Four fifths of the units are excitatory; every pair is connected with a probability of 80 / units, so each unit has
about 80 synapses at any size. dt is 0.1 ms. What to see: the asynchronous irregular state, which the network makes by
itself: nothing is random but its connections and first potentials. CUBA fires at 5 to 6 Hz, COBA at 16 to 23 Hz.

Sources: Vogels & Abbott 2005, doi:10.1523/JNEUROSCI.3508-05.2005; Brette et al. 2007, doi:10.1007/s10827-007-0038-6,
benchmarks 1 (COBA) and 2 (CUBA).
"""

import sys

import numpy as np

import spark
from spark.nn import Brain, connections, neurons

SYNAPSES, DT = 80, 0.1
# Weights of excitation and inhibition: mV of current, and conductance relative to the leak's.
CUBA_WEIGHTS, COBA_WEIGHTS = (1.62, 9.0), (0.6, 6.7)
SOMA = {"potential_reset": -60.0, "threshold": -50.0, "potential_tau": 20.0, "cooldown": 5.0}
CUBA_SOMA = {**SOMA, "potential_rest": -49.0, "resistance": 1000.0}  # So a current of 1 pA is 1 mV.
COBA_SOMA = {**SOMA, "potential_rest": -60.0, "drive": 20.0, "reversal_excitation": 0.0, "reversal_inhibition": -80.0}


def cuba(units: int = 4000, seed: int = 1) -> Brain:
    """Current-based synapses: 5-6 Hz, irregular."""
    return _network(neurons.CurrentLIFNeuron, units, seed, CUBA_SOMA, CUBA_WEIGHTS)


def coba(units: int = 4000, seed: int = 1, scheme: str = "exponential_euler") -> Brain:
    """Conductance-based synapses: 16-23 Hz, irregular. `scheme`: see `IntegrateAndFireSoma`."""
    return _network(neurons.ConductanceLIFNeuron, units, seed, {**COBA_SOMA, "scheme": scheme}, COBA_WEIGHTS)


def _network(kind: type, units: int, seed: int, soma: dict, weights: tuple[float, float]) -> Brain:
    net, generator, pools = spark.Network(dt=DT, seed=seed), np.random.default_rng(seed), []
    pattern = connections.FixedProbability(probability=min(1.0, SYNAPSES / units))
    settings = {"_s_connections": pattern, "_s_delay": DT, "excitatory__tau": 5.0, "inhibitory__tau": 10.0}
    settings |= {"excitatory__kernel": weights[0], "inhibitory__kernel": weights[1]}
    for name, size in (("excitatory", units * 4 // 5), ("inhibitory", units - units * 4 // 5)):
        own = {**soma, "potential_first": generator.uniform(-60.0, -50.0, size)}
        pools.append(net.pool(name, size, kind, inhibitory_rate=float(name == "inhibitory"), soma=own, **settings))
    for pool in pools:
        net.connect(pools[0], pool.excitation)
        net.connect(pools[1], pool.inhibition)
    return net.build()


if __name__ == "__main__":
    units = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    for make in (cuba, coba):
        recording = spark.run(make(units), 10_000, record=["*.out_spikes"])
        print(make.__name__, {name: f"{recording.rates(name).mean():.1f} Hz" for name in recording.names})
