"""1,000 Poisson inputs onto 1,000 leaky units, all to all, with additive pair STDP.

The amplitudes are those of Song, Miller & Abbott 2000 (doi:10.1038/78829) in proportion to the greatest weight; the
network is the field's usual measure of how fast plasticity runs. Weights drift towards both bounds.
"""

import sys

import numpy as np

import spark
from spark.nn import Brain, interfaces, neurons, plasticity, somas
from spark.nn.initializers import UniformInitializer

TAU, THRESHOLD, REFRACTORY = 20.0, 20.0, 5.0  # ms, mV, ms
GREATEST, FIRST = 0.3, 0.205  # mV that a spike adds


def plastic(units: int = 1000, sources: int = 1000, dt: float = 1.0, seed: int = 1) -> Brain:
    """The network; its input `rate` is the share of 10 Hz at which each source fires."""
    net, fall = spark.Network(dt=dt, seed=seed), np.exp(-dt / TAU)
    events = net.module("sources", interfaces.PoissonSpiker, {"signal": net.input("rate", sources)}, max_freq=10.0)
    pool = net.pool(
        "pool",
        units,
        neurons.LIFNeuron,
        async_spikes=False,
        inhibitory_rate=0.0,
        synapses__kernel=UniformInitializer(low=0.0, high=FIRST),
        learning_rule=plasticity.PairRuleConfig(a_plus=1e-4, a_minus=1.05e-4, maximum=GREATEST, weight_unit=1.0),
        # A current of 1 pA for one step raises the potential by 1 mV, which has decayed for a step when it counts.
        soma=somas.LeakySomaConfig(
            potential_rest=0.0,
            potential_reset=0.0,
            threshold=THRESHOLD,
            potential_tau=TAU,
            cooldown=REFRACTORY,
            resistance=1000.0 * fall / (1.0 - fall),
        ),
    )
    net.connect(events, pool.in_spikes)
    return net.build()


if __name__ == "__main__":
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    brain = plastic()
    rate = {"rate": spark.FloatArray(np.ones(1000, np.float32))}
    recording = spark.run(brain, round(1000 * seconds), rate, record=["*spikes"])
    weights = brain.state["pool.synapses.weights"]
    print({name: f"{recording.rates(name).mean():.1f} Hz" for name in recording.names})
    print(f"weights {weights.mean():.4f} mV on average, from {weights.min():.4f} to {weights.max():.4f}")
