"""Numerical schemes: how variables advance over one step."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.kernels.exponential import exponential_less_one
from spark.nn import stepping
from spark.nn.equations.expression import names_in
from spark.nn.equations.functions import exprel
from spark.nn.equations.linear import factored, split, system
from spark.nn.equations.values import Values, at_build, evaluate

Scheme = Literal["auto", "exact", "exponential_euler", "euler", "rk2", "rk4"]
# Takes what is known at build by its name: one number, or one for each unit, float64.
Keep = Callable[[str, np.ndarray | float], None]


@dataclass(frozen=True)
class Problem:
    """What is to be integrated.

    Attributes:
        rates: Derivative of each variable, by name.
        parameters: Values of all parameters: numbers, or one for each unit, float64.
        inputs: Names of what comes in, which is constant during a step.
        dt: Length of a step, ms.
        drawing: A variable and an input that may draw it to 0, as conductances draw a potential; None if none does.
    """

    rates: dict[str, ast.expr]
    parameters: Values
    inputs: frozenset[str]
    dt: float
    drawing: tuple[str, str] | None = None


def chosen(problem: Problem, scheme: Scheme) -> Scheme:
    """The scheme that 'auto' stands for: exact for a linear system, exponential Euler where each variable is linear in
    itself, else Runge and Kutta's of order 2.
    """
    if scheme != "auto" or not problem.rates:
        return "euler" if scheme == "auto" else scheme
    if _linear(problem) is not None:
        return "exact"
    itself = all(split(rate, name) is not None for name, rate in problem.rates.items())
    return "exponential_euler" if itself else "rk2"


def refusal(problem: Problem, scheme: Scheme) -> str | None:
    """Why this scheme cannot integrate the equations, or None."""
    if scheme == "exact" and _linear(problem) is None:
        return "'exact' is for linear equations whose coefficients stay, which these are not"
    if scheme == "exponential_euler":
        for name, rate in problem.rates.items():
            if split(rate, name) is None:
                return f"'exponential_euler' is for variables that are linear in themselves, and {name!r} is not"
    return None


def _linear(problem: Problem) -> Any:
    return system(problem.rates, set(problem.inputs))


def prepare(problem: Problem, scheme: Scheme, keep: Keep) -> None:
    """Make what is known before the first step: coefficients, each given to `keep` with its name.

    Raises:
        ArithmeticError: A coefficient is no number.
    """
    found = chosen(problem, scheme)
    if found == "exact":
        _prepare_exact(problem, keep)
    elif found == "exponential_euler":
        _prepare_exponential_euler(problem, keep)


def advance(
    problem: Problem,
    scheme: Scheme,
    variables: dict[str, Numeric],
    values: Values,
    coefficient: Callable[[str], Numeric | None],
) -> dict[str, Numeric]:
    """The variables a step later.

    Args:
        problem: What is integrated.
        scheme: How.
        variables: By name, in the order of the equations.
        values: Of parameters and inputs.
        coefficient: Gives what was made by `prepare` under a name, or None if nothing was.
    """
    found = chosen(problem, scheme)
    apart = drawn_apart(problem)
    if found in _STEPPING and apart is not None:
        return _stepped(apart, _STEPPING[found], variables, values)
    ways = {"exact": _exact, "exponential_euler": _exponential_euler, "rk2": _rk2, "rk4": _rk4, "euler": _euler}
    return ways[found](problem, variables, values, coefficient)


@dataclass(frozen=True)
class Apart:
    """A problem whose first variable is drawn by an input.

    Attributes:
        problem: Without what the input brings; the variable stands first.
        pull: By how much of itself the variable falls, 1/ms.
    """

    problem: Problem
    pull: ast.expr


def drawn_apart(problem: Problem) -> Apart | None:
    """What an input that draws a variable does, apart; None if none does, or its share cannot be told from the rest.

    For example, of (E - v)/tau + R (I - g v)/tau, drawn by g, the pull is g R/tau, and (E - v)/tau + R I/tau is left.
    """
    if problem.drawing is None:
        return None
    name, drawn_by = problem.drawing
    by_input = split(problem.rates[name], drawn_by)
    if by_input is None or by_input[0] is None:
        return None
    by_itself = split(by_input[0], name)
    if by_itself is None or by_itself[0] is None or by_itself[1] is not None:
        return None
    pull = ast.BinOp(ast.UnaryOp(ast.USub(), by_itself[0]), ast.Mult(), ast.Name(drawn_by))
    others = {other: rate for other, rate in problem.rates.items() if other != name}
    left = ast.Constant(0.0) if by_input[1] is None else by_input[1]
    return Apart(replace(problem, rates={name: left, **others}, drawing=None), pull)


_STEPPING: dict[Scheme, stepping.Scheme] = {"euler": "euler", "rk2": "midpoint", "rk4": "runge_kutta_4"}


def _stepped(apart: Apart, scheme: stepping.Scheme, variables: Values, values: Values) -> dict[str, Numeric]:
    """A step in which a variable follows exactly what draws it."""
    problem = apart.problem
    names = list(problem.rates)

    def change(*state: Numeric) -> tuple[jax.Array, ...]:
        rates = _rates(problem, dict(zip(names, state, strict=True)), values, problem.dt)
        return tuple(jnp.asarray(rates[name], jnp.float32) for name in names)

    pull = jnp.asarray(evaluate(apart.pull, {**values, **variables}, problem.dt), jnp.float32)
    state = tuple(jnp.asarray(variables[name], jnp.float32) for name in names)
    moved = dict(zip(names, stepping.advanced(scheme, change, state, pull), strict=True))
    return {name: moved[name] for name in variables}


def _rates(problem: Problem, variables: Values, values: Values, times: float = 1.0) -> dict[str, Numeric]:
    """Derivatives times a number."""
    known = {**values, **variables}
    return {name: evaluate(rate, known, times) for name, rate in problem.rates.items()}


def _moved(variables: Values, changes: Values) -> dict[str, Numeric]:
    return {name: value + changes[name] for name, value in variables.items()}


def _euler(
    problem: Problem, variables: Values, values: Values, _: Callable[[str], Numeric | None]
) -> dict[str, Numeric]:
    return _moved(variables, _rates(problem, variables, values, problem.dt))


def _rk2(problem: Problem, variables: Values, values: Values, _: Callable[[str], Numeric | None]) -> dict[str, Numeric]:
    """The midpoint method."""
    half = _moved(variables, _rates(problem, variables, values, 0.5 * problem.dt))
    return _moved(variables, _rates(problem, half, values, problem.dt))


def _rk4(problem: Problem, variables: Values, values: Values, _: Callable[[str], Numeric | None]) -> dict[str, Numeric]:
    """The classical method of order 4: changes over a step, from four places."""
    dt = problem.dt
    first = _rates(problem, variables, values, dt)
    second = _rates(problem, _moved(variables, {n: 0.5 * c for n, c in first.items()}), values, dt)
    third = _rates(problem, _moved(variables, {n: 0.5 * c for n, c in second.items()}), values, dt)
    fourth = _rates(problem, _moved(variables, third), values, dt)
    changes = {n: (first[n] + 2.0 * (second[n] + third[n]) + fourth[n]) * (1.0 / 6.0) for n in variables}
    return _moved(variables, changes)


def _known(problem: Problem, tree: ast.expr) -> bool:
    """Whether an expression holds parameters only."""
    return not names_in([tree]) & {*problem.rates, *problem.inputs}


def _prepare_exponential_euler(problem: Problem, keep: Keep) -> None:
    for name, rate in problem.rates.items():
        found = split(rate, name)
        slope = None if found is None else found[0]
        if slope is not None and _known(problem, slope):
            exponent = problem.dt * np.asarray(at_build(slope, problem.parameters))
            safe = np.where(exponent == 0, 1.0, exponent)
            keep(name, problem.dt * np.where(exponent == 0, 1.0, np.expm1(safe) / safe))


def _exponential_euler(
    problem: Problem, variables: Values, values: Values, coefficient: Callable[[str], Numeric | None]
) -> dict[str, Numeric]:
    """Each variable exactly, as if all others stayed: x + dt rate (exp(a dt) - 1) / (a dt)."""
    known = {**values, **variables}
    factors = {name: coefficient(name) for name in variables}
    ways = {n: _drawn(problem.rates[n], n, known, problem.dt) for n, factor in factors.items() if factor is None}
    after = {}
    for name, value in variables.items():
        factor, rate = factors[name], problem.rates[name]
        if factor is None:
            after[name] = value + ways[name]()
        elif isinstance(factor, float):
            after[name] = value + evaluate(rate, known, factor)
        else:
            after[name] = value + factor * evaluate(rate, known)
    return after


def _drawn(rate: ast.expr, name: str, known: Values, dt: float) -> Callable[[], Numeric]:
    """What computes how much a variable changes within a step, where its slope is not known at build.

    What it needs is computed at once for all variables, and their changes then: a processor works at those at a time.
    """
    found, halves = factored(rate, name), split(rate, name)
    assert found is not None and halves is not None
    if found.slope is None or halves[0] is None:
        return lambda: evaluate(rate, known, dt)
    slope = evaluate(found.slope, known)
    # One far from 1 is not put into the other factor, where it could overflow.
    if isinstance(slope, float) and 1e-6 <= abs(slope) <= 1e6 and found.factor is not None:
        # (x_rest - x)/tau is drawn by (x_rest - x)(1 - exp(-dt/tau)), in which nothing is divided by what changes.
        exponent, inner = evaluate(found.factor, known, slope * dt), evaluate(found.inner, known, 1.0 / slope)
        return lambda: exponential_less_one(exponent) * inner
    exponent = evaluate(halves[0], known, dt)
    rest = None if halves[1] is None else evaluate(halves[1], known, dt)
    moved = exponent * known[name] if rest is None else exponent * known[name] + rest
    return lambda: exprel(exponent) * moved


def _prepare_exact(problem: Problem, keep: Keep) -> None:
    from scipy.linalg import expm

    matrix, rests = _linear(problem)
    names = list(problem.rates)
    number = len(names)
    entries = [[0.0 if e is None else at_build(e, problem.parameters) for e in row] for row in matrix]
    shape = np.broadcast_shapes(*(np.shape(entry) for row in entries for entry in row))
    whole = np.zeros((*shape, 2 * number, 2 * number))
    for i, row in enumerate(entries):
        for j, entry in enumerate(row):
            whole[..., i, j] = entry
        whole[..., i, number + i] = 1.0
    moved = expm(whole * problem.dt)
    if not np.isfinite(moved).all():
        raise ArithmeticError("grows beyond all numbers within a step")
    change = moved[..., :number, :number] - np.eye(number)
    integral = moved[..., :number, number:]
    for i, one in enumerate(names):
        brought: dict[str, np.ndarray | float] = {other: change[..., i, j] for j, other in enumerate(names)}
        for j, other in enumerate(names):
            for label, value in _shares(problem, rests[j], other).items():
                brought[label] = brought.get(label, 0.0) + integral[..., i, j] * value
        for label, value in brought.items():
            if np.any(value):
                keep(f"{one}_by_{label}", value)


# What stays, such as a leak's share; no variable may have a double underscore in its name.
_CONSTANT = "__constant"


def _shares(problem: Problem, rest: ast.expr | None, other: str) -> dict[str, np.ndarray | float]:
    """How much of each input and of 1 a rest is, known at build; else the rest itself, by the name of its variable."""
    if rest is None:
        return {}
    found: dict[str, np.ndarray | float] = {}
    left: ast.expr | None = rest
    for name in sorted(problem.inputs):
        halves = (None, None) if left is None else split(left, name)
        if halves is None or (halves[0] is not None and not _known(problem, halves[0])):
            return {_rest_of(other): 1.0}
        if halves[0] is not None:
            found[name] = np.asarray(at_build(halves[0], problem.parameters))
        left = halves[1]
    if left is not None:
        found[_CONSTANT] = np.asarray(at_build(left, problem.parameters))
    return found


def _rest_of(variable: str) -> str:
    return f"__rest_of_{variable}"


def _exact(
    problem: Problem, variables: Values, values: Values, coefficient: Callable[[str], Numeric | None]
) -> dict[str, Numeric]:
    """Add (E - 1) x + F b with E = exp(A dt) and F its integral: exact for inputs that stay for a step.

    Source: Rotter & Diesmann 1999, doi:10.1007/s004220050570.
    """
    rests = dict(zip(variables, _linear(problem)[1], strict=True))
    brought: dict[str, Numeric] = {name: values[name] for name in problem.inputs} | {_CONSTANT: 1.0}
    for name, rest in rests.items():
        if _rest_of(name) in _shares(problem, rest, name):
            brought[_rest_of(name)] = evaluate(rest, values)  # type: ignore[arg-type]
    after = {}
    for name, value in variables.items():
        for label, factor in {**variables, **brought}.items():
            known = coefficient(f"{name}_by_{label}")
            if known is not None:
                value = value + known * factor
        after[name] = value
    return after
