"""What `brain.connections` lists is what a spike does: each weight acts on its target after its delay."""

import re

import numpy as np
import pytest
import scipy.sparse

import spark
from spark import InputSpec, ModuleSpecs, NotBuiltError, PortMap, Projection, SpikeArray, StateError
from spark.nn import Brain, BrainConfig, connections, initializers, neurons, plasticity, receptors, somas
from spark.nn.pools import Pool, PoolConfig

PRE, POST, DT = 6, 5, 0.5


def brain(cls, config, ports=("excitation", "inhibition")):
    """A pool that takes the brain's input over its ports."""
    wires = {port: PortMap("__call__", "s") for port in ports}
    return Brain(
        BrainConfig(
            input_map={"s": InputSpec(SpikeArray, (PRE,), "int8")},
            output_map={},
            modules_map=[ModuleSpecs("pool", cls, wires, config)],
            dt=DT,
            seed=3,
        )
    )


def sparse(weights, delay):
    """Delta synapses: what a spike does is the weight alone."""
    return neurons.DeltaLIFNeuronConfig(
        units=(POST,),
        _s_connections=connections.FixedProbability(probability=0.4),
        excitatory__kernel=weights,
        excitatory__delay=delay,
        soma={"potential_tau": 1e9, "threshold": 1e9},
    )


@pytest.mark.parametrize("weights", [2.0, initializers.UniformInitializer(low=1.0, high=3.0)])
@pytest.mark.parametrize("delay", [1.5, initializers.UniformInitializer(low=0.5, high=4.0)])
def test_each_connection_acts_with_its_weight_after_its_delay(weights, delay):
    built = brain(neurons.DeltaLIFNeuron, sparse(weights, delay))
    spark.run(built, 1, {"s": SpikeArray(np.zeros(PRE, np.int8))})
    table = built.connections("pool.excitation")
    assert len(table) > 4 and table.shape == (PRE, POST)
    first = int(built.state["step"])
    for source in range(PRE):
        built.reset()
        spikes = np.zeros((16, PRE), np.int8)
        spikes[2, source] = 1
        recording = spark.run(built, 16, {"s": SpikeArray(spikes)}, record="pool.soma.potential")
        jumps = np.diff(recording["pool.soma.potential"].astype(np.float64), axis=0, prepend=0.0)
        expected = np.zeros_like(jumps)
        mine = table.sources == source
        steps = 2 + np.rint(table.delays[mine] / DT).astype(int)
        np.add.at(expected, (steps, table.targets[mine]), table.weights[mine])
        inhibition = built.connections("pool.inhibition")
        mine = inhibition.sources == source
        steps = 2 + np.rint(inhibition.delays[mine] / DT).astype(int)
        np.add.at(expected, (steps, inhibition.targets[mine]), inhibition.weights[mine])
        np.testing.assert_allclose(jumps, expected, atol=1e-4)
    assert first == 1


@pytest.mark.parametrize("delayed", [True, False])
@pytest.mark.parametrize("density", [1.0, 0.5])
def test_plastic_weights_are_listed_as_they_are_now(delayed, density):
    kernel = initializers.UniformInitializer(low=1.0, high=2.0, density=density)
    config = neurons.LIFNeuronConfig(units=(POST,), async_spikes=delayed, synapses__kernel=kernel)
    built = brain(neurons.LIFNeuron, config, ["in_spikes"])
    spark.run(built, 1, {"s": SpikeArray(np.zeros(PRE, np.int8))})
    table = built.connections("pool")
    assert len(table) == round(density * PRE) * POST
    weights = np.asarray(built.state["pool.synapses.weights"])
    np.testing.assert_array_equal(np.sort(table.weights), np.sort(weights.ravel()))
    assert ((table.delays >= DT) if delayed else (table.delays == 0)).all()
    built.replace_state({"pool.synapses.weights": weights * 2})
    np.testing.assert_array_equal(built.connections("pool").weights, table.weights * 2)
    assert (table.to_matrix() != 0).sum() == len(table) == len(table.to_pandas())


def test_a_path_without_synapses_is_named():
    built = brain(neurons.DeltaLIFNeuron, sparse(1.0, 1.0))
    with pytest.raises(NotBuiltError, match="has no connections yet"):
        built.connections("pool.excitation")
    spark.run(built, 1, {"s": SpikeArray(np.zeros(PRE, np.int8))})
    with pytest.raises(StateError, match=r"pool.excitatin: is no group of synapses. Did you mean 'pool.excitation'\?"):
        built.connections("pool.excitatin")
    with pytest.raises(StateError, match="pool: has several groups of synapses: pool.excitation, pool.inhibition"):
        built.connections("pool")


