"""The page of models, made from the classes: `python docs/site/models_page.py` writes `docs/models.md` anew."""

import inspect
from pathlib import Path
from typing import Any

from pages.docstrings import is_block, paragraphs, parameters, prose
from spark import catalogue

PAGE = Path(__file__).parents[2] / "models.md"
TITLES = {
    "soma": "Somas",
    "receptor": "Receptors",
    "dendrite": "Dendrites",
    "plasticity": "Rules",
    "short_term": "Short-term plasticity",
    "source": "Sources",
}
HEAD = """# Models

Every soma, receptor, dendrite, rule, short-term plasticity and source of the catalogue. This page is made from the
classes by `python docs/site/models_page.py`; a test says that it is up to date and that each entry has all of it. The
site, which `make docs` builds, has a page for each of them, with a picture. Any soma goes with any receptors and
rules: see [pools](pools.md) and [plasticity](plasticity.md). Each model has a test against a reference that was
written from the paper (`tests/reference`). `dt`, `dtype`, `seed` and `units`, which all of them have, are
left out below.
"""


def entry(cls: Any) -> str:
    """A model's part of the page."""
    lines = [f"### {cls.__name__}", ""]
    for paragraph in paragraphs(cls):
        if is_block(paragraph):
            lines += ["```text", inspect.cleandoc("\n" + paragraph), "```", ""]
        else:
            lines += [prose(paragraph), ""]
    return "\n".join([*lines, *parameters(cls.config_class())])


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for family, title in TITLES.items():
        classes = catalogue.BUILT_IN[family]
        parts.append(f"## {title}\n\n{', '.join(f'[{c.__name__}](#{c.__name__.lower()})' for c in classes)}\n")
        parts += [entry(cls) for cls in classes]
    return "\n".join(parts).rstrip() + "\n"
