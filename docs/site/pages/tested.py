"""Which tests name a class, read from their sources, with the tolerances that they use."""

import ast
import functools
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]


SIGNS: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥"}


@dataclass(frozen=True)
class Test:
    """A test function: where it is, what it claims, and how exactly.

    Attributes:
        file: Where it is.
        name: What it claims.
        tolerances: The tables of `tests/tolerances.py` that it compares by.
        bounds: What else it holds a number to: `rtol=1e-4`, `< 0.02`.
    """

    file: str
    name: str
    tolerances: tuple[str, ...]
    bounds: tuple[str, ...] = ()

    @property
    def claim(self) -> str:
        """The name of the test as a sentence, for names of tests are claims."""
        text = self.name.removeprefix("test_").replace("_", " ")
        return text[:1].upper() + text[1:]


def tests_of(name: str) -> list[Test]:
    """The tests in whose file a class or its config is named inside of the test, or of what it draws its cases from."""
    return sorted(by_name().get(name, ()), key=lambda test: (test.file, test.name))


def described(reference: ast.AST) -> set[str]:
    """All names and attributes that a piece of source mentions."""
    found = set()
    for node in ast.walk(reference):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found


@functools.cache
def by_name() -> dict[str, set[Test]]:
    """For each name that a test mentions, also through helpers of its file or beside it, those tests."""
    found: dict[str, set[Test]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "contract" in path.parts or "project" in path.parts:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        helpers: dict[str, set[str]] = defaultdict(set)
        bounds: dict[str, tuple[str, ...]] = {}
        for node in (*shared_by(path, tree), *tree.body):
            for name in defined(node):
                helpers[name] |= described(node)
                bounds[name] = bounds_in(node)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                names = reached(described(node), helpers)
                tables = tuple(sorted(names & TABLES))
                held = [*bounds_in(node), *(bound for name in names & bounds.keys() for bound in bounds[name])]
                about = Test(path.relative_to(ROOT).as_posix(), node.name, tables, tuple(dict.fromkeys(sorted(held))))
                for name in names:
                    found[name.removesuffix("Config")].add(about)
    return found


def shared_by(path: Path, tree: ast.Module) -> list[ast.stmt]:
    """What a file's tests use of the files beside it that are none of tests."""
    found: list[ast.stmt] = []
    for node in tree.body:
        file = path.with_name(f"{node.module}.py") if isinstance(node, ast.ImportFrom) else path
        if not isinstance(node, ast.ImportFrom) or file.name.startswith("test_") or not file.is_file():
            continue
        body = ast.parse(file.read_text("utf-8")).body
        helpers = {name: described(one) for one in body for name in defined(one)}
        used = reached({alias.name for alias in node.names}, helpers)
        found += [one for one in body if used.intersection(defined(one))]
    return found


def defined(node: ast.stmt) -> list[str]:
    """The names that a statement at the top of a file gives."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    one = isinstance(node, ast.AnnAssign | ast.AugAssign)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if one else []
    named = [target.value if isinstance(target, ast.Subscript) else target for target in targets]
    return [target.id for target in named if isinstance(target, ast.Name)]


def bounds_in(node: ast.AST) -> tuple[str, ...]:
    """Bounds that stand in a piece of source as numbers: of a comparison in an assertion, or of two arrays."""
    found = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.keyword) and inner.arg in ("rtol", "atol", "rel", "abs"):
            found.append(f"{inner.arg}={ast.unparse(inner.value)}")
        elif isinstance(inner, ast.Assert):
            for compared in (c for c in ast.walk(inner.test) if isinstance(c, ast.Compare)):
                for sign, limit in zip(compared.ops, compared.comparators, strict=True):
                    if type(sign) in SIGNS and is_number(limit):
                        found.append(f"{SIGNS[type(sign)]} {ast.unparse(limit)}")
    return tuple(found)


def is_number(node: ast.AST) -> bool:
    """Whether a number that is no whole one stands there: those count things."""
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def reached(names: set[str], helpers: dict[str, set[str]]) -> set[str]:
    """Names, and those that the file's own helpers among them mention, and so on."""
    seen, new = set(names), set(names)
    while new:
        new = set().union(*(helpers[name] for name in new if name in helpers)) - seen
        seen |= new
    return seen


def tolerance_tables() -> set[str]:
    """The names of the one table of tolerances."""
    tree = ast.parse((ROOT / "tests" / "tolerances.py").read_text("utf-8"))
    return {name for node in tree.body for name in defined(node) if name.isupper()}


TABLES = tolerance_tables()
