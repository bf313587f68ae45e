"""Several lines of equations: what changes, what it is called, and in which unit it counts."""

import ast
import copy
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from spark.core.names import illegal
from spark.nn.equations.dimensions import TRUTH, dimension
from spark.nn.equations.expression import WORDS, Expression, TextError, parse
from spark.nn.equations.units import TIME, Dimension, UnitError, is_unit, unit

MOST_CHARACTERS = 20_000
# Of an expression with all names put in. Who computes it calls itself for each node below another, some times.
MOST_NODES, MOST_DEPTH = 20_000, 150
_HEAD = re.compile(r"\s*(?:d(?P<changes>[^\W\d]\w*)\s*/\s*dt|(?P<named>[^\W\d]\w*))\s*=(?!=)")
_FLAG = re.compile(r"\(\s*(?P<flag>[^()]*)\s*\)\s*$")
HELD = "unless refractory"


@dataclass(frozen=True)
class Differential:
    """How a variable changes.

    Attributes:
        name: The variable.
        rate: Its derivative, with what was named put in.
        unit: As it was written.
        factor: How many units of this system (mV, ms, pA) that unit is.
        dimension: Of the variable.
        held: Whether it stays while a unit is refractory.
    """

    name: str
    rate: Expression
    unit: str
    factor: float
    dimension: Dimension
    held: bool


@dataclass(frozen=True)
class Equations:
    """Equations that were read.

    Attributes:
        differentials: In their order.
        named: Expressions with a name of their own, in which those that they name are put in.
        dimensions: Of everything that an expression may name.
    """

    differentials: tuple[Differential, ...]
    named: Mapping[str, ast.expr]
    dimensions: Mapping[str, Dimension]

    def expanded(self, text: Expression) -> Expression:
        """An expression with what was named put in.

        Raises:
            TextError: It is then too long, or nested too deeply.
        """
        return Expression(put_in(text, self.named), text.line, text.column, text.source)


def read_equations(
    text: str, given: Mapping[str, Dimension], taken: Collection[str] = (), changes: bool = True
) -> Equations:
    """Read equations.

    Args:
        text: A line for each: `dv/dt = ... : mV`, with `(unless refractory)` behind the unit if it stays meanwhile; or
            `x = ... : mV`, a name for an expression, in any order. What follows a `#` is a remark.
        given: Dimensions of parameters and inputs by name.
        taken: Names that a line may neither have nor read.
        changes: Whether there must be a variable.

    Raises:
        TextError: A line is no equation, a name is given twice, taken or not known, expressions name each other in a
            circle, or units do not fit; where.
    """
    if len(text) > MOST_CHARACTERS:
        raise TextError(f"is too long, got {len(text):,} characters; expected at most {MOST_CHARACTERS:,}")
    lines = [
        _read_line(line, number) for number, line in enumerate(text.split("\n"), 1) if line.partition("#")[0].strip()
    ]
    if changes and not any(line.changes for line in lines):
        raise TextError("nothing changes", "Write an equation such as `dv/dt = (v_rest - v)/tau : mV`")
    dimensions = dict(given)
    for line in lines:
        why = illegal(line.name)
        if why or line.name in WORDS or line.name in dimensions or line.name in taken:
            why = why or f"{line.name!r} is the name of something else already"
            raise TextError(why, "Choose another name", line.number, 1)
        if is_unit(line.name):
            raise TextError(f"{line.name!r} is a unit", "Choose another name", line.number, 1)
        dimensions[line.name] = line.dimension
    named: dict[str, ast.expr] = {}
    differentials = []
    for line in _in_turn(lines):
        found = dimension(line.expression, dimensions)
        expected = line.dimension / TIME if line.changes else line.dimension
        if found != expected:
            what = f"d{line.name}/dt is in {found}" if line.changes else f"{line.name} is in {found}"
            what = (
                "a comparison is no number"
                if found == TRUTH
                # A rate is to be mended, of an expression that has a name the unit behind it.
                else f"{what}, got the unit {line.unit!r}; expected {expected if line.changes else found}"
            )
            fix = f"{line.name} in {line.unit} changes by {expected}" if line.changes else ""
            raise TextError(what, fix, line.expression.line, line.expression.column)
        tree = put_in(line.expression, named)
        if line.changes:
            rate = Expression(tree, line.expression.line, line.expression.column, line.expression.source)
            differentials.append(Differential(line.name, rate, line.unit, line.factor, line.dimension, line.held))
        else:
            named[line.name] = tree
    return Equations(tuple(differentials), named, dimensions)


@dataclass(frozen=True)
class _Line:
    name: str
    changes: bool
    expression: Expression
    unit: str
    factor: float
    dimension: Dimension
    held: bool
    number: int


