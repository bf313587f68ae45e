"""The cortical microcircuit of Potjans & Diesmann 2014 at full scale: 77,169 neurons, 0.3 billion synapses.

Eight populations (layers 2/3, 4, 5 and 6; excitatory and inhibitory) under one square millimetre of cortex, driven by
the constant current that stands for the input from elsewhere. Building takes some minutes and 6 GB.

Source: Potjans & Diesmann 2014, doi:10.1093/cercor/bhs358, tables 4 and 5; values as in the authors' reference
implementation (INM-6/microcircuit-PD14-model, network_params.py), with its optimized initial potentials and constant
background.
"""

import sys
import time

import numpy as np

import spark
from spark.nn import Brain, neurons
from spark.nn.connections import FixedTotalNumber
from spark.nn.initializers import NormalInitializer

DT = 0.1
POPULATIONS = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
SIZES = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
# Probability that at least one synapse leads from a source (column) to a target (row).
PROBABILITIES = np.array(
    [
        [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
        [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
        [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0],
        [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
        [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
        [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0],
        [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
        [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
    ]
)
EXTERNAL_INPUTS = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
EXTERNAL_RATE = 8.0  # Hz, of each external input
POTENTIALS = (-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43)
POTENTIAL_DEVIATIONS = (5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48)
CAPACITANCE, MEMBRANE_TAU, SYNAPSE_TAU = 250.0, 10.0, 0.5  # pF, ms, ms
POTENTIAL_OF_A_SPIKE = 0.15  # mV, the peak of an excitatory postsynaptic potential
RELATIVE_INHIBITION = 4.0
DELAYS = {"E": 1.5, "I": 0.75}  # ms
# Rates in Hz of one run of the reference implementation, and of an earlier one by NEST's authors.
REFERENCE_RATES = (0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829)
EARLIER_RATES = (0.971, 2.868, 4.746, 5.396, 8.142, 9.078, 0.991, 7.523)


def current_of_a_spike() -> float:
    """Peak current in pA of a synapse whose postsynaptic potential peaks at 0.15 mV: 87.8 pA."""
    ratio = SYNAPSE_TAU / MEMBRANE_TAU
    rise, fall = ratio ** (1 / (1 - ratio)), ratio ** (ratio / (1 - ratio))
    peak = SYNAPSE_TAU * MEMBRANE_TAU / (CAPACITANCE * (MEMBRANE_TAU - SYNAPSE_TAU)) * (fall - rise)
    return POTENTIAL_OF_A_SPIKE / peak


def microcircuit(scale: float = 1.0, seed: int = 1) -> Brain:
    """The network; `scale` below 1 takes fewer neurons with the same probabilities, which changes its activity."""
    generator, strength = np.random.default_rng(seed), current_of_a_spike()
    net, pools = spark.Network(dt=DT, seed=seed), []
    for number, (name, size) in enumerate(zip(POPULATIONS, SIZES, strict=True)):
        units = max(1, round(size * scale))
        soma = {
            "potential_rest": -65.0,
            "potential_reset": -65.0,
            "potential_first": generator.normal(POTENTIALS[number], POTENTIAL_DEVIATIONS[number], units),
            "threshold": -50.0,
            "potential_tau": MEMBRANE_TAU,
            "resistance": 1000.0 * MEMBRANE_TAU / CAPACITANCE,
            "cooldown": 2.0,
            "background": EXTERNAL_RATE * EXTERNAL_INPUTS[number] * strength * SYNAPSE_TAU * 1e-3,
        }
        taus = {"excitatory__tau": SYNAPSE_TAU, "inhibitory__tau": SYNAPSE_TAU}
        sign = float(name.endswith("I"))
        pools.append(net.pool(name, units, neurons.CurrentLIFNeuron, soma=soma, inhibitory_rate=sign, **taus))
    for target, row in zip(pools, PROBABILITIES.tolist(), strict=True):
        for source, probability in zip(pools, row, strict=True):
            inhibits = source.name.endswith("I")
            # The one projection that is twice as strong: from layer 4 to layer 2/3.
            twice = 2.0 if (target.name, source.name) == ("L23E", "L4E") else 1.0
            mean, delay = strength * twice * (RELATIVE_INHIBITION if inhibits else 1.0), DELAYS[source.name[-1]]
            net.connect(
                source,
                target.inhibition if inhibits else target.excitation,
                FixedTotalNumber.from_probability(probability, source.config.units[0], target.config.units[0]),
                weights=NormalInitializer(mean=mean, deviation=0.1 * mean, minimum=0.0),
                delay=NormalInitializer(mean=delay, deviation=0.5 * delay, minimum=DT),
            )
    return net.build()


def main() -> None:
    """Build, run, and print the rates beside the published ones."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    scale = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    began = time.perf_counter()
    brain = microcircuit(scale)
    spark.run(brain, 1)
    built = time.perf_counter()
    spark.run(brain, 5_000)
    warm = time.perf_counter()
    recording = spark.run(brain, round(seconds * 1000 / DT), record=["*.out_spikes"])
    spent = time.perf_counter() - warm
    print(f"built in {built - began:.0f} s; real-time factor {spent / seconds:.2f}")
    for name, reference in zip(POPULATIONS, REFERENCE_RATES, strict=True):
        print(f"{name:5} {np.mean(recording.rates(name)):6.3f} Hz   reference {reference:.3f} Hz")


if __name__ == "__main__":
    main()
