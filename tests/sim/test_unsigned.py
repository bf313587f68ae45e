"""`explain` says where inhibitory units do not inhibit, and nowhere else; what it says is so."""

import numpy as np
import pytest
from builders import spikes

import spark
from spark import InputSpec, ModuleSpecs, PortMap, SpikeArray
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, Projection, receptors, somas
from spark.sim.unsigned import unsigned

UNITS = 10
KINDS = {
    "current": receptors.ExponentialCurrentConfig(),
    "conductance": receptors.ExponentialConductanceConfig(),
    "inhibitory": receptors.ExponentialCurrentConfig(inhibitory=True),
    "slow": receptors.NMDAConfig(),
    "jump": receptors.JumpConfig(),
}
COUNTS_NO_SIGNS = {"conductance", "slow"}


def wired(wires, rate, inner=False):
    """A pool that feeds itself and another, `inner` within a brain of its own."""
    pool = PoolConfig(units=(UNITS,), inhibitory_rate=rate, receptors=KINDS, soma=somas.IntegrateAndFireSomaConfig())
    other = PoolConfig(units=(UNITS,), receptors=KINDS)
    outside = {"jump": Projection("__call__", "s", weights=100.0)}
    inputs = {"s": InputSpec(SpikeArray, (UNITS,), "int8")}
    modules = [ModuleSpecs("p", Pool, {**outside, **wires}, pool), ModuleSpecs("q", Pool, wires, other)]
    if inner:
        spec = {"input": PortMap("p", "out_spikes"), "spec": spark.OutputSpec(SpikeArray, (UNITS,), "int8")}
        alone = BrainConfig(input_map=inputs, output_map={"t": spec}, modules_map=[modules[0]])
        reading = {port: [PortMap("b", "t")] for port in wires}
        modules = [ModuleSpecs("b", Brain, {"s": PortMap("__call__", "s")}, alone)]
        modules += [ModuleSpecs("q", Pool, reading, other)]
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules))


@pytest.mark.parametrize("kind", KINDS)
def test_it_names_the_receptors_at_which_signs_do_not_count(kind):
    brain = wired({kind: [Projection("p", "out_spikes", name="named")]}, 0.3)
    found = spark.explain(brain)
    expected = [("p", f"p.{kind}"), ("p", f"q.{kind}")] if kind in COUNTS_NO_SIGNS else []
    assert list(found.unsigned) == expected
    for _, receptor in expected:
        text = f"Inhibitory units of 'p' act at '{receptor}' as all others: the receptor has a sign of its own."
        assert text in str(found) and text in found._repr_html_().replace("&#x27;", "'")
    assert ("as all others" in str(found)) == bool(expected)


def test_a_pool_without_inhibitory_units_is_not_named():
    assert spark.explain(wired({"conductance": [PortMap("p", "out_spikes")]}, 0.0)).unsigned == ()


def test_a_projection_that_says_that_signs_do_not_count_at_a_current_is_named_too():
    brain = wired({"current": [PortMap("q", "out_spikes"), Projection("p", "out_spikes", signed=False)]}, 0.3)
    assert [receptor for _, receptor in spark.explain(brain).unsigned] == ["p.current", "q.current"]


def test_modules_within_brains_are_named_by_their_paths():
    brain = wired({"conductance": [PortMap("p", "out_spikes")]}, 0.3, inner=True)
    assert spark.explain(brain).unsigned == (("b", "q.conductance"), ("b.p", "b.p.conductance"))


def test_what_it_says_is_so():
    """All units of a pool are inhibitory: through what is named they excite as those that are not."""
    for kind in ("conductance", "current"):
        opened = {}
        for rate in (0.0, 1.0):
            brain = wired({kind: [Projection("p", "out_spikes", weights=1.0)]}, rate)
            for _ in range(2):
                brain(s=spikes(np.ones(UNITS)))
            path = "q.conductance.conductance" if kind == "conductance" else "q.current.current"
            opened[rate] = np.asarray(brain.state[path])
        assert (opened[0.0] > 0).all()
        assert np.array_equal(opened[0.0], opened[1.0]) == bool(unsigned(brain))
