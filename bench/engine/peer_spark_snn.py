"""The tutorial's brain and the plastic network in spark-snn 1.2.2, inside `lax.scan`.

The brain has the tutorial's modules with this version's names and defaults.
"""

import time
from importlib import metadata

import protocol
import workloads

TIMING = "one jitted lax.scan over all steps, result awaited"
jax = jnp = spark = None


def import_system():
    global jax, jnp, spark
    import jax
    import jax.numpy as jnp

    import spark


def versions():
    return {name: metadata.version(name) for name in ("spark-snn", "jax", "flax")}


def tutorial(w, request):
    nn, port = spark.nn, spark.PortMap
    modules = (
        spark.ModuleSpecs(
            name="spiker",
            module_cls=nn.interfaces.TopologicalLinearSpiker,
            inputs={"signal": (port("__call__", "drive"),)},
            config=nn.interfaces.TopologicalLinearSpikerConfig(
                glue=0, mins=-1, maxs=1, resolution=128, max_freq=200.0, tau=30.0
            ),
        ),
        spark.ModuleSpecs(
            name="pool",
            module_cls=nn.neurons.ALIFNeuron,
            inputs={"in_spikes": (port("spiker", "spikes"), port("pool", "out_spikes"))},
            config=nn.neurons.ALIFNeuronConfig(_s_units=(w.units,)),
        ),
        spark.ModuleSpecs(
            name="integrator",
            module_cls=nn.interfaces.ExponentialIntegrator,
            inputs={"spikes": (port("pool", "out_spikes"),)},
            config=nn.interfaces.ExponentialIntegratorConfig(num_outputs=2),
            outputs={"action": "signal"},
        ),
    )
    brain = nn.Brain(nn.BrainConfig(modules_specs=modules, seed=request.get("seed", 1), dt=w.dt))
    return scanned(w, brain, {"drive": spark.FloatArray(jnp.asarray(w.inputs, jnp.float16))})


def scanned(w, brain, inputs):
    brain(**inputs)
    graph, state = spark.split(brain)

    @jax.jit
    def whole(state):
        def step(now, _):
            view = spark.merge(graph, now)
            out = view(**inputs)
            return spark.split(view)[1], jax.tree.leaves(out)[0].ravel()[0]

        return jax.lax.scan(step, state, None, length=workloads.steps(w))

    begin = time.perf_counter()
    jax.block_until_ready(whole(state))
    not_building_s = time.perf_counter() - begin

    def run():
        begin = time.perf_counter()
        jax.block_until_ready(whole(state))
        return time.perf_counter() - begin, {}

    return protocol.Ready(run, None, versions(), "float16", TIMING, not_building_s)


BUILDERS = {"tutorial": tutorial}

if __name__ == "__main__":
    protocol.main(BUILDERS, import_system)
