"""Rules as text: the weights of the class, and errors that point into the text."""

import random
import re
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from builders import array_code, refused
from pool_brains import DT, SOURCES, UNITS, brain_of, trains
from tolerances import SAME_BRAIN

import spark
from spark import FloatArray, Projection, SpikeArray, kernels
from spark.engine.instructions import connection_rules
from spark.engine.rule_formulas import formulas_of
from spark.nn import plasticity, receptors, somas
from spark.nn.connections import FixedProbability
from spark.nn.plasticity import EquationRuleConfig, RuleConfig, from_equations
from spark.nn.pools import Pool

PAIR: Any = {
    "pre": "dx/dt = -x/tau_x : 1  # of arrivals",
    "post": "dy/dt = -y/tau_y : 1",
    "on_pre": "w -= down*y; x += 1",
    "on_post": "w += up*x; y += 1",
    "parameters": {"tau_x": "15 ms", "tau_y": "25 ms", "up": 0.05, "down": 0.06},
    "maximum": 9.0,
}
TRIPLET: Any = {
    "pre": "dr/dt = -r/t1 : 1\nds/dt = -s/t2 : 1",
    "post": "do/dt = -o/t3 : 1\ndq/dt = -q/t4 : 1",
    "on_pre": "w -= o*(a2 + a3*s); r += 1; s += 1",
    "on_post": "w += r*(b2 + b3*q); o += 1; q += 1",
    "parameters": {
        "t1": "16 ms", "t2": "101 ms", "t3": "33 ms", "t4": "125 ms", "a2": 0.05, "a3": 0.02, "b2": 0.04, "b3": 0.06,
    },
    "maximum": 9.0,
}  # fmt: skip
BOUNDS: Any = {"weight_unit": 1.0, "maximum": 9.0}
# By name: the text, and the class that is the same.
RULES: dict[str, tuple[RuleConfig, RuleConfig]] = {
    "pair": (
        from_equations(**PAIR),
        plasticity.PairRuleConfig(a_plus=0.05, a_minus=0.06, pre_tau=15.0, post_tau=25.0, **BOUNDS),
    ),
    "triplet": (
        from_equations(**TRIPLET),
        plasticity.TripletRuleConfig(
            pre_tau=16.0, pre_slow_tau=101.0, post_tau=33.0, post_slow_tau=125.0,
            a2_minus=0.05, a3_minus=0.02, a2_plus=0.04, a3_plus=0.06, **BOUNDS,
        ),
    ),
    "power law": (
        from_equations(
            **{
                **PAIR,
                "on_pre": "w -= down*span*(w/span)**mu*y; x += 1",
                "on_post": "w += up*span*(1 - w/span)**mu*x; y += 1",
                "parameters": {**PAIR["parameters"], "mu": 0.4, "span": 9.0},
            }
        ),
        plasticity.PowerLawRuleConfig(
            rate=0.05, asymmetry=1.2, exponent=0.4, pre_tau=15.0, post_tau=25.0, maximum=9.0
        ),
    ),
}  # fmt: skip
SOMA = somas.IntegrateAndFireSomaConfig(background=np.linspace(200.0, 300.0, UNITS), cooldown=2.0)
FIRST = np.full((UNITS, SOURCES), 4.0)


def weights(names: tuple[str, ...] = tuple(RULES)) -> dict[str, list[np.ndarray]]:
    """The weights that the text and the class of each rule leave on a list with delays, or all to all."""
    wires = [
        Projection("__call__", "s", name=f"{which}{number}", weights=FIRST, rule=rule, **settings)
        for number, name in enumerate(names)
        for which, rule in zip(("text", "class"), RULES[name], strict=True)
        for settings in ([{"delay": 2 * DT, "pattern": FixedProbability(probability=1.0)}, {}][number % 2],)
    ]
    made = brain_of({"r": wires}, {"r": receptors.PulseCurrentConfig()}, soma=SOMA)
    spikes = trains(400, rate=0.08)
    fired = spark.run(made, 400, {"s": SpikeArray(spikes)}, record="pool", progress=False)["pool"]
    assert fired.sum() > 50 and spark.explain(made).one_call
    state = {path: np.asarray(made.state[path]) for path in made.state.paths() if path.endswith(".weights")}
    return {
        name: [state[f"pool.{which}{number}.weights"] for which in ("text", "class")]
        for number, name in enumerate(names)
    }


def test_a_rule_as_text_leaves_the_weights_of_its_class() -> None:
    for name, (text, made) in weights().items():
        np.testing.assert_allclose(text, made, rtol=10 * SAME_BRAIN["float32"], err_msg=name)
        assert np.ptp(text) > 0.5, name


