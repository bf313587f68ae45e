"""Arguments of configs reach the fields that they name, in whichever form."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from builders import alif

from spark.nn.interfaces import LinearSpikerConfig
from spark.nn.neurons import ALIFNeuronConfig
from spark.nn.somas import AdaptiveLeakySomaConfig, LeakySomaConfig


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
