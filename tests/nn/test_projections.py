"""Projections against sums over the connections that their settings describe, for given spikes."""

import numpy as np
import pytest
from builders import relay
from drawing import some
from pool_brains import DT, LOUD, SOURCES, UNITS, brain_of, delivered, matrix_of, traces, trains

from spark import InputSpec, SpikeArray, StateError
from spark.nn import Projection, connections, initializers, plasticity, receptors

STEPS = 60
RNG = np.random.default_rng(17)
# Sums of quarters are exact in float32.
WEIGHTS = RNG.integers(1, 16, (UNITS, SOURCES)) / 4.0 * RNG.choice([0, 1, -1], (UNITS, SOURCES), p=[0.4, 0.4, 0.2])
OTHERS = RNG.integers(1, 16, (UNITS, SOURCES)) / 4.0
LATER = RNG.integers(1, 9, (UNITS, SOURCES))
SPIKES = trains(STEPS)
JUMPS = {"r": receptors.JumpConfig()}
# A rule that changes nothing, but makes a projection plastic.
IDLE = plasticity.PairRuleConfig(a_plus=0.0, a_minus=0.0, minimum=-99.0, maximum=99.0, weight_unit=1.0)


def jumps(wires, *modules, spikes=SPIKES, **given):
    """What arrives in each step."""
    return traces(brain_of({"r": wires}, JUMPS, *modules, **given), spikes, "pool.soma.jump")[0]


KINDS = {"static": None, "plastic": IDLE}
MARKS = ([], pytest.mark.slow)
# Each pair of settings in the quick run; with the third every one compiles anew.
SETTINGS = [
    pytest.param(rule, delay, all_pairs, id=f"{all_pairs}-{delay}-{kind}", marks=MARKS[(n + m + all_pairs) % 2])
    for n, (kind, rule) in enumerate(KINDS.items())
    for m, delay in enumerate(("none", "one", "each"))
    for all_pairs in (True, False)
]


@pytest.mark.parametrize(("rule", "delay", "all_pairs"), SETTINGS)
def test_a_spike_brings_its_weight_after_its_delay(rule, delay, all_pairs):
    weights = OTHERS if all_pairs else WEIGHTS
    settings = {"weights": weights} if all_pairs else {"pattern": weights}
    steps = {"none": 0, "one": 3, "each": LATER}[delay]
    if delay != "none":
        settings["delay"] = steps * DT
    arrived = jumps(Projection("__call__", "s", rule=rule, **settings))
    np.testing.assert_array_equal(arrived, delivered(SPIKES, weights, steps))


@pytest.mark.parametrize("rule", [None, IDLE], ids=["static", "plastic"])
@pytest.mark.parametrize("delay", [None, DT, 3 * DT])
def test_a_delay_counts_from_the_step_in_which_another_module_fires(rule, delay):
    wire = Projection("relay", "spikes", pattern=WEIGHTS, delay=delay, rule=rule)
    steps = 1 if delay is None else round(delay / DT)
    np.testing.assert_array_equal(jumps(wire, relay("relay", ("__call__", "s"))), delivered(SPIKES, WEIGHTS, steps))


@pytest.mark.parametrize("rule", [None, IDLE], ids=["static", "plastic"])
@pytest.mark.parametrize("delay", [None, "each"])
def test_a_pool_reaches_itself_after_the_delay(rule, delay):
    own = RNG.integers(-8, 8, (UNITS, UNITS)) / 4.0
    later = RNG.integers(1, 9, (UNITS, UNITS))
    loud = Projection("__call__", "s", name="loud", pattern=LOUD * np.eye(UNITS))
    given = {} if delay is None else {"delay": later * DT}
    spikes = trains(STEPS, UNITS)
    wires = [loud, Projection("pool", "out_spikes", pattern=own, rule=rule, **given)]
    arrived = jumps(wires, spikes=spikes, sources=UNITS)
    fired = (arrived >= LOUD).astype(int)
    np.testing.assert_array_equal(arrived, LOUD * spikes + delivered(fired, own, 1 if delay is None else later))
    assert fired.sum() > 10


@pytest.mark.parametrize("rule", [None, IDLE], ids=["static", "plastic"])
@pytest.mark.parametrize("delay", [None, 3 * DT])
def test_spikes_of_inhibitory_units_count_as_the_projection_has_it(rule, delay):
    spikes = trains(STEPS, signed=True)
    steps = 0 if delay is None else 3
    for signed, counted in ((True, spikes), (False, np.abs(spikes)), (None, spikes)):
        wire = Projection("__call__", "s", pattern=WEIGHTS, signed=signed, delay=delay, rule=rule)
        np.testing.assert_array_equal(jumps(wire, spikes=spikes), delivered(counted, WEIGHTS, steps))


