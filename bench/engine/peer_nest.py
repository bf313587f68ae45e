"""The workloads in NEST, with its own models, which integrate current-based units exactly and others adaptively.

Settings: `1thread`, `2threads`, which is the default, or `4threads`, which the microcircuit needs, since a thread holds
at most 134 million connections; `delay1.5` sets the delay of CUBA and COBA to 1.5 ms in place of one step, as NEST's
communication then happens 15 times more rarely (a different network, with the same rates).
Everything before the first step, including the preparation of the connections (`Prepare`), counts as building; the time
is that of `Run`, which goes on from where the last one ended.
"""

import os
import time

import protocol

DEFAULT = "2threads"
THREADS = {"1thread": 1, "2threads": 2, "4threads": 4}
TIMING = "Run, after Prepare; later runs go on from the state of the last"

nest = None


def import_system():
    os.environ["PYNEST_QUIET"] = "1"
    global nest
    import nest


def cuba(w, request):
    start(w, request)
    units = point_units(
        w, "iaf_psc_exp", C_m=w.tau, tau_m=w.tau, tau_syn_ex=w.tau_excitation, tau_syn_in=w.tau_inhibition
    )
    return recurrent(w, request, units, w.weight_excitation, w.weight_inhibition, short_delay(w, request))


def coba(w, request):
    start(w, request)
    units = point_units(
        w,
        "iaf_cond_exp",
        C_m=w.tau,
        g_L=1.0,
        I_e=w.drive,
        E_ex=w.reversal_excitation,
        E_in=w.reversal_inhibition,
        tau_syn_ex=w.tau_excitation,
        tau_syn_in=w.tau_inhibition,
    )
    return recurrent(w, request, units, w.weight_excitation, -w.weight_inhibition, short_delay(w, request))


def brunel_like(w, request):
    start(w, request)
    units = delta_units(w, rest=w.drive)
    units.V_m = nest.random.uniform(0.0, w.threshold)
    return recurrent(w, request, units, w.weight_excitation, w.weight_inhibition, w.delay)


def brunel2000(w, request):
    start(w, request)
    units = delta_units(w, rest=0.0)
    units.V_m = 0.0
    source = nest.Create("poisson_generator", params={"rate": w.inputs * w.input_rate})
    nest.Connect(source, units, syn_spec={"weight": w.weight, "delay": w.delay})
    return recurrent(w, request, units, w.weight, -w.g * w.weight, w.delay)


def plastic(w, request):
    start(w, request)
    units = delta_units(w, rest=0.0)
    units.set(V_m=0.0, tau_minus=w.tau_post)
    generator = nest.Create("poisson_generator", params={"rate": w.source_rate})
    sources = nest.Create("parrot_neuron", w.sources)
    nest.Connect(generator, sources, syn_spec={"delay": w.dt})
    rule = {
        "synapse_model": "stdp_synapse",
        "weight": nest.random.uniform(0.0, w.first_greatest),
        "delay": w.dt,
        "tau_plus": w.tau_pre,
        "lambda": w.potentiation / w.greatest,
        "alpha": w.depression / w.potentiation,
        "mu_plus": 0.0,
        "mu_minus": 0.0,
        "Wmax": w.greatest,
    }
    nest.Connect(sources, units, "all_to_all", syn_spec=rule)
    return ready(w, request, {"exc": units}, w.sources * w.units)


def adex(w, request):
    start(w, request)
    parameters = {
        **{"C_m": w.capacitance, "g_L": w.leak, "E_L": w.rest, "V_th": w.threshold, "Delta_T": w.slope},
        **{"V_peak": w.peak, "V_reset": w.reset, "a": w.a, "b": w.b, "tau_w": w.tau_w, "t_ref": 0.0},
        **{"tau_syn_ex": w.tau_excitation, "tau_syn_in": w.tau_inhibition},
    }
    units = nest.Create("aeif_psc_exp", w.units, params=parameters)
    units.set(V_m=w.rest, I_e=nest.random.uniform(w.drive_least, w.drive_greatest))
    return recurrent(w, request, units, w.weight_excitation, w.weight_inhibition, w.dt, w.chunk * w.dt)


def microcircuit(w, request):
    """Full scale; half a second of the network's time passes before anything is measured."""
    start(w, request)
    nest.set(keep_source_table=False)
    current = w.current_per_psp()
    model = {
        **{"C_m": w.capacitance, "tau_m": w.tau, "E_L": w.rest, "V_th": w.threshold, "V_reset": w.reset},
        **{"t_ref": w.refractory, "tau_syn_ex": w.tau_synapse, "tau_syn_in": w.tau_synapse},
    }
    populations = {}
    for index, name in enumerate(w.populations):
        drive = w.background_rate * w.background_inputs[index] * w.psp * current * w.tau_synapse * 1e-3
        units = nest.Create("iaf_psc_exp", w.counts[index], params={**model, "I_e": drive})
        units.V_m = nest.random.normal(w.first_mean[index], w.first_deviation[index])
        populations[name] = units
    for target, target_name in enumerate(w.populations):
        for source, source_name in enumerate(w.populations):
            if w.probabilities[target][source]:
                synapses = microcircuit_synapses(w, target_name, source_name, current)
                rule = {"rule": "fixed_total_number", "N": w.synapse_count(target, source)}
                nest.Connect(populations[source_name], populations[target_name], rule, synapses)
    return ready(w, request, populations, nest.num_connections, warm_up=w.warm_up * 1000)


