"""The cortical microcircuit of Potjans & Diesmann 2014 at full scale: 77,169 neurons, 0.3 billion synapses.

Eight populations (layers 2/3, 4, 5 and 6; excitatory and inhibitory) under one square millimetre of cortex, driven by
the constant current that stands for the input from elsewhere. Building takes some minutes and 6 GB. `microcircuit.csv`
says for each population how many neurons and inputs from elsewhere it has, mean and deviation of its first potentials
(mV), its rate in one run of the reference implementation (Hz), and the probability that at least one synapse leads onto
one of its neurons from one of each population.

Source: Potjans & Diesmann 2014, doi:10.1093/cercor/bhs358, tables 4 and 5; values as in the authors' reference
implementation (INM-6/microcircuit-PD14-model, network_params.py), its optimized potentials and constant background.
"""

import sys
from pathlib import Path

import numpy as np

import spark
from spark.nn import Brain, neurons, receptors, somas
from spark.nn.connections import AtLeastOnce
from spark.nn.initializers import NormalInitializer

TABLE = np.genfromtxt(Path(__file__).with_suffix(".csv"), delimiter=",", names=True, dtype=None, encoding="utf-8")
POPULATIONS = tuple(TABLE["name"].tolist())
DT, RATE = 0.1, 8.0  # ms, Hz of each input from elsewhere
SYNAPSES, DELAYS = {"E": "excitation", "I": "inhibition"}, {"E": 1.5, "I": 0.75}  # by kind of source; ms
SOMA = {"potential_rest": -65.0, "potential_reset": -65.0, "threshold": -50.0, "potential_tau": 10.0}
SOMA |= {"resistance": 40.0, "cooldown": 2.0}
SYNAPSE = receptors.ExponentialCurrentConfig(tau=0.5)
# Of a spike whose postsynaptic potential peaks at 0.15 mV, pA.
CURRENT = SYNAPSE.weight_of_peak(0.15, somas.IntegrateAndFireSomaConfig(**SOMA))


def microcircuit(scale: float = 1.0, seed: int = 1) -> Brain:
    """The network; `scale` below 1 takes fewer neurons with the same probabilities, which changes its activity."""
    net = spark.Network(dt=DT, seed=seed)
    taus = {"excitatory__tau": SYNAPSE.tau, "inhibitory__tau": SYNAPSE.tau}
    for name, units, inputs, mean, deviation, *_ in TABLE.tolist():
        own = {"soma__background": RATE * 1e-3 * inputs * CURRENT * SYNAPSE.tau, "inhibitory_rate": float("I" in name)}
        first = NormalInitializer(mean=mean, deviation=deviation)
        settings = {"soma": SOMA, "soma__potential_first": first, **own, **taus}
        net.pool(name, max(1, round(units * scale)), neurons.CurrentLIFNeuron, **settings)
    for source in POPULATIONS:
        late = DELAYS[source[-1]]
        delay = NormalInitializer(mean=late, deviation=0.5 * late, minimum=DT)
        for target, probability in zip(POPULATIONS, TABLE[source].tolist(), strict=True):
            # Inhibition is four times as strong, and the one projection from layer 4 to layer 2/3 twice.
            mean = CURRENT * {"I": 4.0, "E": 2.0 if (source, target) == ("L4E", "L23E") else 1.0}[source[-1]]
            weights = NormalInitializer(mean=mean, deviation=0.1 * mean, minimum=0.0)
            port, pattern = net[target].port(SYNAPSES[source[-1]]), AtLeastOnce(probability=probability)
            net.connect(net[source], port, pattern, weights=weights, delay=delay)
    return net.build()


if __name__ == "__main__":
    brain = microcircuit(float(sys.argv[1]) if sys.argv[1:] else 1.0)
    spark.run(brain, 5_000)
    rates = spark.run(brain, 10_000, record=["*.out_spikes"]).rates
    for name, reference in zip(POPULATIONS, TABLE["rate"], strict=True):
        print(f"{name:5} {np.mean(rates(name)):6.3f} Hz   reference {reference:.3f} Hz")
