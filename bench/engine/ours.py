"""The workloads in this package, built by its public interface: the networks of `examples/networks`."""

import sys
import time
from importlib import metadata
from pathlib import Path

import protocol
import workloads

ROOT = Path(__file__).parents[2].absolute()
TIMING = "spark.run from call to return, spikes of all pools recorded"
spark = np = None


def import_system():
    global spark, np
    sys.path[:0] = [str(ROOT), str(ROOT / "examples" / "networks")]
    import numpy as np

    import spark


def versions():
    return {name: metadata.version(name) for name in ("jax", "jaxlib", "numpy")}


def seed(request):
    return request.get("seed", 1)


def cuba(w, request):
    import balanced

    return ready(w, balanced.cuba(w.units, seed(request)))


def coba(w, request):
    import balanced

    # Forward Euler, as in the peer's best setting.
    made = ready(w, balanced.coba(w.units, seed(request), scheme="euler"))
    made.setting = "float32-euler"
    return made


def brunel_like(w, request):
    import driven

    return ready(w, driven.driven(w.units, round(w.synapses_per_unit), seed(request)))


def brunel2000(w, request):
    import brunel

    g, ratio = w.states[w.state][:2]
    return ready(w, brunel.brunel(g, ratio, w.excitatory, seed(request)))


def plastic(w, request):
    import plastic as network

    brain = network.plastic(w.units, w.sources, w.dt, seed(request))
    inputs = {"rate": spark.FloatArray(np.full(w.sources, w.source_rate / 10.0, np.float32))}
    return ready(w, brain, inputs, {"all": "pool"})


def adex(w, request):
    from spark.nn import Brain, BrainConfig, connections, neurons

    drives = np.random.default_rng(seed(request)).uniform(w.drive_least, w.drive_greatest, w.units)
    wires = {
        "excitation": [spark.PortMap("excitatory", "out_spikes")],
        "inhibition": [spark.PortMap("inhibitory", "out_spikes")],
    }
    soma = {
        "potential_rest": w.rest,
        "potential_first": w.rest,
        "potential_reset": w.reset,
        "threshold": w.peak,
        "knee": w.threshold,
        "sharpness": w.slope,
        "potential_tau": w.capacitance / w.leak,
        "resistance": 1000.0 / w.leak,
        "cooldown": 0.0,
        "adaptation_coupling": w.a,
        "adaptation_tau": w.tau_w,
        "adaptation_jump": w.b,
    }

    def pool(name, chosen, sign):
        config = neurons.AdExNeuronConfig(
            units=(chosen.size,),
            inhibitory_rate=sign,
            soma={**soma, "background": chosen},
            _s_connections=connections.FixedProbability(probability=w.probability),
            _s_delay=w.dt,
            excitatory__tau=w.tau_excitation,
            excitatory__kernel=w.weight_excitation,
            inhibitory__tau=w.tau_inhibition,
            inhibitory__kernel=-w.weight_inhibition,
        )
        return spark.ModuleSpecs(name, neurons.AdExNeuron, wires, config)

    pools = [pool("excitatory", drives[: w.excitatory], 0.0), pool("inhibitory", drives[w.excitatory :], 1.0)]
    brain = Brain(BrainConfig(input_map={}, output_map={}, modules_map=pools, dt=w.dt, seed=seed(request)))
    return ready(w, brain, chunk=w.chunk)


def microcircuit(w, request):
    import microcircuit as network

    brain = network.microcircuit(seed=seed(request))
    names = {name: name for name in w.populations}
    return ready(w, brain, None, names, warm_up=w.warm_up)


def connectome(w, request):
    import connectome as network
    from table import drawn

    table = drawn(w.units, w.connections, seed(request))
    begin = time.perf_counter()
    brain = network.connectome(*table, w.units, np.arange(w.driven), seed(request))
    inputs = {"level": spark.FloatArray(np.full(w.driven, w.drive_rate / network.RATE, np.float32))}
    made = ready(w, brain, inputs, {"all": "brain"})
    made.more["load_s"] = time.perf_counter() - begin - made.not_building_s
    return made


def tutorial(w, request):
    """The tutorial's own brain, from its script as it stands."""
    from spark.nn import Brain

    text = (ROOT / "tests" / "contract" / "seed_tutorial.py").read_text()
    names = {}
    exec(text[: text.index("brain = spark.nn.Brain(")], names)
    brain = Brain(names["brain_config"].with_new_seeds(seed(request)))
    inputs = {"drive": spark.FloatArray(np.asarray(w.inputs, np.float16))}
    return ready(w, brain, inputs, {})


def ready(w, brain, inputs=None, names=None, chunk=0, warm_up=0.0):
    """Build, take the first step, and run once, so that nothing compiles afterwards."""
    names = {"exc": "excitatory", "inh": "inhibitory"} if names is None else names
    record = [f"{name}.out_spikes" for name in names.values()]
    begin = time.perf_counter()
    spark.run(brain, 1, inputs, record=record, progress=False)
    first_s = time.perf_counter() - begin
    begin = time.perf_counter()
    brain.reset()

    def whole():
        return spark.run(brain, workloads.steps(w), inputs, record=record, progress=False)

    def run():
        if not warm_up:
            brain.reset()
        seconds = in_chunks(brain, workloads.steps(w), chunk) if chunk else 0.0
        begin = time.perf_counter()
        recording = whole()
        seconds = seconds or time.perf_counter() - begin
        parts = [(name, recording.index(pool)[0].size, recording.index(pool)[1]) for name, pool in names.items()]
        return seconds, protocol.mean_rates(w.seconds, parts) if parts else {}

    spark.run(brain, round(warm_up * 1000 / w.dt) or workloads.steps(w), inputs, progress=False)
    run()
    not_building_s = time.perf_counter() - begin
    timing = f"a jitted call for each {chunk} steps, results awaited" if chunk else TIMING
    found = synapses([getattr(brain, name) for name in names.values()])
    return protocol.Ready(run, found, versions(), "float32", timing, not_building_s, {"first_result_s": first_s})


def in_chunks(brain, steps, chunk):
    """Seconds of so many steps, with a call and its result for each chunk; the brain is left where it was."""
    import jax

    from spark.sim.advance import advance

    graph, state = spark.split(brain)
    state = jax.tree.map(jax.numpy.copy, state)
    begin = time.perf_counter()
    for _ in range(steps // chunk):
        state = advance(graph, state, {}, steps=chunk)[2]
        jax.block_until_ready(state)
    return time.perf_counter() - begin


def synapses(pools):
    """How many static synapses there are, or None."""
    from spark.nn.projections.static import StaticProjections

    parts = [getattr(pool, name) for pool in pools for name in pool._order]
    return sum(int(part.rows_post.value.size) for part in parts if isinstance(part, StaticProjections)) or None


BUILDERS = {
    "cuba": cuba,
    "coba": coba,
    "brunel-like": brunel_like,
    "brunel2000": brunel2000,
    "plastic": plastic,
    "adex": adex,
    "microcircuit": microcircuit,
    "connectome": connectome,
    "tutorial": tutorial,
}

if __name__ == "__main__":
    protocol.main(BUILDERS, import_system)
