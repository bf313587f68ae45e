"""A module that adds up its units, chooses among them or mixes them is native code like any other."""

from typing import TypedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import array_code, prepared, spiking_brain
from tolerances import SAME_BRAIN

import spark
from spark import FloatArray, ModuleSpecs, PortMap, SpikeArray, kernels
from spark.kernels import llvm
from spark.nn import interfaces

pytestmark = [
    pytest.mark.skipif(bool(llvm.why_not()), reason=llvm.why_not()),
    pytest.mark.skipif(not kernels.status().available, reason="no native kernels on this machine"),
]
UNITS, CHOICES, STEPS = 37, 3, 120
SPIKES = SpikeArray((np.random.default_rng(5).random((STEPS, UNITS)) < 0.1).astype(np.int8))


class ChoiceOutput(TypedDict):
    """What the module puts out."""

    signal: FloatArray
    spikes: SpikeArray


class Chooser(spark.Module):
    """Somebody's own readout: traces, a matrix, a softmax, a draw, and weights that follow what was drawn."""

    config: spark.ModuleConfig

    def build(self, spikes: spark.PortSpec) -> None:
        """Weights begin at random."""
        drawn = self.generator.normal(size=(CHOICES, spikes.size)).astype(np.float32)
        self.weights = spark.Variable(drawn)
        self.trace = spark.Variable(np.zeros(spikes.size, np.float32))
        self.last = spark.Variable(np.zeros((), np.int32))
        self.counts = spark.Variable(np.zeros(CHOICES, np.int32))
        self.group = spark.Constant(np.arange(spikes.size, dtype=np.int32) % CHOICES)
        self.noise = spark.RandomKey()

    def __call__(self, spikes: SpikeArray) -> ChoiceOutput:
        """Advance one step."""
        trace = 0.9 * self.trace.value + spikes.value.astype(jnp.float32)
        chances = jax.nn.softmax(self.weights.value @ trace)
        drawn = self.noise.uniform(())
        chosen = jnp.argmax(jnp.cumsum(chances) > drawn).astype(jnp.int32)
        taken = jax.nn.one_hot(chosen, CHOICES)
        change = 0.01 * jnp.outer(taken - chances, trace)
        self.weights.value = jnp.clip(self.weights.value + change, -3.0, 3.0)
        self.counts.value = self.counts.value.at[self.last.value].add(1)
        self.last.value = chosen
        self.trace.value = jnp.where(chosen == 0, jnp.zeros_like(trace), trace)
        means = jax.ops.segment_sum(trace, self.group.value, CHOICES) / trace.sum().clip(1.0)
        return {"signal": FloatArray(means), "spikes": SpikeArray(spikes.value[::-1])}


def chooser():
    wires = {"spikes": [PortMap("__call__", "spikes")]}
    return prepared(spiking_brain([ModuleSpecs("own", Chooser, wires, spark.ModuleConfig())], UNITS, seed=3))


def ran(made):
    spark.run(made, STEPS, {"spikes": SPIKES}, progress=False)
    return {path: np.asarray(made.state[path]) for path in made.state}


def test_a_module_that_chooses_and_learns_is_compiled_and_gives_what_it_does_as_array_code():
    made = chooser()
    explained = spark.explain(made)
    assert explained["own"].runs_as == "compiled" and explained.one_call, str(explained)
    state = ran(made)
    assert state["own.counts"].sum() == STEPS and (state["own.counts"] > 0).sum() > 1
    with array_code():
        wanted = ran(chooser())
    for path, array in wanted.items():
        largest = np.abs(array.astype(np.float64)).max(initial=1.0)
        np.testing.assert_allclose(state[path], array, rtol=0, atol=SAME_BRAIN["float32"] * largest, err_msg=path)


def test_it_gives_the_same_step_by_step_and_in_one_run():
    state, apart = ran(chooser()), chooser()
    for step in range(STEPS):
        apart(spikes=SpikeArray(SPIKES.value[step]))
    for path, array in state.items():
        np.testing.assert_array_equal(np.asarray(apart.state[path]), array, err_msg=path)


class OwnIntegrator(interfaces.ExponentialIntegrator):
    """An integrator with a method of its own: nobody knows whether instructions do what it does."""

    def outputs(self) -> int:
        """How many numbers it gives."""
        return self.config.num_outputs


@pytest.mark.parametrize(
    "of", [interfaces.ExponentialIntegrator, OwnIntegrator], ids=["integrator", "integrator of one's own"]
)
def test_a_sum_over_groups_of_units_is_native(of):
    config = interfaces.ExponentialIntegratorConfig(num_outputs=4)
    specs = ModuleSpecs("out", of, {"spikes": PortMap("__call__", "spikes")}, config)
    made = prepared(spiking_brain([specs], UNITS))
    assert spark.explain(made).one_call
