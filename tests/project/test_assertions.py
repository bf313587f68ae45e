"""No assertion of this suite is of a form that cannot fail, and no test is without one."""

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

TESTS = Path(__file__).parents[1]
# What raises when it does not hold, beside `assert`: names, and beginnings of names, of functions and methods.
RAISERS = (
    "assert",
    "check_module",
    "raises",
    "warns",
    "fail",
    "wait_for",
    "wait_phase",
    "wait_step",
    "wait_until",
    "check_grads",
)
# A method that was meant to be called, and a call that is true whatever it is given.
UNCALLED = {"all", "any", "exists", "is_file", "is_dir", "startswith", "endswith", "is_alive", "isdisjoint", "issubset"}
TRUE_CALLS = {"approx", "map", "filter", "zip", "iter", "reversed", "enumerate"}
ANY_ERROR = {"Exception", "BaseException"}


def name_of(node: ast.expr) -> str:
    """The last word of a function's or class's name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (n for n in ast.walk(node) if isinstance(n, ast.Call))


def same(left: ast.expr, right: ast.expr) -> bool:
    """Whether two expressions are one and the same value: equal text that calls nothing."""
    return ast.dump(left) == ast.dump(right) and not list(calls(left)) and not isinstance(left, ast.Constant)


def is_raises(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and name_of(call.func) == "raises"


# Expressions that are true whatever is in them.
ALWAYS = {
    ast.Tuple: "a tuple is true where it has members",
    ast.List: "a list is true where it has members",
    ast.Set: "a set is true where it has members",
    ast.Dict: "a dict is true where it has members",
    ast.GeneratorExp: "a generator is always true",
    ast.Lambda: "a function is always true",
    ast.JoinedStr: "a text is true where it has letters",
}


def always_true(test: ast.expr) -> str | None:
    """Why an asserted expression holds whatever the code does."""
    match test:
        case ast.Constant(value) if value:
            return "a constant is always true"
        case ast.Call(func) if name_of(func) in TRUE_CALLS:
            return f"what {name_of(func)} returns is always true"
        case ast.Attribute(attr=name) if name in UNCALLED:
            return f"{name} is not called"
        case ast.BoolOp(op=ast.Or(), values=values) if any(isinstance(v, ast.BoolOp) for v in values):
            return "`a and b or c` holds for c alone; assert one thing at a time"
        case ast.BoolOp(values=values):
            return next((why for why in map(always_true, values) if why), None)
        case ast.Compare(ast.Call(func), [ast.GtE()], [ast.Constant(0)]) if name_of(func) == "len":
            return "a length is never below 0"
        case ast.Compare(left, _, others):
            sides = [left, *others]
            itself = any(same(a, b) for a, b in zip(sides, others, strict=False))
            return "a thing is compared with itself" if itself else None
    return ALWAYS.get(type(test))


def raises_itself(call: ast.Call) -> bool:
    """Whether a call raises where something does not hold: by its name, or since a process must end well."""
    must = any(keyword.arg == "check" and ast.unparse(keyword.value) == "True" for keyword in call.keywords)
    return must or name_of(call.func).lstrip("_").startswith(RAISERS)


def catches_itself(block: ast.Try) -> bool:
    caught = {name_of(handler.type) if handler.type else "Exception" for handler in block.handlers}
    return bool(caught & {*ANY_ERROR, "AssertionError"}) and holds_assert(*block.body)


def holds_assert(*nodes: ast.AST) -> bool:
    return any(isinstance(inner, ast.Assert) for node in nodes for inner in ast.walk(node))


def weak_call(call: ast.Call) -> str | None:
    """Why a call that should raise where something is wrong may not."""
    match call:
        case ast.Call(func, [left, right, *_]) if name_of(func).startswith("assert_") and same(left, right):
            return "a thing is compared with itself"
        case ast.Call(func, [error, *_]) if name_of(func) == "raises" and name_of(error) in ANY_ERROR:
            matched = any(keyword.arg == "match" for keyword in call.keywords)
            return None if matched else "any error will do: name its class, or its text by match="
    return None


def weak_form(node: ast.AST) -> str | None:
    """Why a statement or call asserts nothing."""
    match node:
        case ast.Assert(test):
            return always_true(test)
        case ast.Expr(ast.Compare()):
            return "a comparison that nobody reads"
        case ast.With(items=items) if any(map(is_raises, items)) and holds_assert(node):
            return "an assertion in a block that must raise is not reached, or is what raises"
        case ast.Try() if catches_itself(node):
            return "its own failure is caught"
        case ast.Call():
            return weak_call(node)
    return None


def weak_forms(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and reason of every statement that asserts nothing."""
    for node in ast.walk(tree):
        if why := weak_form(node):
            yield node.lineno, why  # type: ignore[attr-defined]


