"""A brain of a table of connections does what its equations say, unit by unit."""

import sys
from pathlib import Path

import numpy as np

import spark

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "networks"))
import connectome as example

UNITS, STEPS, DRIVEN = 80, 1500, np.arange(6)
# As in the authors' model: ms, mV.
DT, REST, THRESHOLD, LEAK, TAU, DELAY, REFRACTORY = 0.1, -52.0, -45.0, 20.0, 5.0, 1.8, 2.2
SYNAPSE, EVENT = 0.275, 250 * 0.275


def test_a_connectome_fires_as_its_equations_say_with_inputs_that_rest_while_units_are_refractory():
    pre, post, synapses = example.drawn_table(UNITS, 1200, 3)
    synapses = 40 * np.abs(synapses)  # In so few units few spikes meet.
    brain = example.connectome(pre, post, synapses, UNITS, DRIVEN, seed=2)
    level = {"level": spark.FloatArray(np.full(DRIVEN.size, 1.0, np.float32))}
    probes = ["events", "brain", spark.Probe("brain.soma.g")]
    recording = spark.run(brain, STEPS, level, record=probes, progress=False)
    assert spark.explain(brain).one_call
    events, fired = (np.zeros((STEPS + 40, n), bool) for n in (DRIVEN.size, UNITS))
    for name, onto in (("events", events), ("brain", fired)):
        times, units = recording.spikes(name)
        onto[np.round(times / DT).astype(int), units] = True
    # By hand, in double precision: exact steps, then what arrives, then the threshold.
    weights = np.zeros((UNITS, UNITS))
    np.add.at(weights, (post, pre), synapses * SYNAPSE)
    left, fading = np.exp(-DT / LEAK), np.exp(-DT / TAU)
    through = TAU / (TAU - LEAK) * (fading - left)
    v, g, rests = np.zeros(UNITS), np.zeros(UNITS), np.zeros(UNITS, int)
    late, refractory = round(DELAY / DT), round(REFRACTORY / DT)
    for step in range(STEPS):
        acts = rests == 0
        jump = np.zeros(UNITS)
        if step >= 1:
            jump[DRIVEN] = EVENT * events[step - 1]
        arrives = weights @ fired[step - late] if step >= late else 0.0
        v, g = np.where(acts, left * v + through * g + jump, v), np.where(acts, fading * g + arrives, g)
        now = acts & (v > THRESHOLD - REST)
        np.testing.assert_array_equal(now, fired[step], err_msg=f"step {step}")
        v, g = np.where(now, 0.0, v), np.where(now, 0.0, g)
        rests = np.where(now, refractory, np.maximum(rests - 1, 0))
        np.testing.assert_allclose(recording["brain.soma.g"][step], g, rtol=1e-4, atol=1e-3)
    assert fired[:, 6:].sum() > 50, "units that are not driven fire too"
