"""How large a brain would be is known before it is built, and close to the truth."""

import math

import numpy as np
import pytest

import spark
from spark import ModuleSpecs, PortMap
from spark.editor.shapes import MOST_CONNECTIONS, deep_check
from spark.io.graph_of import document_of
from spark.io.sizes import connections, memory, modules_memory
from spark.nn import BrainConfig, neurons
from spark.nn import connections as rules

PRE, POST = (6, 5), (4, 7)
SOME = [
    rules.AllToAll(),
    rules.AllToAll(self_connections=False),
    rules.FixedProbability(probability=0.3),
    rules.FixedProbability(probability=0.3, self_connections=False),
    rules.FixedInDegree(degree=3),
    rules.FixedOutDegree(degree=4, multapses=True),
    rules.FixedTotalNumber(number=77),
    rules.AtLeastOnce(probability=0.3),
    rules.DistanceDependent(width=0.3, peak=0.5),
    rules.FromMatrix(matrix=np.eye(28, 30)),
    rules.OneToOne(),
]


def test_every_connectivity_is_among_them():
    known = {c for c in vars(rules).values() if isinstance(c, type) and rules.Connectivity in c.__bases__}
    assert {type(c) for c in SOME} == known


@pytest.mark.parametrize("rule", SOME, ids=repr)
def test_as_many_connections_are_expected_as_are_drawn(rule):
    pre = POST if isinstance(rule, rules.OneToOne) else PRE
    expected = rule.expected_number(pre, POST)
    counts = [len(rule.draw(np.random.default_rng(seed), pre, POST).post) for seed in range(20)]
    deviation = math.sqrt(expected)
    if isinstance(rule, rules.DistanceDependent):
        assert max(counts) <= expected + 5 * deviation
    else:
        # Without self-connections there are as many less as a pool has units, at most.
        assert expected - 28 - 5 * deviation <= min(counts) and max(counts) <= expected + 5 * deviation


@pytest.mark.parametrize("rule", [rule for rule in SOME if not isinstance(rule, rules.OneToOne)], ids=repr)
def test_none_are_expected_where_there_is_no_pair(rule):
    if isinstance(rule, rules.FixedTotalNumber | rules.FromMatrix):
        assert rule.expected_number((0,), POST) == rule.expected_number(PRE, POST)
        return
    assert rule.expected_number((0,), (0,)) == rule.expected_number((0,), (0, 3)) == 0


def pools(**more):
    wire = [PortMap("p", "out_spikes"), PortMap("q", "out_spikes")]
    config = neurons.CurrentLIFNeuronConfig(units=(10,), **more)
    small = neurons.LIFNeuronConfig(units=(20,), async_spikes=True)
    return BrainConfig(
        modules_map=[
            ModuleSpecs("p", neurons.CurrentLIFNeuron, {"excitation": wire, "inhibition": wire[:1]}, config),
            ModuleSpecs("q", neurons.LIFNeuron, {"in_spikes": wire[:1]}, small),
        ]
    )


def test_wires_ports_and_pools_add_up():
    # From p and q onto p by `excitation`, from p by `inhibition`, and a fifth of all pairs from p onto q.
    fixed = rules.FixedTotalNumber(number=1000)
    assert connections(pools(_s_connections=fixed)) == 2 * 1000 + 1000 + 2 * 20
    assert connections(pools(_s_connections="all_to_all")) == 10 * (10 + 20) + 10 * 10 + 2 * 20
    each = (rules.FixedInDegree(degree=2), rules.FixedInDegree(degree=5))
    assert connections(pools(excitatory__connections=each, inhibitory__connections="one_to_one")) == 70 + 10 + 40
    inner = BrainConfig(modules_map=[ModuleSpecs("b", spark.nn.Brain, {}, pools(_s_connections=fixed))])
    assert connections(inner) == 3040
    assert dict(modules_memory(inner)) == {"b.p": 4 * 10 + 8 * 3000, "b.q": 4 * 20 + 16 * 40}


def test_a_kernel_is_counted_as_it_is_kept():
    def needed(**more):
        config = neurons.LIFNeuronConfig(units=(20,), async_spikes=False, **more)
        wire = {"in_spikes": PortMap("__call__", "a")}
        source = {"a": spark.InputSpec(spark.SpikeArray, (50,), "int8")}
        brain = BrainConfig(input_map=source, modules_map=[ModuleSpecs("p", neurons.LIFNeuron, wire, config)])
        return connections(brain), dict(modules_memory(brain))["p"] - 4 * 20

    # A matrix of all pairs has no places to keep; a list has.
    assert needed(_s_kernel=1.0) == (1000, 4 * 1000)
    assert needed() == (200, 16 * 200)


def test_a_brain_of_billions_of_connections_is_seen_and_not_built_for_a_check(monkeypatch):
    from spark.editor import shapes

    config = pools(_s_connections=rules.FixedTotalNumber(number=1_000_000_000))
    huge = document_of(config)
    assert connections(config) == 3_000_000_040 > MOST_CONNECTIONS

    def built(_):
        raise AssertionError("it was built")

    monkeypatch.setattr(shapes, "build", built)
    assert deep_check(huge) == ({}, [])


def test_memory_counts_what_an_input_brings():
    config = BrainConfig(
        input_map={"a": spark.InputSpec(spark.SpikeArray, ((1 << 31) - 1,), "int8")},
        modules_map=[
            ModuleSpecs(
                "p", neurons.LIFNeuron, {"in_spikes": PortMap("__call__", "a")}, pools().modules_map["q"].config
            )
        ],
    )
    assert memory(config) > 20 * (1 << 31) - 20
