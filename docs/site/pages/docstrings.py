"""What a class says of itself: paragraphs, equations, source, parameters."""

import inspect
import re
from typing import Any, get_args

import numpy as np

from spark.core.config import ModuleConfig

COMMON = (*ModuleConfig.model_fields, "units")
DOI = re.compile(r"doi:(10\.\d{4,}/[^\s,;]+[^\s,;.)])")


def paragraphs(cls: type) -> list[str]:
    """The docstring's paragraphs; blocks that are set in keep their shape."""
    return [p.strip("\n") for p in re.split(r"\n\s*\n", inspect.cleandoc(cls.__doc__ or ""))]


def source_of(cls: type) -> str:
    """What the docstring says after `Source:`."""
    found = re.search(r"Source:(.*)", inspect.cleandoc(cls.__doc__ or ""), re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def is_block(paragraph: str) -> bool:
    """Whether a paragraph is set in, as equations are."""
    return paragraph.startswith("    ")


def prose(paragraph: str) -> str:
    """A paragraph as Markdown: sources are links, ports and variables begin a paragraph of their own."""
    text = DOI.sub(r"[doi:\1](https://doi.org/\1)", paragraph)
    return re.sub(r"\n(Input ports|Variables|Source):", r"\n\n\1:", text)


def row(name: str, info: Any) -> str:
    """A parameter's row: name, default, unit, range, what it is."""
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    bounds = [
        f"{sign} {extra[key]:g}"
        for key, sign in (("exclusiveMinimum", ">"), ("minimum", "≥"), ("exclusiveMaximum", "<"), ("maximum", "≤"))
        if key in extra
    ]
    named = [repr(choice) for choice in get_args(info.annotation) if isinstance(choice, str)]
    default = info.get_default(call_default_factory=True)
    shown = f"{default:.6g}" if isinstance(default, float) else "none" if default is None else str(default)
    if isinstance(default, np.ndarray):
        shown = str(default.tolist())
    limits = ", ".join(bounds or named).replace("'", "")
    return f"| `{name}` | {shown} | {extra.get('unit', '')} | {limits} | {info.description} |"


def parameters(config: Any) -> list[str]:
    """The table of a config's own parameters; nothing where there are none."""
    fields = {name: info for name, info in config.model_fields.items() if name not in COMMON}
    if not fields:
        return []
    head = ["| parameter | default | unit | range | |", "| --- | --- | --- | --- | --- |"]
    return [*head, *(row(name, info) for name, info in fields.items()), ""]
