"""What the description of a public name leaves out: parameters, units, shapes, dtypes, errors."""

import ast
import inspect
import re
import textwrap
import types
from collections.abc import Iterator
from typing import Any, Protocol

from pages import reference
from spark.core.config import Config
from spark.core.module import Module

UNIT = re.compile(
    r"\b(ms|seconds?|min|mV|pA|nA|nS|MOhm|GOhm|pF|Hz|mM|megabytes|steps?|bytes|pixels|no unit|unit of|units of)\b"
    r"|('s|its|their|that) unit\b|\b(fraction|probability|share|factor)\b",
    re.IGNORECASE,
)
SHAPE = re.compile(r"\bshapes?\b|\([^()]*,[^()]*\)|\b(one|a number|numbers) for (each|all)\b|\ba (number|flag)\b")
DTYPE = re.compile(r"\b(float32|float16|int8|int16|int32|bool|dtype)\b")
# What a subclass has to write, and what Python itself asks of attributes, keys and methods.
PROTOCOL = ("NotImplementedError", "AttributeError", "KeyError", "IndexError", "TypeError")
HEADINGS = ("Args", "Attributes", "Class attributes", "Returns", "Yields", "Raises")


def lacks(name: str, value: Any) -> list[str]:
    """What is missing in the docstring of a public name; empty where there is all a reader needs."""
    if inspect.isclass(value) and issubclass(value, Config):
        return [*of_text(name, value), *of_fields(value)]
    if inspect.isclass(value):
        return [*of_text(name, value), *of_class(value)]
    if inspect.isroutine(value):
        return [*of_text(name, value), *of_routine(name, value)]
    return [] if name in reference.DATA else [f"{name}: a value or type that `reference.DATA` says nothing of"]


def of_text(name: str, value: Any) -> list[str]:
    """Whether there is a text of its own that says more than the name does."""
    text = vars(value).get("__doc__") if inspect.isclass(value) else inspect.getdoc(value)
    own = set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))
    said = set(re.findall(r"[a-z]+", (text or "").lower())) - own - {"a", "an", "the", "of", "for", "is", "its"}
    return [] if len(said) >= 2 else [f"{name}: says nothing but its name: {text!r}"]


def of_fields(config: Any) -> Iterator[str]:
    """Fields that are declared here: a text for each, a unit for what is measured, a shape for what is an array."""
    for name, info in config.model_fields.items():
        if name not in vars(config).get("__annotations__", {}):
            continue
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        text, kind = info.description or "", str(info.annotation)
        if len(text.split()) < 1:
            yield f"{config.__name__}.{name}: no text"
        if re.search(r"\bfloat\b|to_quantity", kind) and not extra.get("unit") and not UNIT.search(text):
            yield f"{config.__name__}.{name}: no unit, nor a word that it has none: {text!r}"
        if "to_array" in kind and not SHAPE.search(text):
            yield f"{config.__name__}.{name}: no shape: {text!r}"


def of_class(cls: Any) -> Iterator[str]:
    """A class: what it is made of, its ports, its methods, what it raises."""
    if issubclass(cls, Module):
        yield from of_ports(cls)
    elif "__init__" in vars(cls) and not issubclass(cls, BaseException) and Protocol not in cls.__mro__:
        constructor = vars(cls)["__init__"]
        if inspect.isfunction(constructor):
            both = f"{cls.__doc__}\n{constructor.__doc__ or ''}"
            yield from of_parameters(cls.__name__, constructor, both)
    for name, member in vars(cls).items():
        function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        function = function.fget if isinstance(function, property) else function
        if not isinstance(function, types.FunctionType):
            continue
        if name.startswith("__") or any(name in vars(base) for base in cls.__mro__[1:]):
            yield from unsaid(f"{cls.__name__}.{name}", function, f"{cls.__doc__} {inspect.getdoc(function)}")
            continue
        if name.startswith("_"):
            continue
        yield from of_text(name, function)
        yield from of_routine(f"{cls.__name__}.{name}", function)


