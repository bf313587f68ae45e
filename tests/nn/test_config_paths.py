"""A dotted path reaches every setting of a brain: components of pools, projections and their rules too."""

import numpy as np
import pytest
from builders import spikes

import spark
from spark import ConfigError, InputSpec, ModuleSpecs, PortMap, Projection, SpikeArray
from spark.nn import Brain, BrainConfig, connections, dendrites, neurons, plasticity, projections, receptors, somas
from spark.nn.pools import Pool, PoolConfig
from spark.nn.projections.projection import settings_of

UNITS = 6


def built(**changes):
    """Two pools: one with two receptors, a dendrite, random events, two projections, a rule; and a preset."""
    config = {
        "units": (UNITS,),
        "soma": somas.IntegrateAndFireSomaConfig(resistance=100.0),
        "receptors": {
            "ampa": receptors.ExponentialCurrentConfig(tau=5.0),
            "gaba": receptors.ExponentialCurrentConfig(tau=10.0, inhibitory=True),
        },
        "dendrites": {"apical": dendrites.LeakyDendriteConfig(potential_tau=20.0)},
        "onto": {"gaba": "apical"},
        "background": {"ampa": spark.nn.synapses.PoissonBackgroundConfig(rate=800.0, weight=100.0)},
    }
    rule = plasticity.PairRuleConfig(maximum=50.0, pre_tau=20.0)
    ring = {"pattern": connections.FixedInDegree(degree=3), "rule": rule, "weights": 5.0}
    wires = {
        "ampa": [
            Projection("__call__", "s", weights=30.0, delay=2.0),
            Projection("p", "out_spikes", name="ring", **ring),
            PortMap("q", "out_spikes"),
            Projection("q", "out_spikes", name="tires", short_term=projections.TsodyksMarkramConfig()),
        ],
        "gaba": [PortMap("p", "out_spikes")],
    }
    preset = neurons.CurrentLIFNeuronConfig(units=(UNITS,), excitatory={"kernel": 40.0}, background__rate=50.0)
    brain = BrainConfig(
        input_map={"s": InputSpec(SpikeArray, (UNITS,), "int8")},
        output_map={},
        modules_map=[
            ModuleSpecs("p", Pool, wires, PoolConfig(**{**config, **changes})),
            ModuleSpecs("q", neurons.CurrentLIFNeuron, {"excitation": PortMap("__call__", "s")}, preset),
        ],
    )
    made = Brain(brain)
    spark.run(made, 3, {"s": spikes(np.ones(UNITS))})
    return made


def wire(brain, port, number):
    return settings_of(brain.config.modules_map["p"].inputs[port][number])


def pool(brain):
    return brain.config.modules_map["p"].config


# By path: another value, where a config of that value holds it, and the path of a part that was made of it.
REACHED = {
    "p.receptors.ampa.tau": (7.0, lambda b: pool(b).receptors["ampa"].tau),
    "p.ampa.tau": (7.0, lambda b: pool(b).receptors["ampa"].tau),
    "p.gaba": (receptors.ExponentialCurrentConfig(tau=3.0), lambda b: pool(b).receptors["gaba"]),
    "p.dendrites.apical.potential_tau": (30.0, lambda b: pool(b).dendrites["apical"].potential_tau),
    "p.apical.potential_tau": (30.0, lambda b: pool(b).dendrites["apical"].potential_tau),
    "p.background.ampa.rate": (900.0, lambda b: pool(b).background["ampa"].rate),
    "p.s_ampa.weights": (31.0, lambda b: wire(b, "ampa", 0).weights.value),
    "p.s_ampa.weights.value": (31.0, lambda b: wire(b, "ampa", 0).weights.value),
    "p.s_ampa.delay": (3.0, lambda b: wire(b, "ampa", 0).delay.value),
    "p.ring.pattern.degree": (2, lambda b: wire(b, "ampa", 1).pattern.degree),
    "p.ring.rule.pre_tau": (40.0, lambda b: wire(b, "ampa", 1).rule.pre_tau),
    "p.ring_rule.pre_tau": (40.0, lambda b: wire(b, "ampa", 1).rule.pre_tau),
    "p.q_ampa.weights": (2.0, lambda b: wire(b, "ampa", 2).weights.value),
    "p.tires.short_term.utilization": (0.2, lambda b: wire(b, "ampa", 3).short_term.utilization),
    "p.tires_short_term.utilization": (0.2, lambda b: wire(b, "ampa", 3).short_term.utilization),
    "p.ampa_background.rate": (900.0, lambda b: pool(b).background["ampa"].rate),
    "p.p_gaba.short_term": (projections.TsodyksMarkramConfig(), lambda b: wire(b, "gaba", 0).short_term),
    "q.excitatory.kernel": (50.0, lambda b: b.config.modules_map["q"].config.excitatory.kernel.value),
    "q.excitation.tau": (7.0, lambda b: b.config.modules_map["q"].config.excitatory.tau),
    "q.excitation_background.rate": (90.0, lambda b: b.config.modules_map["q"].config.background.rate),
}


