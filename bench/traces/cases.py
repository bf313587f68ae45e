"""What each case of the comparison is given: currents and spikes, the same numbers in every simulator.

Only NumPy is imported here, since every simulator's own environment reads this file. Numbers of models stand beside the
models, in each simulator's own units.
"""

import numpy as np

UNITS = 8
# Each case: length of a step, ms, and of the whole, steps.
STEPS = {
    "lif": (0.1, 10_000),
    "adex": (0.1, 10_000),
    "izhikevich": (0.1, 10_000),
    "hodgkin-huxley": (0.05, 10_000),
    "adex, fine": (0.01, 50_000),
    "hodgkin-huxley, fine": (0.01, 50_000),
    "glif": (0.1, 10_000),
    "glif, nothing kept": (0.1, 10_000),
    "exponential current": (0.1, 10_000),
    "alpha current": (0.1, 10_000),
    "exponential conductance": (0.1, 10_000),
    "alpha conductance": (0.1, 10_000),
    "tsodyks-markram": (0.1, 10_000),
    "pair": (0.1, 20_000),
    "triplet": (0.1, 20_000),
    "vogels": (0.1, 20_000),
    "clopath": (0.1, 10_000),
}
# Mean currents of the units of a case, pA, from the first to the last.
CURRENTS = {
    "lif": (80.0, 400.0),
    "adex": (500.0, 1000.0),
    "izhikevich": (4.0, 15.0),
    "hodgkin-huxley": (500.0, 1500.0),
    "adex, fine": (500.0, 1000.0),
    "hodgkin-huxley, fine": (500.0, 1500.0),
    "glif": (250.0, 700.0),
    "glif, nothing kept": (250.0, 700.0),
}
# By what scheme each is computed, and what differs.
HOW = {
    "brian2": {
        "lif": "exact in both",
        "adex": "forward Euler in both",
        "izhikevich": "forward Euler in both",
        "hodgkin-huxley": "exponential Euler in both",
        "glif": "level 5, exact in both",
        "exponential current": "exact in both",
        "alpha current": "each exact, the current held during the membrane's step, in both",
        "exponential conductance": "exponential Euler in both",
        "alpha conductance": "exponential Euler, the conductance exact and held meanwhile, in both",
        "tsodyks-markram": "exact in both; jumps of a membrane",
        "pair": "all pairs, event by event in both",
        "triplet": "all triplets, event by event in both",
        "vogels": "event by event in both",
        "clopath": "a step at a time in both",
    },
    "nest": {
        "lif": "`iaf_psc_delta`; exact in both",
        "izhikevich": "`izhikevich`; forward Euler in both",
        "adex, fine": "`aeif_psc_delta`; Runge-Kutta of order 4 with steps of 0.01 ms here, adaptive there, where a "
        "spike resets within the step",
        "hodgkin-huxley, fine": "`hh_psc_alpha`; Runge-Kutta of order 4 with steps of 0.01 ms here, adaptive there; "
        "one unit is near its threshold, where errors grow",
        "glif": "`glif_psc`, level 5; exact in both, but of the potential that a spike keeps a fifth of, NEST takes "
        "that of the step before",
        "glif, nothing kept": "`glif_psc`, level 5 with a reset that keeps nothing of the potential; exact in both",
        "exponential current": "`iaf_psc_exp`; exact in both",
        "alpha current": "`iaf_psc_alpha`; the current is held during the membrane's step here, exact there",
        "exponential conductance": "`iaf_cond_exp`; exponential Euler here, adaptive Runge-Kutta there",
        "alpha conductance": "`iaf_cond_alpha`; exponential Euler here, adaptive Runge-Kutta there",
        "tsodyks-markram": "`tsodyks2_synapse`; exact in both",
        "pair": "`stdp_synapse`, additive; weights at the end",
        "triplet": "`stdp_triplet_synapse`; weights at the end",
        "vogels": "`vogels_sprekeler_synapse`; weights at the end",
        "clopath": "`clopath_synapse` at `aeif_psc_delta_clopath`, where a spike is held for a step (`t_clamp`) and "
        "averages are not delayed (`delay_u_bars`): held for 2 ms and delayed by 5 ms, as by default there, weights "
        "differ, since this rule knows neither; weights at the end",
    },
}
SOURCES = 20
RATE = 20.0  # Hz
# Weights of the connections of the synapses' cases: pA, nS or mV.
WEIGHTS = {
    "exponential current": 20.0,
    "alpha current": 20.0,
    "exponential conductance": 1.0,
    "alpha conductance": 1.0,
    "tsodyks-markram": 1.0,
}
TEACHER = 15.0  # Hz
EVERY = 100  # Steps between two weights that are kept.


def currents(name):
    """Currents, pA, (steps, units): a level, with a new random part every millisecond that is as large as a fifth."""
    dt, steps = STEPS[name]
    levels = np.linspace(*CURRENTS[name], UNITS)
    held = round(1.0 / dt)
    drawn = np.random.default_rng(1).uniform(-0.2, 0.2, (steps // held, UNITS))
    return np.repeat(levels * (1.0 + drawn), held, axis=0).astype(np.float32).astype(np.float64)


def spikes(name):
    """Which source fires in which step, (steps, sources): in even steps only, and in none of the first ten."""
    dt, steps = STEPS[name]
    fired = np.random.default_rng(2).random((steps, SOURCES)) < 2 * RATE * dt * 1e-3
    fired[1::2] = False
    fired[:10] = False
    # All fire once at the end, since some simulators bring a weight up to date only when its source fires.
    fired[-40:] = False
    fired[-40] = True
    return fired


def teacher(name):
    """In which steps the unit of a rule's case is made to fire, (steps,): in odd ones, so that no spikes coincide."""
    dt, steps = STEPS[name]
    fired = np.random.default_rng(3).random(steps) < 2 * TEACHER * dt * 1e-3
    fired[::2] = False
    fired[:10], fired[-50:] = False, False
    return fired
