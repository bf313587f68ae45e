"""Which tests name a class, read from their sources, with the tolerances that they use."""

import ast
import functools
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Test:
    """A test function: where it is, what it claims, which tables of `tests/tolerances.py` it compares by."""

    file: str
    name: str
    tolerances: tuple[str, ...]

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
    """For each name that stands in a test, the tests that mention it, also through their file's own helpers."""
    found: dict[str, set[Test]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "contract" in path.parts or "project" in path.parts:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        helpers = {name: described(node) for node in tree.body for name in defined(node)}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                names = reached(described(node), helpers)
                tables = tuple(sorted(names & TABLES))
                for name in names:
                    file = path.relative_to(ROOT).as_posix()
                    found[name.removesuffix("Config")].add(Test(file, node.name, tables))
    return found


def defined(node: ast.stmt) -> list[str]:
    """The names that a statement at the top of a file gives."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


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
