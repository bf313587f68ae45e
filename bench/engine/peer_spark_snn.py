"""The tutorial's brain and the plastic network in spark-snn 1.2.2, inside `lax.scan`.

The brain has the tutorial's modules with this version's names and defaults. The plastic network has its Hebbian rule on
a dense kernel, the nearest that it has to pair STDP, with the learning rate of the workload; no delays.
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
    inputs = {"drive": spark.FloatArray(jnp.asarray(w.inputs, jnp.float16))}
    return scanned(w, brain, inputs, lambda out: out["action"].value)


def plastic(w, request):
    dtype = jnp.dtype(request.get("setting", "float32"))
    import math

    nn, port = spark.nn, spark.PortMap
    fall = math.exp(-w.dt / w.tau)
    first = jax.random.uniform(jax.random.key(request.get("seed", 1)), (w.units, w.sources)) * w.first_greatest
    spikes, kernel = (port("__call__", "in_spikes"),), (port("synapses", "kernel", is_property=True),)
    parts = (
        spark.ModuleSpecs(
            name="synapses",
            module_cls=nn.synapses.LinearSynapses,
            inputs={"spikes": spikes},
            config=nn.synapses.LinearSynapsesConfig(units=(w.units,), kernel=first, dtype=dtype),
            effects={"kernel": (port("rule", "kernel"),)},
        ),
        spark.ModuleSpecs(
            name="soma",
            module_cls=nn.somas.LeakySoma,
            inputs={"current": (port("synapses", "currents"),)},
            config=nn.somas.LeakySomaConfig(
                potential_rest=0.0,
                potential_reset=0.0,
                potential_tau=w.tau,
                threshold=w.threshold,
                resistance=fall / (1 - fall),
                dtype=dtype,
            ),
            outputs={"out_spikes": "spikes"},
        ),
        spark.ModuleSpecs(
            name="rule",
            module_cls=nn.plasticity.HebbianRule,
            inputs={"pre_spikes": spikes, "post_spikes": (port("soma", "spikes"),), "kernel": kernel},
            config=nn.plasticity.HebbianRuleConfig(
                pre_tau=w.tau_pre, post_tau=w.tau_post, eta=w.potentiation, dtype=dtype
            ),
        ),
    )
    pool = nn.neurons.LIFNeuronConfig(modules_specs=parts, units=(w.units,), inhibitory_rate=0.0, dt=w.dt)
    modules = (
        spark.ModuleSpecs(
            name="sources",
            module_cls=nn.interfaces.PoissonSpiker,
            inputs={"signal": (port("__call__", "rate"),)},
            config=nn.interfaces.PoissonSpikerConfig(max_freq=w.source_rate),
        ),
        spark.ModuleSpecs(
            name="pool",
            module_cls=nn.neurons.LIFNeuron,
            inputs={"in_spikes": (port("sources", "spikes"),)},
            config=pool,
            outputs={"fired": "out_spikes"},
        ),
    )
    brain = nn.Brain(nn.BrainConfig(modules_specs=modules, seed=request.get("seed", 1), dt=w.dt))
    inputs = {"rate": spark.FloatArray(jnp.ones(w.sources, dtype))}

    def fired(out):
        return jnp.sum(out["fired"].spikes != 0)

    def rates(w, spikes):
        return {"all": float(spikes.sum()) / w.units / w.seconds}

    return scanned(w, brain, inputs, fired, rates, str(dtype))


def scanned(w, brain, inputs, watch, rates=lambda w, watched: {}, setting="float16"):
    brain(**inputs)
    graph, state = spark.split(brain)

    @jax.jit
    def whole(state):
        def step(now, _):
            view = spark.merge(graph, now)
            out = view(**inputs)
            return spark.split(view)[1], watch(out)

        return jax.lax.scan(step, state, None, length=workloads.steps(w))

    begin = time.perf_counter()
    jax.block_until_ready(whole(state))
    not_building_s = time.perf_counter() - begin

    def run():
        begin = time.perf_counter()
        _, watched = jax.block_until_ready(whole(state))
        return time.perf_counter() - begin, rates(w, watched)

    return protocol.Ready(run, None, versions(), setting, TIMING, not_building_s)


BUILDERS = {"tutorial": tutorial, "plastic": plastic}

if __name__ == "__main__":
    protocol.main(BUILDERS, import_system)
