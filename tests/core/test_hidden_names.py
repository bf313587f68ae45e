"""A variable, a part or a number that would hide a method of its module is refused by its name."""

from typing import Any, TypedDict

import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused

import spark
from spark import FloatArray, InputSpec, ModuleError, ModuleSpecs, PortMap
from spark.nn import Brain, BrainConfig
from spark.sim.run import build


class DoublesConfig(spark.ModuleConfig):
    """Nothing to set."""


class DoublesOutput(TypedDict):
    """What it puts out."""

    y: FloatArray


def module_with(name: str, value: Any) -> type[spark.Module]:
    """A class whose `build` sets this attribute."""

    class Doubles(spark.Module):
        """Twice what comes in."""

        config: DoublesConfig

        def build(self, x: spark.PortSpec) -> None:
            setattr(self, name, value() if callable(value) else value)

        def mine(self) -> float:
            return 2.0

        def __call__(self, x: FloatArray) -> DoublesOutput:
            return {"y": FloatArray(2.0 * x.value)}

    return Doubles


def variable() -> spark.Variable:
    return spark.Variable(np.zeros(3, np.float32))


def constant() -> spark.Constant:
    return spark.Constant(np.zeros(3, np.float32))


METHOD, PROPERTY = "a method of every module", "a property of every module"
KEPT = "something that every module keeps for itself"
WHAT = {
    "step": PROPERTY,
    "state": PROPERTY,
    "path": PROPERTY,
    "is_learning": PROPERTY,
    "generator": PROPERTY,
    "input_specs": PROPERTY,
    "build": "a method of Doubles",
    "mine": "a method of Doubles",
    "reset": METHOD,
    "read": METHOD,
    "write": METHOD,
    "pauses": METHOD,
    "describe_outputs": METHOD,
    "unit_ports": "a class attribute of every module",
    "exposes": "a class attribute of every module",
    "_path": KEPT,
    "_seed": KEPT,
    "_held": KEPT,
    "_clock": KEPT,
}


@pytest.mark.parametrize("name", WHAT)
@pytest.mark.parametrize("value", [variable, constant, 3.5], ids=["variable", "constant", "number"])
def test_what_would_hide_a_name_of_its_module_is_refused_by_name(name, value):
    kind = "float" if value == 3.5 else "Variable" if value is variable else "Constant"
    text = f"Doubles.{name}: has the name of {WHAT[name]}, which it would hide, got a {kind}. Choose another name"
    with refused(ModuleError, text):
        module_with(name, value)()(x=FloatArray(jnp.ones(3)))


def test_a_config_is_hidden_by_nothing():
    for value, what in ((variable, "the config of every module"), (3.5, KEPT)):
        kind = "float" if value == 3.5 else "Variable"
        text = f"Doubles.config: has the name of {what}, which it would hide, got a {kind}. Choose another name"
        with refused(ModuleError, text):
            module_with("config", value)()(x=FloatArray(jnp.ones(3)))


def test_in_a_brain_it_is_refused_at_its_path():
    made = Brain(
        BrainConfig(
            input_map={"x": InputSpec(FloatArray, (3,), "float32")},
            modules_map=[ModuleSpecs("m", module_with("reset", variable), {"x": [PortMap("__call__", "x")]})],
            output_map={},
        )
    )
    text = "m.reset: has the name of a method of every module, which it would hide, got a Variable. Choose another name"
    with refused(ModuleError, text):
        build(made)


@pytest.mark.parametrize("name", ["x", "y", "steps", "current", "_mine"])
def test_other_names_are_an_authors_own(name):
    made = module_with(name, 3.5 if name == "_mine" else variable)()
    np.testing.assert_array_equal(made(x=FloatArray(jnp.ones(3)))["y"].value, 2.0)
