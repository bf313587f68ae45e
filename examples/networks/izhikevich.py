"""The 1,000 cortical neurons of Izhikevich 2003: random connections, random input, two rhythms.

800 excitatory units, from regular spiking to chattering, and 200 inhibitory ones are all connected with each other and
get random currents every millisecond. Without a rhythm in the input, episodes of about 10 Hz (alpha) and of 30 to 50 Hz
(gamma) come and go. Source: Izhikevich 2003, doi:10.1109/TNN.2003.820440, figure 3 and the program in the paper.
"""

import numpy as np

import spark
from spark.nn import Brain, BrainConfig, PoolConfig, receptors, somas
from spark.nn.initializers import UniformInitializer

# Numbers of units, deviations of the random currents, greatest weights.
SIZES, NOISE = {"excitatory": 800, "inhibitory": 200}, {"excitatory": 5.0, "inhibitory": 2.0}
STRONGEST = {"excitatory": 0.5, "inhibitory": 1.0}


def cells(seed: int) -> dict[str, somas.IzhikevichSomaConfig]:
    """Parameters of every unit, as the paper's program draws them."""
    rng = np.random.default_rng(seed)
    e, i = rng.random(SIZES["excitatory"]), rng.random(SIZES["inhibitory"])
    return {
        "excitatory": somas.IzhikevichSomaConfig(a=0.02, b=0.2, c=-65 + 15 * e**2, d=8 - 6 * e**2),
        "inhibitory": somas.IzhikevichSomaConfig(a=0.02 + 0.08 * i, b=0.25 - 0.05 * i, c=-65.0, d=2.0),
    }


def cortex(seed: int = 1) -> Brain:
    """The network; its inputs `excitatory_noise` and `inhibitory_noise` are currents for every unit."""
    kinds = {"excitatory": receptors.PulseCurrentConfig(), "inhibitory": receptors.PulseCurrentConfig(inhibitory=True)}
    modules, inputs = [], {}
    for name, soma in cells(seed).items():
        wires = {
            source: spark.Projection(source, "out_spikes", weights=UniformInitializer(low=0.0, high=STRONGEST[source]))
            for source in SIZES
        }
        inputs[f"{name}_noise"] = spark.InputSpec(spark.CurrentArray, (SIZES[name],), "float32")
        pool = PoolConfig(units=(SIZES[name],), soma=soma, receptors={**kinds, "noise": receptors.CurrentConfig()})
        noise = {"noise": spark.PortMap("__call__", f"{name}_noise")}
        modules.append(spark.ModuleSpecs(name, spark.nn.Pool, {**wires, **noise}, pool))
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, seed=seed))


def activity(seed: int = 1, milliseconds: int = 1000) -> np.ndarray:
    """Spikes, bool (ms, 1000)."""
    rng = np.random.default_rng(seed)
    noise = {
        f"{name}_noise": spark.CurrentArray(NOISE[name] * rng.normal(size=(milliseconds, size)).astype(np.float32))
        for name, size in SIZES.items()
    }
    found = spark.run(cortex(seed), milliseconds, noise, record=list(SIZES))
    return np.hstack([found[name] != 0 for name in SIZES])


if __name__ == "__main__":
    fired = activity()
    power = np.abs(np.fft.rfft(fired.sum(axis=1) - fired.sum(axis=1).mean())) ** 2
    print(f"{1000 * fired.mean():.1f} Hz; strongest rhythm of the whole at {np.argmax(power[3:100]) + 3} Hz")
