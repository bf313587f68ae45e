"""Sixteen brains that differ in their seed, run together: how much does the rate of a pool depend on the draw?

Brains from one config share one structure, so their constants and states can be stacked and run under `jax.vmap`;
nothing is compiled twice. Prints the mean rate of each brain's pool over one second of model time.
"""

import jax
import jax.numpy as jnp

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap, SpikeArray
from spark.nn import interfaces, neurons

UNITS = 64
STEPS = 1000  # of 1 ms
SEEDS = range(16)


def brain_of_seed(seed: int) -> spark.nn.Brain:
    """A spiker and a recurrent pool."""
    brain = spark.nn.Brain(
        spark.nn.BrainConfig(
            seed=seed,
            input_map={"drive": InputSpec(FloatArray, shape=(32,), dtype=jnp.float32)},
            modules_map=[
                ModuleSpecs("spiker", interfaces.PoissonSpiker, {"signal": PortMap("__call__", "drive")}),
                ModuleSpecs(
                    "pool",
                    neurons.ALIFNeuron,
                    {"in_spikes": [PortMap("spiker", "spikes"), PortMap("pool", "out_spikes")]},
                    neurons.ALIFNeuronConfig(units=(UNITS,), async_spikes=True),
                ),
            ],
            output_map={
                "spikes": {
                    "input": PortMap("pool", "out_spikes"),
                    "spec": OutputSpec(SpikeArray, shape=(UNITS,), dtype=jnp.int8),
                }
            },
        )
    )
    brain(drive=FloatArray(jnp.zeros(32)))
    brain.reset()
    return brain


def rate(graph: spark.Graph, state: spark.State, drive: FloatArray) -> jax.Array:
    """Mean rate of the pool's units, Hz."""

    def step(now: spark.State, _: None) -> tuple[spark.State, jax.Array]:
        brain = spark.merge(graph, now)
        fired = jnp.abs(brain(drive=drive)["spikes"].value).sum(dtype=jnp.int32)
        return spark.split(brain)[1], fired

    _, fired = jax.lax.scan(step, state, length=STEPS)
    return fired.sum() / (UNITS * STEPS * 1e-3)


def main() -> None:
    """Run all brains at once and print their rates."""
    halves = [spark.split(brain_of_seed(seed)) for seed in SEEDS]
    graphs, states = jax.tree.map(lambda *leaves: jnp.stack(leaves), *halves)
    rates = jax.jit(jax.vmap(rate, in_axes=(0, 0, None)))(graphs, states, FloatArray(jnp.full(32, 0.5)))
    for seed, found in zip(SEEDS, rates.tolist(), strict=True):
        print(f"seed {seed:2d}: {found:5.1f} Hz")
    print(f"mean {rates.mean():.1f} Hz, deviation {rates.std():.1f} Hz")


if __name__ == "__main__":
    main()
