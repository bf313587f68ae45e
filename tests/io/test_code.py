"""The Python code of a brain builds the same brain."""

import ast
import importlib
import json
import subprocess
import sys

import numpy as np
import pytest
from configs import MODULES, configs
from documents import examples, small
from drawing import some
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

import spark
from spark.editor.drive import Drive
from spark.io.code import python_code
from spark.io.graph_config import brain_config
from spark.io.sparse import from_sparse, sparse
from spark.nn import Brain, BrainConfig, connections, initializers, neurons, plasticity


def built_by(code):
    names = {"__name__": "drawn"}
    exec(compile(code, "drawn", "exec"), names)
    return names


@pytest.mark.parametrize("name", some(examples(), 4, thorough=1))
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
    assert "excitatory__connections=FixedInDegree(degree=2)" in code
    assert "inhibitory__delay=ConstantInitializer(value=2.0)" in code
    assert "excitatory__kernel=NormalInitializer(minimum=0.0, mean=2.0, deviation=0.5)" in code
    assert "soma__threshold=np.array([1.0, 2.0, 3.0], 'float32')" in code
    assert "learning_rule=PairRuleConfig(rate=2.0)" in code


@pytest.mark.thorough
def test_the_program_runs_and_prints_rates(tmp_path):
    config, _ = brain_config(small())
    path = tmp_path / "small.py"
    path.write_text(python_code(config, small()["run"]))
    printed = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True).stdout
    inputs = {"level": spark.FloatArray(np.full(5, 0.5, np.float32))}
    recording = spark.run(Brain(config), 1000, inputs, record=["noise.spikes", "pool.out_spikes"])
    expected = "".join(f"{n}: {recording.rates(n).mean():.1f} Hz\n" for n in recording.names)
    assert printed == expected


def fed(source, payload="SpikeArray", dtype="int8"):
    """A document of one input and a pool that takes it, or one that a spiker makes spikes of."""
    document = small()
    config = {"shape": [2, 4], "payload_type": payload, "dtype": dtype}
    document["nodes"]["n1"]["config"] = config
    if payload == "SpikeArray":
        del document["nodes"]["n2"], document["edges"]["e2"]
        document["edges"]["e1"] = {"from": ["n1", "value"], "to": ["n3", "in_spikes"], "order": 0}
    document["run"] = {"inputs": {"level": source}}
    return document


def as_the_editor_feeds(document, chunks):
    config, _ = brain_config(document)
    source = document["run"]["inputs"]["level"]
    drive = Drive("level", config.input_map["level"].port_spec(), source, config.step_length, int(config.seed or 0))
    return np.concatenate([np.asarray(drive.payload(n).value) for n in chunks])


def test_random_spikes_are_the_editors_own():
    document = fed({"rate": 40.0})
    document["meta"] |= {"seed": 5, "dt": 0.5}
    made = built_by(python_code(brain_config(document)[0], document["run"]))["inputs"]["level"]
    expected = as_the_editor_feeds(document, [1, 30, 1969])
    assert type(made) is spark.SpikeArray and made.value.dtype == np.int8
    np.testing.assert_array_equal(made.value, expected)
    # 2,000 steps of 0.5 ms of 8 units: 320 spikes are expected, five standard deviations are 88.
    assert abs(int(made.value.sum()) - 320) < 88


@pytest.mark.parametrize("suffix", [".npy", ".csv"])
@pytest.mark.parametrize("columns", [1, 8])
def test_rows_of_a_file_are_the_editors_own(tmp_path, monkeypatch, suffix, columns):
    monkeypatch.chdir(tmp_path)
    rows = np.arange(3 * columns, dtype=np.float64).reshape(3, columns)
    np.save("in.npy", rows) if suffix == ".npy" else np.savetxt("in.csv", rows, delimiter=",")
    document = fed({"file": f"in{suffix}"}, "FloatArray", "float32")
    made = built_by(python_code(brain_config(document)[0], document["run"]))["inputs"]["level"]
    np.testing.assert_array_equal(made.value, as_the_editor_feeds(document, [400, 600]))


