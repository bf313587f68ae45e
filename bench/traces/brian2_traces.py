"""The cases in Brian2: `brian2_traces.py FOLDER CASE ...` writes an archive of arrays for each case.

Potentials are in mV, currents in pA, conductances in nS, without Brian2's units; a step ends after synapses and resets.
"""

import sys
from pathlib import Path

import cases
import numpy as np
from brian2 import (
    BrianLogger,
    Network,
    NetworkOperation,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    linked_var,
    ms,
    prefs,
    start_scope,
)

SOMAS = {
    "lif": {
        "model": "dv/dt = (-(v + 60) + 0.1 * I(t, i)) / (20*ms) : 1 (unless refractory)",
        "threshold": "v > -50",
        "reset": "v = -60",
        "refractory": 2.1 * ms,
        "method": "exact",
        "first": {"v": -60.0},
    },
    "adex": {
        "model": """
        dv/dt = (-(v + 70.6) + 2 * exp((v + 50.4) / 2) + (I(t, i) - w) / 30) / (281.0 / 30 * ms) : 1
        dw/dt = (4 * (v + 70.6) - w) / (144*ms) : 1
        """,
        "threshold": "v > 20",
        "reset": "v = -70.6; w += 80.5",
        "method": "euler",
        "first": {"v": -70.6},
    },
    "izhikevich": {
        "model": """
        dv/dt = (0.04 * v**2 + 5 * v + 140 - u + I(t, i)) / ms : 1
        du/dt = 0.02 * (0.2 * v - u) / ms : 1
        """,
        "threshold": "v >= 30",
        "reset": "v = -65; u += 8",
        "method": "euler",
        "first": {"v": -65.0, "u": -13.0},
    },
    "hodgkin-huxley": {
        "model": """
        dv/dt = (30*(-54.387 - v) + 12000*m**3*h*(50 - v) + 3600*n**4*(-77 - v) + I(t, i)) / 100 / ms : 1
        dm/dt = (am * (1 - m) - bm * m) / ms : 1
        dh/dt = (ah * (1 - h) - bh * h) / ms : 1
        dn/dt = (an * (1 - n) - bn * n) / ms : 1
        am = 1 / exprel(-(v + 40) / 10) : 1
        bm = 4 * exp(-(v + 65) / 18) : 1
        ah = 0.07 * exp(-(v + 65) / 20) : 1
        bh = 1 / (1 + exp(-(v + 35) / 10)) : 1
        an = 0.1 / exprel(-(v + 55) / 10) : 1
        bn = 0.125 * exp(-(v + 65) / 80) : 1
        """,
        "threshold": "v >= 0",
        "refractory": "v >= 0",
        "method": "exponential_euler",
        "first": {"v": -65.0, "m": "am / (am + bm)", "h": "ah / (ah + bh)", "n": "an / (an + bn)"},
    },
    "glif": {
        "model": """
        dv/dt = (-v + 0.1060445 * (I(t, i) + a + b)) / (6.22694*ms) : 1 (unless refractory)
        da/dt = -a / (333.3*ms) : 1 (unless refractory)
        db/dt = -b / (10*ms) : 1 (unless refractory)
        ds/dt = -s / (111.1*ms) : 1 (unless refractory)
        dq/dt = 0.005 * v / ms - q / (11.11*ms) : 1 (unless refractory)
        """,
        "threshold": "v > 27.17 + s + q",
        "reset": """
        v = 18.51 + 0.2 * v
        a = a * exp(-3.75 / 333.3) - 9.18
        b = b * exp(-3.75 / 10) - 198.94
        s = s * exp(-3.75 / 111.1) + 0.37
        """,
        "refractory": 3.9 * ms,
        "method": "exact",
        "first": {},
        "above": -78.85,
    },
}
# What arrives from a group of its own, whose variables are held while the membrane takes its step, as in Spark.
SYNAPSES = {
    "exponential current": None,
    "alpha current": "dv/dt = (-(v + 60) + 0.1 * g) / (20*ms) : 1",
    "exponential conductance": "dv/dt = (-(v + 60) + 0.1 * g * (0 - v)) / (20*ms) : 1",
    "alpha conductance": "dv/dt = (-(v + 60) + 0.1 * g * (0 - v)) / (20*ms) : 1",
}
RULES = {
    "pair": {
        "model": "dx/dt = -x / (16.8*ms) : 1 (event-driven)\ndy/dt = -y / (33.7*ms) : 1 (event-driven)",
        "on_pre": "x += 1; weight -= 0.0105 * y",
        "on_post": "y += 1; weight += 0.01 * x",
    },
    "triplet": {
        "model": """
        dr1/dt = -r1 / (16.8*ms) : 1 (event-driven)
        dr2/dt = -r2 / (101*ms) : 1 (event-driven)
        do1/dt = -o1 / (33.7*ms) : 1 (event-driven)
        do2/dt = -o2 / (125*ms) : 1 (event-driven)
        """,
        "on_pre": "weight -= o1 * (7e-3 + 2.3e-4 * r2); r1 += 1; r2 += 1",
        "on_post": "weight += r1 * (5e-10 + 6.2e-3 * o2); o1 += 1; o2 += 1",
    },
    "vogels": {
        "model": "dx/dt = -x / (20*ms) : 1 (event-driven)\ndy/dt = -y / (20*ms) : 1 (event-driven)",
        "on_pre": "x += 1; weight += 0.01 * (y - 0.2)",
        "on_post": "y += 1; weight += 0.01 * x",
    },
}


