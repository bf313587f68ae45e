"""Where a receptor says whether it excites or inhibits, nothing that reaches it has a sign of its own."""

from typing import Any

import numpy as np
import pytest
from builders import refused
from pool_brains import UNITS, brain_of, trains

import spark
from spark import ConfigError, InputSpec, ModuleSpecs, PortMap, SpikeArray
from spark.nn import Brain, BrainConfig, Projection, connections, initializers, plasticity, receptors
from spark.nn.neurons import (
    ConductanceLIFNeuron,
    ConductanceLIFNeuronConfig,
    CurrentLIFNeuron,
    CurrentLIFNeuronConfig,
    ExponentialSynapsesConfig,
    LIFNeuron,
    LIFNeuronConfig,
)
from spark.nn.plasticity.rule import PlasticityOutput
from spark.nn.synapses import PoissonBackgroundConfig
from spark.sim.run import build

SOURCES = 4
RULE = plasticity.PairRuleConfig(maximum=5.0, weight_unit=1.0)
CONDUCTANCE = receptors.ExponentialConductanceConfig()
INHIBITORY = receptors.ExponentialCurrentConfig(inhibitory=True)


def wire(**settings: Any) -> Projection:
    """A projection from the brain's input."""
    return Projection("__call__", "s", **settings)


def preset(port: str, kind: type, config: Any) -> Brain:
    """A built brain of one preset, with bare wires at one port."""
    wires = {port: PortMap("__call__", "s")}
    inputs = {"s": InputSpec(SpikeArray, (SOURCES,), "int8")}
    specs = ModuleSpecs("pool", kind, wires, config)
    made = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=[specs]))
    build(made)
    return made


def plastic(**settings: Any) -> Brain:
    """`LIFNeuron` with a conductance where its bare wires end."""
    given = {"receptors": {"in_spikes": CONDUCTANCE}, "async_spikes": False, **settings}
    return preset("in_spikes", LIFNeuron, LIFNeuronConfig(units=(UNITS,), **given))


def point(group: str, port: str, **settings: Any) -> Brain:
    """`ConductanceLIFNeuron`, with settings of one group of synapses."""
    config = ConductanceLIFNeuronConfig(units=(UNITS,), **{group: ExponentialSynapsesConfig(**settings)})
    return preset(port, ConductanceLIFNeuron, config)


def opened(brain: Brain, receptor: str, sign: int) -> np.ndarray:
    """The conductance, nS, while every source fires in every step."""
    given = {"s": SpikeArray(np.full((60, SOURCES), sign, np.int8))}
    path = f"pool.{receptor}.conductance"
    return spark.run(brain, 60, given, record=[path], progress=False)[path]


def test_an_inhibitory_receptor_takes_away_whatever_the_signs_and_no_projection_says_otherwise():
    text = (
        "pool.a.signed: has no meaning at an inhibitory receptor, where every spike takes away, got True. Leave it out"
    )
    with refused(ConfigError, text):
        brain_of({"r": wire(name="a", signed=True)}, {"r": receptors.JumpConfig(inhibitory=True)})


@pytest.mark.parametrize("kind", [receptors.ExponentialConductanceConfig, receptors.GABABConfig, receptors.NMDAConfig])
def test_no_projection_says_that_spikes_make_a_conductance_negative(kind):
    text = (
        "pool.a.signed: has no meaning at a conductance, which no spike makes negative, got True. Leave it out: the "
        "receptor's reversal potential says whether it excites or inhibits"
    )
    with refused(ConfigError, text):
        brain_of({"r": wire(name="a", signed=True)}, {"r": kind()})
    assert brain_of({"r": wire(name="a", signed=False)}, {"r": kind()})


NEGATIVE = {
    "one for all": {"weights": -1.0},
    "one of a list": {"pattern": np.where(np.eye(UNITS, 6), -2.0, 1.0)},
    "one that is drawn": {"weights": initializers.NormalInitializer(), "pattern": connections.FixedInDegree(degree=3)},
    "one that a rule changes": {"weights": -1.0, "rule": RULE},
}


@pytest.mark.parametrize("name", NEGATIVE)
@pytest.mark.parametrize("receptor", [receptors.ExponentialConductanceConfig(), receptors.NMDAConfig()])
def test_negative_weights_into_a_conductance_are_refused_by_the_name_of_their_projection(name, receptor):
    fine = wire(name="fine", weights=1.0, pattern=connections.FixedInDegree(degree=2))
    with pytest.raises(
        ConfigError, match=r"^pool.bad.weights: must be at least 0 at a conductance, got -[\d.]+\. Give"
    ):
        brain_of({"r": [fine, wire(name="bad", **NEGATIVE[name])]}, {"r": receptor})


