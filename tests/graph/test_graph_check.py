"""The check of a graph returns all problems, each with its address and its mend."""

from typing import Any

import jax.numpy as jnp
import pytest
from builders import (
    Counter,
    action,
    drive,
    linear,
    refused,
    relay,
    spikes,
    spiking_brain,
    tutorial_config,
    tutorial_specs,
)

import spark
from spark import ConfigError, InputSpec, ModuleSpecs, OutputSpec, PortMap, WiringError
from spark.graph.check import check_wires
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces import ExponentialIntegrator, ExponentialIntegratorConfig
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig

MODULES = "['__call__', 'integrator', 'pool', 'spiker']"


def integrator(*wires: tuple[str, str], port: str = "spikes", num_outputs: int = 2) -> dict[str, ModuleSpecs]:
    inputs = {port: [PortMap(*wire) for wire in wires]}
    config = ExponentialIntegratorConfig(num_outputs=num_outputs)
    return {"integrator": ModuleSpecs("integrator", ExponentialIntegrator, inputs, config)}


def build(modules: Any = None, **changes: Any) -> None:
    Brain(tutorial_config(modules, **changes))(drive=drive())


def test_a_sound_graph_has_no_problems() -> None:
    assert tutorial_config().check() == []


def test_unknown_origin_is_refused_with_the_nearest() -> None:
    text = f"integrator.spikes[0]: has an unknown origin, got 'pol'; expected one of {MODULES}. Did you mean 'pool'?"
    with refused(WiringError, text):
        build(integrator(("pol", "out_spikes")))


def test_unknown_origin_that_is_like_no_other_names_all() -> None:
    text = f"integrator.spikes[0]: has an unknown origin, got 'zzz'; expected one of {MODULES}. Name one of those"
    with refused(WiringError, text):
        build(integrator(("zzz", "out_spikes")))


def test_the_number_of_the_wrong_wire_is_said() -> None:
    text = f"integrator.spikes[1]: has an unknown origin, got 'pol'; expected one of {MODULES}. Did you mean 'pool'?"
    with refused(WiringError, text):
        build(integrator(("pool", "out_spikes"), ("pol", "out_spikes")))


def test_unknown_output_port_is_refused_with_the_nearest() -> None:
    text = (
        "integrator.spikes[0]: 'pool' has no such output port, got 'out_spike'; expected one of ['out_spikes']. "
        "Did you mean 'out_spikes'?"
    )
    with refused(WiringError, text):
        build(integrator(("pool", "out_spike")))


def test_unknown_input_of_the_brain_is_refused_with_the_nearest() -> None:
    text = (
        "integrator.spikes[0]: '__call__' has no such input, got 'drve'; expected one of ['drive']. "
        "Did you mean 'drive'?"
    )
    with refused(WiringError, text):
        build(integrator(("__call__", "drve")))


def test_unknown_input_port_is_refused_with_the_nearest() -> None:
    text = (
        "2 problems:\n"
        "  1. integrator.spikes: input port is not fed, got no wire; expected SpikeArray. "
        "Add `'spikes': [spark.PortMap(origin=..., port=...)]` to its inputs\n"
        "  2. integrator.spike: ExponentialIntegrator has no such input port, got 'spike'; "
        "expected one of ['spikes']. Did you mean 'spikes'?"
    )
    with refused(WiringError, text):
        build(integrator(("pool", "out_spikes"), port="spike"))


def test_unknown_origin_of_an_output_is_refused_with_the_nearest() -> None:
    text = (
        f"output_map.action.input: has an unknown origin, got 'integrater'; expected one of {MODULES}. "
        "Did you mean 'integrator'?"
    )
    with refused(WiringError, text):
        build(output_map=action("integrater"))


def test_unknown_port_of_an_output_is_refused_with_the_nearest() -> None:
    text = (
        "output_map.action.input: 'integrator' has no such output port, got 'signl'; expected one of ['signal']. "
        "Did you mean 'signal'?"
    )
    with refused(WiringError, text):
        build(output_map=action(port="signl"))


