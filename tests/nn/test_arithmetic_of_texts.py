"""What texts are made of to compute less: the same values, limits and derivatives, and fewer divisions."""

import ast
from collections import Counter
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.extend import core
from test_somas_as_text import CASES
from tolerances import EXPRESSIONS, INTEGRATED, OPERATION

import spark
from spark import CurrentArray
from spark.kernels.formula.flat import flatten
from spark.nn import somas
from spark.nn.equations import schemes
from spark.nn.equations.expression import parse
from spark.nn.equations.functions import exprel, inverse_exprel
from spark.nn.equations.linear import factored, split
from spark.nn.equations.values import evaluate

NEAR = np.concatenate([[0.0, 1e-38, 1e-31], np.geomspace(1e-29, 1.0, 200)])
X = np.concatenate([NEAR, -NEAR, np.linspace(-80, 80, 997), [-0.5, 0.5, 0.03, -0.03]]).astype(np.float32)


def moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The integrals of exp(x t) and of t exp(x t) for t from 0 to 1, which (exp(x) - 1)/x and its derivative are."""
    nodes, weights = np.polynomial.legendre.leggauss(120)
    t, w = 0.5 * (nodes + 1), 0.5 * weights
    grown = np.exp(np.outer(x.astype(np.float64), t))
    return grown @ w, grown @ (w * t)


def test_exprel_and_its_inverse_are_right_everywhere_and_1_at_0() -> None:
    value, _ = moments(X)
    np.testing.assert_allclose(exprel(X), value, rtol=OPERATION["float32"]["rtol"])
    np.testing.assert_allclose(inverse_exprel(X), 1 / value, rtol=OPERATION["float32"]["rtol"])
    assert exprel(0.0) == inverse_exprel(0.0) == exprel(-0.0) == 1.0


@pytest.mark.thorough
def test_the_derivatives_of_exprel_and_its_inverse_are_right_everywhere_and_half_at_0() -> None:
    value, slope = moments(X)
    bound = {"rtol": 2 * OPERATION["float32"]["rtol"]}
    np.testing.assert_allclose(jax.vmap(jax.grad(exprel))(X), slope, **bound)
    np.testing.assert_allclose(jax.vmap(jax.grad(inverse_exprel))(X), -slope / value**2, **bound)
    assert jax.grad(exprel)(0.0) == 0.5 and jax.grad(inverse_exprel)(0.0) == -0.5
    # The second one, too, where the series that is not read there would overflow.
    assert abs(jax.grad(jax.grad(exprel))(-1e7)) < 1e-6
    np.testing.assert_allclose(jax.grad(jax.grad(exprel))(0.0), 1 / 3, **OPERATION["float32"])


@pytest.mark.thorough
@pytest.mark.parametrize("function", [exprel, inverse_exprel])
def test_exprel_and_its_inverse_of_what_float32_cannot_hold(function: Callable[..., jax.Array]) -> None:
    x = np.array([-1e30, -200.0, 200.0, 1e30], np.float32)
    assert np.isfinite(function(x)).all() and (np.asarray(function(x)) >= 0).all()
    assert np.isfinite(jax.vmap(jax.grad(function))(x)).all()
    assert np.isnan(function(np.float32(np.nan)))


def operations(function: Callable[..., Any], *arrays: Any) -> Counter[str]:
    """How often each operation is done, what is the same counted once, as a compiler does."""
    flat = flatten(jax.make_jaxpr(function)(*arrays))
    same: dict[Any, int] = {id(name): number for number, name in enumerate(flat.invars)}
    seen: dict[Any, int] = {}
    counts: Counter[str] = Counter()

    def key(atom: Any) -> Any:
        return float(atom.val) if isinstance(atom, core.Literal) else same.get(id(atom), id(atom))

    for equation in flat.eqns:
        what = (equation.primitive.name, tuple(map(key, equation.invars)), str(sorted(equation.params.items())))
        if what not in seen:
            seen[what] = 1_000 + len(seen)
            counts[equation.primitive.name] += 1
        for name in equation.outvars:
            same[id(name)] = seen[what]
    return counts


FEWER = {
    "a/(b/c)": (1, 1.7 / (-0.6 / 2.9)),
    "1/(1/(a + c))": (0, 4.6),
    "a/(2/c)": (0, 1.7 / (2 / 2.9)),
    "3*a/exprel(b)/2": (1, 1.5 * 1.7 * -0.6 / np.expm1(-0.6)),
    "a/exp(b)": (0, 1.7 * np.exp(0.6)),
    "1/exprel(a)*exprel(c)": (2, 1.7 / np.expm1(1.7) * np.expm1(2.9) / 2.9),
    "a*c**-2": (1, 1.7 / 2.9**2),
    "0.5/(a + c)/exp(-b)": (1, 0.5 / 4.6 * np.exp(-0.6)),
}


@pytest.mark.parametrize("source", FEWER)
def test_no_more_is_divided_than_must_be(source: str) -> None:
    divisions, value = FEWER[source]

    def run(a: jax.Array, b: jax.Array, c: jax.Array) -> Any:
        return evaluate(parse(source).tree, {"a": a, "b": b, "c": c})

    given = [np.float32(x) for x in (1.7, -0.6, 2.9)]
    assert operations(run, *given)["div"] == divisions
    np.testing.assert_allclose(jax.jit(run)(*given), value, rtol=2 * OPERATION["float32"]["rtol"])


@pytest.mark.parametrize(
    ("source", "times", "products", "value"),
    [
        ("-(2*a + 3*b)", 0.1, 2, -0.1 * (2 * 1.7 - 3 * 0.6)),
        ("2*a - 2*b", 0.5, 0, 2.3),
        ("-a - b", 0.25, 1, -0.25 * 1.1),
        ("-a + b", 1.0, 0, -2.3),
        ("a - (b - 3)/4", 4.0, 2, 4 * 1.7 + 3.6),
        ("2*a + 5/b", 0.5, 1, 1.7 - 2.5 / 0.6),
        ("-(a - 2*b)", -1.0, 1, 1.7 + 1.2),
    ],
)
def test_numbers_in_front_of_sums_go_where_they_cost_least(
    source: str, times: float, products: int, value: float
) -> None:
    def run(a: jax.Array, b: jax.Array) -> Any:
        return evaluate(parse(source).tree, {"a": a, "b": b}, times)

    given = np.float32(1.7), np.float32(-0.6)
    assert operations(run, *given)["mul"] <= products
    np.testing.assert_allclose(jax.jit(run)(*given), value, **OPERATION["float32"])


@given(
    st.recursive(
        st.sampled_from(["x", "y", "z", "2", "0.5", "(-x)", "exp(y)", "exprel(x)"]),
        lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "*2*", "-3*"]), inner).map(
            lambda joined: f"({''.join(joined)})"
        ),
        max_leaves=8,
    ),
    st.sampled_from([1.0, -1.0, 0.05]),
)
def test_an_expression_of_arrays_has_the_value_that_python_gives_it(source: str, times: float) -> None:
    values = {"x": np.array([1.7, -0.4]), "y": np.array([-0.6, 0.9]), "z": np.array([2.3, 3.1])}
    names = {**values, "exp": np.exp, "exprel": lambda a: np.expm1(a) / a}
    with np.errstate(all="ignore"):
        try:
            expected = times * eval(source, {}, names)
        except ZeroDivisionError:
            return
        # Where terms cancel, what is left of them hangs on how they were rounded.
        moved = times * eval(source, {}, {**names, **{n: v * (1 + 1e-7) for n, v in values.items()}})
        loud = np.abs(moved - expected) > 1e-6 * np.abs(expected)
    given = {name: jnp.asarray(value, jnp.float32) for name, value in values.items()}
    found = np.broadcast_to(evaluate(parse(source).tree, given, times), expected.shape if np.ndim(expected) else (2,))
    rightly = ~loud & np.isfinite(expected) & (np.abs(expected) < 1e30) & (np.abs(expected) > 1e-30)
    np.testing.assert_allclose(
        found[rightly], np.broadcast_to(expected, found.shape)[rightly], **EXPRESSIONS["float32"]
    )


def test_what_is_in_front_of_a_rate_is_split_off() -> None:
    for source, factor, slope, rest in (
        ("(e - x)/tau", "1.0 / tau", -1.0, 2.0),
        ("k*(a*(1 - x) - b*x)", "k", -0.9, 0.7),
        ("-x/tau", "1.0 / tau", -1.0, 0.0),
        ("e - x", "None", -1.0, 2.0),
    ):
        tree = parse(source).tree
        found = factored(tree, "x")
        assert found is not None
        assert ("None" if found.factor is None else ast.unparse(found.factor)) == factor
        values = {"x": 0.3, "e": 2.0, "tau": 5.0, "k": 3.0, "a": 0.7, "b": 0.2}
        held = [0.0 if part is None else evaluate(part, values) for part in (found.slope, found.rest)]
        assert held == pytest.approx([slope, rest], rel=1e-12)
        assert held[0] * values["x"] + held[1] == pytest.approx(evaluate(found.inner, values), rel=1e-12)
        whole = evaluate(found.inner, values) * (1.0 if found.factor is None else evaluate(found.factor, values))
        assert whole == pytest.approx(evaluate(tree, values), rel=1e-12)
    assert factored(parse("x*x").tree, "x") is None and split(parse("x*x").tree, "x") is None


RATES = "a*(1 - x) - b*x"
HELD = {"a": np.array([0.5, 3.0, 0.0, 1e-4, 40.0]), "b": np.array([0.1, 2.0, 0.0, 2e-4, 90.0])}


def stepped(source: str, x: Any, held: dict[str, Any], dt: float = 0.5) -> Any:
    """A variable after a step of exponential Euler, beside others that stay."""
    rates = {"x": parse(source).tree, **{name: parse("0*a").tree for name in held}}
    problem = schemes.Problem(rates, {}, frozenset(), dt)
    variables = {"x": jnp.asarray(x, jnp.float32), **{n: jnp.asarray(v, jnp.float32) for n, v in held.items()}}
    return schemes.advance(problem, "exponential_euler", variables, {}, lambda _: None)["x"]


@pytest.mark.parametrize(
    "source", [RATES, "(a/(a + b) - x)/(1/(a + b))", "2*(0.5*a*(1 - x) - b*x/2)", "-(x - a/(a + b))*(a + b)"]
)
def test_a_gate_however_it_is_written_goes_where_its_rates_lead(source: str) -> None:
    there = (HELD["a"] + HELD["b"] > 0) | (source in (RATES, "2*(0.5*a*(1 - x) - b*x/2)"))
    held = {name: value[there] for name, value in HELD.items()}
    first = np.array([0.1, 0.9, 0.4, 0.5, 0.0])[there]
    both = held["a"] + held["b"]
    rest = held["a"] / np.where(both == 0, 1.0, both)
    expected = np.where(both == 0, first, rest + (first - rest) * np.exp(-0.5 * both))
    np.testing.assert_allclose(stepped(source, first, held), expected, **INTEGRATED["float32"])


def test_a_slope_of_0_moves_by_the_rest_alone_and_has_its_derivative() -> None:
    held = {"a": np.array([3.0]), "b": np.array([0.0])}
    np.testing.assert_allclose(stepped("a - b*x", [7.0], held), [8.5], **OPERATION["float32"])

    def moved(b: jax.Array) -> jax.Array:
        return stepped("a - b*x", jnp.full(1, 7.0), {"a": jnp.full(1, 3.0), "b": b[None]})[0]

    # x + dt (a - b x)(1 - b dt/2 + ...): the derivative at b = 0 is -dt x - dt^2 a/2.
    np.testing.assert_allclose(jax.grad(moved)(jnp.float32(0)), -0.5 * 7.0 - 0.125 * 3.0, **OPERATION["float32"])


@pytest.mark.parametrize("slope", [1e-40, 1e-9, 1e-3, 1e3])
def test_a_slope_that_is_a_number_of_any_size_is_followed(slope: float) -> None:
    held = {"a": np.array([2.0]), "b": np.array([0.0])}
    product = 2.0 * slope * 0.5
    expected = 7.0 * np.exp(-product) + 2.0 * 0.5 * 2.0 * (-np.expm1(-product) / product if product > 1e-30 else 1.0)
    np.testing.assert_allclose(stepped(f"(2 - {slope}*x)*a", [7.0], held), [expected], **INTEGRATED["float32"])


def test_a_steep_slope_up_grows_without_overflow() -> None:
    found = np.asarray(stepped("b*x + a", [1.0, 1.0], {"a": np.zeros(2), "b": np.array([2.0, 1e9])}))
    np.testing.assert_allclose(found[0], np.exp(1.0), **INTEGRATED["float32"])
    assert np.isfinite(found).all() and found[1] > 1e20


def step_of(soma: Any) -> Counter[str]:
    """Operations of a soma's step."""
    soma(current=CurrentArray(jnp.ones(4)))
    graph, state = spark.split(soma)

    def run(state: Any, current: jax.Array) -> Any:
        view = spark.merge(graph, state)
        view(current=CurrentArray(current))
        return spark.split(view)[1]

    return operations(run, state, jnp.ones(4))


@pytest.mark.parametrize("cls", [somas.HodgkinHuxleySoma, somas.TraubMilesSoma])
def test_gates_as_text_divide_and_exponentiate_no_more_often_than_their_class(cls: type[Any]) -> None:
    text, config, _, _ = CASES[cls.__name__]
    of_text, of_class = step_of(somas.EquationSoma(text)), step_of(cls(config))
    # An exponential rounds once.
    assert of_text["div"] <= of_class["div"] and of_text["round"] <= of_class["round"] == 10
