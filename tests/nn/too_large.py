"""Tries to build pools of 100,000 units with all pairs connected, in an address space of 32 GB.

Prints for each, as JSON, its name and the type, the text and the most memory (MB) so far of what it raises.
"""

import json
import resource
import sys
from pathlib import Path

import jax.numpy as jnp

from spark import FloatArray, InputSpec, ModuleSpecs, PortMap
from spark.nn import Brain, BrainConfig, neurons
from spark.nn.initializers import UniformInitializer
from spark.nn.interfaces import LinearSpiker, LinearSpikerConfig

sys.path.insert(0, str(Path(__file__).parents[1]))

from peak import peak_kilobytes

UNITS = 100_000
POOLS = {
    "dense": (neurons.LIFNeuron, {"async_spikes": False, "synapses__kernel": UniformInitializer()}),
    "half of all": (neurons.LIFNeuron, {"async_spikes": False, "synapses__kernel": UniformInitializer(density=0.5)}),
    "delays of pairs": (neurons.ALIFNeuron, {"async_spikes": True}),
    "sparse, all to all": (neurons.CurrentLIFNeuron, {"_s_connections": "all_to_all"}),
    "sparse, too many": (
        neurons.CurrentLIFNeuron,
        {"_s_connections": {"connectivity": "FixedInDegree", "degree": 30_000}},
    ),
}


def brain(cls, settings):
    """The pool, wired to itself, inside another brain."""
    port = "excitation" if cls is neurons.CurrentLIFNeuron else "in_spikes"
    config = cls.config_class()(units=(UNITS,), **settings)
    pool = ModuleSpecs("pool", cls, {port: [PortMap("pool", "out_spikes")]}, config)
    spiker = ModuleSpecs("spiker", LinearSpiker, {"signal": PortMap("__call__", "drive")}, LinearSpikerConfig())
    inputs = {"drive": InputSpec(FloatArray, (2,), "float32")}
    inner = BrainConfig(input_map=inputs, output_map={}, modules_map=[spiker, pool])
    outer = ModuleSpecs("outer", Brain, {"drive": PortMap("__call__", "drive")}, inner)
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=[outer]))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (32_000_000_000, resource.RLIM_INFINITY))
    for name, (cls, settings) in POOLS.items():
        made = brain(cls, settings)
        try:
            made(drive=FloatArray(jnp.zeros(2)))
        except Exception as error:
            print(json.dumps([name, type(error).__name__, str(error), peak_kilobytes() / 1e3]))
