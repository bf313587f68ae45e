"""A `ConnectionRule` of somebody's own that would learn nothing, or names what it does not give, says so at build."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused

import spark
from spark import FloatArray, ModuleError, SpikeArray
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


def gives(**values: Any) -> Any:
    """`units` that gives these, as functions of what fired."""

    def units(self: Any, pre: Any, post: Any) -> Any:
        found = {name: make(pre, post) for name, make in values.items()}
        return UnitValues({"x": found.get("x", pre)}, {}, found.get("acts"))

    return units


MIXES = "Compute in `units` what connections have in common, or write a `Rule` with a port `kernel`"


@pytest.mark.parametrize(
    ("change", "got"),
    [
        (lambda x: x / (1.0 + x.sum()), "a sum over them"),
        (lambda x: x - jnp.mean(x), "a sum over them"),
        (lambda x: x / (1.0 + jnp.max(x)), "the greatest of them"),
        (lambda x: x * jnp.dot(x, x), "a sum over them"),
        (jnp.cumsum, "a sum of those before"),
        (jnp.sort, "them in another order"),
        (lambda x: x[::-1], "them in another order"),
        (lambda x: x - x[0], "some of them by their number"),
        (lambda x: jnp.roll(x, 1), "some of them by their number"),
        (jax.jit(lambda x: x - x.min()), "the least of them"),
    ],
)
def test_a_change_that_mixes_connections_is_refused(change: Any, got: str) -> None:
    for name in ("at_pre", "at_post"):
        text = f"p.w_rule.{name}: mixes connections, got {got}; expected only what is computed element by element"
        with refused(ModuleError, f"{text}. {MIXES}"):
            learned(**{name: lambda self, weight, x: change(x)})


@pytest.mark.parametrize(
    "change",
    [
        lambda x: jnp.stack([x, 2.0 * x]).max(0),
        lambda x: jnp.clip(x, 0.0, 1.0) ** 2 + jnp.arange(3.0).sum(),
        lambda x: jax.lax.fori_loop(0, 3, lambda _, y: 0.5 * y, x),
        lambda x: 0.25,
        jnp.vectorize(lambda x: jax.lax.cond(x > 0, lambda: x, lambda: 0.5)),
    ],
)
def test_a_change_that_is_computed_element_by_element_is_none_that_mixes(change: Any) -> None:
    learned(at_post=lambda self, weight, x: change(x))


WRONG = [
    ({"units": lambda self, pre, post: None}, "units: gives no values of units, got NoneType; expected UnitValues"),
    ({"units": lambda self, pre, post: [1]}, "units: gives no values of units, got list; expected UnitValues"),
    ({"units": ConnectionRule.units}, "units: is not written. Write `units(self, pre, post)`"),
    (
        {"units": gives(acts=lambda pre, post: post)},
        "units: gives float32 of shape (1,) as `acts`; expected booleans of shape (1,), one for each target",
    ),
    (
        {"units": gives(acts=lambda pre, post: pre != 0)},
        "units: gives bool of shape (2,) as `acts`; expected booleans of shape (1,), one for each target",
    ),
    (
        {"units": gives(x=lambda pre, post: post)},
        "units: gives float32 of shape (1,) as 'x' of `pre_values`; expected numbers of shape (2,)",
    ),
    ({"units": gives(x=lambda pre, post: 1.0)}, "as 'x' of `pre_values`; expected numbers of shape (2,)"),
    (
        {"at_post": lambda self, weight, x: jnp.ones(7)},
        "at_post: gives a change of another shape than the weights, got (7,); expected one number for each connection",
    ),
    ({"at_post": lambda self, weight, x: "much"}, "at_post: gives no change, got a str; expected numbers"),
    (
        {"at_post": lambda self, weight, x: 0.01 if x > 0 else 0.0},
        "at_post: asks in Python for a value that is known only while it runs",
    ),
    (
        {"at_pre": lambda self, weight, x: np.exp(x)},
        "at_pre: asks in Python for a value that is known only while it runs",
    ),
]


@pytest.mark.parametrize(("written", "text"), WRONG)
def test_what_a_rule_computes_wrongly_is_said_at_its_method(written: Any, text: str) -> None:
    with pytest.raises(ModuleError) as caught:
        learned(**{"at_post": by_trace, **written})
    assert str(caught.value).startswith("p.w_rule.") and text in str(caught.value)


def test_check_module_finds_a_rule_that_mixes_connections() -> None:
    class ShareRuleConfig(ConnectionRuleConfig):
        """Of a share of all."""

    class ShareRule(ConnectionRule):
        """A rule by which a weight grows with its share of all."""

        config: ShareRuleConfig

        def units(self, pre: Any, post: Any) -> UnitValues:
            return UnitValues({}, {})

        def at_post(self, weight: Any, **values: Any) -> Any:
            return 0.05 * weight / (1e-6 + weight.sum())

    inputs = {
        "pre_spikes": SpikeArray(np.ones(3, np.int8)),
        "post_spikes": SpikeArray(np.ones(2, np.int8)),
        "weights": FloatArray(np.full((3, 2), 0.5, np.float32)),
    }
    with pytest.raises(ModuleError, match="at_post: mixes connections, got a sum over them"):
        spark.check_module(ShareRule, inputs=inputs)
