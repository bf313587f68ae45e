"""Configs: forms of arguments, bounds, JSON, equality, seeds."""

import dataclasses
import json
import re
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import spark
from spark import ConfigError, catalogue
from spark.nn.interfaces import (
    ExponentialIntegratorConfig,
    LinearSpikerConfig,
    PoissonSpikerConfig,
    TopologicalLinearSpikerConfig,
)
from spark.nn.neurons import ALIFNeuronConfig
from spark.nn.projections import PairDelaysConfig, PairSynapsesConfig
from spark.nn.somas import AdaptiveLeakySomaConfig, LeakySomaConfig

REQUIRED = {"units": (3,), "async_spikes": True}
TAU = "Membrane time constant."


def alif(**changes: Any) -> ALIFNeuronConfig:
    return ALIFNeuronConfig(**{**REQUIRED, **changes})


# Wrong use.


def test_missing_field_is_named_and_explained() -> None:
    text = "ALIFNeuronConfig.units: is missing. Give `units=...`: Shape of the pool, such as (256,)."
    with refused(ConfigError, text):
        ALIFNeuronConfig(_s_async_spikes=True)


def test_all_missing_fields_are_reported_together() -> None:
    text = (
        "2 problems:\n"
        "  1. ALIFNeuronConfig.units: is missing. Give `units=...`: Shape of the pool, such as (256,).\n"
        "  2. ALIFNeuronConfig.async_spikes: is missing. Give `async_spikes=...`: "
        "Whether every pair of units has a delay of its own; else spikes arrive at once."
    )
    with refused(ConfigError, text):
        ALIFNeuronConfig()


def test_unknown_field_is_refused_with_the_nearest_name() -> None:
    with refused(ConfigError, "ALIFNeuronConfig.inhibitory_rat: is unknown. Did you mean 'inhibitory_rate'?"):
        alif(inhibitory_rat=0.9)


def test_unknown_nested_field_is_refused_with_the_nearest_name() -> None:
    with refused(ConfigError, "ALIFNeuronConfig.soma.tresholdd: is unknown. Did you mean 'threshold'?"):
        alif(soma__tresholdd=1)


def test_unknown_nested_config_is_refused_with_the_nearest_name() -> None:
    with refused(ConfigError, "ALIFNeuronConfig.soms: is no nested config. Did you mean 'soma'?"):
        alif(soms__threshold=1)


def test_field_below_a_plain_value_is_refused() -> None:
    text = "ALIFNeuronConfig.synapses.kernel.total: 'kernel' holds a value, no nested config. Give `kernel=...` whole"
    with refused(ConfigError, text):
        alif(synapses__kernel__total=3.0)


def test_shared_field_that_no_config_has_is_refused_with_the_nearest_name() -> None:
    with refused(ConfigError, "ALIFNeuronConfig._s_unitz: is a field of no config here. Did you mean 'units'?"):
        alif(_s_unitz=(3,))


def test_unknown_names_at_every_level_are_reported_together() -> None:
    text = (
        "3 problems:\n"
        "  1. ALIFNeuronConfig.inhibitory_rat: is unknown. Did you mean 'inhibitory_rate'?\n"
        "  2. ALIFNeuronConfig._s_unitz: is a field of no config here. Did you mean 'units'?\n"
        "  3. ALIFNeuronConfig.soma.tresholdd: is unknown. Did you mean 'threshold'?"
    )
    with refused(ConfigError, text):
        alif(inhibitory_rat=0.9, _s_unitz=3, soma__tresholdd=1)


def test_both_spellings_of_a_nested_config_at_once_are_refused() -> None:
    with refused(ConfigError, "ALIFNeuronConfig.soma: is given twice. Keep one spelling"):
        alif(soma=AdaptiveLeakySomaConfig(), soma_config=AdaptiveLeakySomaConfig())


def test_value_out_of_bounds_says_rule_unit_and_value() -> None:
    with refused(ConfigError, f"LeakySomaConfig.potential_tau: must be > 0 ms, got -5.0. {TAU}"):
        LeakySomaConfig(potential_tau=-5)


def test_nested_value_out_of_bounds_says_its_path() -> None:
    with refused(ConfigError, f"ALIFNeuronConfig.soma.potential_tau: must be > 0 ms, got -5.0. {TAU}"):
        alif(soma__potential_tau=-5.0)