class NotLoaded:
    """A formula that another process has compiled, as in a program that was kept."""

    numbers = ()

    def key(self) -> int:
        return 1


@pytest.mark.skipif(not kernels.available(), reason="no native kernels on this machine")
@pytest.mark.parametrize("side", ["pre", "post"])
def test_a_formula_that_is_not_loaded_is_said_and_not_called(monkeypatch: pytest.MonkeyPatch, side: str) -> None:
    def formulas(rule: Any) -> Any:
        made: Any = formulas_of(rule)
        assert sum(change is not None for change in made.changes) == 1
        return replace(made, changes=tuple(change and NotLoaded() for change in made.changes))

    monkeypatch.setattr(connection_rules, "formulas_of", formulas)
    texts: Any = {side: "dx/dt = -x/t : 1", f"on_{side}": "x += 1; w += a*x"}
    rule = from_equations(**texts, parameters={"t": "10 ms", "a": 0.1}, maximum=9.0)
    wire = Projection("__call__", "s", name="w", weights=FIRST, rule=rule)
    made = brain_of({"r": [wire]}, {"r": receptors.PulseCurrentConfig()}, soma=SOMA)
    with pytest.raises(jax.errors.JaxRuntimeError, match="a formula of the program is not loaded in this process"):
        spark.run(made, 20, {"s": SpikeArray(trains(20, rate=0.5))}, progress=False)


def test_assignments_of_one_text_follow_each_other_and_array_code_does_the_same() -> None:
    given = {"t": "10 ms", "a": 0.1}
    rule = from_equations(pre="dx/dt = -x/t : 1", on_pre="x += 1; w += a*x; w *= 2", parameters=given, maximum=1e6)
    spikes = np.zeros((12, SOURCES), np.int8)
    spikes[[2, 6]] = 1
    expected, x, last = 4.0, 0.0, None
    for step in (2, 6):
        x = 1.0 + (0.0 if last is None else x * np.exp(-(step - last) * DT / 10.0))
        expected, last = 2 * (expected + 0.1 * x), step

    def found() -> np.ndarray:
        wire = Projection("__call__", "s", name="learns", weights=FIRST, rule=rule)
        made = brain_of({"r": wire}, {"r": receptors.JumpConfig()}, soma=SOMA)
        spark.run(made, 12, {"s": SpikeArray(spikes)}, progress=False)
        return np.asarray(made.state["pool.learns.weights"])

    np.testing.assert_allclose(found(), expected, rtol=SAME_BRAIN["float32"])
    with array_code():
        np.testing.assert_allclose(found(), expected, rtol=SAME_BRAIN["float32"])


def test_a_rule_as_text_is_its_text_in_a_file() -> None:
    config = from_equations(**PAIR)
    again = RuleConfig.from_dict(config.to_dict())
    assert isinstance(again, EquationRuleConfig) and again == config and again.on_pre == PAIR["on_pre"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"on_pre": "w -= down*z; x += 1"}, "on_pre: line 1, column 11: 'z' is no variable, and none of `parameters`"),
        ({"on_post": "w += tau_x; y += 1"}, "on_post: line 1, column 6: adds 1 and ms. Both need the same unit"),
        ({"pre": "dx/dt = -x : 1"}, "pre: line 1, column 9: dx/dt is in 1, got the unit '1'; expected 1/ms."),
        ({"on_pre": "x += y; w -= down*y"}, "on_pre: line 1, column 6: 'x' is one number for a source"),
        ({"on_pre": "y += 1"}, "on_pre: line 1, column 1: 'y' is no variable. Known: w, x"),
        ({"post": "dx/dt = -x/tau_y : 1"}, "post: line 1, column 1: 'x' is the name of something else"),
        ({"pre": "dx/dt = -x/tau_x : 1\na = 2*x : 1", "post": "dy/dt = -y/tau_y : 1\na = 3*y : 1"},
         "post: line 2, column 1: 'a' is the name of something else already. Choose another name"),
        ({"post": "dy/dt = -y/tau_y : 1\nx = 3*y : 1"}, "post: line 2, column 1: 'x' is the name of something else"),
        ({"pre": "dx/dt = -x/tau_x : 1\nw = 3*x : 1"}, "pre: line 2, column 1: 'w' is the name of something else"),
        ({"post": "dy/dt = -y*w/tau_y : 1"}, "post: line 1, column 12: 'w' is no variable, and none of `parameters`"),
        ({"weight": "ms"}, "weight: is no unit in which a receptor takes weights, got 'ms'. Write pA, nS, mV or 1"),
        ({"weight": "nA"}, "weight: is no unit in which a receptor takes weights, got 'nA'"),
        ({"parameters": {**PAIR["parameters"], "k": 1.0}}, "parameters: no expression names 'k'. Leave it out, or "),
        ({"maximum": -1.0}, "maximum: must be above minimum (0), got -1. Swap them"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_text_is_said_with_its_place(change: dict[str, Any], text: str) -> None:
    with pytest.raises(spark.ConfigError) as caught:
        from_equations(**{**PAIR, **change})
    assert f"EquationRuleConfig.{text}" in str(caught.value), str(caught.value)


PLAIN: dict[str, Any] = {"pre": "dx/dt = -x/tau : 1", "on_pre": "x += 1\nw += x", "parameters": {"tau": "20 ms"}}


def test_a_time_constant_of_eligibility_is_written_as_parameters_are() -> None:
    assert from_equations(**PLAIN, eligibility_tau="0.5 s") == from_equations(**PLAIN, eligibility_tau=500.0)
    with pytest.raises(spark.ConfigError, match=r"eligibility_tau: is in mV, got '2 mV'; expected ms"):
        from_equations(**PLAIN, eligibility_tau="2 mV")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parameters": {"tau": "20 ms", "ms": 1.0}}, "parameters: 'ms' cannot be the name of a parameter: it is a u"),
        ({"pre": "dconfig/dt = -config/tau : 1"}, "pre: line 1, column 1: 'config' is the name of something else"),
        ({"on_pre": "x += 1\nw += tau"}, "on_pre: line 2, column 6: adds 1 and ms"),
    ],
)
def test_a_name_that_is_taken_and_a_line_that_is_wrong_are_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(spark.ConfigError, match=re.escape(said)):
        from_equations(**{**PLAIN, **change})


