"""Whether the value of an expression is at least 0, or at most, whatever numbers its names stand for."""

import ast
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from spark.nn.equations.units import unit_of


class Sign(NamedTuple):
    """What is known of a number: whether it is at least 0, and whether it is at most 0; both of 0 itself."""

    at_least: bool
    at_most: bool


ANY, POSITIVE, ZERO = Sign(False, False), Sign(True, False), Sign(True, True)
# Functions that are never below 0, and those that have the sign of what they are given.
_NEVER_BELOW = ("abs", "exp", "exprel", "cosh", "sqrt")
_SAME_SIGN = ("tanh", "sinh")


def sign(node: ast.expr, known: Mapping[str, Sign]) -> Sign:
    """What is known of an expression's value.

    Args:
        node: Its tree.
        known: What is known of its names; of others that are no units nothing is.
    """
    match node:
        case ast.Constant(value=float() | int() as value):
            return Sign(value >= 0, value <= 0)
        case ast.Name(id=name):
            return known.get(name, ANY if unit_of(name) is None else POSITIVE)
        case ast.UnaryOp(op=op, operand=operand):
            found = sign(operand, known)
            return Sign(found.at_most, found.at_least) if isinstance(op, ast.USub) else found
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(sign(left, known), right)
        case ast.BinOp(left=left, op=op, right=right):
            one, other = sign(left, known), sign(right, known)
            if isinstance(op, ast.Mult) and ast.dump(left) == ast.dump(right):
                return POSITIVE
            if isinstance(op, ast.Div) and other == ZERO:
                return ANY
            return _SUMS[type(op)](one, other) if type(op) in _SUMS else _product(one, other)
        case ast.Call(func=ast.Name(id=name), args=args):
            return _called(name, args, known)
    return ANY


def _product(one: Sign, other: Sign) -> Sign:
    if ZERO in (one, other):
        return ZERO
    alike = (one.at_least and other.at_least) or (one.at_most and other.at_most)
    return Sign(alike, (one.at_least and other.at_most) or (one.at_most and other.at_least))


_SUMS = {
    ast.Add: lambda one, other: Sign(one.at_least and other.at_least, one.at_most and other.at_most),
    ast.Sub: lambda one, other: Sign(one.at_least and other.at_most, one.at_most and other.at_least),
}


def _power(base: Sign, exponent: ast.expr) -> Sign:
    match exponent:
        case ast.Constant(value=float() | int() as value) if value == int(value):
            return POSITIVE if value % 2 == 0 else base
    return Sign(base.at_least, False)


def _least(one: Sign, other: Sign) -> Sign:
    return Sign(one.at_least and other.at_least, one.at_most or other.at_most)


def _greatest(one: Sign, other: Sign) -> Sign:
    return Sign(one.at_least or other.at_least, one.at_most and other.at_most)


def _called(name: str, args: Iterable[ast.expr], known: Mapping[str, Sign]) -> Sign:
    found = [sign(argument, known) for argument in args]
    if name in _NEVER_BELOW:
        return POSITIVE
    if name in _SAME_SIGN:
        return found[0]
    if name == "minimum":
        return _least(*found)
    if name == "maximum":
        return _greatest(*found)
    if name == "clip":
        return _least(_greatest(found[0], found[1]), found[2])
    if name == "where":
        return Sign(found[1].at_least and found[2].at_least, found[1].at_most and found[2].at_most)
    return ANY
