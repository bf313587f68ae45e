"""The workloads in Brian2: C++ standalone, and for AdEx in chunks its Cython run time, as standalone has no chunks.

Settings: `float32` or `float64`; `1thread` or `2threads` (OpenMP); `euler` for COBA in place of the exponential Euler
method; `poisson` for one draw a unit and step instead of `PoissonInput`; joined by `-`. `BEST` holds what measured best
for each workload. Brian2's own compiler flags are already
`-O3 -ffast-math -march=native`. The project is compiled once and its binary run again for each repetition; the time is
what the binary itself takes around its loop of steps, so reading, connecting and initialising count as building.
"""

import atexit
import shutil
import tempfile
import time
from importlib import metadata

import protocol
import workloads

BEST = {"coba": "float32-1thread-euler"}
DEFAULT = "float32-1thread"
TIMING = "the loop of steps, timed inside the binary (its last_run_info)"

brian2 = None


def import_system():
    global brian2
    import brian2


def versions():
    return {name: metadata.version(name) for name in ("Brian2", "numpy")}


def cuba(w, request):
    equations = """
    dv/dt = (ge + gi - (v - rest)) / tau : 1 (unless refractory)
    dge/dt = -ge / tau_excitation : 1
    dgi/dt = -gi / tau_inhibition : 1
    """
    return two_conductances(w, request, equations, "exact")


def coba(w, request):
    equations = """
    dv/dt = (driven - (v - rest) + drive) / tau : 1 (unless refractory)
    driven = ge * (reversal_excitation - v) + gi * (reversal_inhibition - v) : 1
    dge/dt = -ge / tau_excitation : 1
    dgi/dt = -gi / tau_inhibition : 1
    """
    return two_conductances(w, request, equations, "euler" if "euler" in setting(w, request) else "exponential_euler")


def two_conductances(w, request, equations, method):
    """Two populations, excitation and inhibition, each arriving at a variable of its own."""
    start(w, request)
    names = namespace(w)
    group = neurons(w, w.units, equations, method, names)
    group.v = "reset + rand() * (threshold - reset)"
    parts = {"exc": group[: w.excitatory], "inh": group[w.excitatory :]}
    synapses = [
        connected(parts["exc"], group, "ge_post += weight_excitation", names, w.probability),
        connected(parts["inh"], group, "gi_post += weight_inhibition", names, w.probability),
    ]
    return standalone(w, request, [group, *parts.values(), *synapses], group, synapses)


def brunel_like(w, request):
    start(w, request)
    names = namespace(w)
    group = neurons(w, w.units, "dv/dt = (drive - v) / tau : 1 (unless refractory)", "exact", names)
    group.v = "rand() * threshold"
    parts = {"exc": group[: w.excitatory], "inh": group[w.excitatory :]}
    synapses = delta_synapses(w, names, parts, group, w.weight_excitation, w.weight_inhibition)
    return standalone(w, request, [group, *parts.values(), *synapses], group, synapses)


def brunel2000(w, request):
    start(w, request)
    names = namespace(w)
    group = neurons(w, w.units, "dv/dt = -v / tau : 1 (unless refractory)", "exact", names)
    parts = {"exc": group[: w.excitatory], "inh": group[w.excitatory :]}
    synapses = delta_synapses(w, names, parts, group, w.weight, -w.g * w.weight)
    arriving = f"{w.weight} * int(not_refractory)"
    if "poisson" in setting(w, request):
        names["expected"] = w.inputs * w.input_rate * w.dt * 1e-3
        group.run_regularly(f"v += {arriving} * poisson(expected)", dt=w.dt * brian2.ms, when="synapses")
        drive = []
    else:
        drive = [brian2.PoissonInput(group, "v", w.inputs, w.input_rate * brian2.Hz, weight=arriving)]
    return standalone(w, request, [group, *parts.values(), *synapses, *drive], group, synapses)


def delta_synapses(w, names, parts, group, excitation, inhibition):
    """Synapses that move the potential at once, unless the unit is refractory."""
    made = []
    for name, weight in (("exc", excitation), ("inh", inhibition)):
        effect = f"v_post += {weight} * int(not_refractory_post)"
        made.append(connected(parts[name], group, effect, names, w.probability, w.delay * brian2.ms))
    return made


