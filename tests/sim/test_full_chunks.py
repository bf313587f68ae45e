"""A chunk whose room for spikes is full ends before a step, and what is recorded never changes the run."""

import numpy as np
import pytest
from builders import drive, linear, poisson, tutorial_brain

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap
from spark.nn import Brain, BrainConfig, neurons
from spark.sim.pace import FIRST
from spark.sim.recordable import recordables
from spark.sim.records.memory import MemoryStore
from spark.sim.records.probe import resolve
from spark.sim.records.sieve import Sieve
from spark.sim.run import build, run_steps


def recorded(brain, steps, inputs, record, room_bytes):
    """Steps of every spike, units, and how many chunks it took."""
    channels = resolve(record, lambda: recordables(brain))
    store = MemoryStore([c.to_dict() for c in channels], 100.0, 0)
    chunks = []
    sieve = Sieve(channels, store, brain.config.step_length)
    run_steps(brain, steps, inputs, sieve, (), chunks.append, lambda: False, room_bytes=room_bytes)
    made = spark.Recording([c.to_dict() for c in channels], store, brain.config.step_length, 0, steps, None)
    return {name: made.spikes(name) for name in record}, chunks


def dense_brain():
    """Dense plastic weights, whose postsynaptic changes wait for the end of a chunk."""
    config = neurons.LIFNeuronConfig(units=(12,), async_spikes=False)
    inputs = {"in_spikes": [PortMap("spiker", "spikes"), PortMap("pool", "out_spikes")]}
    made = Brain(
        BrainConfig(
            input_map={"drive": InputSpec(FloatArray, (4,), "float16")},
            output_map={},
            modules_map=[poisson("spiker"), ModuleSpecs("pool", neurons.LIFNeuron, inputs, config)],
            seed=4,
        )
    )
    build(made)
    return made


@pytest.mark.parametrize("make", [tutorial_brain, dense_brain])
@pytest.mark.parametrize("room_bytes", [1, 300])
def test_a_full_chunk_leaves_the_state_of_an_unrecorded_run(make, room_bytes):
    plain, noted = make(), make()
    spark.run(plain, 300, {"drive": drive()}, progress=False)
    whole = spark.run(make(), 300, {"drive": drive()}, record=["pool", "spiker"], progress=False)
    found, chunks = recorded(noted, 300, {"drive": drive()}, ["pool", "spiker"], room_bytes)
    assert sum(chunks) == 300 and chunks[0] < FIRST
    for path in plain.state:
        np.testing.assert_array_equal(np.asarray(noted.state[path]), np.asarray(plain.state[path]), err_msg=path)
    for name, (times, units) in found.items():
        np.testing.assert_array_equal(times, whole.spikes(name)[0])
        np.testing.assert_array_equal(units, whole.spikes(name)[1])


def test_recording_a_million_spikes_a_chunk_does_not_change_the_run():
    """At the settings that users have: four million spikes, of units that fire every sixth step."""
    units, steps = 20_000, 1000

    def make():
        return Brain(
            BrainConfig(
                input_map={"drive": InputSpec(FloatArray, (units,), "float32")},
                output_map={},
                modules_map=[linear("spiker", max_freq=200.0, tau=20.0)],
                seed=1,
            )
        )

    given = {"drive": FloatArray(np.ones(units, np.float32))}
    plain, noted = make(), make()
    spark.run(plain, steps, given, progress=False)
    times, fired = spark.run(noted, steps, given, record=["spiker"], progress=False).spikes("spiker")
    for path in plain.state:
        np.testing.assert_array_equal(np.asarray(noted.state[path]), np.asarray(plain.state[path]), err_msg=path)
    intervals = np.diff(times[fired == 0])
    assert times.size % units == 0 and set(intervals[1:]) == {intervals[-1]}
