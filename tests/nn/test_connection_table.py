"""What `brain.connections` lists is what a spike does: each weight acts on its target after its delay."""

import numpy as np
import pytest

import spark
from spark import InputSpec, ModuleSpecs, NotBuiltError, PortMap, SpikeArray, StateError
from spark.nn import Brain, BrainConfig, connections, initializers, neurons

PRE, POST, DT = 6, 5, 0.5


def brain(cls, config, ports=("excitation", "inhibition")):
    """A pool that takes the brain's input over its ports."""
    wires = {port: PortMap("__call__", "s") for port in ports}
    return Brain(
        BrainConfig(
            input_map={"s": InputSpec(SpikeArray, (PRE,), "int8")},
            output_map={},
            modules_map=[ModuleSpecs("pool", cls, wires, config)],
            dt=DT,
            seed=3,
        )
    )


def sparse(weights, delay):
    """Delta synapses: what a spike does is the weight alone."""
    return neurons.DeltaLIFNeuronConfig(
        units=(POST,),
        _s_connections=connections.FixedProbability(probability=0.4),
        excitatory__kernel=weights,
        excitatory__delay=delay,
        soma={"potential_tau": 1e9, "threshold": 1e9},
    )


@pytest.mark.parametrize("weights", [2.0, initializers.UniformInitializer(low=1.0, high=3.0)])
@pytest.mark.parametrize("delay", [1.5, initializers.UniformInitializer(low=0.5, high=4.0)])
def test_each_connection_acts_with_its_weight_after_its_delay(weights, delay):
    built = brain(neurons.DeltaLIFNeuron, sparse(weights, delay))
    spark.run(built, 1, {"s": SpikeArray(np.zeros(PRE, np.int8))})
    table = built.connections("pool.excitation")
    assert len(table) > 4 and table.shape == (PRE, POST)
    first = int(built.state["step"])
    for source in range(PRE):
        built.reset()
        spikes = np.zeros((16, PRE), np.int8)
        spikes[2, source] = 1
        recording = spark.run(built, 16, {"s": SpikeArray(spikes)}, record="pool.soma.potential")
        jumps = np.diff(recording["pool.soma.potential"].astype(np.float64), axis=0, prepend=0.0)
        expected = np.zeros_like(jumps)
        mine = table.sources == source
        steps = 2 + np.rint(table.delays[mine] / DT).astype(int)
        np.add.at(expected, (steps, table.targets[mine]), table.weights[mine])
        inhibition = built.connections("pool.inhibition")
        mine = inhibition.sources == source
        steps = 2 + np.rint(inhibition.delays[mine] / DT).astype(int)
        np.add.at(expected, (steps, inhibition.targets[mine]), inhibition.weights[mine])
        np.testing.assert_allclose(jumps, expected, atol=1e-4)
    assert first == 1


@pytest.mark.parametrize("delayed", [True, False])
@pytest.mark.parametrize("density", [1.0, 0.5])
def test_plastic_weights_are_listed_as_they_are_now(delayed, density):
    kernel = initializers.UniformInitializer(low=1.0, high=2.0, density=density)
    config = neurons.LIFNeuronConfig(units=(POST,), async_spikes=delayed, synapses__kernel=kernel)
    built = brain(neurons.LIFNeuron, config, ["in_spikes"])
    spark.run(built, 1, {"s": SpikeArray(np.zeros(PRE, np.int8))})
    table = built.connections("pool")
    assert len(table) == round(density * PRE) * POST
    weights = np.asarray(built.state["pool.synapses.weights"])
    np.testing.assert_array_equal(np.sort(table.weights), np.sort(weights.ravel()))
    assert ((table.delays >= DT) if delayed else (table.delays == 0)).all()
    built.replace_state({"pool.synapses.weights": weights * 2})
    np.testing.assert_array_equal(built.connections("pool").weights, table.weights * 2)
    assert (table.to_matrix() != 0).sum() == len(table) == len(table.to_pandas())


def test_a_path_without_synapses_is_named():
    built = brain(neurons.DeltaLIFNeuron, sparse(1.0, 1.0))
    with pytest.raises(NotBuiltError, match="has no connections yet"):
        built.connections("pool.excitation")
    spark.run(built, 1, {"s": SpikeArray(np.zeros(PRE, np.int8))})
    with pytest.raises(StateError, match=r"pool.excitatin: is no group of synapses. Did you mean 'pool.excitation'\?"):
        built.connections("pool.excitatin")
    with pytest.raises(StateError, match="pool: has several groups of synapses: pool.excitation, pool.inhibition"):
        built.connections("pool")
