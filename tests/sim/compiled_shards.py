"""Prints the compiled loops of a plastic pool on two devices; run as a program in a process that has them."""

import json

import jax.numpy as jnp
import numpy as np
from shard_cases import kinds

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap, kernels
from spark.nn import Brain, BrainConfig, initializers, interfaces, neurons
from spark.sim import shard
from spark.sim.shard_step import advance_program

UNITS, INPUTS = 640, 64
PLANS = {"even": "unit", "uneven": {"pool": (500, 140), "spiker": 0}}


def compiled(delayed: bool, by: str) -> str:
    """The text of the compiled loop."""
    pool = neurons.LIFNeuronConfig(
        units=(UNITS,),
        async_spikes=delayed,
        learning_rule__gamma=1e-3,
        synapses__kernel=initializers.UniformInitializer(density=0.2, total=20_000.0),
    )
    modules = [
        ModuleSpecs("spiker", interfaces.PoissonSpiker, {"signal": PortMap("__call__", "drive")}),
        ModuleSpecs(
            "pool",
            neurons.LIFNeuron,
            {"in_spikes": [PortMap("spiker", "spikes"), PortMap("pool", "out_spikes")]},
            pool,
        ),
    ]
    config = BrainConfig(input_map={"drive": InputSpec(FloatArray, (INPUTS,), jnp.float32)}, modules_map=modules)
    brain, inputs = Brain(config), {"drive": FloatArray(jnp.full(INPUTS, 0.9))}
    brain(**inputs)
    many = shard(brain, 2, PLANS[by])
    assert isinstance(many.state, spark.sim.ShardedState)
    learning, turn = np.bool_(True), np.uint32(0)
    lowered = advance_program.lower(
        many._program, many._fixed, many.state, inputs, learning, turn, steps=50, spikes=True
    )
    return lowered.compile().as_text()


def of_many_kinds() -> str:
    """The loop of a brain of pools with different somas and dendrites, as JAX traces it on two devices."""
    brain, inputs = kinds()
    brain(**inputs)
    many = shard(brain, 2)
    assert all(len(devices) == 2 for devices in many.placement.values()), many.placement
    lowered = advance_program.lower(
        many._program, many._fixed, many.state, inputs, np.bool_(True), np.uint32(0), steps=5, spikes=False
    )
    return lowered.as_text()


if __name__ == "__main__":
    # Plain code touches every connection in every step: its undelayed loop is not looked at.
    undelayed = {"undelayed": compiled(False, "even")} if kernels.available() else {}
    print(json.dumps({by: compiled(True, by) for by in PLANS} | undelayed | {"kinds": of_many_kinds()}))