def generator(fired, dt):
    """Sources that fire in given steps."""
    steps, sources = np.nonzero(fired.reshape(len(fired), -1))
    return SpikeGeneratorGroup(fired.reshape(len(fired), -1).shape[1], sources, steps * dt * ms)


def soma(name):
    """Units under currents."""
    dt, steps = cases.STEPS[name]
    model = SOMAS[name]
    names = {"I": TimedArray(cases.currents(name), dt=dt * ms)}
    group = NeuronGroup(
        cases.UNITS,
        model["model"],
        threshold=model["threshold"],
        reset=model.get("reset", ""),
        refractory=model.get("refractory", False),
        method=model["method"],
        namespace=names,
    )
    for variable, first in model["first"].items():
        setattr(group, variable, first)
    kept, counted = StateMonitor(group, "v", record=True, when="end"), SpikeMonitor(group)
    Network(group, kept, counted).run(steps * dt * ms)
    spikes = np.zeros((steps, cases.UNITS), bool)
    spikes[np.round(counted.t / ms / dt).astype(int), counted.i] = True
    return {"potential": kept.v.T + model.get("above", 0.0), "spikes": spikes}


def synapse(name):
    """One unit under spikes."""
    dt, steps = cases.STEPS[name]
    sources = generator(cases.spikes(name), dt)
    weight = cases.WEIGHTS[name]
    if name == "tsodyks-markram":
        return tsodyks_markram(sources, weight, dt, steps)
    if name == "exponential current":
        both = "dv/dt = (-(v + 60) + 0.1 * g) / (20*ms) : 1\ndg/dt = -g / (5*ms) : 1"
        group = NeuronGroup(1, both, method="exact")
        groups, onto = [group], Synapses(sources, group, on_pre=f"g_post += {weight}")
    else:
        alpha = "alpha" in name
        course = "dg/dt = (h - g) / (5*ms) : 1\ndh/dt = -h / (5*ms) : 1" if alpha else "dg/dt = -g / (5*ms) : 1"
        receptor = NeuronGroup(1, course, method="exact", order=1)
        exact = "current" in name
        group = NeuronGroup(
            1, SYNAPSES[name] + "\ng : 1 (linked)", method="exact" if exact else "exponential_euler", order=0
        )
        group.g = linked_var(receptor, "g")
        raised = f"h_post += {weight} * exp(1)" if alpha else f"g_post += {weight}"
        groups, onto = [receptor, group], Synapses(sources, receptor, on_pre=raised)
    group.v = -60.0
    onto.connect()
    kept = StateMonitor(group, "v", record=True, when="end")
    Network(sources, *groups, onto, kept).run(steps * dt * ms)
    return {"potential": kept.v.T}


