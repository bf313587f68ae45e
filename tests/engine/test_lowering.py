"""A native program and array code give the same spikes."""

from typing import TypedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import array_code
from builders import run as steps
from tolerances import INTEGRATED

import spark
from spark import kernels
from spark.demo import tutorial_config
from spark.nn import Brain, BrainConfig, initializers, interfaces, neurons
from spark.sim.run import build

needs_native = pytest.mark.skipif(not kernels.status().available, reason="no native kernels on this machine")
STEPS = 600


class HalfConfig(spark.ModuleConfig):
    """No parameters."""


class HalfOutput(TypedDict):
    """A filtered signal."""

    half: spark.FloatArray


class Half(spark.Module):
    """A user's module: a running average of its input, which no native code knows."""

    config: HalfConfig

    def build(self, signal: spark.PortSpec) -> None:
        """One variable."""
        self.average = spark.Variable(np.zeros(signal.shape, np.float32))

    def __call__(self, signal: spark.FloatArray) -> HalfOutput:
        """Advance one step."""
        self.average.value = 0.5 * self.average.value + 0.5 * signal.value.astype(jnp.float32)
        return {"half": spark.FloatArray(self.average.value)}


def pool(cls, **changes):
    given = {"units": (48,), "async_spikes": True, **changes}
    return cls, given


def brain(neuron, given, spiker=interfaces.TopologicalLinearSpiker, own=False) -> Brain:
    spiker_config = {interfaces.TopologicalLinearSpiker: {"mins": -1, "maxs": 1, "max_freq": 200.0, "tau": 30.0}}
    origin = ("half", "half") if own else ("__call__", "drive")
    modules = [
        spark.ModuleSpecs(
            "spiker",
            spiker,
            {"signal": spark.PortMap(*origin)},
            spiker.config_class()(**spiker_config.get(spiker, {"max_freq": 200.0})),
        ),
        spark.ModuleSpecs(
            "pool",
            neuron,
            {"in_spikes": [spark.PortMap("spiker", "spikes"), spark.PortMap("pool", "out_spikes")]},
            neuron.config_class()(**given),
        ),
        spark.ModuleSpecs(
            "integrator",
            interfaces.ExponentialIntegrator,
            {"spikes": spark.PortMap("pool", "out_spikes")},
            interfaces.ExponentialIntegratorConfig(num_outputs=3),
        ),
    ]
    if own:
        modules.append(spark.ModuleSpecs("half", Half, {"signal": spark.PortMap("__call__", "drive")}))
    return Brain(
        BrainConfig(
            input_map={"drive": spark.InputSpec(spark.FloatArray, (4,), jnp.float32)},
            output_map={
                "action": {
                    "input": spark.PortMap("integrator", "signal"),
                    "spec": spark.OutputSpec(spark.FloatArray, (3,), jnp.float32),
                }
            },
            modules_map=modules,
            seed=3,
        )
    )


