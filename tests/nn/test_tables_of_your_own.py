"""A rule's table that is none is refused by address; so is a `build` that forgets the one above it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from builders import refused

import spark
from spark import ModuleError, SpikeArray
from spark.kernels import RuleTable, Term, Trace
from spark.nn import receptors, somas
from spark.nn.plasticity import ConnectionRule, ConnectionRuleConfig, EventRule, EventRuleConfig, RuleConfig, UnitValues

SLOW, GROWS = Trace(20.0), Term(0.1, pre=1)


def learned(rule: RuleConfig, receptor: Any = None, soma: Any = None) -> np.ndarray:
    """Weights after a run with this rule."""
    net = spark.Network(dt=1.0, seed=1)
    soma = soma or somas.IntegrateAndFireSomaConfig(background=150.0)
    pool = net.pool("p", 2, soma=soma, receptors={"r": receptor or receptors.PulseCurrentConfig()})
    net.connect(net.input("s", 3, SpikeArray), pool.r, weights=1.0, name="w", rule=rule)
    brain = net.build()
    spark.run(brain, 20, {"s": SpikeArray(np.ones((20, 3), np.int8))}, progress=False)
    return brain.connections("p.w").weights


class WrittenRuleConfig(EventRuleConfig):
    """A rule of this table."""

    def table(self) -> RuleTable:
        """As a test says."""
        raise NotImplementedError


class WrittenRule(EventRule):
    """A rule of a table."""

    config: WrittenRuleConfig


def config_of(table: Callable[[Any], object]) -> EventRuleConfig:
    written = {"__doc__": "Its config.", "table": table, "made": lambda self: WrittenRule}
    return type("MadeRuleConfig", (WrittenRuleConfig,), written)()


def table(
    pre: Any = (SLOW,), post: Any = (SLOW,), at_pre: Any = (), at_post: Any = (GROWS,), pull: Any = None
) -> Callable[[Any], object]:
    return lambda self: RuleTable(pre, post, at_pre, at_post, pull)


def lacking(self: Any) -> object:
    return RuleTable(pre=(SLOW,), post=(SLOW,))  # type: ignore[call-arg]  # What is refused.


NUMBERED = "Traces are numbered from 1, as `{}` lists them"
EXAMPLE = "`RuleTable(pre=(Trace(20.0),), post=(Trace(20.0),), at_pre=(), at_post=(Term(0.01, pre=1),))`"
DECAYS = "Give the time constant with which the trace decays"
WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "a trace that is not there": (
        table(at_post=(Term(0.1, pre=2),)),
        ".at_post[0].pre: names a trace that `pre` does not have, got 2; expected a number from 1 to 1, or 0 for none. "
        + NUMBERED.format("pre"),
    ),
    "a trace by name": (
        table(at_pre=(Term(0.1, post="y"),)),  # type: ignore[arg-type]  # What is refused.
        ".at_pre[0].post: names a trace that `post` does not have, got 'y'; expected a number from 1 to 1, or 0 for "
        "none. " + NUMBERED.format("post"),
    ),
    "no traces": (
        table(post=(), at_pre=(Term(0.1, post=1),)),
        ".at_pre[0].post: names a trace that `post` does not have, got 1; expected 0, for none. "
        + NUMBERED.format("post"),
    ),
    "no table": (lambda self: None, f": is no table of a rule, got None. Return {EXAMPLE}"),
    "a field that is missing": (
        lacking,
        ": cannot be made, got RuleTable.__init__() missing 2 required positional arguments: 'at_pre' and 'at_post'. "
        f"Return {EXAMPLE}",
    ),
    "not a number": (
        table(at_post=(Term(float("nan")),)),
        ".at_post[0].amplitude: is no number that float32 holds, got nan. Give a finite number",
    ),
    "infinity": (
        table(at_post=(Term(float("inf")),)),
        ".at_post[0].amplitude: is no number that float32 holds, got inf. Give a finite number",
    ),
    "too large": (
        table(at_post=(Term(1e39),)),
        ".at_post[0].amplitude: is no number that float32 holds, got 1e+39. Give a finite number",
    ),
    "no time": (table(pre=(Trace(0.0),)), f".pre[0].tau: must be a number above 0 ms, got 0.0. {DECAYS}"),
    "a time before": (table(pre=(Trace(-3.0),)), f".pre[0].tau: must be a number above 0 ms, got -3.0. {DECAYS}"),
    "no number of a time": (
        table(post=(Trace(float("nan")),)),
        f".post[0].tau: must be a number above 0 ms, got nan. {DECAYS}",
    ),
    "a time in words": (
        table(pre=(Trace("20 ms"),)),  # type: ignore[arg-type]  # What is refused.
        f".pre[0].tau: must be a number above 0 ms, got '20 ms'. {DECAYS}",
    ),
    "a bare trace": (table(pre=SLOW), f".pre: lists its traces, got {SLOW!r}. Write a tuple: `(Trace(...),)`"),
    "a bare term": (
        table(at_post=Term(0.1)),
        f".at_post: lists its terms, got {Term(0.1)!r}. Write a tuple: `(Term(...),)`",
    ),
    "a number for a trace": (table(pre=(20.0,)), ".pre[0]: is no `Trace`, got 20.0. Write `Trace(...)`"),
    "a number for a term": (table(at_post=(0.1,)), ".at_post[0]: is no `Term`, got 0.1. Write `Term(...)`"),
    "a pull that follows nothing": (
        table(post=(), pull=0.1),
        ".pull: follows the first postsynaptic trace, and the rule has none. "
        "Give `post` a trace, or leave the pull out",
    ),
    "a pull that is no number": (
        table(pull=float("nan")),
        ".pull: is no number that float32 holds, got nan. Give a finite number",
    ),
    "nine traces": (
        table(pre=(SLOW,) * 9),
        ".pre: has too many traces, got 9; expected at most 8. Leave out those that no term reads",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_table_that_is_none_is_refused_by_address(name):
    written, text = WRONG[name]
    with refused(ModuleError, f"p.w_rule.table{text}"):
        learned(config_of(written))


def test_all_that_is_wrong_with_a_table_is_said_together():
    with pytest.raises(ModuleError) as caught:
        learned(config_of(table(pre=(Trace(-1.0),), post=(Trace(0.0),))))
    assert len(caught.value.problems) == 2


def test_lists_are_as_good_as_tuples():
    found = learned(config_of(table(pre=[SLOW], post=[SLOW], at_pre=[Term(0.1)], at_post=[GROWS])))
    np.testing.assert_array_equal(found, learned(config_of(table(at_pre=(Term(0.1),)))))
    assert found.max() > 1


def forgets(self: Any, pre_spikes: Any, post_spikes: Any, weights: Any, modulation: Any = None) -> None: ...


class ForgetfulTableRule(EventRule):
    """Forgets."""

    config: WrittenRuleConfig
    build = forgets


class ForgetfulChangeRuleConfig(ConnectionRuleConfig):
    """Of a rule that forgets."""


class ForgetfulChangeRule(ConnectionRule):
    """Forgets."""

    config: ForgetfulChangeRuleConfig
    build = forgets

    def units(self, pre: Any, post: Any) -> UnitValues:
        return UnitValues({"x": pre * self.pre_units}, {})

    def at_post(self, weight: Any, x: Any) -> Any:
        return x


class ForgetfulCurrentConfig(receptors.ExponentialCurrentConfig):
    """Of a receptor that forgets."""


class ForgetfulCurrent(receptors.ExponentialCurrent):
    """Forgets."""

    config: ForgetfulCurrentConfig

    def build(self, arrivals: Any) -> None: ...


class ForgetfulSomaConfig(somas.IntegrateAndFireSomaConfig):
    """Of a soma that forgets."""


class ForgetfulSoma(somas.IntegrateAndFireSoma):
    """Forgets."""

    config: ForgetfulSomaConfig

    def build(self, current: Any = None, conductance: Any = None, jump: Any = None) -> None: ...


def forgetful_table() -> EventRuleConfig:
    written = {"__doc__": "Its config.", "table": table(), "made": lambda self: ForgetfulTableRule}
    return type("MadeRuleConfig", (WrittenRuleConfig,), written)()


FORGETS: dict[str, tuple[Callable[[], Any], str]] = {
    "a table": (lambda: learned(forgetful_table()), r"p\.w_rule\.build: does not call that of EventRule, "),
    "changes": (
        lambda: learned(ForgetfulChangeRuleConfig()),
        r"p\.w_rule\.build: does not call that of ConnectionRule, ",
    ),
    "a receptor": (
        lambda: learned(config_of(table()), receptor=ForgetfulCurrentConfig()),
        r"p\.r\.build: does not call that of ExponentialCurrent, ",
    ),
    "a soma": (
        lambda: learned(config_of(table()), soma=ForgetfulSomaConfig()),
        r"p\.soma\.build: does not call that of IntegrateAndFireSoma, ",
    ),
}


@pytest.mark.parametrize("name", FORGETS)
def test_a_build_that_forgets_the_one_above_it_is_told_so(name):
    make, text = FORGETS[name]
    fix = r"which makes `\w+`\. Write `super\(\)\.build\(\.\.\.\)` as its first line, with the same arguments$"
    with pytest.raises(ModuleError, match=f"^{text}{fix}"):
        make()