def projected(weights, delay=None, **settings):
    """A pool that two projections reach: the second is drawn after the first."""
    first = Projection("__call__", "s", name="first", weights=weights, delay=delay, **settings)
    random = connections.FixedProbability(probability=0.5)
    wide = initializers.UniformInitializer(low=1.0, high=2.0)
    second = Projection("__call__", "s", name="second", pattern=random, weights=wide, delay=wide)
    jump = {"jump": receptors.JumpConfig()}
    config = PoolConfig(units=(POST,), receptors=jump, soma={"potential_tau": 1e9, "threshold": 1e9})
    built = Brain(
        BrainConfig(
            input_map={"s": InputSpec(SpikeArray, (PRE,), "int8")},
            output_map={},
            modules_map=[ModuleSpecs("pool", Pool, {"jump": [first, second]}, config)],
            dt=DT,
            seed=3,
        )
    )
    built(s=SpikeArray(np.zeros(PRE, np.int8)))
    return built


NORMAL = initializers.NormalInitializer(mean=1.0, deviation=0.2)


@pytest.mark.parametrize("weights", [2.0, NORMAL], ids=["shared", "drawn"])
@pytest.mark.parametrize(
    "delay", [None, initializers.UniformInitializer(low=0.5, high=4.0)], ids=["at-once", "delayed"]
)
def test_new_weights_are_those_of_the_table_and_change_no_other_connection(weights, delay, tmp_path):
    before = projected(weights, delay)
    spark.run(before, 3, {"s": SpikeArray(np.ones(PRE, np.int8))})
    table = before.connections("pool.first")
    new = np.arange(1, len(table) + 1, dtype=np.float32)
    after = before.with_weights({"pool.first": new})
    np.testing.assert_array_equal(before.connections("pool.first").weights, table.weights)
    found = after.connections("pool.first")
    for name, expected in (("sources", table.sources), ("targets", table.targets), ("delays", table.delays)):
        np.testing.assert_array_equal(getattr(found, name), expected)
    np.testing.assert_array_equal(found.weights, new)
    np.testing.assert_array_equal(
        before.connections("pool.second").to_matrix(), after.connections("pool.second").to_matrix()
    )
    np.testing.assert_array_equal(after.state["pool.soma.potential"], before.state["pool.soma.potential"])
    spark.save_checkpoint(after, tmp_path / "c.safetensors")
    again = spark.load_checkpoint(tmp_path / "c.safetensors")
    np.testing.assert_array_equal(again.connections("pool.first").weights, new)


def test_new_weights_may_be_a_matrix_of_all_pairs():
    before = projected(NORMAL)
    matrix = np.random.default_rng(0).normal(size=(POST, PRE)).astype(np.float32)
    np.testing.assert_array_equal(
        before.with_weights({"pool.first": matrix}).connections("pool.first").to_matrix(), matrix
    )


def test_new_weights_of_a_projection_that_learns_are_state():
    built = projected(NORMAL, rule=plasticity.PairRuleConfig())
    new = built.connections("pool.first").weights + 0.25
    after = built.with_weights({"pool.first": new})
    assert after.config == built.config
    np.testing.assert_array_equal(after.connections("pool.first").weights, new)


def test_weights_that_learn_have_one_order_in_the_state_in_recordings_and_in_the_table():
    matrix = np.arange(1.0, 1 + POST * PRE).reshape(POST, PRE)
    # Later targets hear earlier, so that the lists of the kernels are not in the order of the targets.
    delays = initializers.ArrayInitializer(array=np.broadcast_to(np.arange(POST, 0, -1.0)[:, None], matrix.shape))
    built = projected(initializers.ArrayInitializer(array=matrix), delays, rule=plasticity.PairRuleConfig(maximum=99))
    quiet = SpikeArray(np.zeros(PRE, np.int8))
    recorded = spark.run(built, 1, {"s": quiet}, record="pool.first.weights")["pool.first.weights"][0]
    table = built.connections("pool.first")
    np.testing.assert_array_equal(table.weights, matrix[table.targets, table.sources])
    np.testing.assert_array_equal(table.delays, POST - table.targets)
    np.testing.assert_array_equal(table.weights, recorded)
    np.testing.assert_array_equal(table.weights, built.state["pool.first.weights"])
    edges = built.pool.first.edges
    np.testing.assert_array_equal(table.sources, edges.pre)
    np.testing.assert_array_equal(table.targets, edges.post)
    new = np.arange(len(table), dtype=np.float32)
    after = built.with_weights({"pool.first": new})
    np.testing.assert_array_equal(after.state["pool.first.weights"], new)
    graph, state = spark.split(built)
    one, other = (
        spark.unroll(graph, state, 1, {"s": quiet}, parameters={path: new}, record=["pool.first.weights"])
        for path in ("pool.first", "pool.first.weights")
    )
    np.testing.assert_array_equal(one.recorded["pool.first.weights"], other.recorded["pool.first.weights"])


