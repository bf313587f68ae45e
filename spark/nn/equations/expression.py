"""One expression: parsed into a tree of a few kinds of nodes, its dimension known, its value computed by array code."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from spark.core.names import suggestion
from spark.nn.equations.functions import ARGUMENTS, COMPARISONS
from spark.nn.equations.units import UNIT_NAME

MOST_NODES = 2_000
# The first number that float32 does not hold; in what a step computes it would be infinite.
LARGEST = 2.0**128


class TextError(ValueError):
    """What is wrong with a text, and where: line and column count from 1.

    Attributes:
        message: What is wrong.
        fix: How to mend it, or ''.
        line, column: Where.
    """

    def __init__(self, message: str, fix: str = "", line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.fix, self.line, self.column = message, fix, line, column

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


@dataclass(frozen=True)
class Expression:
    """An expression that was parsed.

    Attributes:
        tree: Its root.
        line, column: Where it begins in the text that it is from.
        source: Its own text.
    """

    tree: ast.expr
    line: int
    column: int
    source: str

    def error(self, node: ast.AST, message: str, fix: str = "") -> TextError:
        """An error at a node."""
        return TextError(message, fix, self.line, self.column + getattr(node, "col_offset", 0))

    @property
    def names(self) -> set[str]:
        """All names in it, but for those of functions."""
        called = {id(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call)}
        return {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name) and id(node) not in called}


# A number between 0 and 1, drawn anew for each unit in each step. An expression that may draw it reads it by the name
# DRAWN, which nothing else can have.
DRAW, DRAWN = "rand", "rand()"
# What an expression calls, whose names nothing else can have.
WORDS = frozenset({*ARGUMENTS, DRAW})


class _Drawn(ast.NodeTransformer):
    """Puts the name of what is drawn in the place of calls that draw it."""

    def __init__(self) -> None:
        self.draws: list[ast.AST] = []

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == DRAW and not node.args and not node.keywords:
            self.draws.append(node)
            return ast.copy_location(ast.Name(DRAWN, ast.Load()), node)
        return self.generic_visit(node)


# A number with a unit behind it, as a parameter is written, and no expression.
_BESIDE = re.compile(rf"(-?[\d.]+(?:[eE][-+]?\d+)?)\s*({UNIT_NAME.pattern})\b")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


def parse(source: str, line: int = 1, column: int = 1, may_draw: bool = False) -> Expression:
    """Parse an expression of numbers, names, `+ - * / **`, comparisons, `and or not` and known functions.

    Args:
        source: Its text.
        line: Where it begins in a larger text.
        column: And in which column.
        may_draw: Whether `rand()` may stand in it, once.

    Raises:
        TextError: It is none; where it ceases to be one.
    """
    shift = len(source) - len(source.lstrip())
    text = source.strip()
    if not text:
        raise TextError("an expression is missing", "Write one", line, column)
    if "^" in text:
        raise TextError("'^' is no operator", "Write a power with '**'", line, column + shift + text.index("^"))
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        at = (error.offset or 1) - 1 if isinstance(error, SyntaxError) else 0
        why = error.msg if isinstance(error, SyntaxError) else "cannot be read"
        beside = _BESIDE.search(text)
        fix = f"Write a quantity as a product: `{beside[1]}*{beside[2]}`" if beside else ""
        raise TextError(f"{text[:60]!r} is no expression: {why}", fix, line, column + shift + max(at, 0)) from error
    found = Expression(tree, line, column + shift, text)
    try:
        nodes = list(ast.walk(tree))
        if len(nodes) > MOST_NODES:
            raise found.error(tree, f"is too long, got {len(nodes)} parts; expected at most {MOST_NODES}")
        if may_draw:
            drawn = _Drawn()
            found = Expression(drawn.visit(tree), line, column + shift, text)
            if len(drawn.draws) > 1:
                raise found.error(drawn.draws[1], f"'{DRAWN}' stands here twice", "Draw once for a unit in a step")
        _check(found, found.tree, 0)
    except RecursionError as error:
        raise found.error(tree, "is nested too deeply") from error
    return found


def _check(text: Expression, node: ast.expr, depth: int) -> None:
    """Refuse every kind of node that has no meaning here."""
    if depth > 100:
        raise text.error(node, "is nested too deeply", "Give a part of it a name: `x = ... : unit`")
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, int | float) or isinstance(node.value, bool):
            raise text.error(node, f"{ast.unparse(node)[:40]} is no number")
        if not abs(node.value) < LARGEST:
            raise text.error(node, f"{ast.unparse(node)[:40]} is beyond the numbers of float32, which end at 3.4e+38")
    elif isinstance(node, ast.Call):
        _check_call(text, node)
    elif not _known(node):
        raise text.error(node, f"{ast.unparse(node)[:40]!r} has no meaning in an equation")
    children = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    for child in children:
        if isinstance(child, ast.expr):
            _check(text, child, depth + 1)


def _check_call(text: Expression, node: ast.Call) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)[:40]
    if name == DRAW:
        raise text.error(
            node, f"'{DRAW}()' has no meaning here", "A soma's threshold draws a number once: `rand() < p`"
        )
    if name not in ARGUMENTS:
        raise text.error(node, f"{name!r} is no function", suggestion(name, ARGUMENTS, "function"))
    number = len(node.args) + len(node.keywords)
    if node.keywords or number != ARGUMENTS[name]:
        raise text.error(node, f"{name!r} takes {ARGUMENTS[name]} arguments, got {number}")


def _known(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, _OPERATORS)
    if isinstance(node, ast.Compare):
        return len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS
    return isinstance(node, ast.Name | ast.UnaryOp | ast.BoolOp) and not isinstance(
        getattr(node, "op", None), ast.Invert
    )


def names_in(trees: Iterable[ast.expr]) -> set[str]:
    """All names in these trees."""
    return {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
