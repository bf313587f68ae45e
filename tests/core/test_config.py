"""Configs that cannot be are refused: what is wrong, what was got, what mends it."""

import re
from typing import Any

import numpy as np
import pytest
from builders import alif, refused
from hypothesis import given
from hypothesis import strategies as st

from spark import ConfigError, catalogue
from spark.nn.connections import FixedInDegree
from spark.nn.interfaces import (
    ExponentialIntegratorConfig,
    LinearSpikerConfig,
    PoissonSpikerConfig,
    TopologicalLinearSpikerConfig,
)
from spark.nn.neurons import ALIFNeuronConfig
from spark.nn.somas import AdaptiveLeakySomaConfig, LeakySomaConfig

TAU = "Membrane time constant."


def test_missing_field_is_named_and_explained() -> None:
    text = "ALIFNeuronConfig.units: is missing. Give `units=...`: Shape of the pool, such as (256,)."
    with refused(ConfigError, text):
        ALIFNeuronConfig(_s_async_spikes=True)


def test_a_value_without_a_name_is_refused_with_the_names_that_there_are() -> None:
    text = (
        "FixedInDegree: takes its fields by name, got 100 without one; expected some of ['degree', 'multapses', "
        "'self_connections']. Write `FixedInDegree(degree=...)`"
    )
    with pytest.raises(ConfigError) as caught:
        FixedInDegree(100)  # type: ignore[misc]  # What is refused.
    assert str(caught.value) == text


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


def test_an_unknown_nested_config_is_refused_once_for_all_its_settings() -> None:
    with refused(ConfigError, "ALIFNeuronConfig.soms: is no nested config. Did you mean 'soma'?"):
        alif(soms__threshold=1, soms__cooldown=2)


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
    text = f"LeakySomaConfig.potential_reset: expected {kind} of mV, got {found}. Potential after a spike."
    with refused(ConfigError, text):
        LeakySomaConfig(potential_reset=value)


def test_array_with_a_nan_is_refused() -> None:
    text = "LeakySomaConfig.resistance: expected finite numbers, got NaN or infinity. Membrane resistance."
    with refused(ConfigError, text):
        LeakySomaConfig(resistance=[1.0, float("nan")])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_plain_number_must_be_finite(value: float) -> None:
    text = f"LinearSpikerConfig.cd: expected a finite number of ms, got {value}. Refractory period (cooldown)."
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
        "Type in which floating state is stored; what is built in computes in float32."
    )
    with refused(ConfigError, text):
        LinearSpikerConfig(dtype=value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"soma__threshold": "-60 mV"}, "ALIFNeuronConfig.soma.threshold: expected a number of mV, got '-60 mV'."),
        ({"dt": "0.1 ms"}, "ALIFNeuronConfig.dt: expected a number of ms, got '0.1 ms'."),
        ({"dt": None}, "ALIFNeuronConfig.dt: expected a number of ms, got None."),
        ({"dt": float("nan")}, "ALIFNeuronConfig.dt: expected a finite number of ms, got nan."),
        ({"inhibitory_rate": "few"}, "ALIFNeuronConfig.inhibitory_rate: expected a number, got 'few'."),
        ({"dt": "x" * 5000}, f"ALIFNeuronConfig.dt: expected a number of ms, got '{'x' * 119}... (str)."),
    ],
)
def test_what_is_no_number_is_told_the_unit_in_which_one_is_expected(settings: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        alif(**settings)


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
