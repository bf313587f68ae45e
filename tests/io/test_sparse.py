"""Configs without their defaults are equal to the whole ones when read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spark
from spark import catalogue
from spark.io.sparse import from_sparse, sparse
from spark.nn.initializers import ConstantInitializer, UniformInitializer
from spark.nn.neurons import ALIFNeuronConfig, CurrentLIFNeuronConfig, ExponentialSynapsesConfig, LIFNeuronConfig
from spark.nn.plasticity import OjaRuleConfig, PairRuleConfig, ZenkeRuleConfig
from spark.nn.projections import PairSynapsesConfig

CONFIGS = {
    "a nested value": lambda: ALIFNeuronConfig(units=(8,), async_spikes=False, soma__threshold=-45),
    "an array": lambda: ALIFNeuronConfig(units=(3,), async_spikes=False, soma__threshold=[1.0, 2.0, 3.0]),
    "another rule": lambda: LIFNeuronConfig(units=(8,), async_spikes=True, learning_rule=PairRuleConfig(rate=2.0)),
    "the same rule changed": lambda: LIFNeuronConfig(units=(8,), async_spikes=True, learning_rule__gamma=0),
    "another rule, unchanged": lambda: LIFNeuronConfig(units=(8,), async_spikes=True, learning_rule=OjaRuleConfig()),
    "an initializer with its class's defaults": lambda: PairSynapsesConfig(kernel=UniformInitializer()),
    "an initializer of another kind": lambda: PairSynapsesConfig(kernel=ConstantInitializer(value=3.0)),
    "an owner's default kept": lambda: CurrentLIFNeuronConfig(units=(8,), inhibitory__delay=2),
    "an owner's default undone": lambda: CurrentLIFNeuronConfig(units=(8,), inhibitory=ExponentialSynapsesConfig()),
}


@pytest.mark.parametrize("make", CONFIGS.values(), ids=CONFIGS.keys())
def test_reading_gives_an_equal_config(make):
    config = make()
    assert from_sparse(type(config), sparse(config)) == config


@given(
    threshold=st.floats(-45, 100),
    tau=st.floats(0.1, 1e4),
    gamma=st.floats(0, 1),
    density=st.floats(0.01, 1),
    delayed=st.booleans(),
    units=st.integers(1, 500),
)
def test_any_values_come_back(threshold, tau, gamma, density, delayed, units):
    config = ALIFNeuronConfig(
        units=(units,),
        async_spikes=delayed,
        soma__threshold=threshold,
        soma__potential_tau=tau,
        learning_rule=ZenkeRuleConfig(gamma=gamma),
        synapses__kernel=UniformInitializer(density=density),
    )
    assert from_sparse(ALIFNeuronConfig, sparse(config)) == config


WHOLE = [
    c.config_class()
    for family in catalogue.BUILT_IN.values()
    for c in family
    if not any(i.is_required() for i in c.config_class().model_fields.values())
]


@pytest.mark.parametrize("cls", WHOLE, ids=lambda c: c.__name__)
def test_what_has_defaults_leaves_them_out(cls):
    assert sparse(cls()) == {}


def test_a_wrong_nested_name_has_its_address():
    with pytest.raises(spark.ConfigError, match=r"soma\.thresold: is unknown. Did you mean 'threshold'"):
        from_sparse(ALIFNeuronConfig, {"units": [8], "async_spikes": False, "soma": {"thresold": 1}})
