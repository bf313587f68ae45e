"""What an author wrote as array code runs as native code, and gives what it gives as array code."""

from typing import TypedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import array_code, prepared, spiking_brain
from tolerances import INTEGRATED, SAME_BRAIN

import spark
from spark import ModuleSpecs, PortMap, SpikeArray, kernels
from spark.kernels import llvm
from spark.nn import Pool, PoolConfig, initializers, neurons, receptors, somas
from spark.nn.connections import FixedInDegree

pytestmark = [
    pytest.mark.skipif(bool(llvm.why_not()), reason=llvm.why_not()),
    pytest.mark.skipif(not kernels.status().available, reason="no native kernels on this machine"),
]
UNITS, STEPS = 37, 300
SPIKES = SpikeArray((np.random.default_rng(5).random((STEPS, UNITS)) < 0.1).astype(np.int8))


class SpikesOutput(TypedDict):
    """What a soma puts out."""

    spikes: SpikeArray


class OwnQuadraticSomaConfig(spark.SomaConfig):
    """A quadratic integrate-and-fire unit."""

    rest: spark.Quantity = spark.field(-60.0, unit="mV", description="Resting potential.")
    peak: spark.Quantity = spark.field(30.0, unit="mV", description="Where a spike is cut off.")
    k: spark.Quantity = spark.field(0.02, description="Steepness.")


class OwnQuadraticSoma(spark.Soma):
    """Somebody's own soma: a quadratic unit with noise."""

    config: OwnQuadraticSomaConfig
    exposes = {"potential": spark.PotentialArray}

    def build(self, current: spark.PortSpec) -> None:
        """All units begin at rest."""
        self.peak = spark.Constant(np.broadcast_to(np.asarray(self.config.peak, np.float32), current.shape))
        self.potential = spark.Variable(np.full(current.shape, self.config.rest, self.config.dtype), unit="mV")
        self.fired = spark.Variable(np.zeros((), np.int32))
        self.noise = spark.RandomKey()

    def __call__(self, current: spark.CurrentArray) -> SpikesOutput:
        """Advance one step."""
        v = self.potential.value.astype(jnp.float32)
        drift = self.config.k * (v - self.config.rest) * (v + 45.0) + 0.05 * current.value
        v = v + self.config.dt * drift + 2.0 * self.noise.uniform(v.shape)
        fired = v >= self.peak.value
        self.potential.value = jnp.where(fired, self.config.rest, jnp.maximum(v, -90.0)).astype(self.config.dtype)
        self.fired.value = self.fired.value + 1
        return {"spikes": SpikeArray(fired.astype(jnp.int8))}


OWN = {
    "pattern": FixedInDegree(degree=8),
    "weights": 8.0,
    "delay": initializers.UniformInitializer(low=1, high=6),
}


def own_brain(**config):
    """A pool of that soma, reached by exponential currents with delays."""
    wires = {"excitation": [spark.Projection(*o, **OWN) for o in (("__call__", "spikes"), ("pool", "out_spikes"))]}
    config = {"receptors": {"excitation": receptors.ExponentialCurrentConfig()}, **config}
    made = PoolConfig(units=(UNITS,), inhibitory_rate=0.2, soma=OwnQuadraticSomaConfig(), **config)
    return started(ModuleSpecs("pool", Pool, wires, made))


def started(specs):
    return prepared(spiking_brain([specs], UNITS, seed=3))


def brain_of(neuron, port="in_spikes", **config):
    wires = {port: [PortMap("__call__", "spikes"), PortMap("pool", "out_spikes")]}
    return started(ModuleSpecs("pool", neuron, wires, neuron.config_class()(units=(UNITS,), **config)))


def ran(made, **record):
    recording = spark.run(made, STEPS, {"spikes": SPIKES}, record=["pool"], progress=False, **record)
    steps, fired = recording.spikes("pool")
    return np.stack([steps, fired]), {path: np.asarray(made.state[path]) for path in made.state}


def runs_as(made):
    return {m.path: m.runs_as for m in spark.explain(made).modules}


