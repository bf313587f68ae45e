"""A setting that another one turns off is refused, not ignored: by the cases, and by a comparison of every pair."""

import typing
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import pytest
from builders import refused

import spark
from spark import catalogue
from spark.core.check_examples import example_config, example_inputs
from spark.core.config import Config, ModuleConfig
from spark.nn.interfaces import ExponentialIntegrator, ExponentialIntegratorConfig
from spark.nn.neurons import ALIFNeuronConfig, LIFNeuron, LIFNeuronConfig
from spark.nn.plasticity import PairRule, PairRuleConfig, Rule
from spark.nn.sources import StepCurrent
from spark.nn.synapses import PoissonBackground
from spark.worlds import World

WITHOUT_DELAYS = "has no effect beside async_spikes=False, got {}. Set `async_spikes`, or leave this out"


@pytest.mark.parametrize("config", [LIFNeuronConfig, ALIFNeuronConfig])
@pytest.mark.parametrize(
    ("given", "named", "got"),
    [
        ({"max_delay": 3.0}, "max_delay", "3.0"),
        ({"delays__max_delay": 3.0}, "delays.max_delay", "3.0"),
        ({"delays": {"max_delay": 3.0}}, "delays.max_delay", "3.0"),
        ({"delays__delays": np.ones((2, 4))}, "delays.delays", "an array of shape (2, 4)"),
    ],
)
def test_delays_of_a_pool_that_has_none_are_refused(config: Any, given: Any, named: str, got: str) -> None:
    config(units=(2,), async_spikes=True, **given)
    with refused(spark.ConfigError, f"{config.__name__}.{named}: {WITHOUT_DELAYS.format(got)}"):
        config(units=(2,), async_spikes=False, **given)


def test_taking_the_delays_from_a_pool_that_has_settings_of_them_is_refused() -> None:
    made = LIFNeuronConfig(units=(2,), async_spikes=True, max_delay=3.0)
    with refused(spark.ConfigError, f"LIFNeuronConfig.max_delay: {WITHOUT_DELAYS.format('3.0')}"):
        made.updated(async_spikes=False)
    assert not made.updated(async_spikes=False, max_delay=None).async_spikes


def test_what_owners_hand_down_and_files_repeat_is_no_setting_of_delays() -> None:
    made = LIFNeuronConfig(units=(2,), async_spikes=False, dt=0.5, dtype="float16", _s_seed=3)
    assert LIFNeuronConfig.from_json(made.to_json()) == made
    assert made.with_new_seeds(4).delays.seed is not None


def test_a_second_average_that_there_is_not_has_no_time_constant() -> None:
    text = (
        "ExponentialIntegratorConfig.smooth_tau: has no effect beside smooth_trace=False, got 3.0. "
        "Set `smooth_trace`, or leave this out"
    )
    with refused(spark.ConfigError, text):
        ExponentialIntegratorConfig(num_outputs=2, smooth_trace=False, smooth_tau=3.0)


def test_weights_that_no_modulation_moves_are_not_consolidated() -> None:
    text = (
        "PairRuleConfig.consolidation: has no effect beside eligibility_tau=None, got 3.0. "
        "Set `eligibility_tau`, or leave this out"
    )
    with refused(spark.ConfigError, text):
        PairRuleConfig(consolidation=3.0)


