"""A unit's connection to itself is left out where a pool is wired to itself, and nowhere else."""

import numpy as np
import pytest

import spark
from spark import ModuleSpecs, SpikeArray
from spark.nn import Brain, BrainConfig, connections, neurons, plasticity, receptors
from spark.nn.connections import ConnectionList, Connectivity

ALONE = {"self_connections": False}
KINDS = {
    "all": connections.AllToAll(**ALONE),
    "probability": connections.FixedProbability(probability=1.0, **ALONE),
    "distance": connections.DistanceDependent(profile="box", width=2.0, **ALONE),
    "in": connections.FixedInDegree(degree=200, multapses=True, **ALONE),
    "out": connections.FixedOutDegree(degree=200, multapses=True, **ALONE),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "rule", [None, plasticity.PairRuleConfig(weight_unit=1.0, maximum=5.0)], ids=["stays", "learns"]
)
def test_only_a_pool_that_is_wired_to_itself_leaves_out_pairs(kind, rule):
    net = spark.Network(dt=1.0, seed=1)
    current = {"r": receptors.ExponentialCurrentConfig()}
    pools = {name: net.pool(name, size, receptors=current) for name, size in (("a", 6), ("alike", 6), ("b", 4))}
    outside = net.input("s", 6, SpikeArray)
    target = pools["a"]
    for name, source in (*pools.items(), ("outside", outside)):
        net.connect(source, target.r, KINDS[kind], weights=1.0, rule=rule, name=f"from_{name}")
        net.connect(outside, pools[name].r) if name in ("alike", "b") else None
    brain = net.build()
    spark.run(brain, 1, {"s": SpikeArray(np.zeros(6, np.int8))})
    found = {name: brain.connections(f"a.from_{name}").to_matrix() != 0 for name in (*pools, "outside")}
    np.testing.assert_array_equal(found["a"], ~np.eye(6, dtype=bool))
    assert found["alike"].all() and found["b"].all() and found["outside"].all()


def test_one_setting_for_all_bare_wires_of_a_preset_concerns_the_wire_from_itself():
    net = spark.Network(dt=1.0, seed=1)
    config = {"excitatory__connections": KINDS["all"]}
    a, b = (net.pool(name, size, neurons.DeltaLIFNeuron, **config) for name, size in (("a", 6), ("b", 4)))
    for source in (a, b):
        for target in (a, b):
            net.connect(source, target.excitation)
    brain = net.build()
    spark.run(brain, 1)
    for name, size, other in (("a", 6, 4), ("b", 4, 6)):
        matrix = brain.connections(f"{name}.excitation").to_matrix() != 0
        own, foreign = (matrix[:, :6], matrix[:, 6:]) if name == "a" else (matrix[:, 6:], matrix[:, :6])
        np.testing.assert_array_equal(own, ~np.eye(size, dtype=bool))
        assert foreign.shape == (size, other) and foreign.all()


def test_a_pool_within_a_brain_knows_itself():
    net = spark.Network(dt=1.0, seed=1)
    pool = net.pool("p", 5, receptors={"r": receptors.ExponentialCurrentConfig()})
    net.connect(pool, pool.r, KINDS["all"], name="own")
    inner = ModuleSpecs("inner", Brain, {}, net.config())
    brain = Brain(BrainConfig(input_map={}, output_map={}, modules_map=[inner]))
    spark.run(brain, 1)
    np.testing.assert_array_equal(brain.connections("inner.p.own").to_matrix() != 0, ~np.eye(5, dtype=bool))


class Named(Connectivity):
    """A pattern of somebody's own that has the setting."""

    self_connections: bool = spark.field(True, description="Whether unit i connects to unit i.")

    def draw(self, generator, pre_shape, post_shape):
        pre, post = int(np.prod(pre_shape)), int(np.prod(post_shape))
        mask = np.ones((pre, post), bool) if self.self_connections else ~np.eye(pre, post, dtype=bool)
        starts = np.concatenate([[0], np.cumsum(mask.sum(axis=1))])
        return ConnectionList(starts, np.nonzero(mask)[1], None)


def test_a_pattern_of_ones_own_that_has_the_setting_is_treated_alike():
    net = spark.Network(dt=1.0, seed=1)
    current = {"r": receptors.ExponentialCurrentConfig()}
    a, b = net.pool("a", 3, receptors=current), net.pool("b", 3, receptors=current)
    net.connect(a, a.r, Named(self_connections=False), name="own")
    net.connect(a, b.r, Named(self_connections=False), name="other")
    brain = net.build()
    spark.run(brain, 1)
    assert (len(brain.connections("a.own")), len(brain.connections("b.other"))) == (6, 9)


def test_rewiring_may_take_the_source_of_the_same_number_from_another_pool():
    net = spark.Network(dt=1.0, seed=1)
    current = {"r": receptors.ExponentialCurrentConfig()}
    a, b = net.pool("a", 3, receptors=current, soma__background=300.0), net.pool("b", 3, receptors=current)
    rewiring = spark.nn.projections.Rewiring(interval=5.0, prune="weakest", share=0.5)
    rule = plasticity.PairRuleConfig(weight_unit=1.0, maximum=5.0)
    given = {"pattern": connections.FixedInDegree(degree=2, **ALONE), "rule": rule, "rewiring": rewiring}
    net.connect(a, b.r, name="other", **given)
    brain = net.build()
    spark.run(brain, 200, progress=False)
    assert brain.b.other.config.projection.loops