NOT_FED = (
    "integrator.spikes: input port is not fed, got no wire; expected SpikeArray. "
    "Add `'spikes': [spark.PortMap(origin=..., port=...)]` to its inputs"
)


def test_missing_wire_is_refused() -> None:
    with refused(WiringError, NOT_FED):
        config = ExponentialIntegratorConfig(num_outputs=2)
        build({"integrator": ModuleSpecs("integrator", ExponentialIntegrator, {}, config)})


def test_empty_list_of_wires_is_refused() -> None:
    with refused(WiringError, NOT_FED):
        build(integrator())


def test_wrong_payload_type_on_a_wire_is_refused() -> None:
    text = (
        "integrator.spikes[0]: has the wrong payload type, got FloatArray from '__call__.drive'; expected SpikeArray. "
        "Wire a port of that type, or put an interface between"
    )
    with refused(WiringError, text):
        build(integrator(("__call__", "drive")))


def test_wrong_payload_type_of_an_output_is_refused() -> None:
    text = (
        "output_map.action.input: has the wrong payload type, got SpikeArray; expected FloatArray. "
        "Change the spec's payload_type, or wire another port"
    )
    with refused(WiringError, text):
        build(output_map=action("pool", "out_spikes", (32,)))


def test_wrong_shape_of_an_output_is_refused() -> None:
    text = (
        "output_map.action.spec: declares another shape than 'integrator.signal' has, got (3,); expected (2,). "
        "Write shape=(2,)"
    )
    with refused(WiringError, text):
        build(output_map=action(shape=(3,)))


def test_more_outputs_than_units_are_refused() -> None:
    text = (
        "integrator.config.num_outputs: is larger than the number of units, got 33; expected at most 32. "
        "Lower num_outputs or wire more units"
    )
    with refused(ConfigError, text):
        build(integrator(("pool", "out_spikes"), num_outputs=33))


def test_several_problems_are_reported_together() -> None:
    pool = tutorial_specs()["pool"]
    text = (
        "3 problems:\n"
        "  1. pool.in_spikes: input port is not fed, got no wire; expected SpikeArray. "
        "Add `'in_spikes': [spark.PortMap(origin=..., port=...)]` to its inputs\n"
        f"  2. integrator.spikes[0]: has an unknown origin, got 'pol'; expected one of {MODULES}. "
        "Did you mean 'pool'?\n"
        "  3. output_map.action.input: 'integrator' has no such output port, got 'signl'; expected one of ['signal']. "
        "Did you mean 'signal'?"
    )
    with refused(WiringError, text):
        build(
            {"pool": ModuleSpecs("pool", pool.module_cls, {}, pool.config), **integrator(("pol", "out_spikes"))},
            output_map=action(port="signl"),
        )


def test_check_returns_the_problems_without_building() -> None:
    config = tutorial_config(integrator(("pol", "out_spikes"), ("pool", "x")), output_map=action(port="signl"))
    assert [(p.address, p.kind) for p in config.check()] == [
        ("integrator.spikes[0]", "unknown-origin"),
        ("integrator.spikes[1]", "unknown-port"),
        ("output_map.action.input", "unknown-port"),
    ]


def test_cycle_of_modules_that_promise_nothing_is_refused() -> None:
    text = (
        "a, b: are on a cycle of wires, and none says beforehand what it puts out. "
        "Write `output_contract` in one of their classes"
    )
    with refused(WiringError, text):
        spiking_brain([relay("a", ("b", "spikes")), relay("b", ("a", "spikes"))])(spikes=spikes([0] * 4))


def test_of_a_cycle_of_which_nothing_is_promised_only_its_modules_are_named() -> None:
    """All four feed each other, but a pool promises what it puts out, and `last` only waits for `b`."""
    pool = ModuleSpecs(
        "pool", LIFNeuron, {"in_spikes": PortMap("last", "spikes")}, LIFNeuronConfig(units=(4,), async_spikes=False)
    )
    relays = [relay("a", ("b", "spikes"), ("pool", "out_spikes")), relay("b", ("a", "spikes"))]
    text = (
        "a, b: are on a cycle of wires, and none says beforehand what it puts out. "
        "Write `output_contract` in one of their classes"
    )
    with refused(WiringError, text):
        spiking_brain([pool, *relays, relay("last", ("b", "spikes"))])(spikes=spikes([0] * 4))


