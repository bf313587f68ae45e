"""Equations as text: the same spikes as the class, an order for each scheme, and errors that point into the text."""

import math
import random
import re
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from drawing import some
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from tolerances import INTEGRATED

import spark
from spark import CurrentArray, InputSpec, ModuleSpecs, PortMap
from spark.nn import Brain, BrainConfig, somas
from spark.nn.equations.expression import parse
from spark.nn.equations.units import TIME, VOLTAGE, UnitError, quantity, unit
from spark.nn.equations.values import evaluate
from spark.nn.pools import Pool, PoolConfig
from spark.nn.receptors import CurrentConfig
from spark.nn.somas import EquationSomaConfig, from_equations
from spark.sim.run import build

LEAKY = {"v_rest": "-60 mV", "v_reset": "-55 mV", "theta": "-45 mV", "R": "100 MOhm", "tau": "20 ms"}


def leaky(**settings: Any) -> EquationSomaConfig:
    return from_equations(
        "dv/dt = (v_rest - v + R*I)/tau : mV (unless refractory)",
        **{
            "threshold": "v > theta",
            "reset": "v = v_reset",
            "parameters": LEAKY,
            "first": {"v": "v_rest"},
            "refractory": 2.0,
            **settings,
        },
    )


IZHIKEVICH = from_equations(
    """
    dv/dt = 0.04/mV/ms*v**2 + 5/ms*v + 140*mV/ms - u + I*r : mV   # Izhikevich 2003
    du/dt = a*(b*v - u) : mV/ms
    """,
    threshold="v >= peak",
    reset="v = c; u += d",
    parameters={"a": "0.02 1/ms", "b": "0.2 1/ms", "c": "-65 mV", "d": "8 mV/ms", "peak": "30 mV", "r": "1 GOhm/ms"},
    first={"v": "-65*mV", "u": "b*(-65*mV)"},
    scheme="euler",
)
ADAPTIVE = from_equations(
    """
    leak = g*(e - v) : pA
    spike = g*slope*exp((v - v_t)/slope) : pA
    dv/dt = (leak + spike - w + I)/c : mV (unless refractory)
    dw/dt = (a*(v - e) - w)/tau_w : pA
    """,
    threshold="v > peak",
    reset="v = v_r; w += b",
    parameters={
        "g": "30 nS", "e": "-70.6 mV", "slope": "2 mV", "v_t": "-50.4 mV", "c": "281 pF", "a": "4 nS",
        "tau_w": "144 ms", "peak": "-40 mV", "v_r": "-70.6 mV", "b": "80.5 pA",
    },
    first={"v": "e"},
)  # fmt: skip


def brain_of(soma: Any, dt: float = 1.0, units: int = 3) -> Brain:
    """A pool that takes a current."""
    pool = PoolConfig(units=(units,), soma=soma, receptors={"stimulus": CurrentConfig()})
    specs = ModuleSpecs("pool", Pool, {"stimulus": PortMap("__call__", "current")}, pool)
    inputs = {"current": InputSpec(CurrentArray, (units,), "float32")}
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=[specs], dt=dt))


def spikes_of(soma: Any, current: np.ndarray, dt: float = 1.0) -> np.ndarray:
    """Spikes of three units under a current for each step and unit, pA."""
    brain = brain_of(soma, dt)
    given = {"current": CurrentArray(jnp.asarray(current, jnp.float32))}
    return spark.run(brain, len(current), given, record="pool")["pool"]


