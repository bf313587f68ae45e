"""Modules that each break the contract in one way, and what `check_module` must say of them."""

import random
from typing import Any, TypedDict

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field

import spark


class GainConfig(spark.ModuleConfig):
    """A gain."""

    gain: float = spark.field(2.0, unit="pA", description="Factor.")


class GainOutput(TypedDict):
    """A current."""

    current: spark.CurrentArray


class Gain(spark.Module):
    """A module that keeps the contract; every broken one below differs from it in one thing."""

    config: GainConfig

    def build(self, signal: spark.PortSpec) -> None:
        """One variable."""
        self.total = spark.Variable(np.zeros(signal.shape, np.float32), unit="pA")

    def __call__(self, signal: spark.FloatArray) -> GainOutput:
        """Advance one step."""
        self.total.value = self.total.value + self.config.gain * signal.value
        return {"current": spark.CurrentArray(self.total.value)}


def no_docstring() -> type:
    class Broken(Gain):
        config: GainConfig

    return Broken


def no_config_class() -> type:
    class Broken(spark.Module):
        """A module."""

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            return {"current": spark.CurrentArray(signal.value)}

    return Broken


def no_call() -> type:
    class Broken(spark.Module):
        """A module."""

        config: GainConfig

    return Broken


def input_without_payload_type() -> type:
    class Broken(Gain):
        """A module."""

        def __call__(self, signal: jax.Array) -> GainOutput:
            return {"current": spark.CurrentArray(signal)}

    return Broken


def illegal_port_name() -> type:
    class Broken(Gain):
        """A module."""

        def build(self, my__signal: spark.PortSpec) -> None:
            pass

        def __call__(self, my__signal: spark.FloatArray) -> GainOutput:
            return {"current": spark.CurrentArray(my__signal.value)}

    return Broken


def other_outputs_than_declared() -> type:
    class Broken(Gain):
        """A module."""

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            return {"other": spark.CurrentArray(signal.value)}  # type: ignore[typeddict-item]

    return Broken


def wrong_contract() -> type:
    class Broken(Gain):
        """A module."""

        def output_contract(self, **known: spark.PortSpec) -> dict[str, spark.PortSpec]:
            return {"current": spark.PortSpec(spark.CurrentArray, (1,), "float32")}

    return Broken


def field_without_description() -> type:
    class BrokenConfig(GainConfig):
        """A config."""

        extra: int = Field(1, json_schema_extra={"unit": ""})

    class Broken(Gain):
        """A module."""

        config: BrokenConfig

    Broken.__annotations__["config"] = BrokenConfig
    return Broken


def field_that_hangs_on_none() -> type:
    class BrokenConfig(GainConfig):
        """A config."""

        smooth: bool = spark.field(False, description="Whether it is smooth.")
        extra: float = spark.field(1.0, only_with="smoth", description="How smooth.")

    class Broken(Gain):
        """A module."""

        config: BrokenConfig

    Broken.__annotations__["config"] = BrokenConfig
    return Broken


def number_without_unit() -> type:
    class BrokenConfig(GainConfig):
        """A config."""

        extra: float = Field(1.0, description="A number.")

    class Broken(Gain):
        """A module."""

        config: BrokenConfig

    Broken.__annotations__["config"] = BrokenConfig
    return Broken


def config_that_json_cannot_hold() -> type:
    class BrokenConfig(GainConfig):
        """A config."""

        function: Any = spark.field(factory=lambda: abs, description="A function.")

    class Broken(Gain):
        """A module."""

        config: BrokenConfig

    Broken.__annotations__["config"] = BrokenConfig
    return Broken


def config_that_cannot_be_guessed() -> type:
    class BrokenConfig(GainConfig):
        """A config."""

        mode: str = spark.field(description="A word.")

    class Broken(Gain):
        """A module."""

        config: BrokenConfig

    Broken.__annotations__["config"] = BrokenConfig
    return Broken


def state_of_another_dtype() -> type:
    class Broken(Gain):
        """A module."""

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            self.total.value = self.total.value.astype(jnp.float16)
            return {"current": spark.CurrentArray(signal.value)}

    return Broken


def variables_in_a_list() -> type:
    class Broken(Gain):
        """A module."""

        def build(self, signal: spark.PortSpec) -> None:
            super().build(signal)
            self.layers = [spark.Variable(0.0), spark.Variable(1.0)]

    return Broken


def variable_without_unit() -> type:
    class Broken(Gain):
        """A module."""

        def build(self, signal: spark.PortSpec) -> None:
            super().build(signal)
            self.other = spark.Variable(0.0, unit=None)  # type: ignore[arg-type]

    return Broken


def division_by_zero() -> type:
    class Broken(Gain):
        """A module."""

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            return {"current": spark.CurrentArray(signal.value / self.total.value)}

    return Broken


def state_in_a_plain_attribute() -> type:
    class Broken(Gain):
        """A module."""

        def build(self, signal: spark.PortSpec) -> None:
            super().build(signal)
            self.count = 0

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            self.count += 1
            return {"current": spark.CurrentArray(signal.value)}

    return Broken


def chance_at_build() -> type:
    class Broken(Gain):
        """A module."""

        def build(self, signal: spark.PortSpec) -> None:
            super().build(signal)
            self.offset = spark.Constant(np.random.default_rng().random(signal.shape))

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            return {"current": spark.CurrentArray(signal.value + self.offset.value)}

    return Broken


def chance_in_a_step() -> type:
    class Broken(Gain):
        """A module."""

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            return {"current": spark.CurrentArray(signal.value * random.random())}

    return Broken