def test_one_element_out_of_bounds_is_enough() -> None:
    with refused(ConfigError, f"LeakySomaConfig.potential_tau: must be > 0 ms, got -5 at unit 1. {TAU}"):
        LeakySomaConfig(potential_tau=[5.0, -5.0, 3.0])


def test_several_values_out_of_bounds_are_reported_together() -> None:
    text = (
        "2 problems:\n"
        f"  1. LeakySomaConfig.potential_tau: must be > 0 ms, got 0.0. {TAU}\n"
        "  2. LeakySomaConfig.cooldown: must be >= 0 ms, got -1.0. Refractory period: input is ignored for this long."
    )
    with refused(ConfigError, text):
        LeakySomaConfig(potential_tau=0.0, cooldown=-1.0)


@pytest.mark.parametrize(
    ("value", "found"),
    [(float("nan"), "nan"), (float("inf"), "inf"), (-float("inf"), "-inf"), (True, "True"), ("a", "'a'")],
)
def test_parameter_that_is_no_finite_number_is_refused(value: Any, found: str) -> None:
    kind = "a finite number" if isinstance(value, float) else "a number"
    text = f"LeakySomaConfig.potential_reset: expected {kind}, got {found}. Potential after a spike."
    with refused(ConfigError, text):
        LeakySomaConfig(potential_reset=value)


def test_array_with_a_nan_is_refused() -> None:
    text = "LeakySomaConfig.resistance: expected finite numbers, got NaN or infinity. Membrane resistance."
    with refused(ConfigError, text):
        LeakySomaConfig(resistance=[1.0, float("nan")])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_plain_number_must_be_finite(value: float) -> None:
    text = f"LinearSpikerConfig.cd: expected a finite number, got {value}. Refractory period (cooldown)."
    with refused(ConfigError, text):
        LinearSpikerConfig(cd=value)


@pytest.mark.parametrize("value", [1e39, 10**39, np.float64(1e39), np.array([1.0, 1e39])])
def test_a_number_must_be_one_of_single_precision(value: object) -> None:
    said = "expected a number that float32 holds, of at most 3.40282e+38 in size, got 1e+39"
    with refused(ConfigError, f"LeakySomaConfig.resistance: {said}. Membrane resistance."):
        LeakySomaConfig(resistance=value)
    if not np.ndim(value):
        with refused(ConfigError, f"LinearSpikerConfig.cd: {said}. Refractory period (cooldown)."):
            LinearSpikerConfig(cd=value)


def test_a_whole_number_has_64_bits_at_most() -> None:
    """Files hold no other, so that a brain of a larger seed could be saved and not loaded."""
    with pytest.raises(ConfigError, match=re.escape(".seed: expected a whole number of at most 64 bits, got 1e+30.")):
        LinearSpikerConfig(seed=10**30)
    assert LinearSpikerConfig(seed=2**64 - 1).seed == 2**64 - 1


@pytest.mark.parametrize("name", ["every", "limit"])
def test_a_world_and_who_learns_in_it_count_in_32_bits(name: str) -> None:
    kinds = [catalogue.modules[kind].config_class() for kind in catalogue.modules.names()]
    counting = [kind for kind in kinds if name in kind.model_fields and kind.model_fields[name].default > 1]
    assert counting
    for kind in counting:
        with pytest.raises(ConfigError, match=rf"{kind.__name__}\.{name}: must be <= 2\.14748e\+09, got {2**31}\."):
            kind(**{name: 2**31})


def test_a_number_is_no_dtype() -> None:
    said = "expected float16, bfloat16, float32 or float64, got np.float64(1.0)"
    with pytest.raises(ConfigError, match=re.escape(said)):
        LinearSpikerConfig(dtype=np.float64(1.0))


def test_fraction_for_a_whole_number_is_refused() -> None:
    text = (
        "ExponentialIntegratorConfig.num_outputs: expected a whole number, got 2.5. Number of groups, one output each."
    )
    with refused(ConfigError, text):
        ExponentialIntegratorConfig(num_outputs=2.5)


