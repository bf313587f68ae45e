"""Projections that learn against a neuron with the same rule, and against sums over all pairs of spikes."""

import copy
import pickle
from typing import TypedDict

import jax
import numpy as np
import pytest
from pool_brains import DT, SOURCES, UNITS, brain_of, config_of, matrix_of, source, trains
from tolerances import SAME_BRAIN

import spark
from spark import FloatArray, InputSpec, ModuleError, ModuleSpecs, PortMap, SpikeArray, StateError
from spark.nn import (
    Brain,
    BrainConfig,
    Pool,
    PoolConfig,
    Projection,
    connections,
    initializers,
    plasticity,
    receptors,
    somas,
)
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig
from spark.nn.projections import Rewiring
from spark.sim.run import build

RNG = np.random.default_rng(17)
WEIGHTS = RNG.integers(1, 16, (UNITS, SOURCES)) / 4.0 * RNG.choice([0, 1, -1], (UNITS, SOURCES), p=[0.4, 0.4, 0.2])
LATER = RNG.integers(1, 9, (UNITS, SOURCES))
JUMPS = {"r": receptors.JumpConfig()}
RULE = plasticity.PairRuleConfig(a_plus=0.05, a_minus=0.06, pre_tau=15.0, post_tau=25.0)


@pytest.mark.parametrize("way", ["dense", "listed", "delayed"])
def test_a_plastic_projection_learns_as_a_neuron_with_the_same_rule(way):
    kernel = initializers.UniformInitializer(density=0.6 if way == "listed" else 1.0, low=400.0, high=2000.0)
    config = LIFNeuronConfig(
        units=(UNITS,),
        async_spikes=way == "delayed",
        synapses__kernel=kernel,
        learning_rule=RULE,
        inhibitory_rate=0.0,
        soma__threshold=-45.0,
        **({"max_delay": 6 * DT} if way == "delayed" else {}),
    )
    usual = config_of({"r": source()}, JUMPS).updated(
        modules_map=[ModuleSpecs("pool", LIFNeuron, {"in_spikes": source()}, config)]
    )
    neuron = Brain(usual)
    build(neuron)
    weights, steps = matrix_of(neuron.connections("pool"))
    settings = {"weights": weights} if way == "dense" else {"pattern": weights}
    settings |= {"delay": steps * DT} if way == "delayed" else {}
    wire = Projection("__call__", "s", name="learns", rule=RULE, **settings)
    pool = brain_of({"r": wire}, {"r": receptors.PulseCurrentConfig()}, soma=config.soma)
    spikes = trains(300)
    fired = [spark.run(made, 300, {"s": SpikeArray(spikes)}, record="pool")["pool"] for made in (neuron, pool)]
    np.testing.assert_array_equal(*fired)
    now = [made.connections(path).weights for made, path in ((neuron, "pool"), (pool, "pool.learns"))]
    np.testing.assert_allclose(*now, rtol=SAME_BRAIN["float32"])
    assert fired[0].sum() > 20 and (now[0] != weights.T[weights.T != 0]).any()


def pair_change(sent, fired, steps, rule):
    """Change of the weight of every pair under the pair rule far from its bounds: a sum over all pairs of spikes."""
    change = np.zeros((fired.shape[1], sent.shape[1]))
    for unit, origin in np.ndindex(change.shape):
        arrivals = np.flatnonzero(sent[:, origin]) + steps[unit, origin]
        lags = DT * (np.flatnonzero(fired[:, unit])[:, None] - arrivals[arrivals < len(sent)][None, :])
        change[unit, origin] += rule.a_plus * np.exp(-lags[lags > 0] / rule.pre_tau).sum()
        change[unit, origin] -= rule.a_minus * np.exp(lags[lags < 0] / rule.post_tau).sum()
    return change