def test_weights_have_the_unit_of_their_receptor() -> None:
    grown = {**PAIR, "weight": "nS", "parameters": {**PAIR["parameters"], "up": "0.05 nS", "down": "60 pS"}}
    assert from_equations(**grown).weight == "nS"
    text = "EquationRuleConfig.on_pre: line 1, column 6: subtracts nS and 1. Both need the same unit"
    with refused(spark.ConfigError, text):
        from_equations(**{**PAIR, "weight": "nS"})


AMPLITUDES: Any = {"pA": "0.1 pA", "nS": "0.1 nS", "mV": "0.1 mV", "1": 0.1}
TAKES = {
    "pA": receptors.ExponentialCurrentConfig(),
    "nS": receptors.ExponentialConductanceConfig(),
    "mV": receptors.JumpConfig(),
    "1": receptors.GABABConfig(),
}


def learning_at(receptor: receptors.ReceptorConfig, rule: RuleConfig) -> spark.Network:
    """Two inputs onto one unit through this receptor, with this rule."""
    network = spark.Network(dt=0.5, seed=1)
    source = network.input("s", 2, SpikeArray)
    pool = network.pool("p", 1, Pool, soma=somas.IntegrateAndFireSomaConfig(), receptors={"r": receptor})
    network.connect(source, pool.r, weights=1.0, name="w", rule=rule)
    return network


@pytest.mark.parametrize("taken", TAKES)
@pytest.mark.parametrize("unit", AMPLITUDES)
def test_a_rule_is_refused_at_a_receptor_of_another_unit_unless_its_weight_is_a_plain_number(
    unit: str, taken: str
) -> None:
    rule = from_equations(on_pre="w += a", parameters={"a": AMPLITUDES[unit]}, weight=unit, maximum=9.0)
    network = learning_at(TAKES[taken], rule)
    given = {"s": SpikeArray(np.int8([1, 0]))}
    if unit in (taken, "1"):
        brain = network.build()
        spark.run(brain, 3, given)
        np.testing.assert_allclose(brain.connections("p.w").weights, [1.3, 1.0], rtol=1e-6)
        return
    text = (
        f"p.w_rule.config.weight: is not the unit in which the receptor 'r' takes weights, got '{unit}'; "
        f"expected '{taken}'. Write `weight='{taken}'`, and parameters of that unit"
    )
    with refused(spark.ConfigError, text):
        network.build()(**given)


def test_a_receptor_whose_unit_of_weights_is_none_says_so() -> None:
    class PulsesConfig(receptors.ReceptorConfig):
        """Pulses."""

    class Pulses(receptors.Receptor):
        """A current of the weights, counted in pulses."""

        config: PulsesConfig
        weight_unit = "pulses"

        def __call__(self, arrivals: FloatArray) -> receptors.CurrentOutput:
            return {"current": spark.CurrentArray(arrivals.value)}

    network = learning_at(PulsesConfig(), from_equations(on_pre="w += a", parameters={"a": "1 pA"}, weight="pA"))
    with refused(spark.ModuleError, "p.r.weight_unit: 'pulses' is no unit. Write pA, nS, mV or 1"):
        network.build()(s=SpikeArray(np.int8([1, 0])))


