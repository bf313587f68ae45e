"""A brain in a brain runs in the same native call as the modules around it, and gives what it does as array code."""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from builders import array_code, refused, tutorial_specs
from drawing import some
from tolerances import SAME_BRAIN

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap, SpikeArray, kernels
from spark.kernels import llvm
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces import ExponentialIntegrator, ExponentialIntegratorConfig
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig

pytestmark = [
    pytest.mark.skipif(bool(llvm.why_not()), reason=llvm.why_not()),
    pytest.mark.skipif(not kernels.status().available, reason="no native kernels on this machine"),
]
STEPS = 300
DRIVE = np.sin(np.arange(STEPS)[:, None] / 40 + np.arange(4)).astype(np.float16)


def inner_config(depth: int) -> BrainConfig:
    """The tutorial's brain, in so many brains, with its action in half precision and its spikes."""
    action = {"input": PortMap("integrator", "signal"), "spec": OutputSpec(FloatArray, (2,), "float16")}
    fired = {"input": PortMap("pool", "out_spikes"), "spec": OutputSpec(SpikeArray, (32,), "int8")}
    level = {"input": PortMap("__call__", "drive"), "spec": OutputSpec(FloatArray, (4,), "float16")}
    config = BrainConfig(
        input_map={"drive": InputSpec(FloatArray, (4,), "float16")},
        output_map={"action": action, "fired": fired, "level": level},
        modules_map=list(tutorial_specs().values()),
    )
    for _ in range(depth):
        specs = ModuleSpecs("inner", Brain, {"drive": [PortMap("__call__", "drive")]}, config)
        outputs = {
            name: {"input": PortMap("inner", name), "spec": entry.spec} for name, entry in config.output_map.items()
        }
        config = BrainConfig(input_map=config.input_map, output_map=outputs, modules_map=[specs])
    return config


def beside(config: BrainConfig) -> Brain:
    """The same with a module outside that reads the spikes inside."""
    reader = ModuleSpecs(
        "reader",
        ExponentialIntegrator,
        {"spikes": [PortMap("inner", "fired")]},
        ExponentialIntegratorConfig(num_outputs=2),
    )
    return Brain(config.updated(modules_map=[*config.modules_map.values(), reader]))


def ran(brain: Brain) -> dict[str, np.ndarray]:
    recorded = spark.run(brain, STEPS, {"drive": FloatArray(DRIVE)}, record=["action", "level"], progress=False)
    state = {path: np.asarray(brain.state[path]) for path in brain.state}
    return state | {name: np.asarray(recorded[name]) for name in ("action", "level")}


@pytest.mark.parametrize("depth", some([1, 2], 2, 1, thorough=1))
def test_a_brain_in_a_brain_is_native_and_gives_what_it_does_as_array_code(depth):
    brain = beside(inner_config(depth))
    explained = spark.explain(brain)
    inside = "inner." * depth
    assert explained.one_call and explained["inner"].runs_as == "op", str(explained)
    assert explained[f"{inside}pool.soma"].runs_as == "op"
    found = ran(brain)
    assert found["cache.inner.fired"].dtype == np.int8 and np.abs(found["action"].astype(np.float32)).max() > 0
    with array_code():
        expected = ran(beside(inner_config(depth)))
    for path, array in expected.items():
        assert found[path].dtype == array.dtype, path
        largest = np.abs(array.astype(np.float64)).max(initial=1.0)
        bound = SAME_BRAIN["float16" if array.dtype == np.float16 else "float32"] * largest
        np.testing.assert_allclose(found[path].astype(np.float64), array.astype(np.float64), rtol=0, atol=bound)
    np.testing.assert_array_equal(found["level"], DRIVE)


def test_step_by_step_and_in_one_run_a_brain_in_a_brain_does_the_same():
    found, apart = ran(beside(inner_config(1))), beside(inner_config(1))
    for step in range(STEPS):
        apart(drive=FloatArray(DRIVE[step]))
    for path in apart.state:
        np.testing.assert_array_equal(np.asarray(apart.state[path]), found[path], err_msg=path)


