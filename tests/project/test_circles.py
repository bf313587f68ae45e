"""No circle of files: what imports what, at any place in a file, is drawn from the source."""

import ast
from collections.abc import Iterable
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "spark"


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in SOURCE.rglob("*.py")}


def imported(name: str) -> set[str]:
    """Files that a file imports by name: of `from package import name` the file `name`, if there is one."""
    found = set()
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in FILES else node.module)
    # That a package lists what it holds makes no circle with what lies in it.
    return {other for other in found & FILES.keys() if not name.startswith(f"{other}.") and other != name}


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Groups of files that reach one another, by Tarjan's algorithm."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in sorted(graph[name]):
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            group = set(stack[stack.index(name) :])
            del stack[stack.index(name) :]
            if len(group) > 1:
                found.append(group)

    for name in sorted(graph):
        if name not in number:
            visit(name)
    return found


def told(groups: Iterable[set[str]]) -> str:
    return "\n".join(sorted(", ".join(sorted(group)) for group in groups))


def test_a_circle_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"d"}}
    assert circles(graph) == [{"a", "b", "c"}]


def test_no_file_is_on_a_circle() -> None:
    found = circles({name: imported(name) for name in FILES})
    assert not found, f"circles of files:\n{told(found)}"