Function = ast.FunctionDef | ast.AsyncFunctionDef


class Called(NamedTuple):
    """What a function does that may assert: whether it does so itself, and the names that it calls."""

    asserts: bool
    names: frozenset[str]


def called_in(tree: ast.Module) -> list[tuple[str, Called]]:
    """Every function of a file by name, and what it calls."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, Function):
            made = list(calls(node))
            own = holds_assert(node) or any(map(raises_itself, made))
            found.append((node.name, Called(own, frozenset(name_of(call.func) for call in made))))
    return found


def asserting(functions: Iterable[tuple[str, Called]]) -> set[str]:
    """Names of the functions that assert something, themselves or by one that they call."""
    functions = list(functions)
    found = {name for name, called in functions if called.asserts}
    while more := {name for name, called in functions if name not in found and called.names & found}:
        found |= more
    return found


def silent_tests(tree: ast.Module, helpers: set[str]) -> Iterator[tuple[int, str]]:
    """Line and reason of every test that neither asserts nor calls a helper that does, or that is never collected."""
    for node in ast.walk(tree):
        if not isinstance(node, Function):
            continue
        for inner in ast.walk(node):
            if inner is not node and isinstance(inner, Function) and inner.name.startswith("test_"):
                yield inner.lineno, "a test inside a function is never run"
        fixtures = {argument.arg for argument in node.args.args}
        called = {name_of(call.func) for call in calls(node)} | fixtures
        if node.name.startswith("test_") and node.name not in helpers and not called & helpers:
            yield node.lineno, f"{node.name} asserts nothing"


@functools.cache
def trees() -> dict[Path, ast.Module]:
    """All files of tests, which every process that collects them would read if it were done at import."""
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted(TESTS.rglob("*.py"))}


def test_no_assertion_is_of_a_form_that_cannot_fail():
    found = [
        f"{path.relative_to(TESTS.parent)}:{line}: {why}"
        for path, tree in trees().items()
        for line, why in weak_forms(tree)
    ]
    assert not found, "\n".join(found)


def test_every_test_asserts_something():
    functions = {path: called_in(tree) for path, tree in trees().items()}
    shared = [one for path in trees() if not path.name.startswith("test_") for one in functions[path]]
    found = [
        f"{path.relative_to(TESTS.parent)}:{line}: {why}"
        for path, tree in trees().items()
        for line, why in silent_tests(tree, asserting([*functions[path], *shared]))
    ]
    assert not found, "\n".join(found)


WEAK = (
    "assert a in x and b in x or c in x",
    "assert a or True",
    "assert (a, 'says why')",
    "assert (x for x in y)",
    "assert f'{a}'",
    "assert (lambda: a)",
    "assert pytest.approx(a)",
    "assert map(f, a)",
    "assert a.exists",
    "assert a.all and b",
    "assert a.b[0] == a.b[0]",
    "assert a <= a",
    "assert len(a) >= 0",
    "np.testing.assert_array_equal(a, a)",
    "a == b",
    "with pytest.raises(Exception): f()",
    "with pytest.raises(ValueError):\n    f()\n    assert a",
    "try:\n    assert a\nexcept Exception: pass",
)
SOUND = (
    "assert a and b",
    "assert not a or b",
    "assert f(a) == f(a)",
    "assert [] == a",
    "assert 'a' in x",
    "assert len(a) > 0",
    "assert a.exists()",
    "assert a == pytest.approx(b)",
    "with pytest.raises(ValueError): f()",
    "with pytest.raises(Exception, match='no'): f()",
    "with pytest.raises(ValueError): f()\nassert a",
    "try:\n    assert a\nexcept KeyError: pass",
)


@pytest.mark.parametrize("code", WEAK)
def test_a_weak_form_is_found(code):
    assert len(list(weak_forms(ast.parse(code)))) == 1


@pytest.mark.parametrize("code", SOUND)
def test_a_sound_form_is_left_alone(code):
    assert list(weak_forms(ast.parse(code))) == []


def test_a_test_is_known_to_assert_by_itself_by_a_helper_or_by_none():
    code = """
def check(x): inner(x)
def inner(x): assert x
def test_itself(): assert a
def test_helped(): check(a)
def test_none(): f(a)
def outer():
    def test_hidden(): assert a
"""
    tree = ast.parse(code)
    helpers = asserting(called_in(tree))
    assert helpers == {"check", "inner", "test_itself", "test_helped", "outer", "test_hidden"}
    assert [line for line, _ in silent_tests(tree, helpers)] == [6, 8]
