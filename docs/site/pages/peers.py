"""The page of other simulators, made from what `python bench/run.py traces` wrote."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "other_simulators.md"
FOUND = ROOT / "bench" / "results" / "traces.json"
NAMES = {"brian2": "Brian2", "nest": "NEST"}
HEAD = """# Beside other simulators

The same currents and the same spikes go into Spark and into other simulators, which run in environments of their
own, and the traces are laid beside each other. `python bench/run.py traces` does it and writes the tables down,
`make verify` does it again and holds every deviation to its bound in `tests/tolerances.py`; `python
docs/site/measured_pages.py` makes this page. Last run: {when}.

Spark computes in float32, the others in float64. A deviation is the largest difference over all units and steps;
beside it are the median difference and the range that the trace has in all. Where a spike rises by tens of mV in a
step, a rounding error before it grows with the slope, so a deviation of a potential is also given as the shift in
time that it is at that slope. Where a spike comes some steps earlier or later, "steps apart"
says how many at most, and its unit is compared up to there.

A spike that reaches a receptor in a step is in that step's current or conductance here and in the next step's
there; it is sent a step later here. A jump of the membrane comes at once everywhere.
"""


def found() -> dict[str, Any]:
    """What was measured."""
    return json.loads(FOUND.read_text("utf-8"))


def page() -> str:
    """The whole page."""
    written = found()
    lines = [HEAD.format(when=written["date"])]
    for peer, result in written["peers"].items():
        versions = ", ".join(f"{name} {result['versions'][name]}" for name in result["shown"])
        lines += [f"## {NAMES[peer]}", "", f"{versions}.", ""]
        lines += ["| case | largest deviation | median | range | shift, µs | spikes | steps apart | how |"]
        lines += ["| --- | --- | --- | --- | --- | --- | --- | --- |"]
        lines += [row(name, case) for name, case in result["cases"].items()]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def row(name: str, case: dict[str, Any]) -> str:
    """One case."""
    unit = " mV" if case["quantity"] == "potential" else ""
    shift = "" if case["shift"] is None else f"{1e3 * case['shift']:.2g}"
    spikes, apart = (str(case.get(key, "")) for key in ("spikes", "steps_apart"))
    sizes = f"{case['deviation']:.1e}{unit} | {case['typical']:.1e}{unit} | {case['range']:.3g}{unit}"
    return f"| {name} | {sizes} | {shift} | {spikes} | {apart} | {case['how']} |"