def test_a_brain_in_a_brain_that_is_not_native_says_which_of_its_modules_is_not():
    config = inner_config(1)
    specs = config.modules_map["inner"]
    half = [
        ModuleSpecs(
            m.name, m.module_cls, m.inputs, m.config.updated(_s_dtype="float16") if m.name == "pool" else m.config
        )
        for m in specs.config.modules_map.values()
    ]
    changed = ModuleSpecs("inner", Brain, specs.inputs, specs.config.updated(modules_map=half))
    found = spark.explain(Brain(config.updated(modules_map=[changed])))
    assert not found.one_call and found["inner"].reason.startswith("pool: ")


def test_an_output_that_is_an_input_is_recorded_as_it_came():
    np.testing.assert_array_equal(ran(Brain(inner_config(0)))["level"], DRIVE)


class Doubling(Brain):
    """A brain that puts out twice what its modules do."""

    config: BrainConfig

    def __call__(self, **inputs: spark.Payload) -> dict[str, spark.Payload]:
        """Advance one step."""
        made = super().__call__.__wrapped__(self, **inputs)
        return {**made, "action": FloatArray(2 * made["action"].value)}


@pytest.mark.parametrize("inside", [False, True])
def test_a_brain_with_a_step_of_its_own_runs_as_it_is_written(inside):
    config = inner_config(int(inside))
    usual = ran(Brain(config))
    if inside:
        made = [replace(specs, module_cls=Doubling) for specs in config.modules_map.values()]
        own = [Brain(config.updated(modules_map=made)) for _ in range(2)]
    else:
        own = [Doubling(config) for _ in range(2)]
    found, once = ran(own[0]), own[1](drive=FloatArray(DRIVE[0]))
    assert np.abs(usual["action"]).max() > 0
    np.testing.assert_allclose(found["action"], 2 * usual["action"], rtol=0, atol=SAME_BRAIN["float16"])
    np.testing.assert_allclose(once["action"].value, found["action"][0], rtol=0, atol=SAME_BRAIN["float16"])
    explained = spark.explain(own[0])
    assert not explained.one_call
    assert {how.reason for how in explained.modules} == {"Doubling does more than its modules"}


def test_a_brain_with_a_step_of_its_own_stays_one_wherever_another_is_made_of_it():
    brain = Doubling(inner_config(0))
    assert type(brain.with_config({"seed": 3})) is Doubling
    brain(drive=FloatArray(DRIVE[0]))
    assert type(brain.with_config({"seed": 3})) is Doubling
    assert {type(one) for one in spark.replicas(brain, 2, seed=1)} == {Doubling}


def test_a_brain_with_a_step_of_its_own_is_not_spread_over_devices():
    brain = Doubling(inner_config(0))
    brain(drive=FloatArray(DRIVE[0]))
    text = (
        "Doubling: does more than its modules, of which alone devices do shares, got a `__call__` of its own. "
        "Put what it does into a module"
    )
    with refused(spark.ModuleError, text):
        spark.shard(brain, devices=1)


class Deaf(LIFNeuron):
    """A pool that hears nothing."""

    config: LIFNeuronConfig

    def advance(self, **arriving: spark.Payload) -> Any:
        """Run the components on silence."""
        silent = {name: type(payload)(jnp.zeros_like(payload.value)) for name, payload in arriving.items()}
        return super().advance(**silent)


def test_a_pool_with_another_way_to_run_its_components_runs_as_it_is_written():
    def spikes(kind: type[LIFNeuron]) -> int:
        pool = LIFNeuronConfig(units=(30,), async_spikes=False)
        specs = [spark.ModuleSpecs("pool", kind, {"in_spikes": spark.PortMap("__call__", "events")}, pool)]
        inputs = {"events": spark.InputSpec(spark.SpikeArray, (30,), "int8")}
        brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=specs, seed=1))
        given = {"events": spark.SpikeArray(jnp.ones(30, jnp.int8))}
        return (
            spark.run(brain, 100, given, record=["pool.out_spikes"], progress=False).spikes("pool.out_spikes")[0].size
        )

    assert spikes(LIFNeuron) > 0 and spikes(Deaf) == 0
