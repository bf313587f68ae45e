"""Effects, which write a component's output into a property of another, are checked before they can do harm."""

from typing import TypedDict

import jax.numpy as jnp
import pytest
from builders import stand_in_synapses

import spark
from spark import ModuleSpecs, PortMap
from spark.nn.neurons import Neuron, NeuronConfig
from spark.nn.somas import LeakySoma


class TransposingRuleConfig(spark.ModuleConfig):
    """Nothing."""


class TransposingRuleOutput(TypedDict):
    """A kernel."""

    kernel: spark.FloatArray


class TransposingRule(spark.Module):
    """Gives the kernel back as (pre, post): of the right size, in the wrong order."""

    config: TransposingRuleConfig

    def __call__(self, kernel: spark.FloatArray) -> TransposingRuleOutput:
        return {"kernel": spark.FloatArray(kernel.value.T)}


def neuron(target: str) -> Neuron:
    class Config(NeuronConfig):
        def blueprint(self) -> tuple[ModuleSpecs, ...]:
            kernel = {"kernel": PortMap("synapses", "kernel")}
            return (
                stand_in_synapses(self.units),
                ModuleSpecs("soma", LeakySoma, {"current": PortMap("synapses", "current")}),
                ModuleSpecs("rule", TransposingRule, kernel, effects={"kernel": target}),
            )

    class Pool(Neuron):
        config: Config

    Pool.__annotations__["config"] = Config
    return Pool(units=(3,))


SPIKES = spark.SpikeArray(jnp.zeros(5, jnp.int8))


def test_effect_of_another_shape_than_its_property_is_refused() -> None:
    with pytest.raises(spark.WiringError, match=r"rule\.kernel: has another shape .* got \(5, 3\); expected \(3, 5\)"):
        neuron("synapses.kernel")(in_spikes=SPIKES)


def test_effect_on_an_unknown_property_names_the_nearest() -> None:
    with pytest.raises(spark.WiringError, match=r"got 'synapses\.kernl'.*Did you mean 'synapses\.kernel'"):
        neuron("synapses.kernl")(in_spikes=SPIKES)


def test_effect_in_a_brain_is_refused_not_ignored() -> None:
    specs = ModuleSpecs("rule", TransposingRule, {"kernel": PortMap("__call__", "x")}, effects={"kernel": "rule.x"})
    config = spark.nn.BrainConfig(
        input_map={"x": spark.InputSpec(spark.FloatArray, (5, 5), "float32")}, modules_map=[specs]
    )
    assert [p.address for p in config.check()] == ["rule.effects"]