def test_word_for_a_truth_value_is_refused() -> None:
    text = (
        "ExponentialIntegratorConfig.shuffle: expected True or False, got 'maybe'. "
        "Whether units are dealt to groups at random."
    )
    with refused(ConfigError, text):
        ExponentialIntegratorConfig(num_outputs=2, shuffle="maybe")


def test_number_for_a_nested_config_is_refused() -> None:
    text = (
        "ALIFNeuronConfig.soma: has the wrong type, got int; expected AdaptiveLeakySomaConfig. "
        "Give `AdaptiveLeakySomaConfig(...)`, or its fields as `soma__<field>=...`"
    )
    with refused(ConfigError, text):
        alif(soma=3)


def test_bad_value_that_is_handed_down_is_reported_once_at_its_owner() -> None:
    text = "ALIFNeuronConfig.units: expected sizes of at least 1, got (0,). Shape of the pool, such as (256,)."
    with refused(ConfigError, text):
        alif(units=(0,))


def test_bad_dt_that_is_handed_down_is_reported_once_at_its_owner() -> None:
    with refused(ConfigError, "ALIFNeuronConfig.dt: must be > 0 ms, got -1.0. Length of one step."):
        alif(dt=-1.0)


@pytest.mark.parametrize("value", ["int8", "flot", 3])
def test_state_dtype_must_be_a_floating_dtype(value: Any) -> None:
    text = (
        f"LinearSpikerConfig.dtype: expected float16, bfloat16, float32 or float64, got {value!r}. "
        "Type in which floating state is stored."
    )
    with refused(ConfigError, text):
        LinearSpikerConfig(dtype=value)


def test_nested_dt_that_differs_from_its_owners_is_refused() -> None:
    text = (
        "ALIFNeuronConfig.soma.dt: differs from its owner's, got 0.5; expected 1.0. "
        "Set `dt` in one place: give it to the owner only"
    )
    with refused(ConfigError, text):
        alif(dt=1.0, soma__dt=0.5)


def test_rate_above_what_refractoriness_allows_is_refused() -> None:
    text = (
        "LinearSpikerConfig.max_freq: is above what the refractory period allows, got 600 Hz; "
        "expected less than 500 Hz (cd=2 ms). Lower max_freq or shorten cd"
    )
    with refused(ConfigError, text):
        LinearSpikerConfig(max_freq=600, cd=2.0)


def test_rate_of_a_spike_in_every_step_is_refused_of_an_integrating_spiker() -> None:
    text = (
        "LinearSpikerConfig.max_freq: is above what the refractory period allows, got 2000 Hz; "
        "expected less than 2000 Hz (dt=0.5 ms). Lower max_freq or shorten cd"
    )
    with refused(ConfigError, text):
        LinearSpikerConfig(max_freq=2000, cd=0.0, dt=0.5)


def test_rate_above_one_spike_a_step_is_refused_of_a_random_spiker() -> None:
    text = (
        "PoissonSpikerConfig.max_freq: is above one spike a step, got 1001 Hz; expected at most 1000 Hz. "
        "Lower max_freq or shorten dt"
    )
    with refused(ConfigError, text):
        PoissonSpikerConfig(max_freq=1001, dt=1.0)


def test_threshold_below_rest_is_refused() -> None:
    text = (
        "LeakySomaConfig.threshold: must be above potential_rest (-60.0 mV), got -70.0. "
        "Raise the threshold, typically 10-20 mV above rest"
    )
    with refused(ConfigError, text):
        LeakySomaConfig(threshold=-70)


def test_ring_flag_other_than_0_or_1_is_refused() -> None:
    with refused(ConfigError, "TopologicalLinearSpikerConfig.glue: must be 0 or 1, got 2."):
        TopologicalLinearSpikerConfig(glue=2)


def test_range_upside_down_is_refused() -> None:
    with refused(ConfigError, "TopologicalLinearSpikerConfig.maxs: must be above mins (1), got 0."):
        TopologicalLinearSpikerConfig(mins=1, maxs=0)


def test_a_config_cannot_be_changed() -> None:
    text = (
        "LeakySomaConfig.threshold: cannot be set: a config does not change. "
        "Take a changed copy: `config.updated(threshold=...)`"
    )
    with refused(ConfigError, text):
        LeakySomaConfig().threshold = 3.0


