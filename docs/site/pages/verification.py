"""The page of verification: tolerances, references, what was measured, each with its date."""

import ast
import json
import runpy
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
HEAD = """# Verification

What Spark's numbers are held against, and what was measured. This page is made when the site is built, from
`tests/tolerances.py`, from the docstrings of `tests/reference`, and from `bench/results`; a date
is that of the last change of what a table was made from. Traces beside those of other simulators stand on
[a page of their own](guides/other_simulators.md), and so does [what a step costs](guides/costs.md).
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, tolerances(), references(), peers(), measured()])


def changed(path: Path) -> str:
    """The day on which a file last changed, by the history; nothing where there is none."""
    command = ["git", "log", "-1", "--format=%cs", "--", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def dated(path: Path) -> str:
    """Where a table comes from."""
    day = changed(path)
    return f"From `{path.relative_to(ROOT).as_posix()}`{f', {day}' if day else ''}."


def tolerances() -> str:
    """The one table of tolerances."""
    path = ROOT / "tests" / "tolerances.py"
    source = path.read_text("utf-8")
    # Of some tables a part is that of another.
    tree, values = ast.parse(source), runpy.run_path(str(path))
    lines = ["## Tolerances", "", dated(path), "", *(ast.get_docstring(tree) or "").splitlines(), ""]
    lines += ["| table | of what | bounds | |", "| --- | --- | --- | --- |"]
    text = source.splitlines()
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            note, above = [], node.lineno - 2
            while above >= 0 and text[above].startswith("#"):
                note.insert(0, text[above].lstrip("# "))
                above -= 1
            value = values[node.targets[0].id]
            for kind, bound in value.items() if isinstance(value, dict) else [("", value)]:
                numbers = (
                    ", ".join(f"{key} {each:g}" for key, each in bound.items()) if isinstance(bound, dict) else bound
                )
                lines.append(f"| `{node.targets[0].id}` | {kind} | {numbers} | {' '.join(note)} |")
    return "\n".join([*lines, ""])


def references() -> str:
    """The functions of `tests/reference`, with their docstrings."""
    folder = ROOT / "tests" / "reference"
    lines = [
        "## References",
        "",
        "Written in NumPy from the papers, apart from Spark's own formulas; the tests compare with them.",
        "",
    ]
    lines += ["| reference | what it is |", "| --- | --- |"]
    for path in sorted(folder.glob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                text = " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())
                lines.append(f"| `{path.stem}.{node.name}` | {text.replace('|', chr(92) + '|')} |")
    return "\n".join([*lines, ""])


def peers() -> str:
    """The measured networks beside other simulators."""
    path = ROOT / "bench" / "results" / "engine.json"
    lines = ["## Networks beside other simulators", "", f"{dated(path)} Seconds of a run, median; rates in Hz.", ""]
    lines += ["| network | Spark, s | peer | peer, s | times as fast | rate here | rate there |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
    for name, found in json.loads(path.read_text("utf-8"))["workloads"].items():
        ours = found["ours"]
        for peer, theirs in found.items():
            if peer != "ours" and isinstance(theirs, dict) and isinstance(theirs.get("run_s"), dict):
                here, there = ours["run_s"]["median"], theirs["run_s"]["median"]
                rates = [f"{one.get('rates', {}).get('all', float('nan')):.3g}" for one in (ours, theirs)]
                lines.append(
                    f"| {name} | {here:.3g} | {peer} | {there:.3g} | {there / here:.3g} | {' | '.join(rates)} |"
                )
    return "\n".join([*lines, ""])


def measured() -> str:
    """All other results, as they stand in their files."""
    lines = ["## Measurements", "", "What `make bench` wrote. Each script is described in `bench/README.md`.", ""]
    for path in sorted((ROOT / "bench" / "results").rglob("*.json")):
        if path.name not in ("engine.json", "cost.json") and "earlier" not in path.parts:
            name = path.relative_to(ROOT / "bench" / "results").with_suffix("").as_posix()
            lines += [f"### {name}", "", dated(path), "", *tables(json.loads(path.read_text("utf-8")))]
    return "\n".join(lines)


def tables(found: Any) -> list[str]:
    """A result's numbers: single ones in one table, each list of rows in another."""
    if isinstance(found, list):
        return rows(found)
    single = {key: value for key, value in found.items() if not isinstance(value, dict | list)}
    lines = []
    if single:
        lines += ["| | |", "| --- | --- |", *(f"| {key} | {shown(value)} |" for key, value in single.items()), ""]
    for key, value in found.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines += [f"{key}:", "", *rows(value)]
    groups = {key: value for key, value in found.items() if isinstance(value, dict)}
    if groups:
        lines += rows([{"": key, **value} for key, value in groups.items()])
    return lines


def rows(found: list[dict[str, Any]]) -> list[str]:
    """A table with a column for each number; what holds more than a number is left in the file."""
    flat = [{k: v for k, v in row.items() if not isinstance(v, dict | list)} for row in found if isinstance(row, dict)]
    columns = list(dict.fromkeys(key for row in flat for key in row))
    if not columns:
        return []
    lines = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
    return [*lines, *(f"| {' | '.join(shown(row.get(key, '')) for key in columns)} |" for row in flat), ""]


def shown(value: Any) -> str:
    """A number with four digits, or a word."""
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("|", r"\|")
