"""The tree of objects that a module is: parts within parts, with variables and constants as leaves."""

from collections.abc import Callable
from typing import Any

from spark.core.counter import Counter
from spark.core.part import Part
from spark.core.variable import Constant, Variable

CACHE = "cache"


class Clock:
    """What all modules of one tree read: the step counter, and whether they learn in this step.

    Attributes:
        step: A `Counter`.
        learns: True, or a boolean of shape () that JAX traces.
        asked: Whether a module has read `learns`.
        settled: Whether the tree is built and owns its state, so that its attributes stay.
    """

    settled = False

    def __init__(self) -> None:
        self.step: Any = Counter.of(0)
        self.learns: Any = True
        self.asked = False


def parts_of(module: Part) -> dict[str, Any]:
    """Attributes that are modules, by name."""
    return {n: v for n, v in vars(module).items() if isinstance(v, Part)}


def part_named(module: Part, name: str) -> Any:
    """The part of a module that was adopted under this name."""
    return vars(module)[name]


def leaf_named(module: Part, name: str) -> Any:
    """What a module keeps under this name: a variable, a constant, or a parameter that is one number."""
    return vars(module)[name]


def walk(module: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Every module of the tree with its path relative to the outermost, parents first."""
    found = [(prefix, module)]
    for name, part in sorted(parts_of(module).items()):
        found.extend(walk(part, f"{prefix}.{name}" if prefix else name))
    return found


def leaves_of(module: Part, kind: type) -> dict[str, Any]:
    """Every leaf of one kind by relative path; a brain's `cache` is a dict of variables."""
    found = {}
    for prefix, part in walk(module):
        head = f"{prefix}." if prefix else ""
        for name, value in vars(part).items():
            if isinstance(value, kind):
                found[head + name] = value
            elif name == CACHE and isinstance(value, dict):
                found.update({f"{head}{CACHE}.{k}": v for k, v in value.items() if isinstance(v, kind)})
    return found


def variables_of(module: Part) -> dict[str, Variable]:
    """Every variable of the tree by relative path."""
    return leaves_of(module, Variable)


def constants_of(module: Part) -> dict[str, Constant]:
    """Every constant of the tree by relative path."""
    return leaves_of(module, Constant)


def reader_of_step(module: Part) -> Callable[[], Any]:
    """A function that reads the step of a module."""
    return lambda: module._clock.step
