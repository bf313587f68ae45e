"""The Python code of a brain builds the same brain."""

import subprocess
import sys

import numpy as np
import pytest
from documents import examples, small

import spark
from spark.io.code import python_code
from spark.io.graph_config import brain_config
from spark.nn import Brain, BrainConfig, connections, initializers, neurons, plasticity


def built_by(code):
    names = {"__name__": "drawn"}
    exec(compile(code, "drawn", "exec"), names)
    return names


@pytest.mark.parametrize("name", examples())
def test_the_code_of_an_example_builds_an_equal_config(name):
    config, _ = brain_config(examples()[name])
    made = built_by(python_code(config, examples()[name]["run"]))
    assert made["config"] == config
    assert set(made["inputs"]) == set(config.input_map)


def test_arrays_rules_initializers_and_connectivities_are_written():
    wire = spark.PortMap
    pool = neurons.CurrentLIFNeuronConfig(
        units=(3,),
        soma__threshold=np.array([1.0, 2.0, 3.0], np.float32),
        excitatory__connections=connections.FixedInDegree(degree=2),
        excitatory__kernel=initializers.NormalInitializer(mean=2.0, deviation=0.5, minimum=0.0),
        inhibitory__delay=2.0,
    )
    plastic = neurons.LIFNeuronConfig(units=(3,), async_spikes=False, learning_rule=plasticity.PairRuleConfig(rate=2.0))
    config = BrainConfig(
        seed=3,
        dt=0.5,
        modules_map=[
            spark.ModuleSpecs("pool", neurons.CurrentLIFNeuron, {"excitation": [wire("pool", "out_spikes")]}, pool),
            spark.ModuleSpecs("other", neurons.LIFNeuron, {"in_spikes": [wire("pool", "out_spikes")]}, plastic),
        ],
    )
    code = python_code(config)
    assert built_by(code)["config"] == config
    assert (
        "FixedInDegree(degree=2)" in code
        and "inhibitory__delay=2.0" in code
        or "ConstantInitializer(value=2.0)" in code
    )


def test_the_program_runs_and_prints_rates(tmp_path):
    config, _ = brain_config(small())
    path = tmp_path / "small.py"
    path.write_text(python_code(config, small()["run"]))
    printed = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True).stdout
    inputs = {"level": spark.FloatArray(np.full(5, 0.5, np.float32))}
    recording = spark.run(Brain(config), 1000, inputs, record=["noise.spikes", "pool.out_spikes"])
    expected = "".join(f"{n}: {recording.rates(n).mean():.1f} Hz\n" for n in recording.names)
    assert printed == expected


@pytest.mark.parametrize("name", examples())
def test_no_line_of_an_example_is_longer_than_120(name):
    config, _ = brain_config(examples()[name])
    assert max(map(len, python_code(config).splitlines())) <= 120
