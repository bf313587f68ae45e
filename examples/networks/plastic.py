"""1,000 Poisson inputs onto 1,000 leaky units, all to all, with additive pair STDP.

The amplitudes are those of Song, Miller & Abbott 2000 (doi:10.1038/78829) in proportion to the greatest weight; the
network is the field's usual measure of how fast plasticity runs. Weights drift towards both bounds.
"""

import sys

import jax.numpy as jnp
import numpy as np

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap
from spark.nn import Brain, BrainConfig, interfaces, neurons, plasticity, somas
from spark.nn.initializers import UniformInitializer

TAU, THRESHOLD, REFRACTORY = 20.0, 20.0, 5.0  # ms, mV, ms
GREATEST, FIRST = 0.3, 0.205  # mV that a spike adds


def plastic(units: int = 1000, sources: int = 1000, dt: float = 1.0, seed: int = 1) -> Brain:
    """The network; its input `rate` is the share of 10 Hz at which each source fires."""
    fall = np.exp(-dt / TAU)
    pool = neurons.LIFNeuronConfig(
        units=(units,),
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
    modules = [
        ModuleSpecs(
            "sources",
            interfaces.PoissonSpiker,
            {"signal": PortMap("__call__", "rate")},
            interfaces.PoissonSpikerConfig(max_freq=10.0),
        ),
        ModuleSpecs("pool", neurons.LIFNeuron, {"in_spikes": PortMap("sources", "spikes")}, pool),
    ]
    inputs = {"rate": InputSpec(FloatArray, (sources,), "float32")}
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, dt=dt, seed=seed))


def main() -> None:
    """Run for ten seconds and print rates and weights."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    brain = plastic()
    rate = {"rate": FloatArray(jnp.ones(1000))}
    recording = spark.run(brain, round(1000 * seconds), rate, record=["*spikes"])
    weights = brain.state["pool.synapses.weights"]
    print({name: f"{recording.rates(name).mean():.1f} Hz" for name in recording.names})
    print(f"weights {weights.mean():.4f} mV on average, from {weights.min():.4f} to {weights.max():.4f}")


if __name__ == "__main__":
    main()
