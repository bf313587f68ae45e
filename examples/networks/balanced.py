"""CUBA and COBA: the balanced networks of Vogels & Abbott 2005, as in Brette et al. 2007.

Four fifths of the units are excitatory; every pair is connected with a probability of 80 / units, so each unit has
about 80 synapses at any size. dt is 0.1 ms.

Sources: Vogels & Abbott 2005, doi:10.1523/JNEUROSCI.3508-05.2005; Brette et al. 2007, doi:10.1007/s10827-007-0038-6,
benchmarks 1 (COBA) and 2 (CUBA).
"""

import sys

import numpy as np

import spark
from spark.nn import Brain, BrainConfig, connections, neurons

SYNAPSES = 80
DT = 0.1
# Weights of excitation and inhibition: mV of current, and conductance relative to the leak's.
CUBA_WEIGHTS = (1.62, 9.0)
COBA_WEIGHTS = (0.6, 6.7)
CUBA_SOMA = {
    "potential_rest": -49.0,
    "potential_reset": -60.0,
    "threshold": -50.0,
    "potential_tau": 20.0,
    "cooldown": 5.0,
    "resistance": 1000.0,  # So a current of 1 pA is 1 mV.
}
COBA_SOMA = {
    "potential_rest": -60.0,
    "potential_reset": -60.0,
    "threshold": -50.0,
    "potential_tau": 20.0,
    "cooldown": 5.0,
    "drive": 20.0,
    "reversal_excitation": 0.0,
    "reversal_inhibition": -80.0,
}


def cuba(units: int = 4000, seed: int = 1) -> Brain:
    """Current-based synapses: 5-6 Hz, irregular."""
    return _network(neurons.CurrentLIFNeuron, units, seed, CUBA_SOMA, CUBA_WEIGHTS)


def coba(units: int = 4000, seed: int = 1, scheme: str = "exponential_euler") -> Brain:
    """Conductance-based synapses: 16-23 Hz, irregular. `scheme`: see `IntegrateAndFireSoma`."""
    return _network(neurons.ConductanceLIFNeuron, units, seed, {**COBA_SOMA, "scheme": scheme}, COBA_WEIGHTS)


def _network(kind: type, units: int, seed: int, soma: dict, weights: tuple[float, float]) -> Brain:
    generator = np.random.default_rng(seed)
    wires = {
        "excitation": [spark.PortMap("excitatory", "out_spikes")],
        "inhibition": [spark.PortMap("inhibitory", "out_spikes")],
    }

    def pool(name: str, size: int, inhibitory_rate: float) -> spark.ModuleSpecs:
        config = kind.config_class()(
            units=(size,),
            inhibitory_rate=inhibitory_rate,
            soma={**soma, "potential_first": generator.uniform(-60.0, -50.0, size)},
            _s_connections=connections.FixedProbability(probability=min(1.0, SYNAPSES / units)),
            _s_delay=DT,
            excitatory__tau=5.0,
            excitatory__kernel=weights[0],
            inhibitory__tau=10.0,
            inhibitory__kernel=weights[1],
        )
        return spark.ModuleSpecs(name, kind, wires, config)

    excitatory = units * 4 // 5
    pools = [pool("excitatory", excitatory, 0.0), pool("inhibitory", units - excitatory, 1.0)]
    return Brain(BrainConfig(input_map={}, output_map={}, modules_map=pools, dt=DT, seed=seed))


def main() -> None:
    """Run both for a second and print their rates."""
    units = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    for make in (cuba, coba):
        recording = spark.run(make(units), 10_000, record=["*.out_spikes"])
        rates = {name: float(np.mean(recording.rates(name))) for name in recording.names}
        print(make.__name__, {name: f"{rate:.1f} Hz" for name, rate in rates.items()})


if __name__ == "__main__":
    main()