def attribute_without_equality() -> type:
    class Broken(Gain):
        """A module."""

        def build(self, signal: spark.PortSpec) -> None:
            super().build(signal)
            self.helper = object()

    return Broken


def numpy_in_a_step() -> type:
    class Broken(Gain):
        """A module."""

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            return {"current": spark.CurrentArray(np.asarray(signal.value))}

    return Broken


def fails_under_vmap() -> type:
    class Broken(Gain):
        """A module."""

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            same = jax.pure_callback(
                np.asarray, jax.ShapeDtypeStruct(signal.shape, jnp.float32), self.total.value + signal.value
            )
            return {"current": spark.CurrentArray(same)}

    return Broken


def reset_that_forgets() -> type:
    class Broken(Gain):
        """A module."""

        def reset(self) -> None:
            pass

    return Broken


def broadcasting_call() -> type:
    class Broken(Gain):
        """A module."""

    checked = Broken.__call__

    def lenient(self: Any, **inputs: Any) -> Any:
        wrapped = {
            n: spark.FloatArray(jnp.asarray(getattr(p, "value", p))[:6]) for n, p in inputs.items() if p is not None
        }
        return checked(self, **(wrapped or {"signal": spark.FloatArray(jnp.zeros(6))}))

    lenient.__wrapped__ = Gain.__call__.__wrapped__  # type: ignore[attr-defined]
    Broken.__call__ = lenient  # type: ignore[method-assign]
    return Broken


def spikes_that_are_numbers() -> type:
    class SpikesOutput(TypedDict):
        spikes: spark.SpikeArray

    class Broken(spark.Module):
        """A module."""

        config: GainConfig

        def __call__(self, signal: spark.FloatArray) -> SpikesOutput:
            return {"spikes": spark.SpikeArray(signal.value)}

    Broken.__call__.__wrapped__.__annotations__["return"] = SpikesOutput  # type: ignore[attr-defined]
    return Broken


def units_that_change_each_other() -> type:
    class Broken(Gain):
        """A module."""

        config: GainConfig
        unit_ports = ("signal", "current")

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            """Advance one step."""
            self.total.value = self.total.value + signal.value
            return {"current": spark.CurrentArray(self.total.value - self.total.value.mean())}

    return Broken


def hidden_units_that_change_each_other() -> type:
    class Broken(Gain):
        """A module."""

        config: GainConfig
        unit_ports = ("signal", "current")

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            """Advance one step."""
            self.total.value = jnp.roll(self.total.value, 1) + signal.value
            return {"current": spark.CurrentArray((self.total.value > 1e9).astype(jnp.float32))}

    return Broken


BROKEN = [
    (
        units_that_change_each_other,
        "unit-ports",
        "Broken.unit_ports: says that each unit stands alone, but 'current' of one changes with what reaches others, "
        "first seen at step 0. Compute each unit from elements of its own, or leave `unit_ports` out of the class",
    ),
    (
        hidden_units_that_change_each_other,
        "unit-ports",
        "Broken.unit_ports: says that each unit stands alone, but 'total' of one changes with what reaches others, "
        "first seen at step 1",
    ),
    (no_docstring, "docstring", "Broken: has no docstring"),
    (no_config_class, "config-class", "Broken: has no config class"),
    (no_call, "call", "Broken.__call__: is not written"),
    (input_without_payload_type, "annotation", "Broken.__call__.signal: an input port needs a payload type"),
    (illegal_port_name, "port-name", "Broken.my__signal: input port: a name must not hold a double underscore"),
    (other_outputs_than_declared, "problem", "Broken.__call__: returned other ports than it declares, got"),
    (wrong_contract, "contract", "Broken.output_contract: promises another 'current' than is put out"),
    (field_without_description, "description", "BrokenConfig.extra: has no description"),
    (number_without_unit, "unit", "BrokenConfig.extra: holds a number and does not say its unit"),
    (field_that_hangs_on_none, "only-with", "BrokenConfig.extra: has an effect only with a field that is not there"),
    (config_that_json_cannot_hold, "json", "BrokenConfig: cannot be written to JSON and read back"),
    (config_that_cannot_be_guessed, "example-config", "BrokenConfig.mode: is a required field"),
    (state_of_another_dtype, "variable", "total: cannot take this value"),
    (variables_in_a_list, "hidden", "Broken.layers: is a list that holds variables"),
    (variable_without_unit, "state-unit", "Broken.other: has no unit, got None"),
    (division_by_zero, "finite", "Broken.current: became NaN or infinite within 10 steps"),
    (state_in_a_plain_attribute, "hidden-state", "Broken.count: is changed by a step, but is no variable"),
    (chance_at_build, "determinism", "Broken: two modules from one config and one seed differ, first at step 0"),
    (chance_in_a_step, "transform", "Broken.__call__: gives other results under jax.jit, jax.vmap, jax.lax.scan"),
    (attribute_without_equality, "structure", "Broken.helper: two modules from one config do not share"),
    (numpy_in_a_step, "traced", "Broken: asks in Python for a value that is known only while it runs, got The numpy"),
    (fails_under_vmap, "transform", "Broken.__call__: raised NotImplementedError under jax.vmap"),
    (reset_that_forgets, "reset", "Broken.reset: does not bring back the state before the first step"),
    (broadcasting_call, "refusal", "Broken.__call__: takes a bare array as 'signal'; expected an InputError"),
    (spikes_that_are_numbers, "spikes", "Broken.spikes: puts out spikes other than 0, +1 and -1"),
]