@pytest.mark.parametrize("path", REACHED)
def test_a_path_reaches_a_setting_and_leaves_all_others(path):
    value, read = REACHED[path]
    brain = built()
    successor = brain.with_config({path: value})
    assert read(brain) != value
    assert read(successor) == value
    back = successor.with_config({path: read(brain)})
    again = {n: s.to_dict() for n, s in back.config.modules_map.items()}
    first = {n: s.to_dict() for n, s in brain.config.modules_map.items()}
    # A bare wire has become a projection with the defaults.
    if path in ("p.q_ampa.weights", "p.p_gaba.short_term"):
        assert {n: d["config"] for n, d in again.items()} == {n: d["config"] for n, d in first.items()}
    else:
        assert again == first
    assert int(successor.state["step"]) == 3


def test_what_a_path_changes_acts_as_if_the_brain_had_been_built_so():
    slower = built().with_config({"p.ampa.tau": 7.0})
    first = {"ampa": receptors.ExponentialCurrentConfig(tau=7.0)}
    as_built = built(receptors={**pool(slower).receptors, **first})
    for brain in (slower, as_built):
        brain.reset()
        spark.run(brain, 20, {"s": spikes(np.ones(UNITS))})
    for path in as_built.state:
        np.testing.assert_array_equal(slower.state[path], as_built.state[path])


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("p.ampa.ta", 2.0, "p.receptors.ampa.ta: is no module or field. Did you mean 'tau'?"),
        ("p.receptors.amp.tau", 2.0, "p.receptors.amp: is not listed there. Did you mean 'ampa'?"),
        ("p.ampaa.tau", 2.0, "p.ampaa: is no module or field. Did you mean 'ampa'?"),
        ("p.rng.weights", 2.0, "p.rng: is no module or field. Did you mean 'ring'?"),
        ("p.ampa.tau", -2.0, "p.receptors.ampa.tau: must be > 0 ms, got -2.0"),
        ("p.ring.rule.pre_tau", -2.0, "p.ring.rule.pre_tau: must be > 0 ms, got -2.0"),
        ("p.ring_rule.pre_tau", -2.0, "p.ring.rule.pre_tau: must be > 0 ms, got -2.0"),
        ("p.tires_short_term.utilization", 2.0, "p.tires.short_term.utilization: must be <= 1, got 2.0"),
        ("p.amp_background.rate", 2.0, "p.amp_background: is no module or field. Did you mean 'ampa_background'?"),
        ("p.ring.weigths", 2.0, "p.ring.weigths: is no module or field. Did you mean 'weights'?"),
        ("p", 2.0, "p: is a module, got float. Name one of its settings, such as 'p.dtype'"),
        ("p.ring", 2.0, "p.ring: is a projection, got float. Name one of its settings, such as 'p.ring.weights'"),
        ("p.s_ampa.rule.pre_tau", 2.0, "p.s_ampa.rule: holds a value, no nested config, got NoneType"),
        ("q.s_excitation.weights", 2.0, "q.s_excitation: is no module or field"),
    ],
)
def test_a_wrong_path_is_named_with_the_nearest(path, value, text):
    with pytest.raises(ConfigError) as error:
        built().with_config({path: value})
    assert text in str(error.value)


def test_what_an_assignment_is_told_to_do_can_be_done():
    brain = built()
    for part, name, value in (
        (brain.p.ampa, "tau", 7.0),
        (brain.p.apical, "potential_tau", 30.0),
        (brain.p.soma, "threshold", -45.0),
        (brain.p.ring_rule, "pre_tau", 40.0),
        (brain.p.tires_short_term, "utilization", 0.2),
        (brain.p.ampa_background, "rate", 900.0),
        (brain.q.excitation, "tau", 7.0),
        (brain.q.excitation_background, "rate", 90.0),
    ):
        with pytest.raises(spark.ModuleError) as error:
            setattr(part, name, value)
        told = str(error.value).partition("`brain.with_config({")[2].partition(": ...")[0].strip("'")
        assert told.endswith(name)
        assert brain.with_config({told: value}).config != brain.config


def test_the_step_of_a_part_is_compared_with_that_of_its_brain():
    """A pool whose step was left out has a default, with which nothing runs."""
    net = spark.Network(dt=0.5)
    p = net.pool("p", UNITS, receptors={"ampa": receptors.CurrentConfig()})
    net.connect(net.input("s", UNITS, spark.CurrentArray), p.ampa)
    brain = net.build()
    with pytest.raises(ConfigError, match=r"dt: differs from .* got 0\.25; expected 0\.5\."):
        brain.with_config({"p.soma.dt": 0.25})
    assert brain.with_config({"p.soma.dt": 0.5}).config.step_length == 0.5