def microcircuit_synapses(w, target, source, current):
    """Weight and delay of one projection, as NEST's parameters."""
    excitatory = source.endswith("E")
    psp = w.psp_l4e_to_l23e if (target, source) == ("L23E", "L4E") else w.psp
    weight = current * psp * (1.0 if excitatory else w.g)
    delay = w.delay_excitation if excitatory else w.delay_inhibition
    bounds = {"min": 0.0} if excitatory else {"max": 0.0}
    bounds = {"min": -float("inf"), "max": float("inf"), **bounds}
    return {
        "synapse_model": "static_synapse",
        "weight": nest.math.redraw(nest.random.normal(weight, abs(weight) * w.weight_deviation), **bounds),
        # NEST rounds to steps, so half a step is the least that becomes one.
        "delay": nest.math.redraw(
            nest.random.normal(delay, delay * w.delay_deviation), min=w.dt * 0.5 + 1e-6, max=float("inf")
        ),
    }


def setting(request):
    """The setting asked for, or the default."""
    return request.get("setting") or DEFAULT


def start(w, request):
    """A fresh kernel with the step, the threads and the seed."""
    words = setting(request).split("-")
    if set(words) - {*THREADS, "delay1.5"}:
        raise protocol.Unavailable(
            f"setting: unknown word in '{setting(request)}'; expected one of {sorted(THREADS)}, delay1.5."
        )
    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.set(
        resolution=w.dt,
        local_num_threads=next((n for word, n in THREADS.items() if word in words), 2),
        rng_seed=request.get("seed", 1),
        print_time=False,
    )


def short_delay(w, request):
    """One step, as in the other systems, unless the setting says otherwise."""
    return 1.5 if "delay1.5" in setting(request) else w.dt


def point_units(w, model, **parameters):
    """Leaky units that start anywhere between reset and threshold."""
    common = {"E_L": w.rest, "V_th": w.threshold, "V_reset": w.reset, "t_ref": w.refractory}
    units = nest.Create(model, w.units, params={**common, **parameters})
    units.V_m = nest.random.uniform(w.reset, w.threshold)
    return units


def delta_units(w, rest):
    """Leaky units whose potential jumps; NEST drops what arrives while they are refractory."""
    parameters = {"tau_m": w.tau, "C_m": w.tau, "E_L": rest, "V_th": w.threshold, "V_reset": w.reset}
    return nest.Create("iaf_psc_delta", w.units, params={**parameters, "t_ref": w.refractory})


def recurrent(w, request, units, excitation, inhibition, delay, chunk_ms=0.0):
    """Random connections of excitatory and inhibitory units onto all."""
    populations = {"exc": units[: w.excitatory], "inh": units[w.excitatory :]}
    rule = {"rule": "pairwise_bernoulli", "p": w.probability, "allow_autapses": True}
    before = nest.num_connections
    for name, weight in (("exc", excitation), ("inh", inhibition)):
        nest.Connect(populations[name], units, rule, {"weight": weight, "delay": delay})
    return ready(w, request, populations, nest.num_connections - before, chunk_ms)


def ready(w, request, populations, synapses, chunk_ms=0.0, warm_up=0.0):
    """Count spikes, prepare, and return what measures."""
    recorders = {}
    for name, units in populations.items():
        recorders[name] = nest.Create("spike_recorder")
        nest.Connect(units, recorders[name])
    nest.Prepare()
    span = chunk_ms or w.seconds * 1000
    calls = round(w.seconds * 1000 / span)
    begin = time.perf_counter()
    if warm_up:
        nest.Run(warm_up)
    warm_up_s = time.perf_counter() - begin

    def run():
        before = {name: recorder.n_events for name, recorder in recorders.items()}
        begin = time.perf_counter()
        for _ in range(calls):
            nest.Run(span)
        seconds = time.perf_counter() - begin
        parts = [(name, r.n_events - before[name], len(populations[name])) for name, r in recorders.items()]
        return seconds, protocol.mean_rates(w.seconds, parts)

    timing = f"{calls} calls of Run" if chunk_ms else TIMING
    versions = {"NEST": nest.__version__}
    return protocol.Ready(run, synapses, versions, setting(request), timing, not_building_s=warm_up_s)


BUILDERS = {
    "cuba": cuba,
    "coba": coba,
    "brunel-like": brunel_like,
    "brunel2000": brunel2000,
    "plastic": plastic,
    "adex": adex,
    "microcircuit": microcircuit,
}

if __name__ == "__main__":
    protocol.main(BUILDERS, import_system)
