"""Brains that cannot be spread as asked say so; on one device everything but the exchange is there."""

import numpy as np
import pytest
from builders import drive, tutorial_brain

import spark
from spark import FloatArray
from spark.catalogue import BUILT_IN
from spark.nn import interfaces
from spark.sim.advance import advance
from spark.sim.run import build


def test_one_device_gives_the_brains_own_spikes_and_state():
    brain = tutorial_brain()
    sharded = spark.shard(brain, 1)
    _, fired, state = sharded.advance(sharded.state, {"drive": drive()}, steps=120, spikes=True)
    gathered = sharded.gather(brain, state)
    graph, own = spark.split(tutorial_brain())
    _, expected, after = advance(graph, own, {"drive": drive()}, steps=120, spikes=True)
    for name in expected:
        np.testing.assert_array_equal(fired[name].value, expected[name].value)
    for path in after:
        np.testing.assert_array_equal(gathered[path], after[path], err_msg=path)


def test_what_comes_late_comes_as_late_where_it_is_spread():
    net = spark.Network(seed=1)
    net.output("late", net.module("line", interfaces.DelayLine, {"signal": net.input("x", 2)}, delay=3.0), 2)
    brain = net.build()
    build(brain)
    sharded = spark.shard(brain, 1)
    graph, state = spark.split(brain)
    x = {"x": FloatArray(np.array([1.0, 2.0], np.float32))}
    found, _, _ = sharded.advance(sharded.state, x, steps=10)
    expected, _, _ = advance(graph, state, x, steps=10)
    assert np.asarray(expected["late"].value).any()
    np.testing.assert_array_equal(found["late"].value, expected["late"].value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"devices": 0}, "devices: are not all there, got 0; expected 1 to"),
        ({"devices": 10_000}, "got 10000; expected 1 to"),
        ({"devices": 1, "by": "units"}, "by: is unknown, got 'units'. Did you mean 'unit'?"),
        ({"devices": 1, "by": {"pol": 0}}, "by.pol: is not a module of this brain. Did you mean 'pool'?"),
        ({"devices": 1, "by": {"pool": 3}}, "by.pool: is not the number of a device, got 3; expected 0 to 0"),
        ({"devices": 1, "by": {"pool": (31,)}}, "by.pool: does not add up, got 1 counts and 31 units"),
        ({"devices": 1, "by": {"pool": "0"}}, "by.pool: says no device, got '0'"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(arguments, said):
    with pytest.raises(spark.ShardError) as caught:
        spark.shard(tutorial_brain(), **arguments)
    assert said in str(caught.value)


def test_a_brain_that_checks_its_numbers_is_refused():
    with pytest.raises(spark.ModuleError, match="check_numbers: cannot be watched on many devices"):
        spark.shard(tutorial_brain(check_numbers=True), 1)


def test_explain_says_where_each_module_lies_and_why_it_is_whole():
    found = spark.explain(spark.shard(tutorial_brain(), 1, {"pool": 0}))
    assert found["pool"].where == "whole on device 0"
    assert found["pool"].because == "`by` places it so"
    assert found["integrator"].because == "ExponentialIntegrator lists no `unit_ports`"
    assert found.summary().startswith(
        "A step of a device is one native call, by 1 thread: threads share the many steps of a call on one device. "
        "1 program on 1 device; each tells the others "
    )
    assert str(found).splitlines()[0].split() == [
        *("module", "class", "where", "runs", "as", "state", "constants", "because")
    ]


def test_another_brains_state_is_not_gathered():
    sharded = spark.shard(tutorial_brain(seed=1), 1)
    with pytest.raises(spark.ShardError, match="brain: is another one than was sharded"):
        sharded.gather(tutorial_brain(seed=2), sharded.state)


def test_a_brain_with_another_setting_is_another_one():
    sharded = spark.shard(tutorial_brain(), 1)
    other = tutorial_brain().with_config({"integrator.tau": 33.0})
    with pytest.raises(spark.ShardError, match="got other variables, connections or settings"):
        sharded.gather(other, sharded.state)


def test_rows_of_other_devices_take_no_memory():
    brain = tutorial_brain()
    sharded = spark.shard(brain, 1)
    graph, state = spark.split(brain)
    (row,) = sharded._cutting.scatter(spark.merge(graph, state), state, ())
    (own,) = sharded._cutting.scatter(spark.merge(graph, state), state, (0,))
    assert [leaf.strides for leaf in row] == [(0,)] * len(own)
    assert [(leaf.shape, leaf.dtype) for leaf in row] == [(leaf.shape, leaf.dtype) for leaf in own]


@pytest.mark.parametrize("kind", ["soma", "receptor", "short_term"])
def test_every_component_that_is_built_in_says_which_of_its_ports_belong_to_units(kind):
    """What does not is placed whole, with all of its pool; a subclass does not inherit it."""
    assert [found.__name__ for found in BUILT_IN[kind] if "unit_ports" not in vars(found)] == []