def fields(config: Any, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every setting by the name that the constructor takes, with its value and its type; nested ones too."""
    for name, info in type(config).model_fields.items():
        value = getattr(config, name)
        nested = value if isinstance(value, Config) and isinstance(info.annotation, type) else None
        if isinstance(nested, ModuleConfig) and type(nested) is info.annotation:
            yield from fields(nested, f"{prefix}{name}__")
        elif name not in (*ModuleConfig.model_fields, "units"):
            yield prefix + name, value, info.annotation


def others(value: Any, annotation: Any) -> list[Any]:
    """Values beside this one, of which some may be refused."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [1.2 * value + 0.1, 0.8 * value, 0.5]
    if isinstance(value, np.ndarray):
        return [value + 1, value * 0.5]
    return [1.5, 3.0, 40.0, -0.1, 1000.0] if value is None and "float" in str(annotation) else []


def done(cls: type[spark.Module], config: Any) -> list[np.ndarray]:
    """All that 30 steps put out and leave."""
    given: dict[str, Any] = {}
    if issubclass(cls, World):
        given["action"] = spark.IntegerArray(np.ones(1, np.int32))
    if issubclass(cls, Rule):
        held, scale = ("kernel", 0.25) if "kernel" in cls.ports().inputs else ("weights", 1.0)
        given[held] = spark.FloatArray(scale * np.linspace(2.0, 3.5, 36, dtype=np.float32).reshape(6, 6))
    made, found = cls(config), []
    for step, inputs in enumerate(example_inputs(made, given, 30)):
        if typing.cast(Any, config).modulated if issubclass(cls, Rule) else False:
            inputs["modulation"] = spark.FloatArray(np.float32(np.sin(step)))
        found.append(made(**inputs))
    return [np.asarray(leaf) for leaf in jax.tree.leaves((found, made.state))]


def differ(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return len(one) != len(other) or any(
        a.shape != b.shape or a.dtype != b.dtype or not np.array_equal(a, b) for a, b in zip(one, other, strict=True)
    )


def without_effect(cls: type[spark.Module], base: Any, names: set[str]) -> list[str]:
    """Of these settings those that may be changed, and change nothing."""
    plain, found = done(cls, base), []
    for name, value, annotation in fields(base):
        if name not in names:
            continue
        changed = []
        for other in others(value, annotation):
            try:
                changed.append(differ(plain, done(cls, base.updated(**{name: other}))))
            except spark.ConfigError:
                continue
            if changed[-1]:
                break
        if changed and not any(changed):
            found.append(name)
    return found


def switches(config: Any) -> Iterator[tuple[str, Any]]:
    """What is there or is not: the other value of a bool, and one in the place of None."""
    for name, value, annotation in fields(config):
        if isinstance(value, bool):
            yield name, not value
        elif value is None and "float" in str(annotation):
            yield name, -5.0 if name == "least" else 5.0


# Settings with which 30 steps show something.
BUSY: dict[type[spark.Module], dict[str, Any]] = {
    PoissonBackground: {"rate": 300.0},
    StepCurrent: {"times": np.array([5.0, 15.0])},
}
# Each pair is built and run. What takes long is left to the long run; pools are looked at as their components are.
QUICK = (ExponentialIntegrator, LIFNeuron)
CLASSES = [
    pytest.param(cls, id=cls.__name__, marks=[] if cls in QUICK else pytest.mark.slow)
    for name, family in catalogue.BUILT_IN.items()
    if name != "brain"
    for cls in family
    if name != "neuron" or cls is LIFNeuron
]


@pytest.mark.parametrize("cls", CLASSES)
def test_what_one_setting_turns_off_is_refused(cls: Any) -> None:
    base = example_config(cls).updated(**BUSY.get(cls, {}))
    names = {name for name, _, _ in fields(base) if not name.startswith(("soma__", "synapses__", "learning_rule__"))}
    names -= set(without_effect(cls, base, names))
    assert names or cls.config_class().model_fields.keys() <= {*ModuleConfig.model_fields, "units", "kernel"}
    for switch, other in switches(base):
        if switch not in names:
            continue
        try:
            switched = base.updated(**{switch: other})
        except spark.ConfigError:
            continue
        assert without_effect(cls, switched, names - {switch}) == [], (switch, other)


def test_a_setting_that_is_ignored_is_found() -> None:
    """The comparison itself: a rule whose `rate` is zero takes any amplitude."""
    assert without_effect(PairRule, PairRuleConfig(rate=0.0), {"a_plus", "pre_tau"}) == ["a_plus"]