def test_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^LeakySomaConfig: its text is not JSON, got .* Write it with `to_json`$"):
        LeakySomaConfig.from_json("{")


def test_json_that_is_no_object_is_refused() -> None:
    with refused(ConfigError, "LeakySomaConfig: its data must be a JSON object, got list."):
        LeakySomaConfig.from_json("[]")


@given(st.dictionaries(st.text(max_size=12), st.none() | st.integers() | st.text(max_size=5) | st.lists(st.none())))
def test_nonsense_arguments_raise_a_config_error_and_nothing_else(arguments: dict[str, Any]) -> None:
    try:
        LinearSpikerConfig(**arguments)
    except ConfigError as error:
        assert all(p.address.startswith("LinearSpikerConfig") for p in error.problems)
    else:
        assert set(arguments) <= set(LinearSpikerConfig.model_fields)


# Forms of arguments.


def test_shared_argument_sets_the_field_in_every_nested_config() -> None:
    config = ALIFNeuronConfig(_s_units=(5,), _s_async_spikes=True)
    assert [config.units, config.soma.units, config.synapses.units, config.delays.units] == [(5,)] * 4


@pytest.mark.parametrize("spelling", ["soma__threshold", "soma_config__threshold"])
def test_both_spellings_reach_a_nested_field(spelling: str) -> None:
    assert alif(**{spelling: -45.0}).soma.threshold == -45.0


@pytest.mark.parametrize("spelling", ["soma", "soma_config"])
def test_both_spellings_take_a_whole_nested_config(spelling: str) -> None:
    assert alif(**{spelling: AdaptiveLeakySomaConfig(threshold=-45.0)}).soma.threshold == -45.0


def test_nested_argument_changes_only_its_field_of_a_given_nested_config() -> None:
    config = alif(soma=AdaptiveLeakySomaConfig(threshold=-45.0, potential_tau=7.0), soma__threshold=-44.0)
    assert (config.soma.threshold, config.soma.potential_tau) == (-44.0, 7.0)


def test_nested_argument_goes_before_a_shared_one() -> None:
    assert alif(_s_seed=3, soma__seed=4).soma.seed == 4


def test_shared_argument_goes_before_a_given_nested_config() -> None:
    assert alif(_s_seed=3, soma=AdaptiveLeakySomaConfig(seed=5)).soma.seed == 3


def test_plain_argument_goes_before_a_shared_one() -> None:
    assert alif(seed=4, _s_seed=3).seed == 4


def test_a_dict_is_taken_for_a_nested_config() -> None:
    assert alif(soma={"threshold": -45.0}).soma == alif(soma__threshold=-45.0).soma


def test_shared_argument_of_updated_goes_before_what_was_given() -> None:
    assert alif(units=(3,)).updated(_s_units=(5,)).units == (5,)


def test_units_dt_and_dtype_are_handed_down() -> None:
    config = alif(units=(7,), dt=0.5, dtype="float16")
    assert {(c.units, c.dt, c.dtype) for c in (config.soma, config.synapses, config.delays)} == {((7,), 0.5, "float16")}


def test_what_is_handed_down_follows_when_the_owner_changes() -> None:
    assert alif(dt=0.5).updated(dt=0.25).soma.dt == 0.25


def test_what_is_handed_down_is_not_written() -> None:
    assert "dt" not in alif(dt=0.5).to_dict()["soma"]


def test_updated_leaves_the_original_as_it_was() -> None:
    config = LeakySomaConfig()
    config.updated(threshold=-45.0)
    assert config.threshold == -40.0


def test_updated_keeps_what_was_given() -> None:
    assert LeakySomaConfig(potential_tau=7.0).updated(threshold=-45.0).potential_tau == 7.0


def test_whole_number_is_taken_for_a_shape() -> None:
    assert alif(units=5).units == (5,)


@pytest.mark.parametrize("value", [3, np.float16(3), np.int64(3), jnp.array(3.0), np.array(3)])
def test_any_number_without_dimensions_is_taken_for_a_number(value: Any) -> None:
    taken = LinearSpikerConfig(tau=value).tau
    assert (type(taken), taken) == (float, 3.0)


# Schema.

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


# JSON, equality, seeds.

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
