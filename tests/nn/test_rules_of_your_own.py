"""A `ConnectionRule` of somebody's own that would learn nothing, or names what it does not give, says so at build."""

from typing import Any

import numpy as np
import pytest
from builders import refused

import spark
from spark import ModuleError, SpikeArray
from spark.nn import receptors, somas
from spark.nn.plasticity import ConnectionRule, ConnectionRuleConfig, UnitValues
from spark.nn.pools import Pool


def learned(**written: Any) -> np.ndarray:
    """Weights after a run with a rule whose class is written so."""

    class GrowRuleConfig(ConnectionRuleConfig):
        """A rule that grows."""

    class Base(ConnectionRule):
        """A rule that grows."""

        config: GrowRuleConfig
        pre_values = ("x",)

        def build(self, pre_spikes: Any, post_spikes: Any, weights: Any, modulation: Any = None) -> None:
            super().build(pre_spikes, post_spikes, weights, modulation)
            self.trace = self.pre_trace_of()

        def units(self, pre: Any, post: Any) -> UnitValues:
            x = self.trace.value * self.factor(20.0)
            self.trace.value = x + pre
            return UnitValues({"x": x}, {}, acts=post != 0)

    made = type(
        "GrowRule", (Base,), {"__doc__": "A rule that grows.", "__annotations__": {"config": GrowRuleConfig}} | written
    )
    config = type("MadeConfig", (GrowRuleConfig,), {"__doc__": "Its config.", "made": lambda self: made})
    network = spark.Network(dt=0.5, seed=1)
    source = network.input("s", 2, SpikeArray)
    soma = somas.IntegrateAndFireSomaConfig(background=150.0)
    pool = network.pool("p", 1, Pool, soma=soma, receptors={"r": receptors.JumpConfig()})
    network.connect(source, pool.r, weights=1.0, name="w", rule=config(maximum=9.0))
    brain = network.build()
    spark.run(brain, 100, {"s": SpikeArray(np.tile(np.array([[1, 1], [0, 0]], np.int8), (50, 1)))})
    return brain.connections("p.w").weights


def by_trace(self: Any, weight: Any, x: Any) -> Any:
    return 1.0 * x


def nothing(self: Any, weight: Any, x: Any) -> None:
    return None


@pytest.mark.parametrize(
    ("written", "got", "expected"),
    [
        ({"on_post": by_trace}, "on_post", "at_post"),
        ({"on_pre": by_trace}, "on_pre", "at_pre"),
        ({"at_spike_post": by_trace}, "at_spike_post", "at_post"),
        ({"at_pre": nothing, "on_post": by_trace}, "on_post", "at_post"),
        ({"at_pre": nothing, "at_Post": by_trace}, "at_Post", "at_post"),
    ],
)
def test_a_change_under_another_name_is_refused_with_the_right_one(written: Any, got: str, expected: str) -> None:
    text = (
        f"p.w_rule.{expected}: is not written, so weights would not change by it, got `{got}`; expected `{expected}`. "
        f"Did you mean '{expected}'? Rename `{got}`"
    )
    with refused(ModuleError, text):
        learned(**written)


def test_a_rule_that_changes_no_weight_is_refused() -> None:
    text = (
        "p.w_rule: does not say how weights change, got no method of its own; expected `at_pre`, "
        "`at_post` or both. Write `at_post(self, weight, ...)`, which returns the change; see "
        "`spark.nn.plasticity.ConnectionRule`"
    )
    with refused(ModuleError, text):
        learned()


def test_a_change_that_takes_other_values_than_the_rule_names_is_refused() -> None:
    text = (
        "p.w_rule.at_post: takes other values than `pre_values` and `post_values` name, got ['weight', 'y']; expected "
        "['weight', 'x']. Write `at_post(self, weight, x)`, or name what it takes"
    )
    with refused(ModuleError, text):
        learned(at_post=lambda self, weight, y: y)


def test_a_value_that_is_named_but_not_given_is_refused() -> None:
    text = (
        "p.w_rule.units: gives no 'z', which `post_values` names, got []; expected ['z']. "
        "Return it in `UnitValues(post={...})`, or take it out of `post_values`"
    )
    with refused(ModuleError, text):
        learned(post_values=("z",), at_post=lambda self, weight, x, z: x)


@pytest.mark.parametrize(
    "written", [{"at_post": by_trace}, {"at_post": lambda self, weight, **values: values["x"], "at_post_of": nothing}]
)
def test_a_rule_that_writes_one_change_learns_whatever_else_its_class_holds(written: Any) -> None:
    assert (learned(**written) > 1.0).all()


def test_a_rule_that_overrides_how_changes_are_found_may_do_so() -> None:
    def changes(self: Any) -> Any:
        return (lambda weight, x: None), (lambda weight, x: x)

    assert (learned(changes=changes) > 1.0).all()
