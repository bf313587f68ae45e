"""The cases in NEST, with its own models: `nest_traces.py FOLDER CASE ...` writes an archive of arrays for each case.

Whatever is sent over a connection of NEST takes a step at least, so that spikes act one step later than in Spark, and
one more where a neuron passes them on; traces are shifted by as much.
"""

import os
import sys
from pathlib import Path

import cases
import numpy as np

os.environ["PYNEST_QUIET"] = "1"
import nest

# Capacitances in pF and conductances in nS of the models of `ours`.
LEAKY = {"C_m": 200.0, "E_L": -60.0, "V_m": -60.0, "V_reset": -60.0, "V_th": -50.0, "t_ref": 2.0}
GLIF = {
    "V_reset": -60.34,
    "adapting_threshold": True,
    "after_spike_currents": True,
    "spike_dependent_threshold": True,
    "C_m": 58.72,
    "g": 1000.0 / 106.0445,
    "asc_decay": [1.0 / 333.3, 1.0 / 10.0],
    "th_spike_decay": 1.0 / 111.1,
    "th_voltage_decay": 1.0 / 11.11,
}
SOMAS = {
    "lif": ("iaf_psc_delta", {**LEAKY, "tau_m": 20.0}),
    "izhikevich": ("izhikevich", {"consistent_integration": True}),
    "adex, fine": (
        "aeif_psc_delta",
        {
            "C_m": 281.0,
            "g_L": 30.0,
            "E_L": -70.6,
            "V_m": -70.6,
            "V_reset": -70.6,
            "V_th": -50.4,
            "Delta_T": 2.0,
            "V_peak": 20.0,
            "a": 4.0,
            "b": 80.5,
            "tau_w": 144.0,
            "t_ref": 0.0,
            "gsl_error_tol": 1e-10,
        },
    ),
    "hodgkin-huxley, fine": (
        "hh_psc_alpha",
        {"C_m": 100.0, "g_L": 30.0, "g_Na": 12000.0, "g_K": 3600.0, "E_L": -54.387, "V_m": -65.0, "t_ref": 0.0},
    ),
    "glif": ("glif_psc", GLIF),
    "glif, nothing kept": ("glif_psc", {**GLIF, "voltage_reset_fraction": 0.0}),
}
SYNAPSES = {
    "exponential current": ("iaf_psc_exp", {**LEAKY, "tau_m": 20.0, "tau_syn_ex": 5.0}),
    "alpha current": ("iaf_psc_alpha", {**LEAKY, "tau_m": 20.0, "tau_syn_ex": 5.0}),
    "exponential conductance": ("iaf_cond_exp", {**LEAKY, "g_L": 10.0, "E_ex": 0.0, "tau_syn_ex": 5.0}),
    "alpha conductance": ("iaf_cond_alpha", {**LEAKY, "g_L": 10.0, "E_ex": 0.0, "tau_syn_ex": 5.0}),
    "tsodyks-markram": ("iaf_psc_delta", {**LEAKY, "tau_m": 20.0}),
}
RULES = {
    "pair": {
        "synapse_model": "stdp_synapse",
        "tau_plus": 16.8,
        "Wmax": 100.0,
        "lambda": 1e-4,
        "alpha": 1.05,
        "mu_plus": 0.0,
        "mu_minus": 0.0,
    },
    "triplet": {
        "synapse_model": "stdp_triplet_synapse",
        "tau_plus": 16.8,
        "tau_plus_triplet": 101.0,
        "Aplus": 5e-10,
        "Aplus_triplet": 6.2e-3,
        "Aminus": 7e-3,
        "Aminus_triplet": 2.3e-4,
        "Wmax": 100.0,
    },
    "vogels": {"synapse_model": "vogels_sprekeler_synapse", "tau": 20.0, "eta": 0.01, "alpha": 0.2, "Wmax": 100.0},
}
# What the weights of Clopath's rule are multiplied by.
TINY = 1e-9
POSTSYNAPTIC = {"tau_minus": 33.7, "tau_minus_triplet": 125.0}


def start(name):
    """A kernel of its own for each case."""
    dt, steps = cases.STEPS[name]
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = dt
    return dt, steps


def times_of(fired, dt):
    """When a train of booleans fires, ms: a spike of step n is sent at the end of that step."""
    return np.round((np.flatnonzero(fired) + 1) * dt, 6)


def recorded(units, dt):
    """Potentials after every step."""
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": dt})
    nest.Connect(meter, units)
    return lambda: meter.events["V_m"].reshape(-1, len(units))


def soma(name):
    """Units under currents. The first is the unit's own; a generator adds what the others are more, a step ahead.

    `glif_psc` has no current of its own, but begins at rest: there the generator makes all, and the trace is shifted.
    """
    dt, steps = start(name)
    model, settings = SOMAS[name]
    levels = cases.currents(name)[:: round(1.0 / dt)]
    units = nest.Create(model, cases.UNITS, params=settings)
    late = 2 if model == "glif_psc" else 0
    for unit, level in zip(units, levels.T, strict=True):
        moments = np.round(np.arange(len(level)) * 1.0 + (late - 1) * dt, 6)
        given = {"amplitude_times": moments, "amplitude_values": level}
        if not late:
            unit.I_e = level[0]
            given = {"amplitude_times": moments[1:], "amplitude_values": level[1:] - level[0]}
        nest.Connect(nest.Create("step_current_generator", params=given), unit, syn_spec={"delay": dt})
    potentials = recorded(units, dt)
    counter = nest.Create("spike_recorder")
    nest.Connect(units, counter)
    nest.Simulate((steps + 5) * dt)
    found = {"potential": potentials()[late : late + steps]}
    if model != "hh_psc_alpha":  # It says that a spike was when the potential falls again.
        spikes = np.zeros((steps + 5, cases.UNITS), bool)
        events = counter.events
        spikes[np.round(events["times"] / dt).astype(int) - 1, np.asarray(events["senders"]) - units[0].global_id] = (
            True
        )
        found["spikes"] = spikes[late : late + steps]
    return found