def test_a_soma_of_ones_own_on_sparse_synapses_is_compiled_and_gives_what_it_does_as_array_code():
    made = own_brain()
    compiled = dict.fromkeys(("pool.excitation", "pool.total", "pool.soma"), "compiled")
    assert runs_as(made) == {"pool": "op", "pool.excitation_projections": "op", **compiled}
    assert spark.explain(made).one_call
    spikes, state = ran(made)
    assert 20 < spikes.shape[1] < STEPS * UNITS / 2
    with array_code():
        other = own_brain()
        assert set(runs_as(other).values()) == {"XLA"}
        expected, wanted = ran(other)
    np.testing.assert_array_equal(spikes, expected)
    for path, array in wanted.items():
        np.testing.assert_allclose(state[path], array, **INTEGRATED["float32"], err_msg=path)


def test_a_compiled_soma_gives_the_same_in_a_run_step_by_step_and_in_pieces():
    spikes, state = ran(own_brain())
    apart = own_brain()
    for step in range(STEPS):
        apart(spikes=SpikeArray(SPIKES.value[step]))
    pieces = own_brain()
    for first, last in ((0, 1), (1, 18), (18, STEPS)):
        spark.run(pieces, last - first, {"spikes": SpikeArray(SPIKES.value[first:last])}, progress=False)
    for path, array in state.items():
        np.testing.assert_array_equal(np.asarray(apart.state[path]), array, err_msg=path)
        np.testing.assert_array_equal(np.asarray(pieces.state[path]), array, err_msg=path)
    assert spikes.size


def test_a_state_of_half_precision_is_compiled():
    dtype = "float16"
    made = own_brain(_s_dtype=dtype)
    assert runs_as(made)["pool.soma"] == "compiled"
    spikes, state = ran(made)
    with array_code():
        expected, wanted = ran(own_brain(_s_dtype=dtype))
    assert state["pool.soma.potential"].dtype == dtype and spikes.size
    np.testing.assert_array_equal(spikes, expected)
    np.testing.assert_array_equal(state["pool.soma.potential"], wanted["pool.soma.potential"])


NEURONS = [neurons.CurrentLIFNeuron, neurons.ConductanceLIFNeuron, neurons.DeltaLIFNeuron, neurons.AdExNeuron]


@pytest.mark.parametrize("neuron", NEURONS)
@pytest.mark.parametrize("weights", ["float32", "float16", "bfloat16"])
def test_built_in_pools_run_in_one_call_with_background_and_weights_of_any_precision(neuron, weights):
    config = {"excitatory__weight_dtype": weights, "background__rate": 50.0, "background__weight": 0.1}
    made = brain_of(neuron, "excitation", **config)
    assert set(runs_as(made).values()) == {"op", "compiled"} and spark.explain(made).one_call


EACH = np.linspace(-1.0, 1.0, UNITS)
POINT = {
    "current": (neurons.CurrentLIFNeuron, {"soma__potential_tau": 20.0 + EACH, "soma__threshold": -52.0 + EACH}),
    "conductance": (neurons.ConductanceLIFNeuron, {"soma__threshold": -53.0 + EACH, "soma__reversal_excitation": EACH}),
    "delta": (neurons.DeltaLIFNeuron, {"soma__threshold": -55.0 + EACH}),
    "adaptive": (neurons.AdExNeuron, {"soma__knee": -50.0 + EACH, "soma__adaptation_tau": 140.0 + EACH}),
}
WEIGHTS = {"current": 900.0, "conductance": 0.6, "delta": 6.0, "adaptive": 2000.0}


# Currents and conductances in the quick run: every one compiles in both codes.
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in ("current", "conductance") else pytest.mark.slow) for n in POINT]
)
def test_parameters_of_each_unit_cost_no_native_code(name):
    neuron, config = POINT[name]
    config = {**config, "excitatory__kernel": WEIGHTS[name], "excitatory__connections": FixedInDegree(degree=8)}
    made = brain_of(neuron, "excitation", **config)
    assert runs_as(made)["pool.soma"] == "compiled" and spark.explain(made).one_call
    spikes, state = ran(made)
    assert spikes.shape[1] > 20
    with array_code():
        expected, wanted = ran(brain_of(neuron, "excitation", **config))
    np.testing.assert_array_equal(spikes, expected)
    for path, array in wanted.items():
        np.testing.assert_allclose(state[path], array, **INTEGRATED["float32"], err_msg=path)


