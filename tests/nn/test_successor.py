"""A brain of a changed config goes on from the state of another, and no change is ignored."""

import numpy as np
import pytest
from builders import drive, tutorial_config

import spark
from spark import ConfigError, InputSpec, ModuleError, ModuleSpecs, PortMap, SpikeArray
from spark.nn import Brain, BrainConfig, connections, initializers, neurons


def ran(steps=200, **changes):
    brain = Brain(tutorial_config(seed=2, **changes))
    spark.run(brain, steps, {"drive": drive()})
    return brain


def test_a_changed_parameter_keeps_potentials_and_weights_and_acts():
    brain = ran()
    before = {path: np.asarray(brain.state[path]) for path in brain.state}
    successor = brain.with_config({"pool.soma.potential_tau": 40.0})
    assert successor.config.modules_map["pool"].config.soma.potential_tau == 40.0
    for path, value in before.items():
        np.testing.assert_array_equal(successor.state[path], value)
        np.testing.assert_array_equal(brain.state[path], value)
    spark.run(brain, 20, {"drive": drive()})
    spark.run(successor, 20, {"drive": drive()})
    assert int(successor.state["step"]) == int(brain.state["step"]) == 220
    assert not np.array_equal(brain.state["pool.soma.potential"], successor.state["pool.soma.potential"])


def test_nothing_changed_goes_on_to_the_bit():
    brain = ran()
    successor = brain.with_config({})
    for runs in (brain, successor):
        spark.run(runs, 50, {"drive": drive()})
    for path in brain.state:
        np.testing.assert_array_equal(brain.state[path], successor.state[path])


def test_other_first_weights_are_not_ignored():
    brain = ran()
    successor = brain.with_config({"pool.synapses.kernel.total": 3e4})
    fresh = Brain(tutorial_config(seed=2).updated()).with_config({"pool.synapses.kernel.total": 3e4})
    fresh(drive=drive())
    fresh.reset()
    np.testing.assert_array_equal(successor.state["pool.synapses.weights"], fresh.state["pool.synapses.weights"])
    np.testing.assert_array_equal(successor.state["spiker.potential"], brain.state["spiker.potential"])


def plastic(kernel):
    return Brain(
        BrainConfig(
            input_map={"s": InputSpec(SpikeArray, (10,), "int8")},
            output_map={},
            modules_map=[
                ModuleSpecs(
                    "pool",
                    neurons.LIFNeuron,
                    {"in_spikes": PortMap("__call__", "s")},
                    neurons.LIFNeuronConfig(units=(10,), async_spikes=True, synapses__kernel=kernel),
                )
            ],
        )
    )


def test_weights_never_get_to_other_connections():
    first, other = np.eye(10), np.roll(np.eye(10), 1, axis=0)
    brain = plastic(first)
    spark.run(brain, 100, {"s": SpikeArray(np.ones(10, np.int8))})
    successor = brain.with_config({"pool.synapses.kernel": other})
    fresh = plastic(other)
    fresh(s=SpikeArray(np.ones(10, np.int8)))
    fresh.reset()
    for path in fresh.state:
        if path.startswith("pool."):
            np.testing.assert_array_equal(successor.state[path], fresh.state[path])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_learned_weights_and_potentials_go_on_in_another_floating_type(dtype):
    """Bits of first weights that a narrower type does not hold do not count as other first weights."""
    net = spark.Network(dt=1.0, seed=1)
    pool = net.pool("p", 3, soma__background=600.0)
    rule = spark.nn.plasticity.PairRuleConfig(a_plus=0.05, a_minus=0.0, weight_unit=10.0, maximum=200.0)
    weights = initializers.UniformInitializer(low=0.1, high=0.2)
    net.connect(pool, pool.excitation, weights=weights, rule=rule, name="own")
    brain = net.build()
    spark.run(brain, 300)
    learned = brain.connections("p.own").weights
    assert learned.max() > 1.0
    successor = brain.with_config({"p.dtype": dtype})
    narrow = learned.astype(successor.state["p.own.weights"].dtype)
    assert str(narrow.dtype) == dtype
    np.testing.assert_array_equal(successor.connections("p.own").weights, narrow.astype(np.float32))
    back = successor.with_config({"p.dtype": "float32"})
    np.testing.assert_array_equal(back.connections("p.own").weights, narrow.astype(np.float32))
    spark.run(successor, 10)


def test_units_of_another_number_begin_anew_and_the_others_go_on():
    brain = ran()
    successor = brain.with_config({"pool.units": (48,)})
    assert successor.state["pool.soma.potential"].shape == (48,)
    np.testing.assert_array_equal(successor.state["spiker.potential"], brain.state["spiker.potential"])


def test_modules_of_a_brain_in_a_brain_are_reached():
    inner = BrainConfig(
        input_map={"s": InputSpec(SpikeArray, (10,), "int8")},
        output_map={},
        modules_map=plastic(np.eye(10)).config.modules_map,
    )
    outer = Brain(
        BrainConfig(
            input_map=inner.input_map,
            output_map={},
            modules_map=[ModuleSpecs("inner", Brain, {"s": PortMap("__call__", "s")}, inner)],
        )
    )
    spark.run(outer, 5, {"s": SpikeArray(np.ones(10, np.int8))})
    successor = outer.with_config({"inner.pool.soma.resistance": 250.0})
    found = successor.config.modules_map["inner"].config.modules_map["pool"].config.soma.resistance
    assert found == 250.0 and int(successor.state["step"]) == 5


def test_a_whole_config_may_be_given_and_an_unbuilt_brain_changed():
    brain = Brain(tutorial_config(seed=2))
    assert brain.with_config({"seed": 5}).config.seed == 5
    successor = ran().with_config(tutorial_config(seed=2))
    assert int(successor.state["step"]) == 200


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"pol.soma.potential_tau": 2.0}, "pol: is no module or field. Did you mean 'pool'?"),
        (
            {"pool.soma.potental_tau": 2.0},
            "pool.soma.potental_tau: is no module or field. Did you mean 'potential_tau'?",
        ),
        ({"pool.soma.potential_tau": -2.0}, "pool.soma.potential_tau: must be > 0 ms, got -2.0"),
        ({"pool.units.x": 3}, "pool.units: holds a value, no nested config, got tuple. Write 'pool.units' alone"),
        ({3: 3}, "changes: has a key that is no path, got 3"),
    ],
)
def test_what_cannot_be_changed_is_named_with_its_path(changes, text):
    with pytest.raises(ConfigError) as error:
        ran(1).with_config(changes)
    assert text in str(error.value)


def test_the_length_of_a_step_does_not_change_under_a_running_brain():
    with pytest.raises(ModuleError, match="dt: cannot change while a brain runs, got 0.5 ms; expected 1 ms"):
        ran(1).with_config({"dt": 0.5})


def test_static_connections_may_be_drawn_anew_while_potentials_go_on():
    wires = {port: PortMap("pool", "out_spikes") for port in ("excitation", "inhibition")}
    config = neurons.CurrentLIFNeuronConfig(units=(30,), soma={"background": 400.0})
    brain = Brain(
        BrainConfig(
            input_map={}, output_map={}, modules_map=[ModuleSpecs("pool", neurons.CurrentLIFNeuron, wires, config)]
        )
    )
    spark.run(brain, 40)
    successor = brain.with_config(
        {
            "pool.excitatory.connections": connections.FixedInDegree(degree=3),
            "pool.excitatory.kernel": initializers.ConstantInitializer(value=4.0),
        }
    )
    np.testing.assert_array_equal(successor.state["pool.soma.potential"], brain.state["pool.soma.potential"])