def run(made: Brain):
    """Spikes of every module, outputs and last state under a drive that changes."""
    drives = jnp.asarray(np.random.default_rng(1).uniform(-1, 1, (STEPS // 50, 4)).repeat(50, 0), jnp.float32)
    build(made)
    outputs, fired, state = steps(made, {"drive": spark.FloatArray(drives)})
    return state, (fired, outputs)


CASES = {
    "ALIF with delays and the rule": pool(neurons.ALIFNeuron),
    "LIF with delays and the rule": pool(neurons.LIFNeuron),
    "ALIF with delays longer than a word": pool(neurons.ALIFNeuron, max_delay=40.0),
    "ALIF without the rule": pool(neurons.ALIFNeuron, learning_rule__gamma=0),
    "ALIF without delays": pool(neurons.ALIFNeuron, async_spikes=False, learning_rule__gamma=0),
    "LIF without delays, dense": pool(
        neurons.LIFNeuron,
        async_spikes=False,
        learning_rule__gamma=0,
        synapses__kernel=initializers.UniformInitializer(total=20_000.0),
    ),
    "ALIF without delays with the rule": pool(neurons.ALIFNeuron, async_spikes=False),
    "a soma with a parameter for each unit, which does not lower": pool(
        neurons.ALIFNeuron, soma__threshold=np.linspace(-45, -40, 48, dtype=np.float32)
    ),
}


# In the quick run two of them stand beside a user's module, which splits the program, and one alone; then those alone
# that no other one is a part of. Each compiles in both codes.
BESIDE = ("ALIF with delays and the rule", "LIF without delays, dense")
PARTS = ("LIF with delays and the rule", "ALIF without the rule", "ALIF without delays")
ALL = [
    pytest.param(case, own, id=f"{name}-{'with a user module' if own else 'built in'}", marks=marks)
    for name, case in CASES.items()
    for own, marks in (
        (False, pytest.mark.slow if name in PARTS else () if name == BESIDE[0] else pytest.mark.thorough),
        (True, () if name in BESIDE else pytest.mark.slow),
    )
]


@needs_native
@pytest.mark.parametrize(("case", "own"), ALL)
def test_a_program_gives_the_same_spikes_as_array_code(case, own: bool):
    state, (spikes, outputs) = run(brain(*case, own=own))
    with array_code():
        plain_state, (plain_spikes, plain_outputs) = run(brain(*case, own=own))
    for name, plain in plain_spikes.items():
        np.testing.assert_array_equal(spikes[name].value, plain.value, err_msg=name)
        assert np.abs(plain.value).sum() > STEPS / 10
    np.testing.assert_allclose(outputs["action"].value, plain_outputs["action"].value, **INTEGRATED["float32"])
    for path in plain_state:
        np.testing.assert_allclose(state[path], plain_state[path], **INTEGRATED["float32"], err_msg=path)


@needs_native
@pytest.mark.parametrize("spiker", [interfaces.LinearSpiker, interfaces.TopologicalPoissonSpiker])
def test_other_spikers_lower_or_run_beside_the_program(spiker):
    _, (spikes, _) = run(brain(*CASES["ALIF with delays and the rule"], spiker=spiker))
    with array_code():
        _, (plain, _) = run(brain(*CASES["ALIF with delays and the rule"], spiker=spiker))
    np.testing.assert_array_equal(spikes["pool"].value, plain["pool"].value)
    np.testing.assert_array_equal(spikes["spiker"].value, plain["spiker"].value)


@needs_native
def test_the_tutorials_step_is_one_native_call():
    made = Brain(tutorial_config())
    drive = spark.FloatArray(jnp.zeros(4, jnp.float16))
    made(drive=drive)

    def run_model(graph, state, x):
        model = spark.merge(graph, state)
        return model(drive=x), spark.split(model)[1]

    text = jax.jit(run_model).lower(*spark.split(made), drive).compile().as_text()
    assert text.count('custom_call_target="spark_run_program"') == 1


@needs_native
def test_a_subclass_with_a_step_of_its_own_is_never_lowered():
    class Silent(neurons.ALIFNeuron):
        """Fires never."""

        def __call__(self, in_spikes: spark.SpikeArray) -> neurons.NeuronOutput:
            out = super().__call__(in_spikes=in_spikes)
            return {"out_spikes": spark.SpikeArray(out["out_spikes"].value * jnp.int8(0))}

    _, (spikes, _) = run(brain(*pool(Silent)))
    assert not spikes["pool"].value.any()


@needs_native
def test_a_variable_changed_in_a_view_before_the_step_is_seen_by_it():
    made = Brain(tutorial_config())
    drive = spark.FloatArray(jnp.zeros(4, jnp.float16))
    made(drive=drive)
    graph, state = spark.split(made)
    view = spark.merge(graph, state)
    view.neurons_pool.soma.potential.value = jnp.full(256, 1000.0)
    view(drive=drive)
    assert np.abs(view.get_spikes_from_cache()["neurons_pool"].value).all()
    assert int(spark.split(view)[1]["step"]) == 2