def tsodyks_markram(sources, weight, dt, steps):
    """Jumps that tire and grow."""
    group = NeuronGroup(1, "dv/dt = -(v + 60) / (20*ms) : 1", method="exact")
    group.v = -60.0
    onto = Synapses(
        sources,
        group,
        "dx/dt = (1 - x) / (200*ms) : 1 (event-driven)\ndu/dt = -u / (300*ms) : 1 (event-driven)",
        on_pre=f"u += 0.2 * (1 - u); v_post += {weight} * u * x; x -= u * x",
        method="exact",
    )
    onto.connect()
    onto.x = 1.0
    kept = StateMonitor(group, "v", record=True, when="end")
    Network(sources, group, onto, kept).run(steps * dt * ms)
    return {"potential": kept.v.T}


def rule(name):
    """Weights onto one source of spikes."""
    dt, steps = cases.STEPS[name]
    sources = generator(cases.spikes(name), dt)
    if name == "clopath":
        return clopath(sources, cases.teacher(name), dt, steps)
    taught = generator(cases.teacher(name), dt)
    model = RULES[name]
    onto = Synapses(sources, taught, "weight : 1\n" + model["model"], on_pre=model["on_pre"], on_post=model["on_post"])
    onto.connect()
    onto.weight = 1.0
    return {"weights": kept_weights([sources, taught, onto], onto, steps, dt)}


def kept_weights(objects, onto, steps, dt):
    """Run, and keep the weights at the end of every some steps."""
    weights = []

    def keep(t):
        if (round(float(t / ms) / dt) + 1) % cases.EVERY == 0:
            weights.append(np.array(onto.weight))

    Network(*objects, NetworkOperation(keep, when="end", order=10)).run(steps * dt * ms)
    return np.array(weights)


def clopath(sources, taught, dt, steps):
    """A leaky unit whose potential is what the rule follows."""
    group = NeuronGroup(
        1,
        "dv/dt = -(v + 60) / (20*ms) : 1\nslow : 1\nfast : 1\nseen : 1",
        threshold="v > -50",
        reset="v = -60; seen = 33",
        method="exact",
    )
    group.v, group.slow, group.fast = -60.0, -60.0, -60.0
    group.run_regularly("seen = -100\nv += 100 * taught(t)", when="before_thresholds")
    onto = Synapses(
        sources,
        group,
        "weight : 1\nx : 1",
        on_pre="x += 1.0 / 15; weight -= 1.4e-4 * clip(slow_post + 70.6, 0, inf)",
    )
    onto.connect()
    onto.weight = 1.0
    names = {"step": dt, "taught": TimedArray(taught.astype(float), dt=dt * ms)}
    onto.namespace.update(names)
    group.namespace.update(names)
    onto.run_regularly("x *= exp(-step / 15)", when="start")
    onto.run_regularly(
        "weight += 8e-5 * step * x * clip(int(seen_post > 0) * 33 + int(seen_post <= 0) * v_post + 45.3, 0, inf)"
        " * clip(fast_post + 70.6, 0, inf)",
        when="end",
        order=1,
    )
    group.run_regularly(
        "u_now = int(seen > 0) * 33 + int(seen <= 0) * v\n"
        "slow += (1 - exp(-step / 10)) * (u_now - slow)\nfast += (1 - exp(-step / 7)) * (u_now - fast)",
        when="end",
        order=2,
    )
    return {"weights": kept_weights([sources, group, onto], onto, steps, dt)}


def main():
    """Write what was asked for."""
    BrianLogger.log_level_error()
    prefs.codegen.target = "numpy"
    folder, *names = sys.argv[1:]
    for name in names:
        start_scope()
        defaultclock.dt = cases.STEPS[name][0] * ms
        found = soma(name) if name in SOMAS else rule(name) if name in (*RULES, "clopath") else synapse(name)
        np.savez(Path(folder) / f"{name}.npz", **found)


if __name__ == "__main__":
    main()
