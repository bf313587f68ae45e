"""A profile says where the time of a step goes, and changes nothing."""

import numpy as np
import pytest
from builders import array_code, drive, tutorial_specs

import spark
from spark import FloatArray, InputError, InputSpec, RunError, kernels
from spark.cli import main
from spark.nn import Brain, BrainConfig

STEPS = 50
INPUTS = {"drive": drive()}


def tutorial(**changes):
    inputs = {"drive": InputSpec(FloatArray, (4,), "float16")}
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=list(tutorial_specs().values()), **changes))


@pytest.fixture(scope="module")
def profiled():
    if not kernels.status().available:
        pytest.skip("no native kernels on this machine")
    brain = tutorial()
    spark.run(brain, 30, INPUTS, progress=False)
    before = {path: np.asarray(brain.state[path]) for path in brain.state}
    return brain, before, spark.profile(brain, STEPS, INPUTS)


def test_every_module_and_component_has_its_time_and_its_size(profiled):
    brain, _, found = profiled
    assert found.steps == STEPS and found.microseconds > 0
    explained = spark.explain(brain)
    for path in ("spiker", "pool.soma", "pool.synapses", "integrator"):
        assert found[path].microseconds > 0
        assert found[path].state_bytes >= explained[path].state_bytes
    times = [part.microseconds for part in found.parts]
    assert times == sorted(times, reverse=True)


def test_spikes_are_those_of_the_steps_that_were_looked_at(profiled):
    brain, _, found = profiled
    other = tutorial()
    spark.run(other, 30, INPUTS, progress=False)
    recording = spark.run(other, STEPS, INPUTS, record=["pool", "spiker"], progress=False)
    for name, path in (("pool", "pool.soma"), ("spiker", "spiker")):
        assert found[path].spikes == recording.spikes(name)[0].size / STEPS


def test_the_brain_stays_as_it_is(profiled):
    brain, before, _ = profiled
    for path, array in before.items():
        np.testing.assert_array_equal(np.asarray(brain.state[path]), array, err_msg=path)


def test_it_is_shown_as_a_table(profiled):
    found = profiled[2]
    lines = str(found).splitlines()
    assert lines[0].split() == ["module", "us", "a", "step", "share", "spikes", "a", "step", "state", "constants"]
    assert len(lines) == len(found.parts) + 2 and lines[-1].startswith("A step takes ")
    assert "<td>spiker</td>" in found._repr_html_()


def test_of_a_brain_that_is_not_one_native_call_the_whole_is_told():
    with array_code():
        found = spark.profile(tutorial(), 3, INPUTS)
    assert found.parts == () and found.microseconds > 0
    assert "It is not one native call, so its parts are not told apart: integrator: " in str(found)


def test_wrong_arguments_are_refused():
    with pytest.raises(RunError, match=r"steps: must be a whole number of at least 1, got 0"):
        spark.profile(tutorial(), 0, INPUTS)
    with pytest.raises(InputError, match=r"Brain\.drive: input is missing, got no inputs; expected FloatArray"):
        spark.profile(tutorial(), 3)


def test_the_command_profiles_a_file_whose_inputs_are_silent(tmp_path, capsys):
    spark.save_model(tutorial(), tmp_path / "brain.spark.json")
    assert main(["profile", str(tmp_path / "brain.spark.json"), "--steps", "5"]) == 0
    assert "over 5 steps by one thread." in capsys.readouterr().out
    assert main(["profile", str(tmp_path / "none.spark.json")]) == 2
    assert capsys.readouterr().err.startswith("spark profile: ")
