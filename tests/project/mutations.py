"""Small faults for source text: all that can be made, in Python by its syntax tree, in C++ by its tokens."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One fault: `text[begin:end]` becomes `new`."""

    kind: str
    begin: int
    end: int
    new: str

    def applied(self, text: str) -> str:
        """The text with the fault."""
        return text[: self.begin] + self.new + text[self.end :]


# What a comparison becomes: a bound is moved by one, an equality is turned round.
COMPARISONS = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "in": "not in",
    "not in": "in",
    "is": "is not",
    "is not": "is",
}
ARITHMETIC = {"+": "-", "-": "+", "*": "//", "//": "*", "/": "*", "%": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&"}


class _Places:
    """Offsets in a text from lines and columns in bytes, as `ast` gives them."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def at(self, line: int, column: int) -> int:
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.AST) -> tuple[int, int]:
        return (
            self.at(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self.at(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )


def _between(text: str, begin: int, end: int, table: dict[str, str], kind: str) -> Iterator[Mutation]:
    """An operator of a table that stands between two operands, beside spaces and brackets."""
    found = re.search(r"(not\s+in|is\s+not|[a-z]+|[-+*/%<>=!&|]+)", text[begin:end])
    word = re.sub(r"\s+", " ", found[1]) if found else ""
    if found and word in table:
        yield Mutation(kind, begin + found.start(), begin + found.end(), table[word])


def _expression(node: ast.AST, text: str, places: _Places) -> Iterator[Mutation]:
    match node:
        case ast.Compare(left, _, others):
            for one, other in zip([left, *others], others, strict=False):
                yield from _between(text, places.span(one)[1], places.span(other)[0], COMPARISONS, "comparison")
        case ast.BoolOp(values=values):
            swap = {"and": "or", "or": "and"}
            for one, other in zip(values, values[1:], strict=False):
                yield from _between(text, places.span(one)[1], places.span(other)[0], swap, "and/or")
        case ast.UnaryOp(ast.Not(), operand):
            yield Mutation("not", places.span(node)[0], places.span(operand)[0], "")
        case ast.BinOp(left, _, right):
            yield from _between(text, places.span(left)[1], places.span(right)[0], ARITHMETIC, "arithmetic")
        case ast.Constant(bool() as value):
            yield Mutation("constant", *places.span(node), str(not value))
        case ast.Constant(int() as value):
            yield Mutation("constant", *places.span(node), str(value + 1))
        case ast.Constant(float() as value):
            yield Mutation("constant", *places.span(node), repr(2 * value + 1))


def _statement(node: ast.AST, places: _Places) -> Iterator[Mutation]:
    match node:
        case ast.Return(value) if value is not None and not isinstance(value, ast.Constant):
            yield Mutation("return", *places.span(node), "return None")
        case ast.Expr(ast.Call()) | ast.AugAssign() | ast.Raise():
            yield Mutation("deletion", *places.span(node), "pass")
        case ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield Mutation("deletion", *places.span(node), "pass")


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """What runs: all below a node but annotations, texts and what only names types."""
    yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                yield from _inside(child)


def python_mutations(text: str) -> list[Mutation]:
    """Every fault of the bodies of functions, in the order of the text."""
    places, found = _Places(text), set()
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in function.body:
                for node in _inside(statement):
                    found.update(_expression(node, text, places))
                    found.update(_statement(node, places))
    return sorted(found, key=lambda m: (m.begin, m.end, m.new))


NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#[^\n]*(?:\\\n[^\n]*)*', re.S | re.M
)
# Operators between spaces: so no template, pointer or reference is taken for one.
TOKENS = (
    ("comparison", re.compile(r"(?<= )(<=|>=|<|>|==|!=)(?= )"), COMPARISONS),
    ("and/or", re.compile(r"(?<= )(&&|\|\|)(?= )"), {"&&": "||", "||": "&&"}),
    ("arithmetic", re.compile(r"(?<=[\w)\]] )(\+|-|<<|>>|&|\|)(?= )"), ARITHMETIC),
    ("arithmetic", re.compile(r"(?<= )(\+=|-=)(?= )"), {"+=": "-=", "-=": "+="}),
    ("not", re.compile(r"(?<=[( ])(!)(?=[\w(])"), {"!": ""}),
)
NUMBER = re.compile(r"(?<![\w.])(\d+)(?![\w.'])")
CALL = re.compile(r"^[ \t]+((?:[\w.]|->|\[\w+\])+(?:\([^;{}]*\)| [-+|&]?= [^;{}]*);)[ \t]*$", re.M)


def cpp_mutations(text: str) -> list[Mutation]:
    """Every fault of the code of a C++ file, in the order of the text."""
    code = NOT_CODE.sub(lambda m: re.sub(r"[^\n]", "\0", m[0]), text)
    found = {Mutation("constant", *m.span(1), str(int(m[1]) + 1)) for m in NUMBER.finditer(code)}
    for kind, pattern, table in TOKENS:
        found |= {Mutation(kind, *m.span(1), table[m[1]]) for m in pattern.finditer(code)}
    found |= {Mutation("deletion", *m.span(1), ";") for m in CALL.finditer(code) if not m[1].startswith("return")}
    return sorted(found, key=lambda m: (m.begin, m.end, m.new))


def mutations(name: str, text: str) -> list[Mutation]:
    """Every fault of a file."""
    return python_mutations(text) if name.endswith(".py") else cpp_mutations(text)