def plastic(w, request):
    """The expert's form: the traces belong to the neurons, not to the synapses."""
    start(w, request)
    names = namespace(w)
    trace = "dx/dt = -x / tau_pre : 1"
    sources = brian2.NeuronGroup(
        w.sources, trace, threshold="rand() < chance", reset="x += 1", method="exact", namespace=names
    )
    names["chance"] = w.source_rate * w.dt * 1e-3
    equations = """
    dv/dt = -v / tau : 1 (unless refractory)
    dy/dt = -y / tau_post : 1
    """
    group = neurons(w, w.units, equations, "exact", names, "v = reset; y += 1")
    synapses = brian2.Synapses(
        sources,
        group,
        "weight : 1",
        on_pre="""
        v_post += weight * int(not_refractory_post)
        weight = clip(weight - depression * y_post, 0, greatest)
        """,
        on_post="weight = clip(weight + potentiation * x_pre, 0, greatest)",
        namespace=names,
    )
    synapses.connect()
    synapses.weight = "rand() * first_greatest"
    return standalone(w, request, [sources, group, synapses], group, [synapses])


def connectome(w, request):
    from table import drawn

    start(w, request)
    names = namespace(w)
    pre, post, count = drawn(w.units, w.connections, request.get("seed", 1))
    equations = """
    dv/dt = (g - (v - rest)) / tau : 1 (unless refractory)
    dg/dt = -g / tau_synapse : 1 (unless refractory)
    """
    group = neurons(w, w.units, equations, "exact", names, "v = rest; g = 0")
    group.v = "rest"
    delay = w.delay * brian2.ms
    synapses = brian2.Synapses(group, group, "weight : 1", on_pre="g_post += weight", delay=delay, namespace=names)
    synapses.connect(i=pre, j=post)
    synapses.weight = count * w.synapse
    events = brian2.PoissonGroup(w.driven, rates=w.drive_rate * brian2.Hz)
    onto = brian2.Synapses(events, group, on_pre="v_post += event", namespace=names)
    onto.connect(j="i")
    return standalone(w, request, [group, synapses, events, onto], group, [synapses])


def adex(w, request):
    chunked = w.chunk > 0
    start(w, request, standalone=not chunked)
    names = namespace(w)
    equations = """
    dv/dt = (leak * (rest - v) + upstroke - u + ge + gi + drive) / capacitance / ms : 1
    upstroke = leak * slope * exp((v - threshold) / slope) : 1
    du/dt = (a * (v - rest) - u) / tau_w : 1
    dge/dt = -ge / tau_excitation : 1
    dgi/dt = -gi / tau_inhibition : 1
    drive : 1
    """
    group = brian2.NeuronGroup(
        w.units, equations, threshold="v > peak", reset="v = reset; u += b", method="euler", namespace=names
    )
    group.v = "rest"
    group.drive = "drive_least + rand() * (drive_greatest - drive_least)"
    parts = {"exc": group[: w.excitatory], "inh": group[w.excitatory :]}
    synapses = [
        connected(parts["exc"], group, "ge_post += weight_excitation", names, w.probability),
        connected(parts["inh"], group, "gi_post += weight_inhibition", names, w.probability),
    ]
    objects = [group, *parts.values(), *synapses]
    return (
        in_chunks(w, request, objects, group, synapses) if chunked else standalone(w, request, objects, group, synapses)
    )


def setting(w, request):
    """The setting asked for, or the best known for this workload and size."""
    best = BEST.get((request["workload"], w.units), BEST.get(request["workload"], DEFAULT))
    return request.get("setting") or best


def start(w, request, standalone=True):
    """Choose precision, threads, step and seed before anything is made."""
    words = setting(w, request).split("-")
    known = {"float32", "float64", "1thread", "2threads", "euler", "poisson"}
    if set(words) - known:
        raise protocol.Unavailable(
            f"setting: unknown word in '{'-'.join(words)}'; expected {', '.join(sorted(known))}."
        )
    brian2.BrianLogger.log_level_error()
    brian2.prefs.core.default_float_dtype = brian2.float64 if "float64" in words else brian2.float32
    if standalone:
        brian2.set_device("cpp_standalone", build_on_run=False)
        brian2.prefs.devices.cpp_standalone.openmp_threads = 2 if "2threads" in words else 0
    else:
        brian2.prefs.codegen.target = "cython"
    brian2.defaultclock.dt = w.dt * brian2.ms
    brian2.seed(request.get("seed", 1))