def currents(mean: float, steps: int = 10_000) -> np.ndarray:
    """Slow random currents around a mean, pA."""
    drawn = np.random.default_rng(0).normal(1.0, 0.7, (steps // 50, 3))
    return mean * np.repeat(drawn, 50, axis=0)


POINT = somas.IntegrateAndFireSomaConfig(
    potential_first=-60.0, potential_reset=-55.0, threshold=-45.0, potential_tau=20.0, resistance=100.0, cooldown=2.0
)
CLASSES = {
    "leaky": (leaky(), POINT, 200.0, 1.0),
    "izhikevich": (IZHIKEVICH, somas.IzhikevichSomaConfig(scheme="euler"), 8.0, 0.5),
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_soma_as_text_spikes_as_its_class_does(name: str) -> None:
    text, config, mean, dt = CLASSES[name]
    expected = spikes_of(config, currents(mean), dt)
    assert expected.sum() > 100
    np.testing.assert_array_equal(spikes_of(text, currents(mean), dt), expected)


def test_an_exponential_soma_as_text_spikes_as_its_equations_do() -> None:
    """This potential is not linear in itself, so that the method of Runge and Kutta is taken."""
    steps, dt, current = 10_000, 0.05, 900.0
    v, w, fired = -70.6, 0.0, []

    def rates(v: float, w: float) -> tuple[float, float]:
        pulled = 30 * (-70.6 - v) + 30 * 2 * math.exp((v + 50.4) / 2)
        return (pulled - w + current) / 281, (4 * (v + 70.6) - w) / 144

    for step in range(steps):
        dv, dw = rates(v, w)
        dv, dw = rates(v + 0.5 * dt * dv, w + 0.5 * dt * dw)
        v, w = v + dt * dv, w + dt * dw
        if v > -40:
            v, w = -70.6, w + 80.5
            fired.append(step)
    found = spikes_of(ADAPTIVE, np.full((steps, 3), current), dt)
    assert len(fired) > 10
    np.testing.assert_allclose(np.flatnonzero(found[:, 0]), fired, atol=1)


def test_everything_runs_as_compiled_code() -> None:
    for soma in (leaky(), IZHIKEVICH, ADAPTIVE):
        explained = spark.explain(brain_of(soma, 0.5))
        ways = {module.path: module.runs_as for module in explained.modules}
        assert explained.one_call and ways["pool.soma"] == "compiled", explained


PAIR = "dv/dt = (w - v)/(10*ms) + k*I : mV\n dw/dt = -v/(5*ms) - w/(30*ms) : mV"
CUBIC = "dv/dt = -v**3/(400*mV**2*ms) + k*I : mV\n dw/dt = (v - w)/(8*ms) : mV"


def last(equations: str, scheme: str, dt: float, duration: float = 12.0) -> np.ndarray:
    """Where the two variables are after some ms."""
    first = {"v": "10*mV", "w": "4*mV"}
    soma = from_equations(equations, threshold="v > 1*V", parameters={"k": "0.1 GOhm/ms"}, first=first, scheme=scheme)
    brain = brain_of(soma, dt, units=1)
    steps = round(duration / dt)
    spark.run(brain, steps, {"current": CurrentArray(jnp.full(1, 3.0))})
    return np.array([float(brain.state[f"pool.soma.{name}"][0]) for name in ("v", "w")])


def truth(equations: str, duration: float = 12.0) -> np.ndarray:
    """The same by SciPy, to many digits."""

    def linear(_: float, x: Any) -> Any:
        return [(x[1] - x[0]) / 10 + 0.3, -x[0] / 5 - x[1] / 30]

    def cubic(_: float, x: Any) -> Any:
        return [-(x[0] ** 3) / 400 + 0.3, (x[0] - x[1]) / 8]

    rates = linear if equations == PAIR else cubic
    return solve_ivp(rates, (0, duration), [10.0, 4.0], method="DOP853", rtol=1e-12, atol=1e-12).y[:, -1]


def test_linear_equations_are_exact_at_any_step() -> None:
    for dt in (0.5, 3.0, 12.0):
        np.testing.assert_allclose(last(PAIR, "auto", dt), truth(PAIR), **INTEGRATED["float32"])


@pytest.mark.parametrize(
    ("scheme", "equations", "order", "dt"),
    [
        ("euler", CUBIC, 1, 0.1),
        ("rk2", CUBIC, 2, 0.5),
        ("rk4", CUBIC, 4, 1.5),
        ("exponential_euler", PAIR, 1, 0.1),
    ],
)
def test_each_scheme_has_its_order(scheme: str, equations: str, order: int, dt: float) -> None:
    errors = [np.abs(last(equations, scheme, dt / k) - truth(equations)).max() for k in (1, 2)]
    assert errors[1] > 1e-6, "rounding hides the order"
    # At steps that rounding does not hide, the next order still counts.
    assert -0.35 < math.log2(errors[0] / errors[1]) - order < 0.9


def test_parameters_may_be_one_for_each_unit() -> None:
    taus = np.array([10.0, 20.0, 40.0])
    each = leaky(parameters={**LEAKY, "tau": (taus, "ms")})
    found = spikes_of(each, currents(200.0, 2000))
    for number, tau in enumerate(taus):
        alone = spikes_of(leaky(parameters={**LEAKY, "tau": f"{tau} ms"}), currents(200.0, 2000))
        np.testing.assert_array_equal(found[:, number], alone[:, number])
    assert EquationSomaConfig.from_dict(each.to_dict()) == each


def test_a_file_holds_the_text(tmp_path: Any) -> None:
    brain = brain_of(ADAPTIVE, 0.1)
    build(brain)
    spark.save_model(brain, tmp_path / "a.spark.json")
    again = spark.load_model(tmp_path / "a.spark.json")
    read: Any = again.config.modules_map["pool"].config.soma
    assert (read.equations, read.parameters) == (ADAPTIVE.equations, ADAPTIVE.parameters)
    given = {"current": CurrentArray(jnp.full(3, 900.0))}
    one, other = (spark.run(b, 2000, given, record="pool")["pool"] for b in (brain, again))
    assert one.any()
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("20 ms", 20.0, TIME),
        ("-0.06 V", -60.0, VOLTAGE),
        ("100 MOhm", 0.1, None),
        ("1 nA", 1000.0, None),
        ("2 uS/cm**2*cm**2", 2000.0, None),
        ("5 Hz", 0.005, None),
        ("1e3", 1000.0, None),
    ],
)
def test_quantities_count_in_millivolt_millisecond_and_picoampere(text: str, value: float, dimension: Any) -> None:
    found = quantity(text)
    assert found[0] == pytest.approx(value, rel=1e-12)
    assert dimension is None or found[1] == dimension


def test_units_of_other_things_are_refused() -> None:
    for text in ("mol", "kg", "cm", "furlongs", "", "mV;import os", "ms" * 100):
        if text == "":
            assert unit(text) == (1.0, unit("1")[1])
            continue
        with pytest.raises(UnitError):
            unit(text)


WRONG = [
    ({"threshold": "rand() < rand()"}, "threshold: line 1, column 10: 'rand()' stands here twice. Draw once for a u"),
    ({"threshold": "rand(2) < 0.5"}, "threshold: line 1, column 1: 'rand()' has no meaning here. A soma's thres"),
    ({"threshold": "v > theta + rand()"}, "threshold: line 1, column 5: adds mV and 1. Both need the same"),
    ({"threshold": "rand < 0.5"}, "threshold: line 1, column 1: 'rand' is no variable, and none of `parameters`. Di"),
    ({"equations": "dv/dt = -v*rand()/tau : mV"}, "equations: line 1, column 12: 'rand()' has no meaning here. A so"),
    ({"reset": "v = v_reset*rand()"}, "reset: line 1, column 13: 'rand()' has no meaning here. A soma's thres"),
    ({"equations": "dkey/dt = -key/tau : mV"}, "equations: line 1, column 1: 'key' is the name of something else. Ch"),
    ({"equations": "x = 1*mV : mV", "potential": ""}, "equations: line 1, column 1: nothing changes. Write an equ"),
    ({"equations": "dv/dt = (vrest - v)/tau : mV"}, "equations: line 1, column 10: 'vrest' is no variable, and none"),
    ({"equations": "\ndv/dt = (v_rest - v + I)/tau : mV"}, "equations: line 2, column 10: adds mV and pA. Both need"),
    ({"equations": "dv/dt = v_rest - v : mV"}, "equations: line 1, column 9: dv/dt is in mV, got the unit 'mV'; "),
    (
        {"equations": "x = v_rest - v : pA\ndv/dt = x/tau : mV"},
        "equations: line 1, column 5: x is in mV, got the unit 'pA'; expected mV.",
    ),
    ({"equations": "dv/dt = exp(v)/ms*mV : mV"}, "equations: line 1, column 13: what exp is given must have no u"),
    ({"equations": "dv/dt = (v_rest - v/tau : mV"}, "equations: line 1, column 9: '(v_rest - v/tau' is no expres"),
    ({"equations": "dv/dt = v^2 : mV"}, "equations: line 1, column 10: '^' is no operator. Write a power with '**'"),
    ({"equations": "dv/dt = -v/tau"}, "equations: line 1, column 14: 'dv/dt = -v/tau' has no unit. Write it behi"),
    ({"equations": "dv/dt = -v/tau : mol"}, "equations: line 1, column 17: 'mol' is no unit made of mV, ms and pA"),
    ({"equations": "dv/dt = __import__('os') : mV"}, "equations: line 1, column 9: '__import__' is no function"),
    ({"equations": "dv/dt = (lambda: v)() : mV"}, "equations: line 1, column 9: 'lambda: v' is no function"),
    ({"equations": "dv/dt = v.real/tau : mV"}, "equations: line 1, column 9: 'v.real' has no meaning in an equation"),
    (
        {"equations": "x = y : mV\ndv/dt = (x - v)/tau : mV\ny = 2*z : mV\nz = y - x : mV"},
        "equations: line 1, column 1: 'x' is made of itself: x -> y -> z -> x. Break the circle",
    ),
    ({"equations": "x = 2*x : mV\ndv/dt = (x - v)/tau : mV"}, "equations: line 1, column 1: 'x' is made of itself"),
    ({"reset": "v = v_reset\n\nv += tau"}, "reset: line 3, column 6: adds mV and ms"),
    ({"threshold": "v > -60 mV"}, "threshold: line 1, column 9: 'v > -60 mV' is no expression: invalid syntax. Writ"),
    ({"equations": "dms/dt = -ms/tau : 1"}, "equations: line 1, column 1: 'ms' is a unit. Choose another name"),
    ({"equations": "dv/dt = -v/tau : mV\nMOhm = v : mV"}, "equations: line 2, column 1: 'MOhm' is a unit. Choose"),
    ({"equations": "dconfig/dt = -config/tau : mV"}, "equations: line 1, column 1: 'config' is the name of somethi"),
    ({"parameters": {**LEAKY, "ms": "3 ms"}}, "parameters: 'ms' cannot be the name of a parameter: it is a unit"),
    ({"first": {"v": "-60 ms"}}, "first.v: line 1, column 1: is in ms, and v is in mV"),
    ({"equations": "dI/dt = -I/tau : pA"}, "equations: line 1, column 1: 'I' is the name of something else already"),
    ({"equations": "# nothing"}, "equations: line 1, column 1: nothing changes. Write an equation such as"),
    ({"threshold": "v"}, "threshold: line 1, column 1: 'v' is no comparison. Write `v > theta`"),
    ({"threshold": "v > tau"}, "threshold: line 1, column 1: compares mV and ms. Both need the same unit"),
    ({"reset": "v = tau"}, "reset: line 1, column 5: v is in mV, and is set to something in ms"),
    ({"reset": "v = v_reset; tau = 3*ms"}, "reset: line 1, column 13: 'tau' is no variable. Known: v"),
    ({"parameters": {**LEAKY, "tau": "20"}}, "equations: line 1, column 9: dv/dt is in mV, got the unit 'mV'; ex"),
    ({"parameters": {**LEAKY, "tau": "20 parsecs"}}, "parameters: 'tau': 'parsecs' is no unit made of mV"),
    ({"parameters": {**LEAKY, "extra": "1 ms"}}, "parameters: no expression names 'extra'. Leave it out, or name it"),
    ({"parameters": {**LEAKY, "step": "1 ms"}}, "parameters: 'step' cannot be the name of a parameter"),
    ({"parameters": {**LEAKY, "dt": "1 ms"}}, "parameters: 'dt' cannot be the name of a parameter: it is that of som"),
    ({"parameters": {**LEAKY, "rand": 0.5}}, "parameters: 'rand' cannot be the name of a parameter: it is that of s"),
    ({"parameters": {**LEAKY, "exp": 0.5}}, "parameters: 'exp' cannot be the name of a parameter: it is that of so"),
    ({"equations": "ddt/dt = -dt/tau : ms"}, "equations: line 1, column 1: 'dt' is the name of something else alrea"),
    ({"equations": "dt = 3*ms : ms\ndv/dt = -v/dt : mV"}, "equations: line 1, column 1: 'dt' is the name of someth"),
    ({"equations": "drand/dt = -rand/tau : 1"}, "equations: line 1, column 1: 'rand' is the name of something else al"),
    ({"equations": "rand = 0.5 : 1\ndv/dt = -v/tau : mV"}, "equations: line 1, column 1: 'rand' is the name of some"),
    ({"first": {"w": "v_rest"}}, "first: 'w' is no variable. Known: 'v'"),
    ({"first": {"v": "tau"}}, "first.v: line 1, column 1: is in ms, and v is in mV"),
    ({"first": {"v": "v_rest/0"}}, "first.v: is no number"),
    ({"threshold": "v > 1e39*mV"}, "threshold: line 1, column 5: 1e+39 is beyond the numbers of float32, which end"),
    ({"threshold": "v > theta*1e38"}, "threshold: cannot be computed: 'theta * 1e+38' is beyond the numbers of floa"),
    ({"threshold": "v > 1e30*1e30*mV"}, "threshold: cannot be computed: '1e+30 * 1e+30 * mV' is beyond the numbers o"),
    ({"threshold": "v > exp(1e4*dt/tau)*theta", "dt": 1.0}, "threshold: cannot be computed: 'exp(10000.0 * dt / "),
    ({"reset": "v = v_reset + 1*mV/0"}, "reset: cannot be computed: 'v_reset + 1 * mV / 0' is no number: float d"),
    ({"potential": "u"}, "potential: 'u' is no variable"),
    ({"equations": "dv/dt = v**2/(mV*tau) + I*R/tau : mV", "scheme": "exact"}, "scheme: 'exact' is for linear eq"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "said"), WRONG, ids=range(len(WRONG)))
def test_errors_point_into_the_text(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(spark.ConfigError) as caught:
        EquationSomaConfig(**{"parameters": LEAKY, **changed})
    problems = [f"{p.address}: {p.message}. {p.fix}" for p in caught.value.problems]
    assert any(p.startswith(f"EquationSomaConfig.{said}") for p in problems), problems


def mutated(text: str, chance: random.Random) -> str:
    """The text with one to three small changes."""
    pieces = [
        "(",
        ")",
        "*",
        "**",
        "/",
        "+",
        "-",
        "v",
        "tau",
        " ",
        ":",
        "mV",
        "ms",
        "exp(",
        "\n",
        "=",
        "1e9",
        "0",
        ">",
        "#",
        "é",
        ",",
    ]
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice([*pieces, ""]) + text[at + chance.randint(0, 2) :]
    return text


def oracle(source: str, values: dict[str, float]) -> float:
    """What Python says of an expression that was accepted, in float64."""
    names = {**{name: getattr(math, name) for name in ("exp", "log", "sqrt")}, "abs": abs}
    units = {name: unit(name)[0] for name in ("mV", "ms", "V", "s", "A", "S", "F", "mS", "ms", "mA", "mF")}
    return float(eval(source, {"__builtins__": {}}, {**units, **names, **values}))


def test_a_thousand_mutated_texts_are_right_or_refused() -> None:
    chance = random.Random(5)
    base = "dv/dt = (v_rest - v + R*I)/tau + 0.5*mV*exp((v - theta)/(2*mV))/ms : mV"
    accepted = 0
    for _ in range(1000):
        text = mutated(base, chance)
        try:
            config = EquationSomaConfig(equations=text, scheme="euler")
        except spark.ConfigError:
            continue
        accepted += 1
        source = text.split("#")[0].strip().partition("=")[2].rpartition(":")[0].strip()
        values = {n: quantity(q)[0] for n, q in config.parameters.items()} | {"v": -51.3, "I": 7.0}
        try:
            expected = oracle(source, values)
        except (ArithmeticError, ValueError):
            continue
        found = evaluate(parse(source).tree, {n: np.float64(x) for n, x in values.items()})
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert 20 < accepted < 500


@pytest.mark.parametrize("number", [100, pytest.param(1000, marks=pytest.mark.thorough)])
def test_a_mutated_threshold_or_reset_is_a_soma_that_fires_in_some_units_or_a_clear_error(number: int) -> None:
    chance, errors = random.Random(7), 0
    texts = {"threshold": "rand() < 1 - exp(-rate*dt) and v > theta - 5*mV", "reset": "v = v_reset; w += b"}
    equations = "dv/dt = (v_rest - v + R*(I - w))/tau : mV\ndw/dt = -w/tau : pA"
    parameters = {"v_rest": "-60 mV", "v_reset": "-60 mV", "theta": "-50 mV", "R": "100 MOhm", "tau": "20 ms"}
    parameters |= {"rate": "50 Hz", "b": "10 pA"}
    for _ in range(number):
        changed = chance.choice([*texts])
        new = mutated(texts[changed], chance)
        try:
            config = EquationSomaConfig(equations=equations, parameters=parameters, **{**texts, changed: new})
            spikes = somas.EquationSoma(config)(current=CurrentArray(jnp.asarray([0.0, 1e4, 50.0])))["spikes"].value
        except spark.ConfigError as error:
            errors += 1
            assert re.match(r"EquationSoma(Config|\.config)\.", str(error)), error
            continue
        assert spikes.shape == (3,) and set(np.asarray(spikes)) <= {0, 1}, new
    assert number / 3 < errors < number


@given(st.recursive(
    st.sampled_from(["x", "y", "2", "0.5"]),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**2*"]), inner).map(
        lambda joined: f"({''.join(joined)})"
    ),
    max_leaves=8,
))  # fmt: skip
def test_an_expression_has_the_value_that_python_gives_it(source: str) -> None:
    values = {"x": np.float64(1.7), "y": np.float64(-0.6)}
    try:
        expected = float(eval(source, {}, {name: float(value) for name, value in values.items()}))
    except ZeroDivisionError:
        return
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(evaluate(parse(source).tree, values), expected, rtol=1e-9)


def test_exponentials_of_large_numbers_are_finite_and_above_0() -> None:
    from spark.nn.equations.functions import FUNCTIONS

    large = np.array([80.0, 90.0, 160.0, 1e4], np.float32)
    for name in ("exp", "exprel"):
        found = np.asarray(FUNCTIONS[name][0](large), np.float64)
        assert np.isfinite(found).all() and (found > 1e28).all(), name


def chain(depth: int) -> str:
    """Equations whose rate is nested to this depth once names are put in: half sums, half products."""
    lines, at, last = [], 0, "v"
    while at < depth:
        more = min(80, depth - at)
        lines.append(f"x{at} = {last}{'*1' * (more - more // 2)}{' + 0.001*v' * (more // 2)} : mV")
        at, last = at + more, f"x{at}"
    return "\n".join([*lines, f"dv/dt = -{last}/(20*ms) : mV"])


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", some(["rk4", "auto", "euler", "exponential_euler"], 4, thorough=1))
def test_equations_as_deep_as_they_may_be_are_computed(scheme: str) -> None:
    net = spark.Network(dt=1.0)
    net.pool("pool", 3, soma=from_equations(chain(140), threshold="v > 1*V", first={"v": "1*mV"}, scheme=scheme))
    brain = net.build()
    spark.run(brain, 2)
    assert 0 < float(brain.state["pool.soma.v"][0]) < 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"equations": chain(300)}, "equations: line 2, column 7: is nested too deeply with all names put in"),
        (
            {
                "equations": "\n".join(
                    ["x0 = v : mV", *(f"x{n + 1} = x{n} + x{n} : mV" for n in range(20)), "dv/dt = -v/ms : mV"]
                )
            },
            "equations: line 14, column 7: is too long with all names put in",
        ),
        (
            {"equations": chain(140), "threshold": f"x80{' + v' * 90} > 0*mV"},
            "threshold: line 1, column 1: is nested too deeply with all names put in",
        ),
    ],
)
def test_equations_that_are_too_deep_or_long_with_all_names_put_in_are_refused(
    changed: dict[str, str], said: str
) -> None:
    with pytest.raises(spark.ConfigError) as caught:
        from_equations(**{"equations": "dv/dt = -v/(20*ms) : mV", "threshold": "v > 1*mV", **changed})
    assert f"EquationSomaConfig.{said}" in str(caught.value)