@pytest.mark.parametrize(
    ("number", "kind", "dtype"),
    [
        (300.0, "SpikeArray", "int8"),
        (0.5, "SpikeArray", "int8"),
        (1e6, "FloatArray", "float16"),
        (np.nan, "FloatArray", "float32"),
    ],
)
def test_rows_of_numbers_that_an_input_does_not_hold_end_the_program(tmp_path, monkeypatch, number, kind, dtype):
    monkeypatch.chdir(tmp_path)
    np.save("in.npy", np.array([[1.0], [number]]))
    document = fed({"file": "in.npy"}, kind, dtype)
    code = python_code(brain_config(document)[0], document["run"])
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match=f"in.npy: holds numbers that {dtype} does not hold"),
    ):
        built_by(code)


@pytest.mark.thorough
@pytest.mark.parametrize("source", [pytest.param({"rate": 40.0}, marks=pytest.mark.slow), {"file": "in.npy"}])
def test_a_program_that_is_fed_runs(tmp_path, source):
    np.save(tmp_path / "in.npy", np.eye(8, dtype=np.int8))
    document = fed(source)
    (tmp_path / "fed.py").write_text(python_code(brain_config(document)[0], document["run"]))
    printed = subprocess.run([sys.executable, "fed.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert printed.stdout.startswith("pool.out_spikes: ")


def test_no_spikes_at_a_rate_of_zero():
    made = built_by(python_code(brain_config(fed({"rate": 0}))[0], fed({"rate": 0})["run"]))["inputs"]["level"]
    assert made.value.shape == (2, 4) and not made.value.any()


def test_a_program_says_that_it_has_no_environment():
    run = {"environment": "CartPole-v1", "inputs": {}}
    code = python_code(brain_config(small())[0], run)
    assert "# The editor showed 'CartPole-v1' to the brain; here its input stands still." in code
    assert "CartPole" not in python_code(brain_config(small())[0], {})


def config_of(code):
    """What the code of a program says of its brain, which need not be one that runs."""
    return built_by(code.partition("\n\nbrain = ")[0])["config"]


# All of them are written and read by the same code.
@pytest.mark.parametrize("cls", some(MODULES, 4, thorough=1), ids=lambda c: c.__name__)
def test_any_config_of_the_catalogue_is_written_as_code_and_in_model_files_so_that_an_equal_one_is_read(cls):
    @settings(max_examples=5, phases=[Phase.reuse, Phase.generate])
    @given(configs(cls.config_class()), st.text(max_size=8))
    def check(config, words):
        assume(not config.all_step_problems())  # A brain refuses time constants that its step cannot follow.
        outer = BrainConfig(
            input_map={"drive": spark.InputSpec(spark.FloatArray, (2, 3), "float16", words)},
            modules_map=[spark.ModuleSpecs("a", cls, {}, config)],
        )
        assert config_of(python_code(outer)).to_json(1) == outer.to_json(1)
        assert from_sparse(type(config), json.loads(json.dumps(sparse(config)))).to_json(1) == config.to_json(1)

    check()


def test_a_brain_of_matrices_runs_from_its_code_with_equal_spikes():
    def pool(**more):
        return neurons.CurrentLIFNeuronConfig(units=(3,), soma__resistance=1e4, **more)

    wire = spark.PortMap
    plain = pool(excitatory__connections=np.array([[0, 2.0, 0], [1, 0, 0.5], [0, 0, 3]]))
    feeds = {p: wire("__call__", "a") for p in ("excitation", "inhibition")}
    config = BrainConfig(
        input_map={"a": spark.InputSpec(spark.SpikeArray, (3,), "int8", 'said "so"\n')},
        modules_map=[spark.ModuleSpecs("pool", neurons.CurrentLIFNeuron, feeds, plain)],
    )
    made = built_by(python_code(config))["config"]
    assert made == config and made.input_map["a"].description == 'said "so"\n'
    inputs = {"a": spark.SpikeArray(np.ones((200, 3), np.int8))}
    runs = [spark.run(Brain(c), 200, inputs, record=["pool.out_spikes"], progress=False) for c in (config, made)]
    first, second = (r.spikes("pool.out_spikes") for r in runs)
    np.testing.assert_array_equal(first, second)
    assert len(first[0]) > 0


HOSTILE = ["x\nprint('injected')\n#", "\rprint('injected')", "\x0c\u2028\x85\n", "'''" + '"' * 3, "\\", "{dt}"]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_document_says_nothing_of_it_becomes_code(text):
    document = small()
    document["meta"] |= {"name": text, "description": text}
    document["nodes"]["n1"]["config"]["description"] = text
    config, _ = brain_config(document)
    code = python_code(config, {"environment": text, "inputs": {"level": {"file": text}}, text: text})
    plain = python_code(config, {"environment": "a", "inputs": {"level": {"file": "a"}}})
    assert [type(n) for n in ast.walk(ast.parse(code))] == [type(n) for n in ast.walk(ast.parse(plain))]
    assert config_of(code).input_map["level"].description == text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            {"rate": float("inf")},
            r"inputs\.level\.rate: must be one number from 0 to 1000 Hz, one spike a step, got inf\.",
        ),
        ({"rate": 1500.0}, r"inputs\.level\.rate: must be one number from 0 to 1000 Hz, one spike a step, got 1500\.0"),
        ({"rate": -3}, r"inputs\.level\.rate: must be .* got -3"),
        ({"rate": [5.0, 7.0]}, r"inputs\.level\.rate: must be one number .* got \[5\.0, 7\.0\]"),
        ({"rate": "fast"}, r"inputs\.level\.rate: must be"),
        ({"value": [1, 2]}, r"inputs\.level\.value: must be one finite number or 8, got \[1, 2\]"),
        (
            {"value": 300},
            r"inputs\.level\.value: is more than int8 holds, got 300\.0; expected -128 to 127\. Set it in",
        ),
        ({"value": 0.5}, r"inputs\.level\.value: is no whole number, which int8 holds alone, got 0\.5"),
        ({"value": "__import__('os')"}, r"inputs\.level\.value: must be"),
    ],
)
def test_a_setting_that_is_no_number_is_refused_with_its_place(source, said):
    config, _ = brain_config(fed({"rate": 1}))
    with pytest.raises(spark.ConfigError, match=said):
        python_code(config, {"inputs": {"level": source}})


