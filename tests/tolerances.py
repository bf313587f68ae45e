"""The one table of tolerances; no test types its own.

Relative and absolute errors by dtype. Single operations follow JAX's own test table; a state integrated exactly over
many steps gathers rounding errors (see the references' tolerance table: 1e-5 in float32 after 5,000 steps).
"""

OPERATION = {
    "float64": {"rtol": 1e-15, "atol": 1e-15},
    "float32": {"rtol": 1e-6, "atol": 1e-6},
    "float16": {"rtol": 1e-3, "atol": 1e-3},
    "bfloat16": {"rtol": 1e-2, "atol": 1e-2},
}
INTEGRATED = {"float32": {"rtol": 1e-5, "atol": 1e-5}, "float16": {"rtol": 2e-2, "atol": 2e-2}}
WEIGHTS = {"float32": {"rtol": 1e-6, "atol": 1e-6}}
# Random expressions of a dozen operations, computed by two compilers: where a sum cancels, what is left of its terms.
EXPRESSIONS = {"float32": {"rtol": 2e-4, "atol": 2e-4}}
# Two ways to run the same brain over some hundred steps: largest error, relative to the largest number of an array.
SAME_BRAIN = {"float32": 2e-5, "float16": 2e-2, "bfloat16": 1e-1}
# Of pools whose potential grows many times over in a step of its upswing, and rounding errors with it: where that of a
# cell of Traub and Miles begins one unit in the last place higher, its gates are 3e-5 apart after 300 steps. Where
# spikes come within a step an error of their time counts likewise: after refractory periods that end 5.7e-6 ms apart,
# at 25 mV/ms, potentials of 1.6 mV are 1.4e-4 mV apart (measured 2026-11-28).
SAME_UPSWING = {**SAME_BRAIN, "float32": 4e-4}
# Of pools with a dendrite whose potential opens what raises it: on one that spikes of Izhikevich's soma come back to,
# two ways are 1.1e-6 apart after 60 steps of 0.37 ms, 5.2e-6 after 100, 3.8e-5 after 150, and 4.2e-4 after 290
# (measured 2026-11-28).
SAME_REGENERATIVE = {**SAME_UPSWING, "float32": 2e-3}
# Beside another simulator, which computes in float64: largest deviation of a trace, relative to its range, and how many
# steps a spike may be apart. Where a spike rises by tens of mV in a step, a rounding error before it grows with it. Of
# the 210 spikes of Hodgkin and Huxley's axon one passes 0 mV where a step ends: at 0.007 mV here and -0.063 mV there,
# a shift of 0.4 microseconds in steps of 50 (measured 2026-11-28).
BRIAN2_TRACES = {
    "lif": {"relative": 1e-5, "steps": 0},
    "adex": {"relative": 3e-2, "steps": 1},
    "izhikevich": {"relative": 3e-2, "steps": 0},
    "hodgkin-huxley": {"relative": 3e-3, "steps": 1},
    "glif": {"relative": 1e-5, "steps": 0},
    "exponential current": {"relative": 1e-5, "steps": 0},
    "alpha current": {"relative": 1e-5, "steps": 0},
    "exponential conductance": {"relative": 1e-5, "steps": 0},
    "alpha conductance": {"relative": 1e-5, "steps": 0},
    "tsodyks-markram": {"relative": 1e-5, "steps": 0},
    "pair": {"relative": 5e-5, "steps": 0},
    "triplet": {"relative": 5e-5, "steps": 0},
    "vogels": {"relative": 5e-5, "steps": 0},
    "clopath": {"relative": 5e-5, "steps": 0},
}
# NEST integrates conductances, AdEx and Hodgkin-Huxley with steps that adapt; see the page for what else differs.
NEST_TRACES = {
    "lif": {"relative": 1e-5, "steps": 0},
    "izhikevich": {"relative": 3e-2, "steps": 0},
    "adex, fine": {"relative": 0.2, "steps": 30},
    "hodgkin-huxley, fine": {"relative": 6e-2, "steps": 0},
    "glif": {"relative": 1e-2, "steps": 20},
    "glif, nothing kept": {"relative": 1e-4, "steps": 1},
    "exponential current": {"relative": 1e-5, "steps": 0},
    "alpha current": {"relative": 1e-2, "steps": 0},
    "exponential conductance": {"relative": 1e-2, "steps": 0},
    "alpha conductance": {"relative": 1e-2, "steps": 0},
    "tsodyks-markram": {"relative": 1e-5, "steps": 0},
    "pair": {"relative": 5e-5, "steps": 0},
    "triplet": {"relative": 5e-5, "steps": 0},
    "vogels": {"relative": 5e-5, "steps": 0},
    "clopath": {"relative": 5e-5, "steps": 0},
}
