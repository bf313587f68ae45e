"""The page of models, made from the classes: `python tests/docs/models_page.py` writes `docs/models.md` anew."""

import inspect
import re
from pathlib import Path
from typing import Any, get_args

import numpy as np

from spark import catalogue
from spark.core.config import ModuleConfig

PAGE = Path(__file__).parents[2] / "docs" / "models.md"
TITLES = {
    "soma": "Somas",
    "receptor": "Receptors",
    "plasticity": "Rules",
    "short_term": "Short-term plasticity",
    "source": "Sources",
}
HEAD = """# Models

Every soma, receptor, rule, short-term plasticity and source of the catalogue. This page is made from the classes by
`python tests/docs/models_page.py`; a test says that it is up to date and that each entry has all of it. Any soma goes
with any receptors and rules: see [pools](pools.md) and [plasticity](plasticity.md). Each model has a test against a
reference that was written from the paper (`tests/reference`, `tests/nn`). `dt`, `dtype`, `seed` and `units`, which all
of them have, are left out below.
"""
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


def entry(cls: Any) -> str:
    """A model's part of the page."""
    lines = [f"### {cls.__name__}", ""]
    for paragraph in paragraphs(cls):
        if is_block(paragraph):
            lines += ["```text", inspect.cleandoc("\n" + paragraph), "```", ""]
        else:
            text = DOI.sub(r"[doi:\1](https://doi.org/\1)", paragraph)
            lines += [re.sub(r"\n(Input ports|Variables|Source):", r"\n\n\1:", text), ""]
    fields = {name: info for name, info in cls.config_class().model_fields.items() if name not in COMMON}
    if fields:
        lines += ["| parameter | default | unit | range | |", "| --- | --- | --- | --- | --- |"]
        lines += [*(row(name, info) for name, info in fields.items()), ""]
    return "\n".join(lines)


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for family, title in TITLES.items():
        classes = catalogue.BUILT_IN[family]
        parts.append(f"## {title}\n\n{', '.join(f'[{c.__name__}](#{c.__name__.lower()})' for c in classes)}\n")
        parts += [entry(cls) for cls in classes]
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