def test_weights_that_do_not_fit_are_named():
    built = projected(NORMAL)
    wrong = {
        "pool.first": (
            np.ones(3),
            "float64 of shape (3,); expected 30 numbers in the order of `brain.connections('pool.first')`",
        ),
        "pool.second": (np.full((POST, PRE), np.nan), "must be finite, got nan"),
    }
    for path, (weights, said) in wrong.items():
        with pytest.raises(spark.ArgumentError) as caught:
            built.with_weights({path: weights})
        assert str(caught.value).startswith(f"with_weights.{path}: ") and said in str(caught.value)
    with pytest.raises(StateError) as caught:
        built.with_weights({"pool.frist": np.ones(30)})
    assert str(caught.value) == "pool.frist: is no group of synapses. Did you mean 'pool.first'?"
    inhibited = brain(neurons.DeltaLIFNeuron, sparse(initializers.UniformInitializer(low=1.0, high=2.0), 1.0))
    inhibited(s=SpikeArray(np.zeros(PRE, np.int8)))
    with pytest.raises(spark.ArgumentError) as caught:
        inhibited.with_weights({"pool.inhibition": np.ones((POST, PRE))})
    assert str(caught.value) == "with_weights.pool.inhibition: must be at most 0 at an inhibitory receptor, got 1."


@pytest.mark.parametrize(
    ("rule", "given", "text"),
    [
        (plasticity.PairRuleConfig(maximum=3.0, weight_unit=1.0), 50.0, "got 50; expected 0 to 3"),
        (plasticity.PairRuleConfig(minimum=0.25, weight_unit=2.0), 0.0, "got 0; expected 0.5 to "),
        (plasticity.PowerLawRuleConfig(maximum=3.0), 50.0, "got 50; expected 0 to 3"),
        (plasticity.ScalingRuleConfig(maximum=3.0), -1.0, "got -1; expected 0 to 3"),
    ],
)
def test_weights_that_the_first_change_would_clip_are_refused(rule, given, text):
    drawn = initializers.UniformInitializer(low=1.0, high=2.0)
    built = projected(drawn, rule=rule)
    number = len(built.connections("pool.first"))
    said = f"with_weights.pool.first: lies outside of the bounds of its rule, {text}"
    with pytest.raises(spark.ArgumentError, match=re.escape(said)):
        built.with_weights({"pool.first": np.full(number, given)})
    assert built.with_weights({"pool.first": np.full(number, 2.0)})


@pytest.mark.parametrize("rule", [None, plasticity.PairRuleConfig()])
def test_weights_that_their_dtype_does_not_hold_are_refused(rule):
    built = projected(initializers.UniformInitializer(low=1.0, high=2.0), rule=rule)
    said = "with_weights.pool.first: must be at most 3.40282e+38 in size, got 1e+39"
    with pytest.raises(spark.ArgumentError, match=re.escape(said)):
        built.with_weights({"pool.first": np.full(len(built.connections("pool.first")), -1e39)})


def test_rows_of_different_lengths_are_no_weights():
    built = projected(NORMAL)
    said = "with_weights.pool.first: is no array of numbers, got a list whose rows differ in length"
    with pytest.raises(spark.ArgumentError, match=re.escape(said)):
        built.with_weights({"pool.first": [[1.0], [1.0, 2.0]]})


# Of three units of a pool onto each other, (post, pre): unit 1 reaches unit 0 with 2. No two elements are alike, and
# one that another has in its transpose is no connection.
LOOPS = np.array([[0.0, 2.0, 3.0], [4.0, 5.0, 0.0], [7.0, 8.0, 0.0]], np.float32)


def listed(post, pre, weights):
    """Connections of `looped`, of which several may join one pair."""
    return connections.FromMatrix(matrix={"shape": (3, 3), "post": post, "pre": pre, "weights": weights})


def looped(**settings):
    """A pool of three that is connected with itself."""
    net = spark.Network(dt=DT, seed=1)
    pool = net.pool("pool", 3, Pool, soma=somas.IntegrateAndFireSomaConfig(), receptors={"r": receptors.JumpConfig()})
    net.connect(pool, pool.r, name="loop", **settings)
    built = net.build()
    spark.run(built, 1)
    return built