def of_routine(name: str, function: Any) -> Iterator[str]:
    """A function: its parameters, what it gives, what it raises."""
    text = inspect.getdoc(function) or ""
    yield from of_parameters(name, function, text)
    given = str(annotations(function).get("return", ""))
    if re.search(r"\bndarray\b|\bjax\.Array\b|(?<!\w)Array\b", given) and not SHAPE.search(text):
        yield f"{name}: gives an array, of no shape"
    yield from unsaid(name, function, text)


def unsaid(name: str, function: Any, text: str) -> Iterator[str]:
    """Errors of a function that a text does not name."""
    for error in sorted(raised(function)):
        if error not in text:
            yield f"{name}: raises {error}, and does not say so"


def of_parameters(name: str, function: Any, text: str) -> Iterator[str]:
    """Each parameter is named; a number that is measured has a unit, an array a shape."""
    described = sections(text)
    kinds = annotations(function)
    entries = {**described.get("Args", {}), **described.get("Attributes", {})}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in ("self", "cls") or parameter.name.startswith("_"):
            continue
        entry = entries.get(parameter.name)
        if entry is None and f"`{parameter.name}`" not in text:
            yield f"{name}({parameter.name}): not described"
            continue
        said, kind = entry or text, str(kinds.get(parameter.name, ""))
        if re.search(r"\bfloat\b", kind) and not UNIT.search(said):
            yield f"{name}({parameter.name}): no unit: {said!r}"
        if re.search(r"\bndarray\b|\bArray\b", kind) and not SHAPE.search(said):
            yield f"{name}({parameter.name}): no shape: {said!r}"


def annotations(function: Any) -> dict[str, Any]:
    """Annotations as they are written."""
    return {
        n: a if isinstance(a, str) else inspect.formatannotation(a)
        for n, a in inspect.get_annotations(function).items()
    }


def sections(text: str | None) -> dict[str, dict[str, str]]:
    """The sections of a docstring, each with its entries."""
    found: dict[str, dict[str, str]] = {}
    heading, entry = "", ""
    for line in inspect.cleandoc(text or "").splitlines():
        begins = re.fullmatch(rf"({'|'.join(HEADINGS)}):", line.strip())
        if begins:
            heading, entry = begins[1], ""
            found.setdefault(heading, {})
        elif heading and line and not line.startswith(" "):
            heading = ""
        elif heading:
            named = re.match(r"\s{4}\**([\w, *]+):\s*(.*)", line)
            if named and not line.startswith("     "):
                for one in re.split(r",\s*", named[1]):
                    entry = one.strip("* ")
                    found[heading][entry] = named[2]
            elif entry:
                found[heading][entry] += " " + line.strip()
    return found


def raised(function: Any) -> set[str]:
    """Errors of a function's own statements."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return set()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = (
                called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
            )
            if name.endswith("Error") and name not in PROTOCOL:
                found.add(name)
    return found


def of_ports(cls: Any) -> Iterator[str]:
    """Every port of a module is named, with a shape; what leaves it with its dtype. Another class may be pointed to."""
    text = " ".join(inspect.cleandoc(cls.__doc__ or "").split())
    elsewhere = re.search(r"[Pp]orts(, variables| and variables)?[\w ]* (are those of|as in) `", text)
    if "__call__" not in vars(cls) or elsewhere:
        return
    ports = cls.ports()
    for kind, names in (("Input", (*ports.inputs, *ports.optional)), ("Output", tuple(ports.outputs))):
        found = re.search(rf"{kind} ports?: (.*?)(?=Input ports?:|Output ports?:|Variables:|Source:|Raises:|$)", text)
        said = found[1] if found else ""
        yield from (f"{cls.__name__}: no {kind.lower()} port `{name}`" for name in names if f"`{name}`" not in said)
        if names and not SHAPE.search(said):
            yield f"{cls.__name__}: {kind.lower()} ports have no shape: {said!r}"
        if names and kind == "Output" and not DTYPE.search(said):
            yield f"{cls.__name__}: output ports have no dtype: {said!r}"
