"""The dimension of an expression, from those of its names."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

from spark.core.names import suggestion
from spark.nn.equations.expression import Expression
from spark.nn.equations.functions import FUNCTIONS
from spark.nn.equations.units import NUMBER, Dimension, unit_of
from spark.nn.equations.values import constant_of

# What a comparison gives.
TRUTH = "truth"
Kind = Dimension | str


def dimension(text: Expression, known: Mapping[str, Dimension]) -> Kind:
    """The dimension of an expression, or `TRUTH` for a comparison.

    Raises:
        TextError: A name is not known, with the nearest; or what is added, compared or given to a function does not
            have the dimension that it must.
    """
    return _Dimensions(text, known).of(text.tree)


class _Dimensions:
    def __init__(self, text: Expression, known: Mapping[str, Dimension]) -> None:
        self.text, self.known = text, known

    def of(self, node: ast.expr) -> Kind:
        return _BY_NODE[type(node)](self, node)

    def amount(self, node: ast.expr) -> Dimension:
        """The dimension of what must be no comparison."""
        found = self.of(node)
        if isinstance(found, str):
            raise self.text.error(node, "is a comparison, not a number", "Use `where(condition, a, b)`")
        return found

    def truth(self, node: ast.expr) -> Kind:
        if self.of(node) != TRUTH:
            text = f"{ast.unparse(node)[:40]!r} is no comparison"
            raise self.text.error(node, text, "Compare it with something: `v > theta`")
        return TRUTH

    def same(self, node: ast.expr, left: Dimension, right: Dimension, doing: str) -> Dimension:
        if left != right:
            raise self.text.error(node, f"{doing} {left} and {right}", "Both need the same unit")
        return left

    def plain(self, node: ast.expr, found: Dimension, what: str) -> None:
        if found != NUMBER:
            text = f"{what} must have no unit, got {found}"
            raise self.text.error(node, text, "Divide by a quantity of that unit")

    def name(self, node: ast.Name) -> Kind:
        found = self.known.get(node.id) or (unit_of(node.id) or (0.0, None))[1]
        if found is None:
            fix = suggestion(node.id, self.known, "name")
            raise self.text.error(node, f"{node.id!r} is no variable, and none of `parameters`", fix)
        return found

    def unary(self, node: ast.UnaryOp) -> Kind:
        return self.truth(node.operand) if isinstance(node.op, ast.Not) else self.amount(node.operand)

    def join(self, node: ast.BoolOp) -> Kind:
        return [self.truth(value) for value in node.values][0]

    def compare(self, node: ast.Compare) -> Kind:
        self.same(node, self.amount(node.left), self.amount(node.comparators[0]), "compares")
        return TRUTH

    def binary(self, node: ast.BinOp) -> Kind:
        if isinstance(node.op, ast.Pow):
            return self.power(node)
        left, right = self.amount(node.left), self.amount(node.right)
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Div):
            return left / right
        return self.same(node, left, right, "adds" if isinstance(node.op, ast.Add) else "subtracts")

    def power(self, node: ast.BinOp) -> Dimension:
        base = self.amount(node.left)
        self.plain(node.right, self.amount(node.right), "a power")
        if base == NUMBER:
            return NUMBER
        constant = constant_of(node.right)
        if constant is None or not abs(constant) <= 100:
            raise self.text.error(node.right, f"a power of something in {base} must be a number of at most 100")
        return base**constant

    def call(self, node: ast.Call) -> Kind:
        name, arguments = ast.unparse(node.func), list(node.args)
        if name == "where":
            self.truth(arguments.pop(0))
        found = self.amount(arguments[0])
        for argument in arguments[1:]:
            found = self.same(argument, found, self.amount(argument), f"{name} is given")
        if name == "sqrt":
            return found**0.5
        if name in FUNCTIONS:
            self.plain(arguments[0], found, f"what {name} is given")
            return NUMBER
        return found


_BY_NODE: Mapping[type, Callable[[_Dimensions, Any], Kind]] = {
    ast.Constant: lambda dimensions, node: NUMBER,
    ast.Name: _Dimensions.name,
    ast.UnaryOp: _Dimensions.unary,
    ast.BoolOp: _Dimensions.join,
    ast.Compare: _Dimensions.compare,
    ast.BinOp: _Dimensions.binary,
    ast.Call: _Dimensions.call,
}
