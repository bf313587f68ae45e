"""Neurons: signs, handed-down fields, blueprints."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from builders import prepared, refused, relay, run, spikes, stand_in_synapses
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st

import spark
from spark import ModuleSpecs, PortMap, SpikeArray
from spark.nn.neurons import ALIFNeuron, LIFNeuron, Neuron, NeuronConfig
from spark.nn.somas import LeakySoma


def built(cls: Any = LIFNeuron, inputs: int = 5, **config: Any) -> Any:
    made = cls(**{"units": (10,), "async_spikes": True, **config})
    return prepared(made, in_spikes=spikes(np.zeros(inputs)))


@given(st.floats(0, 1), st.integers(1, 60), st.integers(0, 99))
@examples(4, 30)
def test_number_of_inhibitory_units_is_the_rounded_share(rate: float, units: int, seed: int) -> None:
    signs = np.asarray(built(units=(units,), inhibitory_rate=rate, seed=seed).signs.value)
    assert (np.sum(signs == -1), np.sum(signs == 1)) == (round(rate * units), units - round(rate * units))


def test_every_spike_has_the_sign_of_its_unit() -> None:
    made = built(units=(40,), inhibitory_rate=0.3, synapses__kernel=1e4)
    signs = np.asarray(made.signs.value)
    outputs, _, _ = run(made, {"in_spikes": SpikeArray(jnp.ones((100, 5), jnp.int8))})
    counts = np.asarray(outputs["out_spikes"].value).sum(axis=0)
    assert np.all(np.sign(counts) == signs)


def test_inhibitory_units_depend_on_the_seed() -> None:
    first, second = (np.asarray(built(units=(60,), seed=seed).signs.value) for seed in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("cls", [LIFNeuron, ALIFNeuron])
@pytest.mark.parametrize("delayed", [False, True])
def test_output_has_the_shape_of_the_units(cls: Any, delayed: bool) -> None:
    made = built(cls, units=(2, 3), async_spikes=delayed)
    assert made.output_specs["out_spikes"].shape == (2, 3)


def test_without_asynchronous_spikes_there_are_no_delays() -> None:
    assert set(built(async_spikes=False).synapses.output_specs) == {"arrivals"}


def test_longest_delay_of_the_neuron_is_that_of_its_delays() -> None:
    assert built(max_delay=3.0).synapses.longest == 3


def test_without_learning_rate_there_is_no_rule() -> None:
    assert not hasattr(built(learning_rule__gamma=0.0), "learning_rule")


def test_input_reaches_the_soma_in_the_same_step_without_delays() -> None:
    made = built(async_spikes=False, synapses__kernel=1e5, inhibitory_rate=0.0)
    np.testing.assert_array_equal(made(in_spikes=spikes(np.ones(5)))["out_spikes"].value, np.ones(10))


def blueprint(*parts: ModuleSpecs) -> Any:
    class Config(NeuronConfig):
        def blueprint(self) -> tuple[ModuleSpecs, ...]:
            return parts

    class Pool(Neuron):
        config: Config

    Pool.__annotations__["config"] = Config
    return Pool(units=(3,))


SYNAPSES = stand_in_synapses((3,))
SOMA = ModuleSpecs("soma", LeakySoma, {"current": PortMap("synapses", "current")})


def test_blueprint_of_ones_own_runs() -> None:
    assert blueprint(SYNAPSES, SOMA)(in_spikes=spikes([1, 1]))["out_spikes"].shape == (3,)


def test_blueprint_may_be_listed_in_any_order() -> None:
    results = [blueprint(*parts)(in_spikes=spikes([1, 1])) for parts in ((SYNAPSES, SOMA), (SOMA, SYNAPSES))]
    np.testing.assert_array_equal(*(r["out_spikes"].value for r in results))


def test_blueprint_without_a_soma_is_refused() -> None:
    with refused(spark.WiringError, "Pool.soma: is missing from the blueprint. Name one component 'soma'"):
        blueprint(SYNAPSES)(in_spikes=spikes([1, 1]))


def test_blueprint_with_an_unknown_origin_is_refused_with_the_nearest() -> None:
    soma = ModuleSpecs("soma", LeakySoma, {"current": PortMap("synapse", "current")})
    text = (
        "Pool.soma.current[0]: has an unknown origin, got 'synapse'; "
        "expected one of ['__call__', 'soma', 'synapses']. Did you mean 'synapses'?"
    )
    with refused(spark.WiringError, text):
        blueprint(SYNAPSES, soma)(in_spikes=spikes([1, 1]))


def test_blueprint_with_a_cycle_within_one_step_is_refused() -> None:
    text = (
        "Pool.a, b: components of a neuron feed each other in a cycle within one step. "
        "Wire the way back through a property, or put the parts in a brain"
    )
    with refused(spark.WiringError, text):
        blueprint(SYNAPSES, SOMA, relay("a", ("b", "spikes")), relay("b", ("a", "spikes")))(in_spikes=spikes([1, 1]))


def test_soma_of_another_shape_than_the_units_is_refused() -> None:
    text = "soma.spikes: has the wrong shape, got (4,); expected (3,). The soma puts out one spike for each unit"
    with refused(spark.WiringError, text):
        blueprint(stand_in_synapses((4,)), SOMA)(in_spikes=spikes([1, 1]))