FORWARD = "dv/dt = (J + I)/C : mV\nJ = -g*(v - E) : pA\nE = 2*half : mV"
IN_TURN = "half = -30*mV : mV\nE = 2*half : mV\nJ = -g*(v - E) : pA\ndv/dt = (J + I)/C : mV"


def test_expressions_may_stand_behind_those_that_name_them() -> None:
    settings: dict[str, Any] = {
        "threshold": "v > -50*mV",
        "reset": "v = -65*mV",
        "parameters": {"C": "200 pF", "g": "10 nS"},
        "first": {"v": "-60 mV"},
    }
    turned = from_equations(f"{FORWARD}\nhalf = -30*mV : mV", **settings)
    given = currents(300.0, 2000)
    expected = spikes_of(from_equations(IN_TURN, **settings), given)
    assert expected.sum() > 10
    np.testing.assert_array_equal(spikes_of(turned, given), expected)


def test_a_long_chain_of_expressions_in_the_wrong_order_says_that_it_is_nested_too_deeply() -> None:
    lines = [f"a{i} = a{i + 1} + v : mV" for i in range(600)]
    text = "\n".join(["dv/dt = (a0 - v)/tau : mV", *lines, "a600 = v : mV"])
    with pytest.raises(spark.ConfigError, match="too deeply|too long"):
        EquationSomaConfig(equations=text, parameters=LEAKY)


