"""The reference: a page for each public module, every name in it once, from its docstring."""

import importlib
import inspect
import types
from dataclasses import dataclass, field
from typing import Any

from pages.docstrings import parameters
from spark import catalogue
from spark.core.config import Config

# In this order a name that stands in several modules is described in the first; packages of entries of the catalogue
# that are not here come last.
_MODULES = (
    "spark",
    "spark.nn",
    "spark.nn.pools",
    "spark.nn.projections",
    "spark.nn.connections",
    "spark.nn.initializers",
    "spark.nn.neurons",
    "spark.nn.somas",
    "spark.nn.receptors",
    "spark.nn.dendrites",
    "spark.nn.plasticity",
    "spark.nn.synapses",
    "spark.nn.sources",
    "spark.nn.interfaces",
    "spark.worlds",
    "spark.learn",
    "spark.envs",
    "spark.plot",
    "spark.io",
    "spark.kernels",
    "spark.catalogue",
)
_ENTRIES = (cls.__module__.rpartition(".")[0] for classes in catalogue.BUILT_IN.values() for cls in classes)
MODULES = tuple(dict.fromkeys([*_MODULES, *_ENTRIES]))
# Made when asked for, so that `import spark` needs no package of the editor.
LAZY = {"spark": ("GraphEditor", "edit")}
# What is neither a class nor a function has no docstring.
DATA = {
    "Number": "Annotation of a config's field that holds one number: a float, from a whole number or a float.",
    "Whole": "Annotation of a config's field that holds one whole number.",
    "Shape": "Annotation of a config's field that holds a shape: whole numbers above 0, one or several.",
    "BUILT_IN": "The catalogue of Spark itself: for each family, by name, the classes in it.",
    "ENTRY_POINTS": "Name of the group of entry points by which a package adds its classes to the catalogue.",
    "Registered": "The class that `register` takes and gives back.",
}
FOREIGN = ("jax", "numpy", "typing", "importlib")


@dataclass
class Described:
    """What a module's page describes, and what it only points to."""

    own: dict[str, Any] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)


def public(module: types.ModuleType) -> dict[str, Any]:
    """The public names of a module, but for modules."""
    names = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    names |= {name: getattr(module, name) for name in LAZY.get(module.__name__, ())}
    return {
        name: value
        for name, value in sorted(names.items())
        if not inspect.ismodule(value) and not str(getattr(value, "__module__", "")).startswith(FOREIGN)
    }


def described() -> dict[str, Described]:
    """What stands on which page: each object once, under its first name."""
    places: dict[int, str] = {}
    found = {}
    for module in MODULES:
        page = found.setdefault(module, Described())
        for name, value in public(importlib.import_module(module)).items():
            if is_imported(module, value):
                continue
            place = places.setdefault(id(value), f"{module}.{name}")
            if place == f"{module}.{name}":
                page.own[name] = value
            else:
                page.elsewhere[name] = place
    return found


def is_imported(module: str, value: Any) -> bool:
    """Whether a plain module, which is no package that gathers names, has a name only to use it."""
    return module == "spark.catalogue" and getattr(value, "__module__", module) != module


def page(module: str, names: Described) -> str:
    """The page of a module, as reStructuredText, with the objects in the order of their names."""
    title = module
    text = inspect.getdoc(importlib.import_module(module)) or ""
    lines = [title, "=" * len(title), "", text, "", f".. py:module:: {module}", ""]
    for name, value in names.own.items():
        lines += entry(module, name, value)
    if names.elsewhere:
        lines += ["Also here", "---------", ""]
        lines += [f"- :py:obj:`{module}.{name} <{place}>`" for name, place in names.elsewhere.items()]
    return "\n".join([*lines, ""])


def entry(module: str, name: str, value: Any) -> list[str]:
    """One name: what autodoc makes of its docstring, for a config with the table of its fields."""
    lines = [name, "-" * len(name), ""]
    path = f"{module}.{name}"
    if inspect.isclass(value) and issubclass(value, Config):
        lines += [f".. autoclass:: {path}", "   :no-members:", ""]
        return lines + table(parameters(value))
    if inspect.isclass(value):
        return [*lines, f".. autoclass:: {path}", "   :members:", ""]
    if callable(value) and inspect.isroutine(value):
        return [*lines, f".. autofunction:: {path}", ""]
    return [*lines, f".. py:data:: {path}", "", f"   {DATA[name].replace('`', '``')}", ""]


def table(rows: list[str]) -> list[str]:
    """A table of Markdown as one of reStructuredText."""
    cells = [
        [cell.strip() for cell in row.strip("|").split(" | ")] for row in rows if row and not row.startswith("| ---")
    ]
    if not cells:
        return []
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", ""]
    for row in cells:
        escaped = [cell if cell.startswith("`") else cell.replace("*", r"\*").replace("|", r"\|") for cell in row]
        lines += [
            f"   {'*' if number == 0 else ' '} - {cell.replace('`', '``')}" for number, cell in enumerate(escaped)
        ]
    return [*lines, ""]


def index() -> str:
    """The list of all pages."""
    lines = [
        "# Reference",
        "",
        "Every public name, from its docstring; a name that is in several modules is described once. An argument of",
        "the wrong type is refused with `spark.ArgumentError`, which is not said at each. A parameter of a soma, a",
        "receptor or a dendrite that has a unit is one number for all units, or an array of the units' shape.",
        "",
    ]
    lines += ["```{toctree}", ":maxdepth: 1", "", *MODULES, "```", "", "All names: {ref}`genindex`.", ""]
    return "\n".join(lines)