def test_two_rules_and_two_delays_end_at_one_receptor():
    bounds = {"minimum": -99.0, "maximum": 99.0, "weight_unit": 1.0}
    slow = plasticity.PairRuleConfig(a_plus=0.02, a_minus=0.01, pre_tau=30.0, post_tau=10.0, **bounds)
    fast = plasticity.PairRuleConfig(a_plus=0.01, a_minus=0.03, pre_tau=5.0, post_tau=12.0, **bounds)
    first = np.abs(WEIGHTS) + 4.0
    wires = [
        Projection("__call__", "s", name="early", weights=first, delay=2 * DT, rule=slow),
        Projection("__call__", "s", name="late", weights=first, delay=LATER * DT, rule=fast),
        Projection("__call__", "s", name="stays", weights=first, delay=5 * DT),
    ]
    soma = somas.IntegrateAndFireSomaConfig(threshold=-50.0, cooldown=1.0)
    made = brain_of({"r": wires}, JUMPS, soma=soma)
    spikes = trains(400, rate=0.05)
    fired = spark.run(made, 400, {"s": SpikeArray(spikes)}, record="pool")["pool"]
    assert fired.sum() > 100
    for name, rule, steps in (("early", slow, np.full(LATER.shape, 2)), ("late", fast, LATER)):
        found = matrix_of(made.connections(f"pool.{name}"))[0] - first
        np.testing.assert_allclose(found, pair_change(spikes, fired, steps, rule), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(made.connections("pool.stays").to_matrix(), first.astype(np.float32))


def test_a_modulator_reaches_the_rule_that_names_it():
    rule = RULE.updated(eligibility_tau=50.0, weight_unit=1.0, maximum=99.0)
    wires = {
        "r": [
            Projection("__call__", "s", name=f"by_{name}", pattern=np.abs(WEIGHTS), rule=rule, modulator=name)
            for name in ("calm", "wild")
        ],
        "calm": PortMap("__call__", "calm"),
        "wild": PortMap("__call__", "wild"),
    }
    inputs = {name: InputSpec(spark.FloatArray, (), "float32") for name in ("calm", "wild")}
    soma = somas.IntegrateAndFireSomaConfig(threshold=-58.0)
    made = brain_of(wires, JUMPS, inputs=inputs, modulators=("calm", "wild"), soma=soma)
    rewards = {"calm": spark.FloatArray(np.float32(0.0)), "wild": spark.FloatArray(np.float32(1.0))}
    spark.run(made, 200, {"s": SpikeArray(trains(200)), **rewards})
    np.testing.assert_array_equal(matrix_of(made.connections("pool.by_calm"))[0], np.abs(WEIGHTS))
    assert np.abs(matrix_of(made.connections("pool.by_wild"))[0] - np.abs(WEIGHTS)).max() > 0.01


class CountingRuleConfig(plasticity.RuleConfig):
    """Nothing to set."""


class CountedOutput(TypedDict):
    """The changed weights of all pairs."""

    kernel: FloatArray


class CountingRule(plasticity.Rule):
    """Adds to each weight the spikes that arrive over it, with their signs."""

    config: CountingRuleConfig

    def __call__(self, pre_spikes: SpikeArray, post_spikes: SpikeArray, kernel: FloatArray) -> CountedOutput:
        """Advance one step."""
        return {"kernel": FloatArray(kernel.value + pre_spikes.value.astype(kernel.dtype))}


@pytest.mark.parametrize("delayed", [True, False])
def test_a_rule_on_the_weights_of_all_pairs_sees_each_spike_when_it_arrives(delayed):
    steps = LATER if delayed else np.zeros_like(LATER)
    delay = {"delay": steps * DT} if delayed else {}
    wire = Projection("__call__", "s", name="own", pattern=WEIGHTS, rule=CountingRuleConfig(), **delay)
    made = brain_of({"r": wire}, JUMPS)
    spikes = trains(30, rate=0.4, signed=True)
    spark.run(made, len(spikes), {"s": SpikeArray(spikes)})
    arrived = np.array([[spikes[: len(spikes) - late, j].sum() for j, late in enumerate(row)] for row in steps])
    found = matrix_of(made.connections("pool.own"))[0]
    np.testing.assert_array_equal(found, WEIGHTS + np.where(WEIGHTS != 0, arrived, 0))


class ShrinkingRuleConfig(plasticity.RuleConfig):
    """Nothing to set."""


class ShrinkingRule(plasticity.Rule):
    """Takes 1 off each weight, whatever it is."""

    config: ShrinkingRuleConfig

    def __call__(self, pre_spikes: SpikeArray, post_spikes: SpikeArray, kernel: FloatArray) -> CountedOutput:
        """Advance one step."""
        return {"kernel": FloatArray(kernel.value - 1)}


@pytest.mark.parametrize("pattern", [None, connections.FixedInDegree(degree=3)])
def test_a_rule_of_ones_own_makes_no_negative_conductance(pattern):
    given = {} if pattern is None else {"pattern": pattern}
    wire = Projection("__call__", "s", name="learns", weights=1.5, rule=ShrinkingRuleConfig(), **given)
    made = brain_of({"r": wire}, {"r": receptors.ExponentialConductanceConfig()})
    for expected in (0.5, 0.0, 0.0):
        spark.run(made, 1, {"s": SpikeArray(trains(1))})
        assert set(made.connections("pool.learns").weights.tolist()) == {expected}


def drawn(seed, pattern, rewiring=None):
    """A brain whose connections, which learn, follow from its seed."""
    wire = Projection(
        "__call__",
        "s",
        name="learns",
        pattern=pattern,
        weights=initializers.UniformInitializer(low=0.5, high=1.0),
        rule=plasticity.PairRuleConfig(maximum=9.0),
        rewiring=rewiring,
    )
    return brain_of({"r": wire}, JUMPS, seed=seed)


@pytest.mark.parametrize("kept", [lambda state: state, copy.deepcopy, lambda state: pickle.loads(pickle.dumps(state))])
def test_a_state_of_other_connections_is_refused(kept):
    # Both have as many connections, so that nothing but what they connect tells the states apart.
    pattern = connections.FixedInDegree(degree=3)
    one, other, same = (drawn(seed, pattern) for seed in (1, 2, 1))
    state = kept(other.state)
    assert [len(made.connections("pool.learns")) for made in (one, other)] == [3 * UNITS] * 2
    said = "this state belongs to other connections, got another `pool.learns.edges_post`. "
    for given in (state, state.replace({"pool.learns.weights": np.ones(3 * UNITS, np.float32)}), spark.split(other)[1]):
        with pytest.raises(StateError) as caught:
            one.load_state(given)
        fix = "Load a state that came from this module or one built from an equal config"
        assert str(caught.value) == f"Brain: {said}{fix}"
        with pytest.raises(ModuleError) as caught:
            spark.merge(spark.split(one)[0], given)
        assert str(caught.value) == f"Brain: {said}Pass the graph and the state that one `split` returned"
    one.load_state(kept(same.state))
    copy.deepcopy(other).load_state(state)
    pickle.loads(pickle.dumps(other)).load_state(state)


def test_a_state_brings_connections_that_are_rewired_along_but_not_how_many_reach_a_unit():
    rewiring = Rewiring(interval=20.0, prune="weakest", share=0.25)
    one, other = (drawn(seed, connections.FixedInDegree(degree=3), rewiring) for seed in (1, 2))
    one.load_state(other.state)
    found, expected = (made.connections("pool.learns") for made in (one, other))
    np.testing.assert_array_equal(found.to_matrix(), expected.to_matrix())
    pattern = connections.FixedTotalNumber(number=3 * UNITS)
    one, other = (drawn(seed, pattern, rewiring) for seed in (1, 2))
    with pytest.raises(StateError, match="other connections, got another `pool.learns.edges_in_starts`"):
        one.load_state(other.state)


def test_brains_of_other_seeds_share_what_is_compiled_though_their_states_do_not_fit():
    pattern = connections.FixedInDegree(degree=3)
    structures = [jax.tree.structure(spark.split(drawn(seed, pattern))) for seed in (1, 2)]
    assert structures[0] == structures[1]


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize(
    ("receptor", "unit"),
    [
        (receptors.PulseCurrentConfig(), "pA"),
        (receptors.ExponentialConductanceConfig(), "nS"),
        (receptors.JumpConfig(), "mV"),
        (receptors.GABABConfig(), ""),
    ],
)
def test_weights_and_what_waits_to_change_them_are_in_the_unit_of_their_receptor(receptor, unit, listed):
    rule = RULE.updated(eligibility_tau=20.0, consolidation=5.0)
    pattern = {"pattern": connections.FixedInDegree(degree=2)} if listed else {}
    wire = Projection("__call__", "s", name="learns", rule=rule, modulator="reward", **pattern)
    made = Brain(
        BrainConfig(
            input_map={"s": InputSpec(SpikeArray, (SOURCES,), "int8"), "m": InputSpec(FloatArray, (), "float32")},
            modules_map=[
                ModuleSpecs(
                    "pool",
                    Pool,
                    {"r": wire, "reward": PortMap("__call__", "m")},
                    PoolConfig(units=(UNITS,), receptors={"r": receptor}, modulators=("reward",)),
                )
            ],
        )
    )
    build(made)
    paths = ("learns.weights", "learns_rule.eligibility", "learns_rule.pending")
    assert [made.state.unit(f"pool.{path}") for path in paths] == [unit] * 3


def test_the_weights_of_a_preset_are_in_the_unit_of_the_receptor_that_it_was_given():
    for receptor, unit in ((receptors.PulseCurrentConfig(), "pA"), (receptors.ExponentialConductanceConfig(), "nS")):
        config = LIFNeuronConfig(units=(UNITS,), async_spikes=False, receptors={"in_spikes": receptor})
        usual = config_of({"r": source()}, JUMPS)
        made = Brain(usual.updated(modules_map=[ModuleSpecs("pool", LIFNeuron, {"in_spikes": source()}, config)]))
        build(made)
        assert made.state.unit("pool.synapses.weights") == unit
