"""Specs are values: equal where all they say is equal, and found in a dict by what they say."""

import numpy as np
import pytest
from builders import tutorial_specs

from spark import ConfigError, FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap, SpikeArray

FIELDS = {"payload_type": FloatArray, "shape": (4,), "dtype": "float32", "description": None}


@pytest.mark.parametrize("cls", [InputSpec, OutputSpec])
def test_equal_specs_of_an_array_are_one_key(cls) -> None:
    assert cls(**FIELDS) == cls(**FIELDS)
    assert {cls(**FIELDS): "found"}[cls(**FIELDS)] == "found"


@pytest.mark.parametrize(
    "other",
    [{"payload_type": SpikeArray, "dtype": "int8"}, {"shape": (5,)}, {"dtype": "float16"}, {"description": "A level."}],
)
def test_specs_of_an_array_differ_in_each_field(other) -> None:
    assert InputSpec(**FIELDS) != InputSpec(**{**FIELDS, **other})


def test_equal_specs_of_a_module_are_one_key() -> None:
    assert {tutorial_specs()["pool"]: "found"}[tutorial_specs()["pool"]] == "found"


def test_specs_of_a_module_differ_in_what_feeds_it_and_in_its_config() -> None:
    pool = tutorial_specs()["pool"]
    assert pool != pool.with_config(pool.config.updated(inhibitory_rate=0.9))
    assert pool != type(pool)(pool.name, pool.module_cls, {"in_spikes": PortMap("a", "b")}, pool.config)


@pytest.mark.parametrize("shape", [(True,), (2.0,), ("4",), (0,), (4, -1), (None,)])
def test_what_is_no_shape_is_refused(shape) -> None:
    with pytest.raises(ConfigError, match="InputSpec.shape: is not a shape, got .*; expected sizes of at least 1"):
        InputSpec(**{**FIELDS, "shape": shape})


@pytest.mark.parametrize("data", [3, None, {}, {"name": "a"}, {"module": "LIFNeuron"}])
def test_what_describes_no_module_is_refused(data):
    with pytest.raises(ConfigError) as caught:
        ModuleSpecs.from_dict(data)
    assert str(caught.value) == f"module: is not a module's description, got {type(data).__name__}."


def test_an_array_of_more_elements_than_one_can_have_is_refused():
    InputSpec(FloatArray, (2**31 - 1,), "float32")
    with pytest.raises(
        ConfigError, match=r"InputSpec\.shape: has more elements than an array can, got \(65536, 32768\)"
    ):
        InputSpec(FloatArray, (65536, 32768), "float32")


def test_sizes_may_be_whole_numbers_of_numpy() -> None:
    for shape in (np.int64(4), (np.int32(4),)):
        spec = InputSpec(**{**FIELDS, "shape": shape})
        assert spec == InputSpec(**FIELDS) and type(spec.shape[0]) is int
    for shape in (np.bool_(True), np.float32(4.0), np.int64(0)):
        with pytest.raises(ConfigError, match="is not a shape"):
            InputSpec(**{**FIELDS, "shape": shape})
