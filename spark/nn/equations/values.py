"""The value of an expression."""

import ast
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.nn.equations.functions import COMPARISONS, FUNCTIONS, SAME
from spark.nn.equations.units import unit_of

Values = Mapping[str, Numeric]


@dataclass(frozen=True)
class _Scaled:
    """An array times a number that is known at build: numbers of a product are multiplied before the array is."""

    factor: float
    array: Numeric


# What an expression is made of while it is computed.
Term = Numeric | _Scaled


def evaluate(node: ast.expr, values: Values, times: float = 1.0) -> Numeric:
    """The value of a tree: of numbers and arrays of NumPy the same in float64, of arrays of JAX an array of JAX.

    Args:
        node: The tree.
        values: By name.
        times: A number by which it is multiplied.
    """
    found = _value(node, values)
    return _whole(found if times == 1.0 else _product(times, found))


def _value(node: ast.expr, values: Values) -> Term:
    return _BY_NODE[type(node)](node, values)


def _whole(value: Term) -> Numeric:
    return value.factor * value.array if isinstance(value, _Scaled) else value


def at_build(node: ast.expr, values: Values) -> np.ndarray | float:
    """The value of a tree of parameters, float64: a number, or one for each unit.

    Raises:
        ArithmeticError: There is no such number.
    """
    with np.errstate(all="raise", under="ignore"):
        found = evaluate(node, values)
    if not np.isfinite(found).all():
        raise ArithmeticError("is no number")
    return found if isinstance(found, np.ndarray) else float(found)


def constant_of(node: ast.expr) -> float | None:
    """The number that an expression of literal numbers is, or None."""
    if any(isinstance(part, ast.Name | ast.Call) for part in ast.walk(node)):
        return None
    try:
        return float(at_build(node, {}))
    except (ArithmeticError, TypeError, ValueError):
        return None


def _is_known(value: object) -> bool:
    """Whether a value is known at build, not computed by JAX."""
    return isinstance(value, float | np.ndarray)


def _name(node: ast.Name, values: Values) -> Numeric:
    if node.id in values:
        return values[node.id]
    found = unit_of(node.id)
    assert found is not None  # Its dimension was known.
    return found[0]


def _unary(node: ast.UnaryOp, values: Values) -> Term:
    found = _value(node.operand, values)
    if isinstance(node.op, ast.Not):
        return jnp.logical_not(_whole(found))
    return _product(-1.0, found) if isinstance(node.op, ast.USub) else found


def _join(node: ast.BoolOp, values: Values) -> Numeric:
    join = jnp.logical_and if isinstance(node.op, ast.And) else jnp.logical_or
    return functools.reduce(join, [evaluate(part, values) for part in node.values])


def _compare(node: ast.Compare, values: Values) -> Numeric:
    left, right = evaluate(node.left, values), evaluate(node.comparators[0], values)
    return COMPARISONS[type(node.ops[0])](left, right)


def _binary(node: ast.BinOp, values: Values) -> Term:
    left, right = _value(node.left, values), _value(node.right, values)
    return _OPERATORS[type(node.op)](left, right)


def _parts(value: Term) -> tuple[float, Numeric | None]:
    """A factor that is known at build, and what it multiplies: None for a number by itself."""
    if isinstance(value, _Scaled):
        return value.factor, value.array
    return (value, None) if isinstance(value, float) else (1.0, value)


def _product(left: Term, right: Term) -> Term:
    (one, array), (other, further) = _parts(left), _parts(right)
    if array is None or further is None:
        rest = further if array is None else array
        return one * other if rest is None else _Scaled(one * other, rest) if one * other != 1.0 else rest
    return array * further if one * other == 1.0 else _Scaled(one * other, array * further)


def _quotient(left: Term, right: Term) -> Term:
    divisor, array = _parts(right)
    if divisor == 0.0 or not (isinstance(left, _Scaled) or isinstance(right, float | _Scaled)):
        return _whole(left) / _whole(right)
    if array is None:
        return left / divisor if isinstance(left, float) else _product(1.0 / divisor, left)
    factor, over = _parts(left)
    return _product(factor / divisor, 1.0 / array if over is None else over / array)


def _power(left: Term, right: Term) -> Term:
    left, right = _whole(left), _whole(right)
    if not (isinstance(right, float) and right.is_integer() and abs(right) <= 16):
        return left**right if _is_known(left) and _is_known(right) else jnp.power(left, right)
    # Products, as one writes them: a power in general is an exponential of a logarithm.
    found: Numeric = functools.reduce(lambda product, _: product * left, range(int(abs(right))), 1.0)
    return found if right >= 0 else 1.0 / found


_OPERATORS: Mapping[type, Callable[[Term, Term], Term]] = {
    ast.Add: lambda left, right: _whole(left) + _whole(right),
    ast.Sub: lambda left, right: _whole(left) - _whole(right),
    ast.Mult: _product,
    ast.Div: _quotient,
    ast.Pow: _power,
}


def _call(node: ast.Call, values: Values) -> Term:
    name = ast.unparse(node.func)
    given = [evaluate(argument, values) for argument in node.args]
    if name == "where":
        return jnp.where(*given)
    known = all(_is_known(value) for value in given)
    if name == "sqrt":
        return (np.sqrt if known else jnp.sqrt)(given[0])
    return (SAME[name][1:] if name in SAME else FUNCTIONS[name])[known](*given)


_BY_NODE: Mapping[type, Callable[[Any, Values], Any]] = {
    ast.Constant: lambda node, values: float(node.value),
    ast.Name: _name,
    ast.UnaryOp: _unary,
    ast.BoolOp: _join,
    ast.Compare: _compare,
    ast.BinOp: _binary,
    ast.Call: _call,
}
