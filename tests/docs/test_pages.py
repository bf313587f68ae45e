"""Every Python block of every page runs, in order, and prints or raises what the page shows."""

import contextlib
import io
import re
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import pytest

from spark.core.registry import modules
from spark.nn.connections.base import kinds

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(?P<head>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(
    page for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")] if "```python" in page.read_text("utf-8")
)
# They run for seconds, as tests of what they tell of do in small.
_LONG = ("gradients.md", "learning.md", "pools.md", "running.md", "write_your_own_neuron.md")
LONG = dict.fromkeys(_LONG, pytest.mark.thorough)


@dataclass(frozen=True)
class Step:
    """A Python block, the error it must raise, and the text that the page shows below it."""

    line: int
    code: str
    raises: str | None
    shown: str | None


def steps_of(text: str) -> list[Step]:
    """The Python blocks of a page, each with the `text` block that follows it directly."""
    found = list(BLOCK.finditer(text))
    steps = []
    for number, block in enumerate(found):
        language, _, mark = block["head"].partition(" ")
        if language != "python":
            continue
        following = found[number + 1] if number + 1 < len(found) else None
        shown = None
        if following and following["head"] == "text" and not text[block.end() : following.start()].strip():
            shown = following["body"]
        raises = mark.removeprefix("raises=") if mark else None
        steps.append(Step(text.count("\n", 0, block.start()) + 2, block["body"], raises, shown))
    return steps


def words(text: str) -> list[str]:
    """Text without regard to where its lines end."""
    return text.split()


def run(step: Step, page: str, namespace: dict[str, object]) -> None:
    """Execute one block and compare what it says with what the page shows."""
    source = compile("\n" * (step.line - 1) + step.code, page, "exec")
    printed = io.StringIO()
    error = None
    with contextlib.redirect_stdout(printed):
        try:
            exec(source, namespace)
        except Exception as raised:
            if step.raises is None:
                raise
            error = raised
    place = f"{page}:{step.line}"
    if step.raises is not None:
        assert error is not None, f"{place}: raised nothing; expected {step.raises}"
        assert type(error).__name__ == step.raises, f"{place}: raised {error!r}"
        assert step.shown is not None, f"{place}: show the error in a ```text block: {error}"
        assert words(step.shown) == words(str(error)), f"{place}: the error is\n{error}"
    elif step.shown is not None or printed.getvalue():
        assert words(step.shown or "") == words(printed.getvalue()), f"{place}: prints\n{printed.getvalue()}"


@pytest.mark.parametrize("page", [pytest.param(p, id=p.name, marks=LONG.get(p.name, [])) for p in PAGES])
def test_page_does_what_it_says(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules, "_classes", dict(modules._classes))
    name = f"page_{page.stem.lower()}"
    module = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    patterns = set(kinds)
    try:
        for step in steps_of(page.read_text("utf-8")):
            run(step, page.name, vars(module))
    finally:
        # What a page defines is no pattern of the tests after it.
        for added in set(kinds) - patterns:
            del kinds[added]


def test_a_wrong_output_is_noticed() -> None:
    (step,) = steps_of("```python\nprint(1)\n```\n\n```text\n2\n```\n")
    with pytest.raises(AssertionError, match=r"prints\s+1"):
        run(step, "page", {})


def test_a_wrong_error_text_is_noticed() -> None:
    (step,) = steps_of("```python raises=ValueError\nraise ValueError('one')\n```\n\n```text\ntwo\n```\n")
    with pytest.raises(AssertionError, match=r"the error is\s+one"):
        run(step, "page", {})


def test_an_error_that_does_not_come_is_noticed() -> None:
    (step,) = steps_of("```python raises=ValueError\n1\n```\n\n```text\ntwo\n```\n")
    with pytest.raises(AssertionError, match="raised nothing"):
        run(step, "page", {})


def test_an_unmarked_error_is_not_swallowed() -> None:
    (step,) = steps_of("```python\n1 / 0\n```\n")
    with pytest.raises(ZeroDivisionError):
        run(step, "page", {})


def test_both_pages_for_authors_are_found() -> None:
    assert {"write_your_own_module.md", "write_your_own_neuron.md", "README.md"} <= {p.name for p in PAGES}
