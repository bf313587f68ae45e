"""Puts the site's sources together in a folder: guides as they are, and the pages that are made from the code."""

import re
import shutil
from pathlib import Path

from pages import entries, reference, verification

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
SITE = DOCS / "site"
MODEL = re.compile(r"\]\((?:\.\./)?models\.md(?:#(\w+))?\)")


def guides() -> list[Path]:
    """The pages that are written by hand, and the table of costs."""
    return [path for path in sorted(DOCS.glob("*.md")) if path.name != "models.md"]


def assemble(folder: Path, picture: entries.Picture) -> None:
    """Write all sources of the site into an empty folder.

    Args:
        folder: Made anew.
        picture: Makes the picture of an entry, as in `entries.page`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "guides").mkdir(parents=True)
    shutil.copy(SITE / "conf.py", folder / "conf.py")
    write(folder / "index.md", index())
    shutil.copytree(SITE / "static", folder / "static")
    shutil.copytree(DOCS / "images", folder / "guides" / "images", ignore=shutil.ignore_patterns("*.py"))
    for path in guides():
        write(folder / "guides" / path.name, to_models(path.read_text("utf-8"), "../models/"))
    for path in sorted((DOCS / "decisions").glob("*.md")):
        name = "index.md" if path.name == "README.md" else path.name
        write(folder / "guides" / "decisions" / name, decision(path))
    made(folder, picture)


def index() -> str:
    """The first page; guides that it does not name stand after the others."""
    text = (SITE / "index.md").read_text("utf-8")
    named = set(re.findall(r"^guides/(\w+)$", text, re.MULTILINE))
    others = [f"guides/{path.stem}" for path in guides() if path.stem not in named]
    return text.replace("{other guides}", "\n".join(others))


def made(folder: Path, picture: entries.Picture) -> None:
    """The pages that are made from the code."""
    write(folder / "models" / "index.md", entries.index())
    for family, cls in entries.every():
        write(folder / "models" / f"{cls.__name__}.md", entries.page(family, cls, picture))
    write(folder / "reference" / "index.md", reference.index())
    for module, names in reference.described().items():
        write(folder / "reference" / f"{module}.rst", reference.page(module, names))
    write(folder / "verification.md", verification.page())
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    write(folder / "changes.md", changes)


def to_models(text: str, models: str) -> str:
    """Links to the one page of models lead to the pages of its entries."""
    names = {name.lower(): name for name in entries.names()}
    return MODEL.sub(lambda match: f"]({models}{names.get(match[1] or '', 'index')}.md)", text)


def decision(path: Path) -> str:
    """A decision; the list of them also says which pages there are."""
    text = to_models(path.read_text("utf-8"), "../../models/").replace("](README.md", "](index.md")
    if path.name != "README.md":
        return text
    pages = "\n".join(other.stem for other in sorted(path.parent.glob("0*.md")))
    return f"{text}\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"


def write(path: Path, text: str) -> None:
    """Write a page, and the folder that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