def test_wiring_of_a_brain_within_a_brain_is_reported_with_its_path() -> None:
    inner = ModuleSpecs(
        "inner", Brain, {"drive": PortMap("__call__", "drive")}, tutorial_config(integrator(("pol", "out_spikes")))
    )
    text = (
        f"inner.integrator.spikes[0]: has an unknown origin, got 'pol'; expected one of {MODULES}. Did you mean 'pool'?"
    )
    with refused(WiringError, text):
        build({"inner": inner})


def test_wrong_shape_into_a_brain_within_a_brain_is_refused() -> None:
    inner = ModuleSpecs("inner", Brain, {"drive": PortMap("__call__", "drive")}, tutorial_config())
    outer = BrainConfig(input_map={"drive": InputSpec(spark.FloatArray, (3,), "float16")}, modules_map=[inner])
    text = "inner.drive: has the wrong shape, got (3,); expected (4,). Change the input_map or what is wired to it"
    with refused(WiringError, text):
        Brain(outer)(drive=drive([0, 0, 0]))


# Names.


def test_duplicate_module_name_is_refused() -> None:
    text = "BrainConfig.modules_map.a: is the name of two modules. Names must differ"
    with refused(ConfigError, text):
        tutorial_config(modules_map=[linear("a"), linear("a")])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("reset", "'reset' is the name of something that every module has"),
        ("state", "'state' is the name of something that every module has"),
        ("cache", "'cache' is the name of something that every module has"),
        ("step", "'step' is the name of something that every module has"),
        ("a b", "a name must be a Python identifier, got 'a b'"),
        ("_x", "a name must not begin with an underscore, got '_x'"),
        ("a__b", "a name must not hold a double underscore, got 'a__b'"),
    ],
)
def test_illegal_module_name_is_refused(name: str, why: str) -> None:
    with refused(ConfigError, f"BrainConfig.modules_map.{name}: {why}. Choose another name"):
        tutorial_config(modules_map=[linear(name)])


def test_illegal_module_name_as_a_key_is_refused_at_build() -> None:
    with refused(WiringError, "reset: 'reset' is the name of something that every module has. Choose another name"):
        build(modules_map={"reset": linear("reset")}, output_map={})


def test_key_that_differs_from_the_name_is_refused() -> None:
    text = "BrainConfig.modules_map.a: its key and its name differ, got 'a' and 'b'. Use one name for both"
    with refused(ConfigError, text):
        tutorial_config(modules_map={"a": linear("b")}, output_map={})


def test_brain_without_modules_is_refused() -> None:
    with refused(WiringError, "modules_map: is empty. Add a module"):
        build(modules_map={}, output_map={})


def test_argument_of_an_older_form_of_the_config_is_refused() -> None:
    with refused(ConfigError, "BrainConfig.modules_specs: is unknown. Did you mean 'modules_map'?"):
        BrainConfig(modules_specs=[linear()])


def test_input_that_is_no_spec_is_refused() -> None:
    text = "BrainConfig.input_map: 'drive' must be a spark.InputSpec, got tuple. The brain's inputs by name."
    with refused(ConfigError, text):
        tutorial_config(input_map={"drive": (4,)})


def test_output_without_a_spec_is_refused() -> None:
    text = (
        "BrainConfig.output_map: 'action' needs the keys 'input' and 'spec', "
        "got PortMap(origin='a', port='b'). The brain's outputs by name: where from, and what."
    )
    with refused(ConfigError, text):
        tutorial_config(output_map={"action": PortMap("a", "b")})


def test_modules_of_different_dt_are_refused() -> None:
    text = (
        "BrainConfig.dt: modules take steps of different length, got {'spiker': 0.5, 'pool': 1.0, 'integrator': 1.0}. "
        "Give dt to the BrainConfig and to no module"
    )
    with refused(ConfigError, text):
        tutorial_config({"spiker": linear(dt=0.5)})