@pytest.mark.parametrize("neuron", [neurons.LIFNeuron, neurons.ALIFNeuron])
def test_a_plastic_pool_with_a_threshold_for_each_unit_runs_natively(neuron):
    config = {"async_spikes": True, "soma__threshold": -45.0 + EACH, "synapses__kernel": 300.0}
    made = brain_of(neuron, **config)
    assert spark.explain(made).one_call
    spikes, state = ran(made)
    assert spikes.shape[1] > 20
    with array_code():
        expected, wanted = ran(brain_of(neuron, **config))
    np.testing.assert_array_equal(spikes, expected)
    for path, array in wanted.items():
        largest = np.abs(array.astype(np.float64)).max(initial=1.0)
        np.testing.assert_allclose(state[path], array, rtol=0, atol=SAME_BRAIN["float32"] * largest, err_msg=path)


class LouderConfig(somas.IntegrateAndFireSomaConfig):
    """Nothing more."""


class Louder(somas.IntegrateAndFireSoma):
    """A subclass whose step is another one."""

    config: LouderConfig

    def __call__(self, current: spark.CurrentArray) -> SpikesOutput:
        """Everything counts twice."""
        return super().__call__.__wrapped__(self, spark.CurrentArray(2 * current.value))


class UnchangedNeuron(neurons.CurrentLIFNeuron):
    """A subclass that changes nothing."""

    config: neurons.CurrentLIFNeuronConfig


def test_a_subclass_that_changes_nothing_runs_as_its_base():
    assert runs_as(brain_of(UnchangedNeuron, "excitation")) == runs_as(brain_of(neurons.CurrentLIFNeuron, "excitation"))


class NamedNeuron(neurons.CurrentLIFNeuron):
    """A pool with a method of its own, which its blueprint does not meet."""

    config: neurons.CurrentLIFNeuronConfig

    def title(self) -> str:
        """What a picture says."""
        return "pool"


def test_a_neuron_with_methods_of_its_own_is_still_its_blueprint():
    assert runs_as(brain_of(NamedNeuron, "excitation")) == runs_as(brain_of(neurons.CurrentLIFNeuron, "excitation"))


def test_a_subclass_that_changes_the_step_runs_as_it_is_written():
    config = {"excitatory__kernel": 60.0, "excitatory__connections": FixedInDegree(degree=8)}
    made = brain_of(neurons.CurrentLIFNeuron, "excitation", soma=LouderConfig(), **config)
    assert runs_as(made)["pool.soma"] == "compiled"
    spikes, _ = ran(made)
    twice, _ = ran(brain_of(UnchangedNeuron, "excitation", **{**config, "excitatory__kernel": 120.0}))
    once, _ = ran(brain_of(UnchangedNeuron, "excitation", **config))
    np.testing.assert_array_equal(spikes, twice)
    assert spikes.shape[1] > once.shape[1]


class Teller(spark.Module):
    """A module with an effect that nobody may leave out."""

    config: spark.ModuleConfig

    def __call__(self, spikes: SpikeArray) -> SpikesOutput:
        """Say something."""
        jax.debug.print("fired: {}", spikes.value.sum())
        return {"spikes": spikes}


def test_a_module_that_prints_still_prints(capfd):
    specs = ModuleSpecs("teller", Teller, {"spikes": PortMap("__call__", "spikes")}, spark.ModuleConfig())
    made = spiking_brain([specs], 4)
    for _ in range(3):
        made(spikes=SpikeArray(np.ones(4, np.int8)))
    jax.effects_barrier()
    assert spark.explain(made)["teller"].reason.startswith("it has an effect")
    assert capfd.readouterr().out.count("fired: 4") >= 3


class Smoother(spark.Module):
    """A module that mixes its units."""

    config: spark.ModuleConfig

    def __call__(self, spikes: SpikeArray) -> SpikesOutput:
        """Sort them."""
        return {"spikes": SpikeArray(jnp.sort(spikes.value))}


def test_what_is_not_elementwise_runs_in_xla_and_says_why():
    wires = {"spikes": PortMap("__call__", "spikes")}
    own = ModuleSpecs("own", Smoother, wires, spark.ModuleConfig())
    made = prepared(spiking_brain([own], UNITS))
    found = spark.explain(made)
    assert (found["own"].runs_as, found["own"].reason, found.one_call) == ("XLA", "`sort`", False)
    assert "own     Smoother  XLA" in str(found) and "<td>Smoother</td>" in found._repr_html_()
    assert "stand between native calls" in str(found)
