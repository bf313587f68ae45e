"""Rewiring: connections that are replaced while the number of inputs of every unit stays."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from builders import array_code, refused
from drawing import some
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_brains import DT, brain_of, trains
from rewired_brains import PAIR, SOURCES, UNITS, WEAKEST, given_for, same, shown, taught

import spark
from spark import Projection, SpikeArray
from spark.io.code import python_code
from spark.kernels import build_edges
from spark.nn import plasticity, receptors, somas
from spark.nn.connections import AllToAll, FixedInDegree
from spark.nn.initializers import UniformInitializer as Uniform
from spark.nn.projections import Rewiring
from spark.nn.projections.rewiring import rewire


@st.composite
def cases(draw: Any) -> tuple[Any, ...]:
    """Settings, connections with numbers beside them, sizes, and whether loops are allowed."""
    pre, post, longest = draw(st.integers(2, 30)), draw(st.integers(1, 12)), draw(st.sampled_from([0, 3]))
    generator = np.random.default_rng(draw(st.integers(0, 399)))
    loops = draw(st.booleans())
    degree = draw(st.integers(1, pre))
    pairs = [
        (target, origin)
        for target in range(post)
        for origin in generator.permutation(pre)[: degree - int(target % 3 == 0)]
        if loops or origin != target
    ]
    targets, sources = np.array(pairs, np.int64).reshape(-1, 2).T
    delays = generator.integers(longest + 1, size=targets.size)
    edges, _ = build_edges(sources, targets, delays, pre, post, longest)
    prune = draw(st.sampled_from(["below", "weakest", "random"]))
    amount = {"threshold": 0.5} if prune == "below" else {"share": draw(st.sampled_from([0.1, 0.5, 1.0]))}
    weights = generator.random(targets.size).astype(np.float32)
    return Rewiring(prune=prune, **amount), edges, weights, (pre, post, longest), loops, draw(st.integers(0, 399))


def pairs_of(edges: Any) -> np.ndarray:
    """Target and source of each connection, (connections, 2)."""
    return np.stack([edges.post, edges.pre], axis=1)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_units_keep_their_inputs_in_number_and_get_each_source_once(case: Any) -> None:
    chosen, edges, weights, sizes, loops, seed = case
    found = rewire(chosen, edges, weights, sizes, loops, np.random.default_rng(seed))
    if found is None:
        return
    before, after = pairs_of(edges), pairs_of(found.edges)
    np.testing.assert_array_equal(
        np.bincount(after[:, 0], minlength=sizes[1]), np.bincount(before[:, 0], minlength=sizes[1])
    )
    np.testing.assert_array_equal(found.edges.in_starts, edges.in_starts)
    assert len(np.unique(after, axis=0)) == len(after)
    assert loops or (after[:, 0] != after[:, 1]).all()
    # Kept ones are the same in all that lies beside them; new ones are new, and have the delay of one that went.
    stays = ~found.fresh
    np.testing.assert_array_equal(after[stays], before[found.order][stays])
    np.testing.assert_array_equal(found.edges.delay, edges.delay[found.order])
    known = {tuple(pair) for pair in before.tolist()}
    assert not any(tuple(pair) in known for pair in after[found.fresh].tolist())
    # Lists are what `build_edges` makes of the connections.
    expected, order = build_edges(after[:, 1], after[:, 0], found.edges.delay, *sizes)
    np.testing.assert_array_equal(order, np.arange(order.size))
    for one, other in zip(found.edges, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    again = rewire(chosen, edges, weights, sizes, loops, np.random.default_rng(seed))
    assert again is not None
    np.testing.assert_array_equal(again.edges.pre, found.edges.pre)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_what_is_pruned_is_what_was_asked_for(case: Any) -> None:
    chosen, edges, weights, sizes, loops, seed = case
    found = rewire(chosen, edges, weights, sizes, loops, np.random.default_rng(seed))
    gone = np.zeros(weights.size, bool)
    if found is not None:
        gone[found.order[found.fresh]] = True
    for target in range(sizes[1]):
        mine = edges.post == target
        free = sizes[0] - mine.sum() - int(not loops and target < sizes[0])
        asked = (weights[mine] < 0.5).sum() if chosen.prune == "below" else round(chosen.share * int(mine.sum()))
        assert gone[mine].sum() == min(asked, free)
        if chosen.prune != "random" and gone[mine].any() and not gone[mine].all():
            assert weights[mine & gone].max() <= weights[mine & ~gone].min()


RULES: dict[str, Any] = {
    "pair": (PAIR, {}),
    "late": (PAIR, {"delay": Uniform(low=0.5, high=4.0)}),
    "zenke": (plasticity.ZenkeRuleConfig(gamma=0.02), {"delay": 1.0}),
    "zenke at once": (plasticity.ZenkeRuleConfig(gamma=0.02), {}),
    "taught": (PAIR.updated(eligibility_tau=50.0, consolidation=4.0), {"modulator": "reward"}),
    "connections": (plasticity.BCMRuleConfig(amplitude=1.0, maximum=3.0), {"delay": Uniform(low=0.5, high=4.0)}),
}


@pytest.mark.parametrize("name", some(RULES, 3, first=1, thorough=1))
def test_runs_are_the_same_in_one_go_in_parts_by_calls_and_in_array_code(name: str) -> None:
    rule, wire = RULES[name]
    reward = name == "taught"
    whole = taught(rule, **wire)
    before = whole.connections("pool.learns")
    spark.run(whole, 400, given_for(slice(None), reward), progress=False)
    after = whole.connections("pool.learns")
    counted = [np.bincount(table.targets, minlength=UNITS) for table in (before, after)]
    np.testing.assert_array_equal(*counted)
    assert (counted[0] == 8).all() and len(np.unique(after.sources * UNITS + after.targets)) == len(after)
    assert len(np.setdiff1d(after.sources * UNITS + after.targets, before.sources * UNITS + before.targets)) > 20
    assert spark.explain(whole).one_call

    parts = taught(rule, **wire)
    for first, last in ((0, 37), (37, 120), (120, 121), (121, 400)):
        spark.run(parts, last - first, given_for(slice(first, last), reward), progress=False)
    same(whole, parts)
    called = taught(rule, **wire)
    inputs = given_for(slice(None), reward)
    for step in range(90):
        called(**{port: type(payload)(payload.value[step]) for port, payload in inputs.items()})
    ninety = taught(rule, **wire)
    spark.run(ninety, 90, given_for(slice(0, 90), reward), threads=2, progress=False)
    np.testing.assert_array_equal(called.connections("pool.learns").sources, ninety.connections("pool.learns").sources)
    with array_code():
        written = taught(rule, **wire)
        spark.run(written, 400, given_for(slice(None), reward), progress=False)
        found = written.connections("pool.learns")
    np.testing.assert_array_equal(found.sources, after.sources)
    np.testing.assert_allclose(found.weights, after.weights, rtol=1e-4, atol=1e-4)


def test_nothing_is_compiled_again_where_connections_change() -> None:
    brain = taught()
    spark.run(brain, 100, given_for(slice(0, 100)), progress=False)
    compiled = spark.sim.chunk.run_chunk._cache_size()
    before = brain.connections("pool.learns").sources
    spark.run(brain, 300, given_for(slice(100, 400)), progress=False)
    assert spark.sim.chunk.run_chunk._cache_size() == compiled
    assert (before != brain.connections("pool.learns").sources).any()


def test_kept_connections_keep_their_weights_and_new_ones_begin_at_theirs() -> None:
    still = PAIR.updated(rate=1e-9)
    brain = taught(still)
    first = brain.connections("pool.learns")
    spark.run(brain, round(20.0 / DT), given_for(slice(0, 40)), progress=False)
    after = brain.connections("pool.learns")
    known = dict(zip(zip(first.sources, first.targets, strict=True), first.weights, strict=True))
    new = np.array([pair not in known for pair in zip(after.sources, after.targets, strict=True)])
    assert new.sum() == 2 * UNITS
    np.testing.assert_array_equal(after.weights[new], np.float32(0.4))
    stays = zip(after.sources[~new], after.targets[~new], strict=True)
    np.testing.assert_allclose(after.weights[~new], [known[pair] for pair in stays], atol=1e-5)
    # The weakest two of each unit went.
    for unit in range(UNITS):
        mine = np.sort(first.weights[first.targets == unit])
        np.testing.assert_allclose(np.sort(after.weights[~new & (after.targets == unit)]), mine[2:], atol=1e-5)


def test_a_new_connection_delivers_from_its_source_alone() -> None:
    rewiring = WEAKEST.updated(interval=DT * 10)
    brain = taught(PAIR.updated(rate=1e-9), rewiring, delay=3 * DT)
    quiet = SpikeArray(np.zeros((10, SOURCES), np.int8))
    spark.run(brain, 10, {"s": quiet}, progress=False)
    table = brain.connections("pool.learns")
    sent = np.zeros((6, SOURCES), np.int8)
    sent[0, 5] = 1
    rewound = brain.state
    spark.run(brain, 6, {"s": SpikeArray(sent)}, progress=False)
    heard = np.asarray(brain.state["pool.soma.potential"])
    brain.load_state(rewound)
    spark.run(brain, 6, {"s": SpikeArray(np.zeros((6, SOURCES), np.int8))}, progress=False)
    silent = np.asarray(brain.state["pool.soma.potential"])
    reached = np.zeros(UNITS, bool)
    reached[table.targets[table.sources == 5]] = True
    np.testing.assert_array_equal(heard != silent, reached)


def test_a_seed_gives_the_same_connections_and_another_gives_others() -> None:
    found = []
    for seed in (3, 3, 4):
        brain = taught(seed=seed)
        spark.run(brain, 100, given_for(slice(0, 100)), progress=False)
        found.append(brain.connections("pool.learns").sources)
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()


def test_connections_are_held_by_checkpoints_files_and_successors(tmp_path: Any) -> None:
    brain = taught(delay=1.0)
    spark.run(brain, 150, given_for(slice(0, 150)), progress=False)
    rest = given_for(slice(150, 400))
    spark.save_checkpoint(brain, tmp_path / "checkpoint")
    resumed = spark.load_checkpoint(tmp_path / "checkpoint")
    spark.save_model(brain, tmp_path / "model.spark.json")
    assert spark.load_model(tmp_path / "model.spark.json").config == brain.config
    successor = brain.with_config({"pool.soma.cooldown": 3.0})
    same_weights = brain.with_weights({"pool.learns": brain.connections("pool.learns").weights})
    for one in (resumed, successor, same_weights):
        np.testing.assert_array_equal(one.connections("pool.learns").sources, brain.connections("pool.learns").sources)
        np.testing.assert_array_equal(one.connections("pool.learns").weights, brain.connections("pool.learns").weights)
    for one in (brain, resumed, same_weights):
        spark.run(one, 250, rest, progress=False)
    for one in (resumed, same_weights):
        same(brain, one)
    brain.reset()
    np.testing.assert_array_equal(
        brain.connections("pool.learns").sources, taught(delay=1.0).connections("pool.learns").sources
    )


def test_without_learning_connections_stay() -> None:
    brain = taught()
    before = shown(brain)[:2]
    spark.run(brain, 400, given_for(slice(None)), learning=False, progress=False)
    for one, other in zip(before, shown(brain)[:2], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_batch_is_as_its_brains_alone() -> None:
    alone, batched = [taught(seed=seed) for seed in (1, 2)], [taught(seed=seed) for seed in (1, 2)]
    for brain in alone:
        spark.run(brain, 120, given_for(slice(0, 120)), progress=False)
    spark.batch(batched, 120, given_for(slice(0, 120)), progress=False)
    for one, other in zip(alone, batched, strict=True):
        same(one, other)


def test_inputs_that_fire_together_find_each_other() -> None:
    """Half of the sources fire together now and then; after some rewirings most inputs come from them."""
    rule = plasticity.PairRuleConfig(weight_unit=100.0, maximum=3.0, a_plus=0.1, a_minus=0.12)
    wire = Projection(
        "__call__", "s", name="learns", weights=100.0, pattern=FixedInDegree(degree=8), rule=rule,
        rewiring=Rewiring(interval=200.0, threshold=60.0, weight=100.0),
    )  # fmt: skip
    soma = somas.IntegrateAndFireSomaConfig(background=60.0)
    receptor = {"r": receptors.ExponentialCurrentConfig(tau=5.0)}
    brain = brain_of({"r": wire}, receptor, soma=soma, units=(UNITS,), sources=SOURCES, dt=1.0)
    spikes = trains(10_000, SOURCES, rate=0.01)
    together = np.random.default_rng(8).random(10_000) < 0.02
    spikes[together, : SOURCES // 2] = 1
    first = (brain.connections("pool.learns").sources < SOURCES // 2).mean()
    spark.run(brain, 10_000, {"s": SpikeArray(spikes)}, progress=False)
    assert first < 0.55 and (brain.connections("pool.learns").sources < SOURCES // 2).mean() > 0.65


@pytest.mark.parametrize("prune", ["below", "weakest", "random"])
def test_a_rewiring_survives_json(prune: str) -> None:
    amount: Any = {"threshold": 0.5} if prune == "below" else {"share": 0.5}
    wire = Projection("__call__", "s", rule=PAIR, rewiring=Rewiring(prune=prune, **amount))
    again = spark.nn.projections.ProjectionConfig.from_json(wire.settings.to_json())
    assert again == wire.settings and isinstance(again.rewiring, Rewiring)


def test_exported_code_says_the_rewiring() -> None:
    config = taught().config
    made: dict[str, Any] = {}
    exec(python_code(config).partition("\nbrain =")[0], made)
    assert made["config"] == config


class CountingRuleConfig(plasticity.ConnectionRuleConfig):
    """As for any rule."""


class CountingRule(plasticity.ConnectionRule):
    """Counts the steps of each connection, and forgets to say so where connections are replaced."""

    config: CountingRuleConfig

    def build(self, pre_spikes: Any, post_spikes: Any, weights: Any, modulation: Any = None) -> None:
        """A number for each connection beside what all rules need."""
        super().build(pre_spikes, post_spikes, weights, modulation)
        self.counts = spark.Variable(np.zeros(weights.shape, np.float32))

    def units(self, pre: Any, post: Any) -> plasticity.UnitValues:
        """Nothing is kept of a unit."""
        self.counts.value = self.counts.value + 1.0
        return plasticity.UnitValues({}, {})

    def at_pre(self, weight: Any, **values: Any) -> None:
        """No weight changes."""


class ToldRuleConfig(CountingRuleConfig):
    """As for any rule."""


class ToldRule(CountingRule):
    """Says so."""

    config: ToldRuleConfig

    def of_each_connection(self) -> list[spark.Variable]:
        """The counts too."""
        return [*super().of_each_connection(), self.counts]


def test_what_a_rule_names_moves_with_the_connections() -> None:
    brain = taught(ToldRuleConfig(maximum=3.0))
    steps = round(WEAKEST.interval / DT)
    spark.run(brain, steps + 7, given_for(slice(0, steps + 7)), progress=False)
    counts = np.asarray(brain.state["pool.learns_rule.counts"])
    assert (counts == 7).sum() == 2 * UNITS and (counts == steps + 7).sum() == 6 * UNITS


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_connections_begin_with_the_mean_of_first_weights_within_the_bounds(dtype: str) -> None:
    rewiring = WEAKEST.updated(weight=None)
    for weights in (Uniform(low=0.5, high=1.5), 0.1):
        rule = PAIR if weights != 0.1 else PAIR.updated(maximum=0.1 if dtype == "float32" else 0.10009765625)
        made = taught(rule, rewiring, weights=weights)
        brain = made.with_config({"pool.soma.potential_tau": 10.0, "pool.dtype": dtype})
        spark.run(brain, 1, given_for(slice(0, 1)), progress=False)
        brain.reset()
        first = np.asarray(brain.connections("pool.learns").weights, np.float64)
        begins = float(np.asarray(brain.pool.learns.begins_with.value))
        # A number of bfloat16 has eight digits, in base 2.
        exact = {"float32": 2.0**-22, "bfloat16": 2.0**-8}[dtype]
        assert abs(begins - first.mean()) <= exact * first.mean()
        assert first.min() <= begins <= first.max()


def _refusals() -> Iterator[Any]:
    head = "Projection(__call__.s).rewiring"
    yield (
        lambda: Projection("__call__", "s", rewiring=WEAKEST),
        f"{head}: is for weights that change, got no rule. Give the projection a rule, or leave it out",
    )
    yield (
        lambda: Rewiring(),
        "Rewiring.threshold: is missing, got prune='below'; expected a number. Say what is pruned: `threshold=...`",
    )
    yield (
        lambda: Rewiring(prune="random", share=0.5, threshold=1.0),
        "Rewiring.threshold: has no effect with prune='random', got 1. Leave it out, and give `share`",
    )
    for pattern in ({"pattern": AllToAll()}, {"pattern": AllToAll(), "delay": 1.0}):
        yield (
            lambda pattern=pattern: taught(**pattern),
            "pool.learns.rewiring: has nothing to replace connections by, got a pattern by which every unit has all "
            "sources. Take a pattern such as FixedInDegree, or leave it out",
        )
    yield (
        lambda: taught(rewiring=WEAKEST.updated(interval=0.1)),
        "pool.learns.rewiring.interval: is shorter than a step, got 0.1 ms with dt=0.5 ms; expected at least dt. "
        "Lengthen it, or shorten dt",
    )
    yield (
        lambda: taught(rewiring=WEAKEST.updated(weight=5.0)),
        "pool.learns.rewiring.weight: lies outside of the bounds of the rule, got 5; expected 0 to 3. "
        "Change it, or the bounds",
    )
    yield (
        lambda: taught(rewiring=WEAKEST.updated(share=0.0625)),
        "pool.learns.rewiring.share: prunes nothing, got 0.0625 where a unit has at most 8 connections. "
        "Take one above 0.0625, or give units more connections",
    )
    yield (
        lambda: Rewiring(threshold=0.0),
        "Rewiring.threshold: must be > 0, got 0.0. Size below which connections are pruned, in the receptor's unit; "
        "for 'below' alone.",
    )
    yield (
        lambda: taught(CountingRuleConfig(maximum=3.0)),
        "pool.learns_rule.counts: would stay where it is while connections are replaced, got a variable of shape "
        "(96,). Return it from `of_each_connection`, or from `first_weights`, of the rule",
    )


@pytest.mark.parametrize(("make", "text"), [*_refusals()])
def test_a_rewiring_that_cannot_be_is_refused(make: Any, text: str) -> None:
    with refused(spark.ConfigError, text):
        make()


def test_what_runs_over_a_rewiring_is_refused() -> None:
    brain = taught(rewiring=WEAKEST.updated(interval=5.0))
    text = (
        "Brain: changes its connections after step 10, got 20 steps at once from step 0 on. "
        "Choose an interval of whole rounds of steps, or run it by `spark.run`"
    )
    before = shown(brain)
    with refused(spark.RunError, text):
        spark.core.part.keeper_of(brain).advance(lambda state: pytest.fail("it was called"), 20)
    for one, other in zip(before, shown(brain), strict=True):
        np.testing.assert_array_equal(one, other)


PULLED = plasticity.ZenkeRuleConfig(gamma=0.02)


@pytest.mark.parametrize(
    ("rule", "wire"),
    [
        (PAIR, {"weights": Uniform(low=0.6, high=1.4)}),
        (PULLED, {"rule": PULLED, "weights": Uniform(low=0.6, high=1.4)}),
        (PAIR, {"rule": PULLED}),
    ],
)
def test_a_successor_whose_weights_begin_anew_has_their_connections(rule: Any, wire: Any) -> None:
    """Weights lie in the order of the connections that they were drawn for."""
    brain = taught(rule)
    spark.run(brain, 150, given_for(slice(0, 150)), progress=False)
    fresh = taught(**{"rule": rule, **wire})
    successor = brain.with_config(fresh.config)
    spark.run(fresh, 1, given_for(slice(0, 1)), progress=False)
    fresh.reset()
    paths = [path for path in fresh.state if path.startswith("pool.learns")]
    assert {"pool.learns.edges_pre", "pool.learns.weights"} <= {*paths}
    for path in paths:
        np.testing.assert_array_equal(successor.state[path], fresh.state[path], err_msg=path)
    assert (successor.connections("pool.learns").sources != brain.connections("pool.learns").sources).any()


def test_a_successor_of_another_floating_type_has_the_connections_that_were_replaced_and_their_weights() -> None:
    brain = taught(PAIR)
    spark.run(brain, 150, given_for(slice(0, 150)), progress=False)
    successor = brain.with_config({"pool.soma.potential_tau": 10.0, "pool.dtype": "bfloat16"})
    before, after = brain.connections("pool.learns"), successor.connections("pool.learns")
    np.testing.assert_array_equal(after.sources, before.sources)
    np.testing.assert_array_equal(after.targets, before.targets)
    narrow = np.asarray(successor.state["pool.learns.weights"]).dtype
    assert str(narrow) == "bfloat16"
    np.testing.assert_array_equal(after.weights, before.weights.astype(narrow).astype(np.float32))