def test_what_a_spike_does_may_stand_on_lines_of_its_own() -> None:
    given = currents(200.0, 2000)
    apart = leaky(reset="v = v_reset  # mV\n\nv += 1*mV")
    np.testing.assert_array_equal(spikes_of(apart, given), spikes_of(leaky(reset="v = v_reset; v += 1*mV"), given))


def test_a_first_value_and_a_refractory_period_are_written_as_parameters_are() -> None:
    written = leaky(first={"v": "-60 mV"}, refractory="2 ms")
    given = currents(200.0, 2000)
    np.testing.assert_array_equal(spikes_of(written, given), spikes_of(leaky(first={"v": "-60*mV"}), given))
    assert written.refractory == 2.0 and leaky(refractory="0.002 s").refractory == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("2 mV", "refractory: is in mV, got '2 mV'; expected ms. Write it as '2 ms'"),
        ("soon", "refractory: 'soon' is no number with a unit. Write it as '2 ms'"),
        ("2", "refractory: is in 1, got '2'; expected ms. Write it as '2 ms'"),
    ],
)
def test_a_refractory_period_that_is_no_time_says_how_to_write_one(given: str, said: str) -> None:
    with pytest.raises(spark.ConfigError, match=re.escape(said)):
        leaky(refractory=given)


