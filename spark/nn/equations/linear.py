"""Whether an expression is linear in a name, and its two coefficients."""

import ast
from typing import NamedTuple


def split(tree: ast.expr, name: str) -> tuple[ast.expr | None, ast.expr | None] | None:
    """The `a` and `b` of `a * name + b`, neither of which holds the name; None if the tree is not of this form.

    An `a` or `b` that is zero is None. `(v_rest - v)/tau` is `-1/tau` times `v` plus `v_rest/tau`.
    """
    if not _holds(tree, name):
        return None, tree
    match tree:
        case ast.Name():
            return ast.Constant(1.0), None
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
            found = split(operand, name)
            if found is None or isinstance(op, ast.UAdd):
                return found
            return _negative(found[0]), _negative(found[1])
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            return _added(split(left, name), split(right, name), isinstance(op, ast.Sub))
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            if isinstance(op, ast.Mult) and not _holds(left, name):
                left, right = right, left
            found = None if _holds(right, name) else split(left, name)
            return None if found is None else (_scaled(found[0], op, right), _scaled(found[1], op, right))
    return None


class Factored(NamedTuple):
    """An expression as `factor * inner`, with `inner` = `slope * name + rest`; a factor of 1 is None, zeros are too."""

    factor: ast.expr | None
    inner: ast.expr
    slope: ast.expr | None
    rest: ast.expr | None


def factored(tree: ast.expr, name: str) -> Factored | None:
    """As `split`, with what all of the expression is multiplied with or divided by in front.

    Of `(x_rest - x)/tau` the factor is `1/tau`, the slope -1 and the rest `x_rest`.
    """
    factor: ast.expr | None = None
    while True:
        match tree:
            case ast.BinOp(left=left, op=ast.Mult(), right=right) if _holds(left, name) != _holds(right, name):
                tree, by = (left, right) if _holds(left, name) else (right, left)
                factor = by if factor is None else ast.BinOp(factor, ast.Mult(), by)
            case ast.BinOp(left=left, op=ast.Div() as op, right=right) if _holds(left, name):
                tree, factor = left, ast.BinOp(ast.Constant(1.0) if factor is None else factor, op, right)
            case _:
                break
    found = split(tree, name)
    return None if found is None else Factored(factor, tree, *found)


_Halves = tuple[ast.expr | None, ast.expr | None]


def _added(one: _Halves | None, other: _Halves | None, minus: bool) -> _Halves | None:
    if one is None or other is None:
        return None
    if minus:
        other = (_negative(other[0]), _negative(other[1]))
    return _sum(one[0], other[0]), _sum(one[1], other[1])


def _holds(tree: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


def _negative(tree: ast.expr | None) -> ast.expr | None:
    return None if tree is None else ast.UnaryOp(ast.USub(), tree)


def _sum(one: ast.expr | None, other: ast.expr | None) -> ast.expr | None:
    if one is None or other is None:
        return other if one is None else one
    return ast.BinOp(one, ast.Add(), other)


def _scaled(one: ast.expr | None, op: ast.operator, by: ast.expr) -> ast.expr | None:
    return None if one is None else ast.BinOp(one, op, by)


def system(
    rates: dict[str, ast.expr], changing: set[str]
) -> tuple[list[list[ast.expr | None]], list[ast.expr | None]] | None:
    """The matrix `A` and the rest `b` of dx/dt = A x + b, if the system is linear with coefficients that stay.

    Args:
        rates: Derivative of each variable.
        changing: Further names that change from step to step, such as the current: `b` may hold them, `A` not.
    """
    variables = list(rates)
    matrix, rests = [], []
    for rate in rates.values():
        row: list[ast.expr | None] = []
        rest: ast.expr | None = rate
        for variable in variables:
            found = (None, None) if rest is None else split(rest, variable)
            if found is None or (found[0] is not None and any(_holds(found[0], n) for n in {*variables, *changing})):
                return None
            row.append(found[0])
            rest = found[1]
        matrix.append(row)
        rests.append(rest)
    return matrix, rests