def test_a_module_of_another_file_keeps_its_name_apart_and_one_of_no_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "others.py").write_text(
        "import spark.nn.neurons as n\nclass LIFNeuronConfig(n.LIFNeuronConfig): pass\n"
        "class LIFNeuron(n.LIFNeuron):\n    '''Another.'''\n    config: LIFNeuronConfig\n"
        "class np(LIFNeuron):\n    '''A short name.'''\n    config: LIFNeuronConfig\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    others = importlib.import_module("others")
    listed = [
        spark.ModuleSpecs("a", neurons.LIFNeuron, {}, neurons.LIFNeuronConfig(units=(2,), async_spikes=True)),
        spark.ModuleSpecs("b", others.LIFNeuron, {}, others.LIFNeuronConfig(units=(2,), async_spikes=True)),
        spark.ModuleSpecs("c", others.np, {}, others.LIFNeuronConfig(units=(2,), async_spikes=True)),
    ]
    made = config_of(python_code(BrainConfig(modules_map=listed)))
    assert [s.module_cls for s in made.modules_map.values()] == [neurons.LIFNeuron, others.LIFNeuron, others.np]

    class Inner(neurons.LIFNeuron):
        """Of no file."""

    with pytest.raises(spark.ConfigError, match=r"Inner: is defined where no other program can import it"):
        python_code(
            BrainConfig(
                modules_map=[spark.ModuleSpecs("a", Inner, {}, neurons.LIFNeuronConfig(units=(2,), async_spikes=True))]
            )
        )


@pytest.mark.parametrize("name", examples())
def test_no_line_of_an_example_is_longer_than_120(name):
    config, _ = brain_config(examples()[name])
    assert max(map(len, python_code(config).splitlines())) <= 120
