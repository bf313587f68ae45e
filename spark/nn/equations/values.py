"""The value of an expression."""

import ast
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.nn.equations.expression import LARGEST
from spark.nn.equations.functions import COMPARISONS, FUNCTIONS, RECIPROCALS, SAME
from spark.nn.equations.units import unit_of

Values = Mapping[str, Numeric]


@dataclass(frozen=True)
class _Quotient:
    """An array, or 1, over another. It is divided late: what is divided by it multiplies with its inverse, a/(b/c) is
    a*(c/b), and a number in front of it needs no product.
    """

    over: Numeric | None
    under: Numeric

    def value(self, factor: float = 1.0) -> Numeric:
        """The quotient, times a number."""
        if self.over is None:
            return factor / self.under
        return _times(factor, self.over / self.under)

    def inverse(self) -> "Part":
        """1 over it."""
        return self.under if self.over is None else _Quotient(self.under, self.over)


@dataclass(frozen=True)
class _Called:
    """A function of an array whose reciprocal is a function too, so that nothing need be divided by it."""

    function: Callable[[Numeric], Numeric]
    reciprocal: Callable[[Numeric], Numeric]
    argument: Numeric

    def value(self, factor: float = 1.0) -> Numeric:
        """The function's value, times a number."""
        return _times(factor, self.function(self.argument))

    def inverse(self) -> "Part":
        """1 over it."""
        return _Called(self.reciprocal, self.function, self.argument)


@dataclass(frozen=True)
class _Sum:
    """A sum, added late: where each term has a number in front anyway, one in front of the sum goes into those."""

    left: "Term"
    right: "Term"

    def value(self, factor: float = 1.0) -> Numeric:
        """The sum, times a number."""
        if factor != 1.0 and _takes_factor(self):
            return _added(_product(factor, self.left), _product(factor, self.right))
        return _times(factor, _added(self.left, self.right))


_OPEN = (_Quotient, _Called, _Sum)
Part = Numeric | _Quotient | _Called | _Sum


@dataclass(frozen=True)
class _Scaled:
    """A part times a number that is known at build: numbers of a product are multiplied before the part is."""

    factor: float
    part: Part


# What an expression is made of while it is computed.
Term = Part | _Scaled


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
    factor, part = _parts(value)
    if part is None:
        return factor
    return part.value(factor) if isinstance(part, _OPEN) else _times(factor, part)


def _times(factor: float, array: Numeric) -> Numeric:
    return array if factor == 1.0 else factor * array


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


def no_number(node: ast.expr, values: Values) -> str | None:
    """What of an expression is known at build and no number of float32, and why; None if there is no such part.

    Args:
        node: The tree.
        values: What is known, by name.
    """
    if not _is_of(node, values):
        parts = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
        said = (no_number(part, values) for part in parts if isinstance(part, ast.expr))
        return next((text for text in said if text), None)
    try:
        largest = float(np.max(np.abs(at_build(node, values))))
    except (ArithmeticError, TypeError, ValueError) as error:
        return f"{ast.unparse(node)[:60]!r} is no number: {error}"
    if largest < LARGEST:
        return None
    return f"{ast.unparse(node)[:60]!r} is beyond the numbers of float32, which end at 3.4e+38, got {largest:g}"


def _is_of(node: ast.expr, values: Values) -> bool:
    """Whether an expression is arithmetic of numbers, units and what is known."""
    parts = [*ast.walk(node)]
    if any(isinstance(part, ast.Compare | ast.BoolOp | ast.Not) for part in parts):
        return False
    called = {id(part.func) for part in parts if isinstance(part, ast.Call)}
    names = [part.id for part in parts if isinstance(part, ast.Name) and id(part) not in called]
    return all(name in values or unit_of(name) is not None for name in names)


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


def _parts(value: Term) -> tuple[float, Part | None]:
    """A factor that is known at build, and what it multiplies: None for a number by itself."""
    if isinstance(value, _Scaled):
        return value.factor, value.part
    return (value, None) if isinstance(value, float) else (1.0, value)


def _scaled(factor: float, part: Part) -> Term:
    return part if factor == 1.0 else _Scaled(factor, part)


def _product(left: Term, right: Term) -> Term:
    (one, part), (other, further) = _parts(left), _parts(right)
    if part is None or further is None:
        rest = further if part is None else part
        return one * other if rest is None else _scaled(one * other, rest)
    return _scaled(one * other, _whole(part) * _whole(further))


def _quotient(left: Term, right: Term) -> Term:
    divisor, under = _parts(right)
    factor, over = _parts(left)
    if divisor == 0.0 or (under is None and over is None):
        return _whole(left) / _whole(right)
    if under is None:
        return _product(1.0 / divisor, left)
    if isinstance(under, _Quotient | _Called):
        return _product(factor / divisor, under.inverse() if over is None else _product(over, under.inverse()))
    return _scaled(factor / divisor, _Quotient(None if over is None else _whole(over), _whole(under)))


def _sum(left: Term, right: Term) -> Term:
    """A sum; a number in front of both terms stays in front."""
    (one, part), (other, further) = _parts(left), _parts(right)
    if part is None and further is None:
        return one + other
    if part is None or further is None or abs(one) != abs(other):
        return _Sum(left, right)
    if one == other:
        return _scaled(one, _Sum(part, further))
    first, second = (part, further) if one > 0 else (further, part)
    return _scaled(abs(one), _Sum(first, _scaled(-1.0, second)))


def _difference(left: Term, right: Term) -> Term:
    return _sum(left, _product(-1.0, right))


def _takes_factor(term: Term) -> bool:
    """Whether a number in front of a term costs no product."""
    factor, part = _parts(term)
    if part is None or abs(factor) != 1.0:
        return True
    if isinstance(part, _Sum):
        return _takes_factor(part.left) and _takes_factor(part.right)
    return isinstance(part, _Quotient) and part.over is None


def _added(left: Term, right: Term) -> Numeric:
    """The sum of two terms, in which what is taken off is subtracted, not negated."""
    (one, part), (other, further) = _parts(left), _parts(right)
    if part is not None and one == -1.0:
        return _whole(right) - _whole(part)
    if further is not None and other == -1.0:
        return _whole(left) - _whole(further)
    return _whole(left) + _whole(right)


def _power(left: Term, right: Term) -> Term:
    left, right = _whole(left), _whole(right)
    if not (isinstance(right, float) and right.is_integer() and abs(right) <= 16):
        return left**right if _is_known(left) and _is_known(right) else jnp.power(left, right)
    # Products, as one writes them: a power in general is an exponential of a logarithm.
    found: Numeric = functools.reduce(lambda product, one: product * one, [left] * int(abs(right))) if right else 1.0
    return found if right >= 0 else _quotient(1.0, found)


_OPERATORS: Mapping[type, Callable[[Term, Term], Term]] = {
    ast.Add: _sum,
    ast.Sub: _difference,
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
    function = (SAME[name][1:] if name in SAME else FUNCTIONS[name])[known]
    if name in RECIPROCALS and not known:
        return _Called(function, RECIPROCALS[name], *given)
    return function(*given)


_BY_NODE: Mapping[type, Callable[[Any, Values], Any]] = {
    ast.Constant: lambda node, values: float(node.value),
    ast.Name: _name,
    ast.UnaryOp: _unary,
    ast.BoolOp: _join,
    ast.Compare: _compare,
    ast.BinOp: _binary,
    ast.Call: _call,
}