def test_no_variable_has_the_name_of_something_that_its_soma_keeps() -> None:
    brain = brain_of(leaky(threshold="v > theta and rand() < 0.9"))
    build(brain)
    kept = {name for name in vars(vars(brain)["pool"].soma) if name.isidentifier() and name[0] != "_"} - {"v"}
    assert {"config", "parameter_tau", "refractory", "shape"} <= kept
    for name in sorted(kept):
        with pytest.raises(spark.ConfigError, match="is the name of something|must not hold a double"):
            EquationSomaConfig(
                equations=f"dv/dt = -v/tau : mV\nd{name}/dt = -{name}/tau : mV", parameters={"tau": "3 ms"}
            )


def test_one_letter_may_be_a_name_though_it_is_a_unit_too() -> None:
    """V is what many call the potential, s an open gate."""
    found = []
    for v, s in (("V", "s"), ("v", "gate")):
        soma = from_equations(
            f"d{v}/dt = ((1 - {s})*R*I - {v})/tau : mV\nd{s}/dt = -{s}/tau : 1",
            threshold=f"{v} > 3*mV",
            reset=f"{v} = 0*mV; {s} += 0.2",
            parameters={"R": "100 MOhm", "tau": "20 ms"},
            potential=v,
        )
        found.append(spikes_of(soma, currents(200.0, 500)))
    assert found[0].sum() > 10
    np.testing.assert_array_equal(found[0], found[1])
