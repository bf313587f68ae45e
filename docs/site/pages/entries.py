"""A page for each entry of the catalogue, and an index of them."""

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pages.docstrings import is_block, paragraphs, parameters, prose
from pages.tested import tests_of
from pages.typeset import block
from spark import catalogue
from spark.core.check_examples import example_config
from spark.nn.neurons import Neuron
from spark.nn.neurons.point import PointNeuronConfig

ROOT = Path(__file__).parents[3]
TITLES = {
    "soma": "Somas",
    "receptor": "Receptors",
    "dendrite": "Dendrites",
    "plasticity": "Rules of plasticity",
    "short_term": "Short-term plasticity",
    "source": "Sources of current",
    "interface": "Interfaces",
    "neuron": "Neurons",
    "synapses": "Synapses",
    "world": "Worlds",
    "learning": "What learns from reward",
    "brain": "The brain",
}
INTRODUCTION = """# Models

Every entry of the catalogue has a page, made from its class: equations, parameters with units and ranges, ports,
source, a picture of what it does, the tests that name it, and what a step of it costs. Any soma goes with any
receptors, and any projection with any rule: see [pools](../guides/pools.md) and [plasticity](../guides/plasticity.md).
`dt`, `dtype`, `seed` and `units`, which all of them have, are left out of the tables of parameters.
"""
NO_UNITS = {
    "world": "A world has no units: a step takes some microseconds, and less where a whole run is one native call.",
    "brain": "A step takes as long as those of its modules: see their pages, and `spark.profile` for a brain of yours.",
}
Picture = Callable[[str, Any], str]


def every() -> list[tuple[str, Any]]:
    """All entries with their family, in the order of the index."""
    families = [*TITLES, *(set(catalogue.BUILT_IN) - set(TITLES))]
    return [(family, cls) for family in families for cls in catalogue.BUILT_IN.get(family, ())]


def first_sentence(cls: Any) -> str:
    """What a class is, in one sentence."""
    text = " ".join(paragraphs(cls)[0].split())
    return re.split(r"(?<=[.:])\s", text)[0].rstrip(":")


def index() -> str:
    """The page that lists all entries."""
    parts = [INTRODUCTION]
    entries = every()
    for family in dict.fromkeys(family for family, _ in entries):
        classes = [cls for of, cls in entries if of == family]
        parts += [f"## {TITLES.get(family, family.capitalize())}", "", "| | |", "| --- | --- |"]
        parts += [f"| [{cls.__name__}]({cls.__name__}.md) | {linked(first_sentence(cls), cls)} |" for cls in classes]
        names = "\n".join(f"{cls.__name__}" for cls in classes)
        parts += ["", f"```{{toctree}}\n:hidden:\n\n{names}\n```", ""]
    return "\n".join(parts)


@functools.cache
def names() -> dict[str, Any]:
    """All entries by name."""
    return {cls.__name__: cls for _, cls in every()}


def linked(text: str, own: Any) -> str:
    """Text in which each entry's name in backticks leads to its page."""

    def link(match: re.Match[str]) -> str:
        name = match[1].removesuffix("Config")
        return f"[`{match[1]}`]({name}.md)" if name in names() and name != own.__name__ else match[0]

    return re.sub(r"(?<!\[)`([A-Za-z]+)`", link, text)


def page(family: str, cls: Any, picture: Picture) -> str:
    """The page of one entry.

    Args:
        family: The entry's family in the catalogue.
        cls: Its class.
        picture: Makes the entry's picture and says how it is shown, in Markdown; an empty text where there is none.
    """
    config = cls.config_class()
    lines = [f"# {cls.__name__}", ""]
    for paragraph in paragraphs(cls):
        lines += [block(trimmed(paragraph)) if is_block(paragraph) else linked(prose(paragraph), cls), ""]
    lines += of_components(cls)
    lines += [picture(family, cls), ""]
    table = parameters(config)
    lines += ["## Parameters", "", *(table or ["None of its own.", ""])]
    lines += [f"Class `{public_name(cls)}`, config `{public_name(config)}`.", ""]
    lines += cost(family, cls.__name__)
    lines += ["## Tests", "", tests(cls.__name__), "", "## See also", ""]
    return "\n".join([*lines, see_also(family, cls), ""])


