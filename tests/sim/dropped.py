"""Builds, runs and drops brains of differing configs; run as `python dropped.py <brains>`.

Prints, as JSON, what the process held after the first 20 (or half) of them and at the end.
"""

import contextlib
import ctypes
import gc
import json
import os
import sys

import jax
import jax.numpy as jnp

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap
from spark.nn import Brain, BrainConfig, neurons
from spark.nn.interfaces import LinearSpiker, LinearSpikerConfig

UNITS = 400


def used(number):
    """Build and run one; the threshold makes each another config."""
    pool = neurons.LIFNeuronConfig(units=(UNITS,), async_spikes=False, soma__threshold=-40.0 - 0.01 * number)
    modules = [
        ModuleSpecs("spiker", LinearSpiker, {"signal": PortMap("__call__", "drive")}, LinearSpikerConfig()),
        ModuleSpecs("pool", neurons.LIFNeuron, {"in_spikes": [PortMap("pool", "out_spikes")]}, pool),
    ]
    inputs = {"drive": InputSpec(FloatArray, (4,), "float16")}
    brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, seed=number))
    drive = FloatArray(jnp.zeros(4, jnp.float16))
    spark.run(brain, 10, {"drive": drive}, record="pool", progress=False)
    brain(drive=drive)


def held():
    """Megabytes, arrays, open files, threads, and brains: the templates of those that are gone are brains too."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # Only glibc can be told to give back what is free.
        ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    arrays = jax.live_arrays()
    return {
        "resident": resident,
        "megabytes": sum(a.nbytes for a in arrays) / 1e6,
        "arrays": len(arrays),
        "files": len(os.listdir("/proc/self/fd")),
        "brains": sum(isinstance(found, Brain) for found in gc.get_objects()),
        "threads": len(os.listdir("/proc/self/task")),
    }


if __name__ == "__main__":
    brains = int(sys.argv[1])
    found = []
    for number in range(brains):
        used(number)
        # The parts of a brain refer to each other: it is gone once Python has looked for such circles.
        gc.collect()
        if number + 1 in (min(20, brains // 2), brains):
            found.append(held())
    print(json.dumps(found))