PATTERNS = {
    "probability": connections.FixedProbability(probability=0.4),
    "in-degree": connections.FixedInDegree(degree=3),
    "out-degree": connections.FixedOutDegree(degree=2),
    "number": connections.FixedTotalNumber(number=11),
    "at least once": connections.AtLeastOnce(probability=0.4),
    "distance": connections.DistanceDependent(width=0.4),
    "all": "all_to_all",
}


# Each pattern once in the quick run, by turns under a rule and without.
DRAWN = [
    pytest.param(name, rule, id=f"{name}-{kind}", marks=MARKS[(n + m) % 2])
    for n, name in enumerate(PATTERNS)
    for m, (kind, rule) in enumerate(KINDS.items())
]


@pytest.mark.parametrize(("name", "rule"), DRAWN)
def test_what_is_drawn_is_listed_by_the_name_of_the_projection(rule, name):
    uniform = initializers.UniformInitializer(low=1.0, high=2.0)
    late = initializers.UniformInitializer(low=1.0, high=4.0)
    drawn = Projection("__call__", "s", name="drawn", pattern=PATTERNS[name], weights=uniform, delay=late, rule=rule)
    made = brain_of({"r": drawn}, JUMPS)
    table = made.connections("pool.drawn")
    assert table.shape == (SOURCES, UNITS)
    assert {"in-degree": 3 * UNITS, "out-degree": 2 * SOURCES, "number": 11, "all": 30}.get(name, len(table)) == len(
        table
    )
    assert (table.weights >= 1).all() and (table.weights <= 2).all() and (table.delays % DT == 0).all()
    (arrived,) = traces(made, SPIKES, "pool.soma.jump")
    expected = np.zeros((STEPS, UNITS))
    steps = np.rint(table.delays / DT).astype(int)
    for origin, unit, weight, later in zip(table.sources, table.targets, table.weights, steps, strict=True):
        expected[later:, unit] += weight * SPIKES[: STEPS - later, origin]
    np.testing.assert_allclose(arrived, expected, rtol=1e-5, atol=1e-5)


SHARED = {
    "one": Projection("__call__", "s", name="one", pattern=WEIGHTS, delay=LATER * DT),
    "two": Projection(
        "relay", "spikes", name="two", weights=2.0, pattern=connections.FixedInDegree(degree=2), delay=4 * DT
    ),
    "three": Projection("__call__", "more", name="three", weights=OTHERS[:, :3]),
    "four": Projection("__call__", "s", name="four", weights=-OTHERS, weight_dtype="float16", signed=False),
}
MORE = trains(STEPS, 3, seed=9)


def shared(wires, rules=()):
    """The pool with these projections, of which some have a rule."""
    made = [
        Projection(w.origin, w.port, **{**w.settings.explicit(), "rule": IDLE}) if w.settings.name in rules else w
        for w in wires
    ]
    inputs = {"more": InputSpec(SpikeArray, (3,), "int8")}
    return brain_of({"r": made}, JUMPS, relay("relay", ("__call__", "s")), inputs=inputs)


def arrived(made):
    return traces(made, SPIKES, "pool.soma.jump", more=SpikeArray(MORE))[0]


def test_projections_that_share_a_receptor_bring_what_each_describes():
    made = shared(SHARED.values())
    two, steps = matrix_of(made.connections("pool.two"))
    expected = delivered(SPIKES, WEIGHTS, LATER) + delivered(SPIKES, two, steps) + delivered(MORE, OTHERS[:, :3], 0)
    expected += delivered(np.abs(SPIKES), -OTHERS, 0)
    np.testing.assert_array_equal(arrived(made), expected)
    assert (steps[two != 0] == 4).all() and ((two != 0).sum(axis=1) == 2).all()


@pytest.mark.parametrize("name", SHARED)
def test_each_projection_of_a_shared_receptor_has_a_table_of_its_own(name):
    made = shared(SHARED.values())
    weights, steps = matrix_of(made.connections(f"pool.{name}"))
    wanted = {"one": (WEIGHTS, LATER), "three": (OTHERS[:, :3], 0), "four": (-OTHERS, 0)}
    if name in wanted:
        np.testing.assert_array_equal(weights, wanted[name][0])
        np.testing.assert_array_equal(
            steps[weights != 0], np.broadcast_to(wanted[name][1], weights.shape)[weights != 0]
        )