def of_components(cls: Any) -> list[str]:
    """Equations of the soma and the receptors that a preset of a pool has; nothing for any other entry."""
    if not issubclass(cls, Neuron):
        return []
    config: Any = example_config(cls)
    pool: Any = config.pool() if isinstance(config, PointNeuronConfig) else config
    parts = {"soma": pool.soma, **pool.receptors}
    lines = []
    for name, of in parts.items():
        component = of.made()
        shown = [block(trimmed(paragraph)) for paragraph in paragraphs(component) if is_block(paragraph)]
        lines += [linked(f"By default `{name}` is `{component.__name__}`:", cls), "", *shown, ""]
    return lines


def trimmed(paragraph: str) -> str:
    """A block without what all its lines are set in by."""
    lines = paragraph.splitlines()
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[margin:] for line in lines)


def public_name(cls: Any) -> str:
    """The name by which a class is imported: that of its package, which names it again."""
    package = cls.__module__.rpartition(".")[0]
    return f"{package}.{cls.__name__}"


@functools.cache
def costs() -> dict[str, Any]:
    """What `python bench/run.py cost` measured; empty before it ran."""
    path = ROOT / "bench" / "results" / "cost.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {"parts": {}}


def cost(family: str, name: str) -> list[str]:
    """A sentence with the time of a step, or why there is none."""
    if family in NO_UNITS:
        return ["## Cost", "", NO_UNITS[family], ""]
    measured = costs()["parts"].get(name)
    if not measured:
        return []
    small, large = measured["microseconds"]
    sentence = (
        f"A step takes {digits(small, 0.01)} µs with 1,000 units and {digits(large, 1.0)} µs with 100,000: see the "
        "[table of costs](../guides/costs.md) for how that was measured, and for what stands beside it."
    )
    return ["## Cost", "", sentence, ""]


def digits(microseconds: float, least: float) -> str:
    """A time with three digits, and all of those before the point; differences of times tell nothing below `least`."""
    if microseconds < least:
        return f"less than {least:g}"
    return f"{microseconds:,.0f}" if microseconds >= 100 else f"{microseconds:.3g}"


def tests(name: str) -> str:
    """The table of the tests that name an entry, with the tables of tolerances that they compare by."""
    found = tests_of(name)
    if not found:
        return "It is tested with all entries of the catalogue, by `spark.check_module`."
    lines = ["| test | file | tolerances |", "| --- | --- | --- |"]
    for test in found:
        tables = [f"[{table}](../verification.md#tolerances)" for table in test.tolerances]
        own = [f"`{bound}`" for bound in test.bounds]
        lines.append(f"| {test.claim} | `{test.file}` | {', '.join([*tables, *own]) or 'exact'} |")
    return "\n".join(lines)


@functools.cache
def guides() -> dict[str, tuple[str, str]]:
    """Title and text of each guide by its file's name."""
    found = {}
    for path in sorted((ROOT / "docs").glob("*.md")):
        if path.name != "models.md":
            text = path.read_text("utf-8")
            found[path.name] = (text.partition("\n")[0].lstrip("# "), text)
    return found


def see_also(family: str, cls: Any) -> str:
    """Entries that this one is built on or is named beside, and guides that speak of it."""
    name = cls.__name__
    mentions = re.compile(rf"\b{name}(Config)?\b")
    relatives = {
        other
        for other, its in names().items()
        if its is not cls
        and (
            issubclass(its, cls) or issubclass(cls, its) or mentions.search(its.__doc__ or "") or mentioned(other, cls)
        )
    }
    lines = []
    if relatives:
        lines.append(f"- Models: {', '.join(f'[{other}]({other}.md)' for other in sorted(relatives))}")
    pages = [f"[{title}](../guides/{file})" for file, (title, text) in guides().items() if mentions.search(text)]
    if pages:
        lines.append(f"- Guides: {', '.join(pages)}")
    return "\n".join([*lines, f"- All {TITLES.get(family, family).lower()}: [models](index.md)"])


def mentioned(name: str, cls: Any) -> bool:
    """Whether a class's docstring names another."""
    return bool(re.search(rf"\b{name}\b", cls.__doc__ or ""))