def test_module_whose_dt_differs_from_the_brains_is_refused() -> None:
    text = (
        "BrainConfig.modules_map.spiker.config.dt: differs from its owner's, got 0.5; expected 1.0. "
        "Set `dt` in one place: give it to the owner only"
    )
    with refused(ConfigError, text):
        tutorial_config({"spiker": linear(dt=0.5)}, dt=1.0)


# Specs.


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            (float, (3,), "float32"),
            "InputSpec.payload_type: is not a payload class, got <class 'float'>. "
            "Use spark.FloatArray, spark.SpikeArray or another payload",
        ),
        (
            (spark.FloatArray, (0,), "float32"),
            "InputSpec.shape: is not a shape, got (0,); expected sizes of at least 1. Write a tuple such as (4,)",
        ),
        (
            (spark.FloatArray, (3,), "flot"),
            "InputSpec.dtype: is not a dtype, got 'flot'. Write jnp.float32 or another dtype",
        ),
        (
            (spark.IntegerArray, (3,), "float32"),
            "InputSpec.dtype: does not fit IntegerArray, got float32; expected integers. "
            "Choose another dtype or another payload",
        ),
    ],
    ids=["payload", "shape", "dtype", "kind of dtype"],
)
def test_wrong_field_of_a_spec_is_refused(fields: Any, text: str) -> None:
    with refused(ConfigError, text):
        InputSpec(*fields)


def test_config_of_another_module_is_refused() -> None:
    text = (
        "a.config: has the wrong type, got LinearSpikerConfig; expected ExponentialIntegratorConfig. "
        "Give `ExponentialIntegratorConfig(...)`"
    )
    with refused(ConfigError, text):
        ModuleSpecs("a", ExponentialIntegrator, {}, linear().config)


def test_something_that_is_no_module_class_is_refused() -> None:
    text = "a.module_cls: is not a module class, got <class 'int'>. Give a subclass of spark.Module"
    with refused(ConfigError, text):
        ModuleSpecs("a", int)


def test_something_that_is_no_wire_is_refused() -> None:
    text = "a.inputs.numbers: is not a wire, got 'x'. Write spark.PortMap(origin=..., port=...), or a list of them"
    with refused(ConfigError, text):
        ModuleSpecs("a", Counter, {"numbers": ["x"]})


def test_a_single_wire_needs_no_list() -> None:
    wire = PortMap("__call__", "x")
    assert ModuleSpecs("a", Counter, {"numbers": wire}).inputs == {"numbers": [wire]}


def test_a_shape_of_one_number_is_a_tuple() -> None:
    assert InputSpec(spark.FloatArray, 4, jnp.float32).shape == (4,)


def test_specs_of_equal_fields_are_equal() -> None:
    assert tutorial_specs()["pool"] == tutorial_specs()["pool"]


def test_input_and_output_specs_are_never_equal() -> None:
    fields = (spark.FloatArray, (4,), "float32")
    assert InputSpec(*fields) != OutputSpec(*fields)


def test_json_of_a_whole_brain_is_lossless() -> None:
    config = tutorial_config(seed=4, dt=1.0, check_numbers=True)
    assert BrainConfig.from_json(config.to_json()) == config


def test_json_that_names_an_unknown_module_is_refused() -> None:
    text = tutorial_config().to_json().replace('"ALIFNeuron"', '"ALIFNeurn"')
    with refused(spark.RegistryError, "ALIFNeurn: is not a registered module. Did you mean 'ALIFNeuron'?"):
        BrainConfig.from_json(text)


def test_the_origin_of_a_wire_into_an_unknown_port_is_checked_too() -> None:
    specs = spark.ModuleSpecs("soma", spark.nn.somas.LeakySoma, {"curent": spark.PortMap("nowhere", "x")})
    kinds = {problem.kind for problem in check_wires({"soma": specs}, {})}
    assert kinds == {"missing", "unknown-port", "unknown-origin"}