@pytest.mark.parametrize("rules", [(), ("one",), ("three", "one")])
@pytest.mark.parametrize(
    "order", some([("three", "one"), ("one", "three", "four"), ("four", "three", "one")], 3, 1, thorough=1)
)
def test_the_order_of_wires_and_which_of_them_learn_change_nothing_that_arrives(rules, order):
    wires = [SHARED[name] for name in order]
    brings = {
        "one": delivered(SPIKES, WEIGHTS, LATER),
        "three": delivered(MORE, OTHERS[:, :3], 0),
        "four": delivered(np.abs(SPIKES), -OTHERS, 0),
    }
    made = shared([*wires, Projection("relay", "spikes", name="last", weights=0.0)], rules)
    np.testing.assert_array_equal(arrived(made), sum(brings[name] for name in order))


def test_projections_with_one_weight_each_are_told_apart():
    wires = [
        Projection("__call__", "s", name="a", weights=2.0),
        Projection("pool", "out_spikes", name="b", weights=3.0),
        Projection("__call__", "s", name="c", weights=5.0, delay=2 * DT),
    ]
    made = brain_of({"r": wires}, JUMPS)
    for name, weight, delay in (("a", 2.0, 0.0), ("b", 3.0, DT), ("c", 5.0, 2 * DT)):
        table = made.connections(f"pool.{name}")
        assert len(table) == table.shape[0] * UNITS
        assert set(table.weights.tolist()) == {weight} and set(table.delays.tolist()) == {delay}
    (arrived,) = traces(made, SPIKES, "pool.soma.jump")
    pairs = np.ones((UNITS, SOURCES))
    np.testing.assert_array_equal(arrived, delivered(SPIKES, 2 * pairs, 0) + delivered(SPIKES, 5 * pairs, 2))


@pytest.mark.parametrize("rule", [None, IDLE], ids=["static", "plastic"])
@pytest.mark.parametrize("delay", [None, 2 * DT])
def test_a_projection_without_connections_brings_nothing(rule, delay):
    made = brain_of({"r": Projection("__call__", "s", name="a", pattern=0 * WEIGHTS, rule=rule, delay=delay)}, JUMPS)
    assert len(made.connections("pool.a")) == 0 and not traces(made, SPIKES, "pool.soma.jump")[0].any()


def test_all_projections_of_a_receptor_that_stay_are_listed_together_by_its_name():
    wires = [
        Projection("__call__", "s", name="a", pattern=WEIGHTS),
        Projection("pool", "out_spikes", name="b", delay=1.0),
    ]
    made = brain_of({"r": wires}, JUMPS)
    table = made.connections("pool.r")
    assert table.shape == (SOURCES + UNITS, UNITS) and len(table) == (WEIGHTS != 0).sum() + UNITS**2
    np.testing.assert_array_equal(table.to_matrix()[:, :SOURCES], WEIGHTS)
    np.testing.assert_array_equal(made.connections("pool.b").to_matrix(), np.ones((UNITS, UNITS)))
    with pytest.raises(StateError, match=r"pool.bb: is no group of synapses. Did you mean 'pool.b'\?"):
        made.connections("pool.bb")


def test_weights_of_a_plastic_projection_are_listed_as_they_are_now():
    made = brain_of({"r": Projection("__call__", "s", name="a", pattern=WEIGHTS, rule=IDLE)}, JUMPS)
    held = np.asarray(made.state["pool.a.weights"])
    made.replace_state({"pool.a.weights": 2 * held})
    np.testing.assert_array_equal(made.connections("pool.a").to_matrix(), 2 * WEIGHTS)
    assert len(made.connections("pool")) == (WEIGHTS != 0).sum()


@pytest.mark.parametrize("rule", [None, IDLE.updated(minimum=0.0)], ids=["static", "plastic"])
def test_weights_at_an_inhibitory_receptor_are_listed_as_they_act(rule):
    wire = Projection("__call__", "s", name="a", pattern=WEIGHTS, rule=rule)
    made = brain_of({"r": wire}, {"r": receptors.JumpConfig(inhibitory=True)})
    np.testing.assert_array_equal(made.connections("pool.a").to_matrix(), -np.abs(WEIGHTS))
    (jump,) = traces(made, SPIKES, "pool.soma.jump")
    np.testing.assert_array_equal(jump, -delivered(SPIKES, np.abs(WEIGHTS), 0))
