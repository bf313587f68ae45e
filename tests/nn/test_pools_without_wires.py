"""A pool whose units fire by themselves needs no wire; of any other, that nothing is wired is an error."""

from typing import Any

import numpy as np
import pytest

import spark
from spark import WiringError
from spark.nn import Pool, neurons, receptors, somas
from spark.nn.synapses import PoissonBackgroundConfig

UNITS = 20
EVENTS = {"excitation": PoissonBackgroundConfig(rate=5000.0, weight=100.0)}
TEXT: dict[str, Any] = {"parameters": {"tau": "20 ms", "drive": "15 mV"}, "threshold": "v > 10*mV", "reset": "v = 0*mV"}
ALONE = {
    "events of a pool": (Pool, {"background": EVENTS}),
    "events of a preset": (neurons.CurrentLIFNeuron, {"background__rate": 5000.0, "background__weight": 100.0}),
    "a current of the soma": (Pool, {"soma": somas.IntegrateAndFireSomaConfig(background=250.0)}),
    "a current of a preset's soma": (neurons.CurrentLIFNeuron, {"soma__background": 250.0}),
    "a random soma": (Pool, {"soma": somas.PoissonSomaConfig(rate=50.0)}),
    "a text without a current": (Pool, {"soma": somas.from_equations("dv/dt = (drive - v)/tau : mV", **TEXT)}),
    "a text with one": (Pool, {"soma": somas.from_equations("dv/dt = (drive + 1*GOhm*I - v)/tau : mV", **TEXT)}),
    "chance": (Pool, {"soma": somas.from_equations("", threshold="rand() < 0.05", potential="")}),
    "events at one of two receptors": (
        Pool,
        {"background": EVENTS, "receptors": {n: receptors.ExponentialCurrentConfig() for n in ("excitation", "other")}},
    ),
}


@pytest.mark.parametrize("name", ALONE)
def test_units_that_fire_by_themselves_need_no_wire(name) -> None:
    neuron, settings = ALONE[name]
    net = spark.Network(dt=0.5, seed=1)
    net.pool("p", UNITS, neuron, **settings)
    brain = net.build()
    recording = spark.run(brain, 400, record="p", progress=False)
    assert (np.asarray(recording["p"]).sum(axis=0) > 0).mean() > 0.9
    assert spark.explain(brain).one_call
    again = spark.nn.Brain(spark.nn.BrainConfig.from_dict(net.config().to_dict()))
    np.testing.assert_array_equal(spark.run(again, 400, record="p", progress=False)["p"], recording["p"])


@pytest.mark.parametrize(
    ("neuron", "settings"),
    [
        (Pool, {}),
        (Pool, {"soma": somas.PoissonSomaConfig(rate=0.0)}),
        (neurons.CurrentLIFNeuron, {}),
        (Pool, {"soma": somas.IntegrateAndFireSomaConfig(background=0.0)}),
    ],
)
def test_units_that_nothing_reaches_are_refused(neuron, settings) -> None:
    net = spark.Network(dt=0.5, seed=1)
    net.pool("p", UNITS, neuron, **settings)
    with pytest.raises(WiringError, match=r"p\.excitation: (no )?input port is (not )?fed, got no wire"):
        spark.run(net.build(), 1)