def namespace(w):
    """The workload's numbers; times as times, all else without unit, in the units that the workload states."""
    times = {"tau", "tau_synapse", "tau_excitation", "tau_inhibition", "tau_pre", "tau_post", "tau_w", "refractory"}
    values = {name: value for name, value in vars(w).items() if isinstance(value, (int, float))}
    values = {name: value * brian2.ms if name in times else value for name, value in values.items()}
    # At a spike the inhibitory conductance rises by a positive weight; `dt` is Brian2's own name.
    return {name: value for name, value in values.items() if name not in ("dt", "seconds", "delay", "state")} | {
        "ms": brian2.ms
    }


def neurons(w, units, equations, method, names, reset="v = reset"):
    """Units that fire above `threshold` and are refractory."""
    return brian2.NeuronGroup(
        units,
        equations,
        threshold="v > threshold",
        reset=reset,
        refractory=w.refractory * brian2.ms,
        method=method,
        namespace=names,
    )


def connected(sources, targets, effect, names, probability, delay=None):
    """Static synapses with a probability for each pair."""
    synapses = brian2.Synapses(sources, targets, on_pre=effect, delay=delay, namespace=names)
    synapses.connect(p=probability)
    return synapses


def standalone(w, request, objects, group, synapses):
    """Generate, compile and run the binary once for its initialisation; each later run is that binary again."""
    counter = brian2.SpikeMonitor(group, record=False)
    network = brian2.Network(*objects, counter)
    network.run(w.seconds * brian2.second)
    folder = tempfile.mkdtemp(prefix="brian2-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    device = brian2.get_device()
    begin = time.perf_counter()
    device.build(directory=folder, compile=True, run=False, with_output=False)
    compile_s = time.perf_counter() - begin

    def run():
        device.run(directory=folder, with_output=False)
        return device._last_run_time, rates(w, counter.count[:])

    begin = time.perf_counter()
    loop_s, _ = run()
    initialise_s = time.perf_counter() - begin - loop_s
    count = sum(int(synapse.N[:]) for synapse in synapses)
    more = {"compile_s": compile_s, "initialise_s": initialise_s}
    return protocol.Ready(run, count, versions(), setting(w, request), TIMING, not_building_s=loop_s, more=more)


def in_chunks(w, request, objects, group, synapses):
    """Brian2's run time with Cython, handing over to Python after each chunk, from the same network on and on.

    A call of `Network.run` prepares everything anew, which takes tens of milliseconds; an operation between the steps
    does not, so it is what an expert closes a loop with. Time is taken from the first to the last operation.
    """
    counter = brian2.SpikeMonitor(group, record=False)
    moments = []
    hand_over = brian2.NetworkOperation(lambda: moments.append(time.perf_counter()), dt=w.chunk * w.dt * brian2.ms)
    network = brian2.Network(*objects, counter, hand_over)
    network.run(w.chunk * w.dt * brian2.ms)
    chunks = round(workloads.steps(w) / w.chunk)

    def run():
        before = counter.count[:].copy()
        moments.clear()
        network.run((chunks + 1) * w.chunk * w.dt * brian2.ms)
        longer = (chunks + 1) / chunks
        return moments[chunks] - moments[0], rates(w, (counter.count[:] - before) / longer)

    timing = f"{chunks} chunks of one Network.run, Cython run time, a Python operation between them"
    return protocol.Ready(run, sum(len(s) for s in synapses), versions(), f"{setting(w, request)}-cython", timing)


def rates(w, count):
    """Mean rates of the populations."""
    split = getattr(w, "excitatory", len(count))
    parts = [("exc", count[:split]), ("inh", count[split:])]
    return protocol.mean_rates(w.seconds, [(name, part.sum(), len(part)) for name, part in parts if len(part)])


BUILDERS = {
    "cuba": cuba,
    "coba": coba,
    "brunel-like": brunel_like,
    "brunel2000": brunel2000,
    "plastic": plastic,
    "connectome": connectome,
    "adex": adex,
}

if __name__ == "__main__":
    protocol.main(BUILDERS, import_system)