def trains(name, dt, fired):
    """A source for each train."""
    made = [nest.Create("spike_generator", params={"spike_times": times_of(train, dt)}) for train in fired.T]
    return sum(made[1:], made[0])


def synapse(name):
    """One unit under spikes."""
    dt, steps = start(name)
    model, settings = SYNAPSES[name]
    unit = nest.Create(model, params={**settings, "V_th": 1e4})
    sources = trains(name, dt, cases.spikes(name))
    connection = {"weight": cases.WEIGHTS[name], "delay": dt}
    if name == "tsodyks-markram":
        parrots = nest.Create("parrot_neuron", len(sources))
        nest.Connect(sources, parrots, "one_to_one", syn_spec={"delay": dt})
        more = {"synapse_model": "tsodyks2_synapse", "U": 0.2, "u": 0.2, "x": 1.0, "tau_rec": 200.0, "tau_fac": 300.0}
        nest.Connect(parrots, unit, syn_spec={**connection, **more})
    else:
        nest.Connect(sources, unit, syn_spec=connection)
    potentials = recorded(unit, dt)
    nest.Simulate((steps + 5) * dt)
    late = 2 if name == "tsodyks-markram" else 1
    return {"potential": potentials()[late : late + steps]}


def rule(name):
    """Weights at the end, when all sources have fired once more: NEST changes a weight when its source fires.

    The unit hears of its own spike a step later, so that sources fire a step later here too.
    """
    dt, steps = start(name)
    unit = nest.Create("iaf_psc_delta", params={**LEAKY, "V_th": 500.0, "tau_m": 20.0, "t_ref": dt, **POSTSYNAPTIC})
    if name == "vogels":
        unit.tau_minus = 20.0
    return {"weights": weights_at_the_end(name, dt, steps, unit, {**RULES[name], "weight": 1.0})}


def weights_at_the_end(name, dt, steps, unit, connection):
    """Weights onto a unit that is made to fire, (1, sources)."""
    taught = nest.Create("spike_generator", params={"spike_times": times_of(cases.teacher(name), dt)})
    nest.Connect(taught, unit, syn_spec={"weight": 1000.0, "delay": dt})
    parrots = nest.Create("parrot_neuron", cases.SOURCES)
    nest.Connect(trains(name, dt, np.roll(cases.spikes(name), 1, axis=0)), parrots, "one_to_one", {"delay": dt})
    nest.Connect(parrots, unit, syn_spec={**connection, "delay": dt})
    nest.Simulate((steps + 5) * dt)
    found = nest.GetConnections(parrots, unit)
    order = np.argsort(found.get("source"))
    return np.asarray(found.get("weight"))[order][None]


def clopath(name):
    """Weights at the end, as of the other rules.

    The unit shows its potential to the rule and nothing else: it has no adaptation, a spike is 33 mV for one step, and
    weights are a billionth, so that what the sources send does not move it. Averages are not delayed.
    """
    dt, steps = start(name)
    leaky = {"E_L": -60.0, "V_m": -60.0, "V_reset": -60.0, "C_m": 200.0, "g_L": 10.0, "t_ref": 0.0}
    plain = {"Delta_T": 0.0, "a": 0.0, "b": 0.0, "I_sp": 0.0, "V_th_max": 0.0, "V_th_rest": 0.0, "V_peak": 0.0}
    shown = {"V_clamp": 33.0, "t_clamp": dt, "delay_u_bars": 0.0, "u_bar_plus": -60.0, "u_bar_minus": -60.0}
    rule = {"A_LTD": 1.4e-4 * TINY, "A_LTP": 8e-5 * TINY, "theta_minus": -70.6, "theta_plus": -45.3}
    settings = {**leaky, **plain, **shown, **rule, "tau_u_bar_minus": 10.0, "tau_u_bar_plus": 7.0, "A_LTD_const": True}
    unit = nest.Create("aeif_psc_delta_clopath", params={**settings, "gsl_error_tol": 1e-10})
    connection = {"synapse_model": "clopath_synapse", "tau_x": 15.0, "Wmax": 100.0, "weight": TINY}
    return {"weights": weights_at_the_end(name, dt, steps, unit, connection) / TINY}


MAKERS = {**dict.fromkeys(SOMAS, soma), **dict.fromkeys(SYNAPSES, synapse), "clopath": clopath}


def main():
    """Write what was asked for."""
    folder, *names = sys.argv[1:]
    for name in names:
        found = MAKERS.get(name, rule)(name)
        np.savez(Path(folder) / f"{name}.npz", **found)


if __name__ == "__main__":
    main()