@pytest.mark.parametrize("number", [150, pytest.param(1000, marks=pytest.mark.thorough)])
def test_a_mutated_text_is_a_rule_or_a_clear_error(number: int) -> None:
    rng = random.Random(5)
    errors = 0
    arriving: Any = {"pre_spikes": SpikeArray(np.int8([0, 1])), "post_spikes": SpikeArray(np.int8([1, 0, 1]))}
    arriving["weights"] = FloatArray(np.ones((2, 3), np.float32))
    for _ in range(number):
        field = rng.choice(["pre", "post", "on_pre", "on_post"])
        text = PAIR[field]
        at = rng.randrange(len(text))
        new = text[:at] + rng.choice(["", "(", "*", "x", "w", ";", ":", "1e", "\n", "^", "é", "dt"]) + text[at + 1 :]
        try:
            made: Any = plasticity.EquationRule(from_equations(**{**PAIR, field: new}))
            weights = made(**arriving)["weights"].value
        except spark.ConfigError as error:
            errors += 1
            assert str(error).startswith("EquationRule"), error
            continue
        assert weights.shape == (2, 3) and weights.dtype == np.float32, new
    assert number / 3 < errors < number


def test_a_parameter_for_each_unit_is_refused() -> None:
    text = (
        "EquationRuleConfig.parameters: 'up' must be one number for all connections, under a name that nothing else "
        "has. Give one number, or choose another name"
    )
    with refused(spark.ConfigError, text):
        from_equations(**{**PAIR, "parameters": {**PAIR["parameters"], "up": ([0.1, 0.2], "1")}})
    with refused(spark.ConfigError, text.replace("up", "rand")):
        from_equations(**{**PAIR, "parameters": {**PAIR["parameters"], "rand": 0.5}})


def test_parameters_say_the_same_in_any_order_and_after_a_file_that_sorts_them() -> None:
    backwards = dict(reversed(PAIR["parameters"].items()))
    rule = from_equations(**PAIR)
    assert rule == from_equations(**{**PAIR, "parameters": backwards})
    assert hash(rule) == hash(from_equations(**{**PAIR, "parameters": backwards}))


def test_assignments_that_grow_beyond_measure_are_refused_at_once() -> None:
    text = "EquationRuleConfig.on_pre: line 1, column 137: is too long with all names put in."
    with refused(spark.ConfigError, text):
        from_equations(on_pre="; ".join(["w = w + w"] * 40), weight="nS")


@pytest.mark.parametrize(("unit", "receptor"), [("mV", receptors.JumpConfig()), ("pA", receptors.PulseCurrentConfig())])
@pytest.mark.parametrize("first", [0.5, 1.0, 40.0])
def test_a_rule_without_a_greatest_weight_grows_to_twice_the_greatest_first(
    first: float, unit: str, receptor: Any
) -> None:
    amplitude = f"{first / 10:g} {unit}"
    rule = from_equations(on_pre="w += a", parameters={"a": amplitude}, weight=unit)
    made = brain_of({"r": Projection("__call__", "s", name="p", weights=first, rule=rule)}, {"r": receptor})
    spikes = SpikeArray(np.ones((3, SOURCES), np.int8))
    spark.run(made, 3, {"s": spikes}, progress=False)
    np.testing.assert_allclose(made.connections("pool.p").weights, 1.3 * first, rtol=1e-5)
    spark.run(made, 20, {"s": SpikeArray(np.ones((20, SOURCES), np.int8))}, progress=False)
    np.testing.assert_allclose(made.connections("pool.p").weights, 2.0 * first, rtol=1e-6)
    assert EquationRuleConfig.from_dict(rule.to_dict()) == rule


def test_the_greatest_weight_that_is_left_out_is_above_the_least() -> None:
    """Of weights that begin at 0, or below the least that is not, 1 above the least."""
    rule = EquationRuleConfig()
    assert rule.bounds(np.zeros(3, np.float32)) == (0.0, 1.0)
    assert rule.bounds(np.zeros(0, np.float32)) == (0.0, 1.0)
    assert rule.updated(minimum=-2.0).bounds(np.full(3, -1.5, np.float32)) == (-2.0, -1.0)
    assert rule.bounds(np.array([1.0, 3.0], np.float32)) == (0.0, 6.0)
    assert rule.updated(maximum=2.0).bounds(np.array([1.0], np.float32)) == (0.0, 2.0)