def test_a_distribution_with_a_tail_below_zero_into_a_conductance_is_told_to_bound_it():
    weights = initializers.ConstantInitializer(value=-0.5), initializers.NormalInitializer(mean=3.0, deviation=2.0)
    fixes = (
        "Give the size alone",
        "Give `minimum=0` to NormalInitializer, or draw from a distribution without negative numbers",
    )
    for given, fix in zip(weights, fixes, strict=True):
        settings = {"weights": given, "pattern": connections.FixedInDegree(degree=6)}
        text = rf"got -[\d.]+\. {fix}: the receptor's reversal potential says whether it excites or inhibits$"
        with pytest.raises(ConfigError, match=text):
            brain_of({"r": wire(name="a", **settings)}, {"r": receptors.ExponentialConductanceConfig()})
    settings["weights"] = weights[1].updated(minimum=0.0)
    brain_of({"r": wire(name="a", **settings)}, {"r": receptors.ExponentialConductanceConfig()})


def test_new_weights_into_a_conductance_are_not_negative_either():
    made = brain_of({"r": wire(name="a", weights=1.0)}, {"r": receptors.ExponentialConductanceConfig()})
    text = "with_weights.pool.a: must be at least 0 at a conductance, got -1."
    with refused(spark.ArgumentError, text):
        made.with_weights({"pool.a": -np.ones(len(made.connections("pool.a")), np.float32)})


BARE = {
    "all pairs": plastic,
    "delays of pairs": lambda: plastic(async_spikes=True),
    "excitatory": lambda: point("excitatory", "excitation"),
    "inhibitory": lambda: point("inhibitory", "inhibition"),
}


@pytest.mark.parametrize("name", BARE)
def test_spikes_of_inhibitory_units_over_bare_wires_make_no_conductance_negative(name):
    """As over any other wire into a conductance."""
    port = {"excitatory": "excitation", "inhibitory": "inhibition"}.get(name, "in_spikes")
    found = {sign: opened(BARE[name](), port, sign) for sign in (1, -1)}
    assert found[1].max() > 0
    np.testing.assert_array_equal(found[-1], found[1])


REASON = "the receptor's reversal potential says whether it excites or inhibits"
ALL = initializers.ConstantInitializer(value=-1.0)
TAILED = initializers.NormalInitializer(mean=0.0, deviation=1.0)
BELOW = "must be at least 0 at a conductance, got -1. "
PRESETS = {
    "all pairs": (
        lambda: plastic(synapses__kernel=ALL),
        f"pool.synapses.config.kernel: {BELOW}Give the size alone: {REASON}",
    ),
    "a list of pairs": (
        lambda: plastic(synapses__kernel=ALL.updated(density=0.9), async_spikes=True),
        f"pool.synapses.config.kernel: {BELOW}Give the size alone: {REASON}",
    ),
    "a group": (
        lambda: point("excitatory", "excitation", kernel=ALL, connections=connections.AllToAll()),
        f"pool.excitatory.config.kernel: {BELOW}Give the size alone: {REASON}",
    ),
    "signs of a group": (
        lambda: point("inhibitory", "inhibition", signed=True),
        "pool.inhibitory.config.signed: has no meaning at a conductance, which no spike makes negative, got True. "
        f"Leave it out: {REASON}",
    ),
    "a rule": (
        lambda: plastic(learning_rule=RULE.updated(minimum=-1.0)),
        f"pool.learning_rule.config.minimum: {BELOW}Leave it out: the receptor says whether it excites or inhibits",
    ),
}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_no_more_than_a_projection_that_a_conductance_is_negative(name):
    make, text = PRESETS[name]
    with refused(ConfigError, text):
        make()


def test_a_tail_below_zero_of_all_pairs_is_told_to_bound_it():
    with pytest.raises(ConfigError, match=r"^pool\.synapses\.config\.kernel: .* Give `minimum=0` to NormalInitializer"):
        plastic(synapses__kernel=TAILED)
    assert opened(plastic(synapses__kernel=TAILED.updated(minimum=0.0)), "in_spikes", 1).min() >= 0