@pytest.mark.parametrize("rule", [None, plasticity.PairRuleConfig(maximum=99.0)], ids=["stays", "learns"])
@pytest.mark.parametrize("given", ["pattern", "weights"])
def test_a_matrix_that_was_read_and_put_back_is_never_transposed(given, rule):
    built = looped(rule=rule, **{given: LOOPS})
    table = built.connections("pool.loop")
    number = LOOPS.size if given == "weights" else np.count_nonzero(LOOPS)
    assert len(table) == number
    assert table.weights[(table.sources == 1) & (table.targets == 0)] == 2.0
    read = table.to_matrix()
    np.testing.assert_array_equal(read, LOOPS)
    for again in ("pattern", "weights"):
        np.testing.assert_array_equal(looped(rule=rule, **{again: read}).connections("pool.loop").to_matrix(), LOOPS)
    changed = read.copy()
    changed[0, 1] = 2.5
    for put in (read, changed):
        after = built.with_weights({"pool.loop": put}).connections("pool.loop")
        np.testing.assert_array_equal(after.to_matrix(), put)
        np.testing.assert_array_equal(after.sources, table.sources)


@pytest.mark.parametrize("rule", [None, plasticity.PairRuleConfig(maximum=99.0)], ids=["stays", "learns"])
def test_a_matrix_of_weights_makes_no_connections_that_are_not_there(rule):
    built = looped(rule=rule, pattern=LOOPS)
    wanted = np.arange(1, 10, dtype=np.float32).reshape(3, 3)
    after = built.with_weights({"pool.loop": wanted}).connections("pool.loop")
    assert len(after) == np.count_nonzero(LOOPS)
    np.testing.assert_array_equal(after.to_matrix(), np.where(LOOPS != 0, wanted, 0))


@pytest.mark.parametrize("rule", [None, plasticity.PairRuleConfig(maximum=99.0)], ids=["stays", "learns"])
def test_several_connections_of_a_pair_share_an_element_of_a_matrix_as_before(rule):
    twice = listed([0, 0, 0, 1], [1, 1, 2, 2], [1.0, 3.0, 5.0, 0.0])
    built = looped(rule=rule, pattern=twice)
    table = built.connections("pool.loop")
    read = table.to_matrix()
    assert read[0, 1] == 4.0
    np.testing.assert_array_equal(
        built.with_weights({"pool.loop": read}).connections("pool.loop").weights, table.weights
    )
    after = built.with_weights({"pool.loop": 2 * read + np.eye(3)[[1, 2, 0]]}).connections("pool.loop")
    np.testing.assert_array_equal(after.to_matrix()[0], [0.0, 9.0, 10.0])
    np.testing.assert_array_equal(np.sort(after.weights[after.sources == 1]), np.array([2.25, 6.75], np.float32))
    assert after.to_matrix()[1, 2] == 1.0


def test_several_connections_of_a_pair_without_weight_share_alike():
    none = listed([0, 0], [1, 1], [0.0, 0.0])
    after = looped(pattern=none).with_weights({"pool.loop": np.full((3, 3), 3.0)}).connections("pool.loop")
    np.testing.assert_array_equal(after.weights, [1.5, 1.5])


def test_a_matrix_that_lies_the_other_way_is_told_to_be_transposed():
    built = projected(NORMAL)
    text = (
        f"with_weights.pool.first: does not fit, got float64 of shape {(PRE, POST)}; expected 30 numbers in the order "
        f"of `brain.connections('pool.first')`, or {(POST, PRE)}: (targets, sources). "
        "Transpose it: a row holds what reaches one target"
    )
    with pytest.raises(spark.ArgumentError) as caught:
        built.with_weights({"pool.first": np.ones((PRE, POST))})
    assert str(caught.value) == text


def test_a_sparse_matrix_of_weights_sets_those_that_it_stores_and_makes_the_others_0():
    before = projected(NORMAL)
    matrix = np.zeros((POST, PRE))
    matrix[::2, 1::2] = np.arange(1.0, 10.0).reshape(3, 3)
    for kind in (scipy.sparse.csr_array, scipy.sparse.csc_array, scipy.sparse.coo_matrix, scipy.sparse.dok_array):
        after = before.with_weights({"pool.first": kind(matrix)})
        np.testing.assert_array_equal(after.connections("pool.first").to_matrix(), matrix)
    twice = scipy.sparse.coo_array((np.array([1.0, 2.0]), (np.array([4, 4]), np.array([0, 0]))), (POST, PRE))
    after = before.with_weights({"pool.first": twice}).connections("pool.first").to_matrix()
    assert after[4, 0] == 3.0 and after.sum() == 3.0
    with pytest.raises(spark.ArgumentError, match=r"got float64 of shape \(6, 5\).*Transpose it"):
        before.with_weights({"pool.first": scipy.sparse.csr_array(matrix.T)})
    with pytest.raises(spark.ArgumentError, match="does not fit, got object of shape"):
        before.with_weights({"pool.first": object()})