def _read_line(line: str, number: int) -> _Line:
    written = line.partition("#")[0].rstrip()
    head = _HEAD.match(written)
    if head is None:
        fix = "Write `dv/dt = ... : mV`, or `x = ... : mV`"
        raise TextError(f"{written.strip()[:60]!r} is no equation", fix, number, 1)
    body, colon, tail = written[head.end() :].rpartition(":")
    if not colon:
        text = f"{written.strip()[:60]!r} has no unit"
        raise TextError(text, "Write it behind a colon: ` : mV`; ` : 1` for none", number, len(written))
    flag = _FLAG.search(tail)
    held = flag is not None and " ".join(flag["flag"].split()) == HELD
    unit_text = (tail[: flag.start()] if flag is not None and held else tail).strip()
    column = head.end() + len(body) + 2
    try:
        if not unit_text:
            raise UnitError("a unit is missing")
        factor, dimension = unit(unit_text)
    except UnitError as error:
        raise TextError(str(error), "Write a unit such as mV, pA or 1/ms; 1 for none", number, column) from error
    changes = head["changes"] is not None
    if held and not changes:
        raise TextError(f"'({HELD})' is for what changes", "Leave it out", number, column)
    expression = parse(body, number, head.end() + 1)
    return _Line(head["changes"] or head["named"], changes, expression, unit_text, factor, dimension, held, number)


def _in_turn(lines: list[_Line]) -> list[_Line]:
    """The lines, each behind those of the expressions that it names; otherwise in their order.

    Raises:
        TextError: Expressions name each other in a circle.
    """
    of_name = {line.name: line for line in lines if not line.changes}
    ordered: dict[str, _Line] = {}
    for begin in lines:
        # The lines that wait, each for the one behind it.
        waiting = {begin.name: begin}
        while waiting:
            name, line = next(reversed(waiting.items()))
            wanted = next((n for n in sorted(line.expression.names & of_name.keys()) if n not in ordered), None)
            if wanted is None or name in ordered:
                ordered[name] = waiting.pop(name)
            elif wanted in waiting:
                circle = [*waiting][[*waiting].index(wanted) :]
                text = f"{wanted!r} is made of itself: {' -> '.join([*circle, wanted])}"
                raise TextError(text, "Break the circle, or write how one of them changes", of_name[wanted].number, 1)
            else:
                waiting[wanted] = of_name[wanted]
    return [*ordered.values()]


class _PutIn(ast.NodeTransformer):
    def __init__(self, named: Mapping[str, ast.expr]) -> None:
        self.named = named

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return ast.Call(node.func, [self.visit(argument) for argument in node.args], [])

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.named.get(node.id, node)


def put_in(text: Expression, named: Mapping[str, ast.expr]) -> ast.expr:
    """The tree of an expression, in which expressions stand for their names.

    Raises:
        TextError: It is then too long, or nested too deeply.
    """
    if not named:
        return text.tree
    tree = _PutIn(named).visit(copy.deepcopy(text.tree))
    nodes, depth = _extent(tree, {})
    if nodes > MOST_NODES:
        raise TextError("is too long with all names put in", "", text.line, text.column)
    if depth > MOST_DEPTH:
        raise TextError("is nested too deeply with all names put in", "", text.line, text.column)
    return tree


def _extent(node: ast.AST, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """How many nodes a tree has, and how many are below each other; of what is there several times, each time."""
    if id(node) not in known:
        nodes, depth = 1, 0
        for child in ast.iter_child_nodes(node):
            more, below = _extent(child, known)
            nodes, depth = nodes + more, max(depth, below)
        known[id(node)] = nodes, depth + 1
    return known[id(node)]


def read_statements(text: str, equations: Equations, may_change: set[str]) -> tuple[tuple[str, Expression], ...]:
    """What is assigned, in its order: `v = c; u += d` gives v the expression `c` and u `u + d`.

    Statements stand behind each other with `;` between them, or on lines of their own. What follows a `#` is a remark.

    Raises:
        TextError: A statement is none, changes something else than a variable, or units do not fit; where.
    """
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        at = 1
        for part in line.partition("#")[0].split(";"):
            if part.strip():
                found.append(_statement(part, number, at, equations, may_change))
            at += len(part) + 1
    return tuple(found)


_STATEMENT = re.compile(r"\s*(?P<name>[^\W\d]\w*)\s*(?P<op>[-+*/]?)=(?!=)")


def _statement(part: str, line: int, at: int, equations: Equations, may_change: set[str]) -> tuple[str, Expression]:
    match = _STATEMENT.match(part)
    if match is None:
        raise TextError(f"{part.strip()[:60]!r} is no assignment", "Write `v = v_reset`, or `w += b`", line, at)
    name, op = match["name"], match["op"]
    if name not in may_change:
        raise TextError(f"{name!r} is no variable", f"Known: {', '.join(sorted(may_change))}", line, at)
    right = parse(part[match.end() :], line, at + match.end())
    tree: ast.expr = right.tree
    if op:
        operator = {"+": ast.Add(), "-": ast.Sub(), "*": ast.Mult(), "/": ast.Div()}[op]
        tree = ast.BinOp(ast.Name(name, ast.Load()), operator, right.tree)
        tree.col_offset = 0
    whole = Expression(tree, line, right.column, right.source)
    dimensions = equations.dimensions
    found = dimension(whole, dimensions)
    if found != dimensions[name]:
        text = f"{name} is in {dimensions[name]}, and is set to something in {found}"
        raise TextError(text, "Both need the same unit", line, right.column)
    return name, equations.expanded(whole)