def test_new_weights_of_all_pairs_into_a_conductance_are_not_negative_either():
    made = plastic()
    text = "with_weights.pool.synapses: must be at least 0 at a conductance, got -1."
    with refused(spark.ArgumentError, text):
        made.with_weights({"pool.synapses": -np.ones(len(made.connections("pool.synapses")), np.float32)})


@pytest.mark.parametrize("kind", [plasticity.PairRuleConfig, plasticity.BCMRuleConfig, plasticity.EquationRuleConfig])
@pytest.mark.parametrize(
    ("receptor", "what"),
    [(CONDUCTANCE, "a conductance"), (receptors.NMDAConfig(), "a conductance"), (INHIBITORY, "an inhibitory receptor")],
)
def test_no_rule_takes_weights_below_zero_where_the_receptor_has_the_sign(kind, receptor, what):
    """An inhibitory receptor takes the weights' sum away: of weights below 0 it would become an excitatory one."""
    text = f"pool.a_rule.config.minimum: must be at least 0 at {what}, got -0.5. "
    with refused(ConfigError, f"{text}Leave it out: the receptor says whether it excites or inhibits"):
        brain_of({"r": wire(name="a", weights=0.5, rule=kind(minimum=-0.5, maximum=1.0))}, {"r": receptor})
    brain_of({"r": wire(name="a", weights=0.5, rule=kind(maximum=1.0))}, {"r": receptor})
    either = {"r": receptors.ExponentialCurrentConfig()}
    brain_of({"r": wire(name="a", weights=0.5, rule=kind(minimum=-0.5, maximum=1.0))}, either)


@pytest.mark.parametrize(("receptor", "what"), [(CONDUCTANCE, "a conductance"), (INHIBITORY, "an inhibitory receptor")])
def test_random_events_take_nothing_away_where_the_receptor_has_the_sign(receptor, what):
    events = PoissonBackgroundConfig(rate=100.0, weight=-1.0)
    text = f"PoolConfig.background.r.weight: must be at least 0 at {what}, got -1. Give the size alone"
    with refused(ConfigError, text):
        brain_of({"r": wire()}, {"r": receptor}, background={"r": events})
    brain_of({"r": wire()}, {"r": receptors.ExponentialCurrentConfig()}, background={"r": events})


def test_spikes_count_as_before_where_a_group_says_nothing():
    """Left out, `signed` is as the receptor has it: signed at excitatory currents, without a sign elsewhere."""
    spikes = trains(80, SOURCES, rate=0.4, signed=True)
    found = {}
    for group, port in (("excitatory", "excitation"), ("inhibitory", "inhibition")):
        for signed in (None, True, False):
            synapses = ExponentialSynapsesConfig(connections=connections.AllToAll(), kernel=3.0, signed=signed)
            brain = preset(port, CurrentLIFNeuron, CurrentLIFNeuronConfig(units=(UNITS,), **{group: synapses}))
            path = f"pool.{port}.current"
            ran = spark.run(brain, 80, {"s": SpikeArray(spikes)}, record=[path], progress=False)[path]
            found[port, signed] = ran
    np.testing.assert_array_equal(found["excitation", None], found["excitation", True])
    assert found["excitation", None].min() < 0 <= found["excitation", False].min()
    for signed in (True, False):
        np.testing.assert_array_equal(found["inhibition", None], found["inhibition", signed])
    assert found["inhibition", None].max() <= 0 > found["inhibition", None].min()


class SinksRuleConfig(plasticity.RuleConfig):
    """Nothing to set."""


class SinksRule(plasticity.Rule):
    """A rule of somebody's own that knows no bound."""

    config: SinksRuleConfig

    def __call__(self, pre_spikes: SpikeArray, post_spikes: SpikeArray, weights: spark.FloatArray) -> PlasticityOutput:
        """Every weight loses 0.125 a step."""
        return {"weights": spark.FloatArray(weights.value - 0.125)}


@pytest.mark.parametrize("pattern", [connections.AllToAll(), connections.FixedInDegree(degree=3)])
@pytest.mark.parametrize(("receptor", "least"), [(CONDUCTANCE, 0.0), (receptors.ExponentialCurrentConfig(), -6.5)])
def test_a_rule_that_puts_out_negative_weights_closes_a_conductance_at_most(receptor, least, pattern):
    made = brain_of({"r": wire(name="a", weights=1.0, rule=SinksRuleConfig(), pattern=pattern)}, {"r": receptor})
    spark.run(made, 60, {"s": SpikeArray(np.ones((60, 6), np.int8))}, progress=False)
    np.testing.assert_array_equal(made.connections("pool.a").weights, least)
