"""`Any` tells neither a reader nor a checker what a thing is: it stands where nothing better can, and ever more rarely.

Counted are parameters, results, fields of classes, names of a module, and what types are made of. Variables of a
function are not: what JAX or pydantic says nothing of ends there.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

SPARK = Path(__file__).parents[2] / "spark"

# How many there may be: who takes some away writes the smaller number.
MOST = {
    "core": (378, "values of variables and payloads are whatever JAX computes with; configs take what a user writes"),
    "editor": (261, "messages of the page are JSON"),
    "engine": (17, "what arrives at instructions and leaves them depends on the class; attributes of modules by name"),
    "envs": (39, "environments of Gymnasium are of any kind"),
    "graph": (13, "a spec takes what a user writes, and says what is wrong with it"),
    "io": (86, "files are JSON"),
    "kernels": (7, "the builder and the types of LLVM, and the parameters of JAX's primitives, say nothing of theirs"),
    "learn": (59, "trees of parameters; optimizers and loggers of other packages"),
    "nn": (65, "fields that pydantic reads from what a user writes; configs and rules of any class of a family"),
    "plot": (7, "what is drawn may be an array of any library"),
    "sim": (29, "objects of pandas, xarray, neo and matplotlib; trees that JAX carries through a loop"),
    "worlds": (194, "states of worlds are trees of arrays"),
}


def _is_any(node: ast.AST) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in ("Any", "typing.Any")


def _within(annotation: ast.AST | None) -> int:
    """How often `Any` stands in an annotation, one that is written as text too."""
    if annotation is None:
        return 0
    texts = [n.value for n in ast.walk(annotation) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    parsed = [ast.parse(text, mode="eval") for text in texts if "Any" in text and "{" not in text]
    return sum(map(_is_any, ast.walk(annotation))) + sum(map(_within, parsed))


def _annotations(node: ast.AST, within_function: bool = False) -> Iterator[ast.AST | None]:
    """All that are counted of a module, a class or a function, and of what stands in it."""
    for child in ast.iter_child_nodes(node):
        inside = within_function
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            inside, given = True, child.args
            every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
            yield from (argument.annotation for argument in every if argument is not None)
            yield child.returns
        elif isinstance(child, ast.ClassDef):
            inside = False
        elif isinstance(child, ast.AnnAssign) and (not within_function or isinstance(child.target, ast.Attribute)):
            yield child.annotation
        elif isinstance(child, ast.Assign) and not within_function and not isinstance(child.value, ast.Call):
            yield child.value
        yield from _annotations(child, inside)


def counted(text: str) -> int:
    """How often `Any` stands where it is counted."""
    return sum(map(_within, _annotations(ast.parse(text))))


def test_each_package_has_as_many_as_are_listed() -> None:
    found: Counter[str] = Counter()
    for path in SPARK.rglob("*.py"):
        parts = path.relative_to(SPARK).parts
        found[parts[0] if len(parts) > 1 else ""] += counted(path.read_text(encoding="utf-8"))
    assert dict(+found) == {package: most for package, (most, _) in MOST.items()}


def test_one_name_stands_for_any() -> None:
    """A name for `Any` hides it: LLVM's builder has one, with its reason beside it."""
    named = [
        f"{path.relative_to(SPARK).as_posix()}: {ast.unparse(node.targets[0])}"
        for path in sorted(SPARK.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign) and _is_any(node.value)
    ]
    assert named == ["kernels/formula/values.py: Builder"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("def f(a: Any, *b: Any, c: int, **d: dict[str, Any]) -> tuple[Any, Any]: ...", 5),
        ("class A:\n    x: Any\n    def f(self):\n        self.y: list[Any] = []\n        z: Any = 1", 2),
        ("def f(a: 'list[Any] | None', b: typing.Any): ...", 2),
        ("Kind = dict[str, Any]\nlisted: Any = []\nmade = field(Any)", 2),
        ("def f(a: object, b: 'Anything', c): ...", 0),
        ("def outer():\n    def inner(a: Any): ...\n    class B:\n        x: Any", 2),
    ],
)
def test_what_is_counted(text: str, number: int) -> None:
    assert counted(text) == number
