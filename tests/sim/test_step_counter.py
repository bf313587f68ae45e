"""Steps are counted in 64 bits: no number of steps is special, whoever counts them."""

import contextlib

import numpy as np
import pytest
from builders import array_code, drive, poisson, refused, tutorial_brain
from drawing import some

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap, SpikeArray
from spark.core.errors import StateError
from spark.nn import Brain, BrainConfig, initializers, neurons, plasticity
from spark.sim.run import build

STEPS = 90
SPIKES = SpikeArray((np.random.default_rng(0).random((STEPS, 10)) < 0.2).astype(np.int8))
EDGES = [2**31 - 40, 2**32 - 40, 2**32 + 7, 2**40 + 3]


def alone(neuron, config):
    """A brain of one pool that is fed by the brain's spikes and by itself."""
    ports = {"excitation": PortMap("__call__", "spikes"), "inhibition": PortMap("pool", "out_spikes")}
    if "in_spikes" in neuron.ports().inputs:
        ports = {"in_spikes": [PortMap("__call__", "spikes"), PortMap("pool", "out_spikes")]}
    config_map = {"input_map": {"spikes": InputSpec(SpikeArray, (10,), "int8")}, "output_map": {}, "seed": 2}
    made = Brain(BrainConfig(**config_map, modules_map=[ModuleSpecs("pool", neuron, ports, config)]))
    build(made)
    return made


def with_currents():
    delays = initializers.UniformInitializer(low=1, high=7)
    return alone(
        neurons.CurrentLIFNeuron, neurons.CurrentLIFNeuronConfig(units=(20,), excitatory__kernel=300.0, _s_delay=delays)
    )


def with_jumps():
    return alone(
        neurons.DeltaLIFNeuron, neurons.DeltaLIFNeuronConfig(units=(20,), _s_delay=5.0, excitatory__kernel=5.0)
    )


def with_the_default_rule():
    return alone(neurons.ALIFNeuron, neurons.ALIFNeuronConfig(units=(20,), async_spikes=True, max_delay=6.0))


def with_a_table():
    rule = plasticity.TripletRuleConfig()
    config = neurons.LIFNeuronConfig(units=(20,), async_spikes=True, max_delay=6.0, learning_rule=rule)
    return alone(neurons.LIFNeuron, config)


BRAINS = [with_currents, with_jumps, with_the_default_rule, with_a_table]


def rings(state):
    """A number of steps after which every ring of a state begins anew: no ring here has more than nine rows."""
    return 2 * 3 * 4 * 5 * 7 * 3 * 2


def state_after(brain, first, record=()):
    """Every array but the counter after a run from a step, and the counter."""
    brain.reset()
    brain.replace_state({"step": first})
    recording = spark.run(brain, STEPS, {"spikes": SPIKES}, record=record, progress=False)
    found = {path: np.asarray(brain.state[path]) for path in brain.state}
    return found, int(found.pop("step")), recording


@pytest.fixture(params=["native", "reference"])
def form(request):
    """Which kernels run; the reference is that of SPARK_NATIVE=0."""
    with contextlib.nullcontext() if request.param == "native" else array_code():
        yield request.param


@pytest.mark.parametrize("make", some(BRAINS, 2, 1))
def test_a_run_from_any_step_is_that_from_a_small_one(make, form):
    brain = make()
    period = rings(brain.state)
    for edge in EDGES:
        small = edge % period + period
        expected, step, before = state_after(brain, small, ["pool"])
        found, end, recording = state_after(brain, edge, ["pool"])
        assert (step, end) == (small + STEPS, edge + STEPS)
        assert recording.first == edge and before.spikes("pool")[0].size
        np.testing.assert_array_equal(recording.spikes("pool")[0] - edge, before.spikes("pool")[0] - small)
        for path, array in expected.items():
            np.testing.assert_array_equal(found[path], array, err_msg=f"{path} from step {edge}")


def test_steps_that_are_recorded_are_those_that_the_distance_divides(form):
    brain = with_jumps()
    brain.replace_state({"step": 2**32 - 20})
    probe = spark.Probe("pool.soma.potential", every=7)
    recording = spark.run(brain, STEPS, {"spikes": SPIKES}, record=probe, progress=False)
    steps = [s for s in range(2**32 - 20, 2**32 - 20 + STEPS) if s % 7 == 0]
    np.testing.assert_array_equal(recording.trace("pool.soma.potential")[0], steps)


def test_random_draws_of_later_steps_are_new_ones_and_the_same_in_every_form():
    def make():
        made = Brain(
            BrainConfig(
                input_map={"drive": InputSpec(FloatArray, (4,), "float16")},
                output_map={},
                modules_map=[poisson("spiker")],
                seed=4,
            )
        )
        made(drive=drive())
        return made

    found = {}
    for first in (0, 2**32 - 50, 2**32, 2**33):
        made = make()
        made.replace_state({"step": first})
        found[first] = spark.run(made, 100, {"drive": drive()}, record="spiker", progress=False)["spiker"]
        single = make()
        single.replace_state({"step": first})
        view = spark.merge(*spark.split(single))
        drawn = view.spiker.key.happens(np.float32(0.5) * np.asarray(drive().value, np.float32))
        np.testing.assert_array_equal(found[first][0], drawn)
    assert (found[0] != found[2**32]).any() and (found[2**32] != found[2**33]).any()
    np.testing.assert_array_equal(found[2**32 - 50][50:], found[2**32][:50])


@pytest.mark.parametrize("value", [np.int32(7), np.int64(2**40), 2**40, np.uint32(2**31)])
def test_the_counter_is_read_and_written_as_a_whole_number(value):
    brain = tutorial_brain()
    brain.replace_state({"step": value})
    assert int(brain.state["step"]) == int(value) and brain.state["step"] == int(value)
    copied = brain.state.replace({path: brain.state[path] for path in brain.state})
    assert int(copied["step"]) == int(value)


@pytest.mark.parametrize("value", [-1, np.int32(-60), np.int64(-(2**40)), 2**63, 2**70])
def test_a_counter_out_of_its_bounds_is_refused(value):
    brain = tutorial_brain()
    text = f"step: is out of its bounds, got {int(value)}; expected 0 to {2**63 - 1}."
    with refused(StateError, text):
        brain.replace_state({"step": value})


def test_a_checkpoint_keeps_a_large_counter(tmp_path):
    brain = with_jumps()
    brain.replace_state({"step": 2**35 + 11})
    spark.save_checkpoint(brain, tmp_path / "a.safetensors")
    found = spark.load_checkpoint(tmp_path / "a.safetensors")
    assert int(found.state["step"]) == 2**35 + 11


@pytest.mark.parametrize("first", [2**31 - 3, 2**32 - 3])
def test_a_bad_number_is_reported_at_its_step(first):
    brain = tutorial_brain(check_numbers=True)
    brain.replace_state({"step": first})
    with pytest.raises(spark.NumericsError, match=f"became NaN or infinite at step {first + 5}"):
        spark.run(brain, 10, {"drive": lambda step: drive([0, 0, np.nan if step == 5 else 0, 0])}, progress=False)
