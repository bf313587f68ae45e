"""Configs as schema and JSON, what is equal, and seeds."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from builders import alif
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import spark
from spark import catalogue
from spark.nn.interfaces import TopologicalLinearSpikerConfig
from spark.nn.neurons import ALIFNeuronConfig
from spark.nn.projections import PairDelaysConfig, PairSynapsesConfig
from spark.nn.somas import AdaptiveLeakySomaConfig, LeakySomaConfig

CONFIGS = sorted({c.config_class() for family in catalogue.BUILT_IN.values() for c in family}, key=lambda c: c.__name__)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.__name__)
def test_every_field_has_a_description(config: type[spark.Config]) -> None:
    assert [n for n, f in config.model_fields.items() if not (f.description or "").endswith(".")] == []


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.__name__)
def test_every_field_has_a_unit_in_the_schema(config: type[spark.Config]) -> None:
    assert [n for n, f in config.model_json_schema()["properties"].items() if "unit" not in f] == []


def test_schema_holds_default_unit_and_bound_of_a_field() -> None:
    found = LeakySomaConfig.model_json_schema()["properties"]["potential_tau"]
    assert {k: found[k] for k in ("default", "unit", "exclusiveMinimum")} == {
        "default": 20.0,
        "unit": "ms",
        "exclusiveMinimum": 0,
    }


def test_schema_holds_the_default_of_an_array_field() -> None:
    found = TopologicalLinearSpikerConfig.model_json_schema()["properties"]["maxs"]
    assert found["default"] == {"array": 1, "dtype": "int32"}


def test_required_fields_are_required_in_the_schema() -> None:
    assert set(ALIFNeuronConfig.model_json_schema()["required"]) == {"units", "async_spikes"}


arrays = hnp.arrays(
    st.sampled_from([np.int8, np.int32, np.uint16, np.float16, np.float32, np.bool_]),
    hnp.array_shapes(min_dims=0, max_dims=2, max_side=4),
    elements={"min_value": 0, "max_value": 1},
)


@given(st.floats(50, 1e4), st.floats(0.01, 10), st.integers(2, 300), arrays, st.none() | st.integers(0, 2**32 - 1))
def test_json_of_a_config_is_lossless(tau: float, sigma: float, resolution: int, glue: Any, seed: int | None) -> None:
    config = TopologicalLinearSpikerConfig(
        tau=tau, sigma=sigma, resolution=resolution, glue=np.round(glue), seed=seed, maxs=2.5
    )
    assert TopologicalLinearSpikerConfig.from_json(config.to_json()) == config


@given(arrays)
def test_json_of_an_array_keeps_dtype_and_bits(value: np.ndarray) -> None:
    value = value + value.dtype.type(2)
    back = TopologicalLinearSpikerConfig.from_json(TopologicalLinearSpikerConfig(maxs=value).to_json()).maxs
    assert (back.dtype, back.shape, back.tobytes()) == (value.dtype, value.shape, value.tobytes())


@given(
    st.lists(st.floats(1.0, 50.0, width=32), min_size=3, max_size=3),
    st.booleans(),
    st.floats(0, 1),
    st.sampled_from(["float16", "float32"]),
)
def test_json_of_a_nested_config_is_lossless(taus: list[float], delayed: bool, rate: float, dtype: str) -> None:
    delays = {"delays": np.array(taus, np.float32), "max_delay": 60.0} if delayed else {}
    config = alif(
        async_spikes=delayed,
        inhibitory_rate=rate,
        dtype=dtype,
        soma__potential_tau=np.array(taus, np.float32),
        synapses__kernel=spark.nn.initializers.NormalInitializer(mean=taus[0], density=0.5),
        delays=delays,
    )
    assert ALIFNeuronConfig.from_json(config.to_json()) == config


def test_json_holds_no_nan_literal() -> None:
    assert json.loads(alif().to_json(), parse_constant=pytest.fail)["units"] == [3]


@pytest.mark.parametrize(
    "initializer",
    [
        spark.nn.initializers.ConstantInitializer(value=3.0, density=0.25),
        spark.nn.initializers.UniformInitializer(low=-1.0, high=2.0, total=5.0),
        spark.nn.initializers.NormalInitializer(deviation=2.0, minimum=0.0, maximum=3.0),
        spark.nn.initializers.LogNormalInitializer(mean=-1.0),
        spark.nn.initializers.ArrayInitializer(array=np.eye(3, dtype=np.float16)),
    ],
    ids=lambda i: type(i).__name__,
)
def test_json_of_an_initializer_is_lossless(initializer: Any) -> None:
    config = PairSynapsesConfig(kernel=initializer)
    back = PairSynapsesConfig.from_json(config.to_json())
    assert (type(back.kernel), back) == (type(initializer), config)


def test_equal_configs_have_equal_hashes() -> None:
    assert hash(alif(soma__threshold=-45)) == hash(alif(soma=AdaptiveLeakySomaConfig(threshold=-45.0)))


def test_configs_that_differ_in_a_nested_field_are_unequal() -> None:
    assert alif(soma__threshold=-45) != alif()


def test_configs_that_differ_in_the_dtype_of_an_array_are_unequal() -> None:
    ones = np.ones(3, np.float32)
    assert TopologicalLinearSpikerConfig(maxs=ones) != TopologicalLinearSpikerConfig(maxs=ones.astype(np.float16))


def test_configs_of_different_classes_are_unequal() -> None:
    assert LeakySomaConfig() != AdaptiveLeakySomaConfig()


def test_arrays_of_a_config_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        TopologicalLinearSpikerConfig(maxs=np.ones(3)).maxs[0] = 2


def test_array_given_to_a_config_is_copied() -> None:
    given_array = np.ones(3, np.float32)
    config = TopologicalLinearSpikerConfig(maxs=given_array)
    given_array[0] = 9
    assert config.maxs[0] == 1


def test_new_seed_is_taken() -> None:
    assert alif(seed=1).with_new_seeds(7).seed == 7


def test_new_seed_replaces_an_explicit_nested_seed() -> None:
    assert alif(soma__seed=1).with_new_seeds(7).soma.seed not in (None, 1, 7)


def test_new_seed_leaves_absent_nested_seeds_absent() -> None:
    assert alif().with_new_seeds(7).soma.seed is None


def test_same_new_seed_gives_equal_configs() -> None:
    config = alif(soma__seed=1, synapses__seed=2)
    assert config.with_new_seeds(7) == config.with_new_seeds(7)


def test_nested_seeds_drawn_from_one_seed_differ() -> None:
    fresh = alif(soma__seed=1, synapses__seed=1).with_new_seeds(7)
    assert fresh.soma.seed != fresh.synapses.seed


def test_new_seeds_change_nothing_else() -> None:
    config = alif(soma__seed=1)
    fresh = config.with_new_seeds(7)
    assert fresh.updated(seed=None, soma__seed=1) == config.updated(seed=None)


def test_default_delays_are_8_ms() -> None:
    assert PairDelaysConfig().max_delay == 8.0


def test_a_problem_is_a_frozen_record() -> None:
    problem = spark.Problem("a", "is wrong")
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem.address = "b"  # type: ignore[misc]
