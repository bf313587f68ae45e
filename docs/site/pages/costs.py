"""The page of costs, made from what `python bench/run.py cost` wrote."""

import json
from pathlib import Path
from typing import Any

from pages import models

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "costs.md"
FOUND = ROOT / "bench" / "results" / "cost.json"
TEXTS = ROOT / "bench" / "results" / "equations.json"
BESIDE = "LeakySoma"
LIMIT = 3.0
FAMILIES = {
    "soma": "Somas",
    "receptor": "Receptors",
    "dendrite": "Dendrites",
    "plasticity": "Rules",
    "short_term": "Short-term plasticity",
    "interface": "Interfaces",
    "source": "Sources",
    "neuron": "Presets of pools",
    "synapses": "Random events",
    "learning": "What learns from reward",
}
_CONDUCTANCE = 'where conductances arrive, the leaky soma\'s own step takes an exponential; less with `scheme="euler"`'
_TRACES = "a trace of each unit in every step, and at each spike its ten connections, which lie apart"
_TWO_TRACES = "two traces of each unit in every step, which a cache may not hold"
REASONS = {
    "AdaptiveExponentialSoma": "an exponential",
    "ExponentialSoma": "an exponential",
    "EscapeRateSoma": "two exponentials and a random number",
    "PoissonSoma": "an exponential and a random number",
    "GeneralizedLeakySoma": "with all its options: five variables of each unit",
    "HodgkinHuxleySoma": "ten exponentials: rates of three gates, and the exact step of all four variables",
    "TraubMilesSoma": "ten exponentials, as in `HodgkinHuxleySoma`",
    "AlphaConductance": _CONDUCTANCE,
    "DoubleExponentialConductance": _CONDUCTANCE,
    "EquationConductance": _CONDUCTANCE,
    "ExponentialConductance": _CONDUCTANCE,
    "GABAB": f"{_CONDUCTANCE}; and a fourth power and a quotient",
    "NMDA": f"{_CONDUCTANCE}; and one more for the block by magnesium",
    "GapJunction": "every junction carries a current in every step, not only at spikes: two for each unit here",
    "BackpropagatingDendrite": "two exponentials and a quotient",
    "PlateauDendrite": "two exponentials and a quotient",
    "BCMRule": "changes every connection in every step: ten for each unit",
    "BTSPRule": "as measured every unit has a plateau: two exponentials for each connection in every step",
    "ClopathRule": "two averages of the potential of each unit in every step, and what hangs on them",
    "EquationRule": "what is written as text is general: every event goes through all of a unit's connections",
    "PowerLawRule": "a power for every change",
    "HebbianRule": _TRACES,
    "OjaRule": _TRACES,
    "PairRule": _TRACES,
    "QuadrupletRule": _TWO_TRACES,
    "VogelsRule": _TRACES,
    "ScalingRule": "a rate for each unit in every step, and every connection at intervals",
    "TripletRule": _TWO_TRACES,
    "ZenkeRule": f"{_TWO_TRACES}; and a pull towards the first weights",
    "ExponentialIntegrator": "sums over groups that are drawn at random, out of order",
    "FirstToSpike": "asks all units in every step whether any fired",
    "OrnsteinUhlenbeckCurrent": "a random number with a normal distribution for each unit",
    "PoissonSpiker": "a random number",
    "PopulationEncoder": "an exponential for each field",
    "PopulationVector": "a running mean of each unit in every step, and two sums over all",
    "SoftmaxChoice": "an exponential, the largest and the sum of all numbers, and a running sum",
    "TopologicalLinearSpiker": "an exponential for each unit",
    "TopologicalPoissonSpiker": "an exponential and a random number for each unit",
    "WinnerTakeAll": "looks for the largest of all numbers",
    "AdExNeuron": "the soma's exponential",
    "ConductanceLIFNeuron": f"{_CONDUCTANCE}",
    "PoissonBackground": "a random number for each unit",
    "ActorPools": "a trace for each source, and weights of eight units, whose potentials sum them, in every step",
    "ActorRace": "as `ActorPools`",
    "Critic": "a trace for each source, and a weighted sum of them, in every step",
}
HEAD = """# What a step costs

Time of a step of every part of the catalogue that has units, with 1,000 and 100,000 of them, on one thread. This page
is made by `python docs/site/measured_pages.py` from what `python bench/run.py cost` measured, {when}.

A soma is a pool that a constant current drives to fire at about 10 Hz. A receptor is what it adds to a pool of
leaky units, with one connection each from sources at 10 Hz. A dendrite is what it adds where a constant current
ends at it. A rule, or short-term plasticity, is what it adds to ten connections a unit, between sources and leaky
units at about 10 Hz. An interface, and what learns from reward, has as many inputs, or makes as many units of
numbers. A preset of a pool has ten connections a unit from sources at 10 Hz; random events, 1,000 a second onto each
unit, are what they add to one. Steps are 0.1 ms. Times are those of the process, not of the clock, since other work
ran on the machine meanwhile: of several rounds the least, of long runs less short ones. What is a difference of two
such times is right to some hundredths of a microsecond with 1,000 units, and to some microseconds with 100,000.

The last columns say how many times the leaky soma's (`LeakySoma`) a step is, at the size where that is more, and,
above three times, why.
"""
AS_TEXT = """## Somas as text

Every built-in soma as [text](equations.md) beside its class:
microseconds of a step, and how many times the class's it is, at most {most}. By `python bench/run.py equations`,
{when}, on one thread: medians over {processes} processes, each with text and class in turns.

| | 1,000 units, text | class | times | 16,000 units, text | class | times |
| --- | --- | --- | --- | --- | --- | --- |
"""
MOST = 1.1


def found() -> dict[str, Any]:
    """What was measured."""
    return json.loads(FOUND.read_text("utf-8"))


def times(parts: dict[str, Any], name: str) -> float:
    """How many times the leaky soma's step a part takes, at the size where that is more."""
    return max(one / beside for one, beside in zip(*(parts[n]["microseconds"] for n in (name, BESIDE)), strict=True))


def page() -> str:
    """The whole page."""
    measured = found()
    lines = [HEAD.format(when=measured["date"])]
    for family, title in FAMILIES.items():
        parts = {name: part for name, part in measured["parts"].items() if part["family"] == family}
        lines += [f"## {title}", "", "| | 1,000 units, µs | 100,000 units, µs | times | why |"]
        lines += ["| --- | --- | --- | --- | --- |"]
        for name in sorted(parts):
            small, large = (max(each, 0.0) for each in parts[name]["microseconds"])
            ratio = max(times(measured["parts"], name), 0.0)
            why = REASONS.get(name, "") if ratio > LIMIT else ""
            title = f"[{name}](models.md#{name.lower()})" if family in models.TITLES else f"`{name}`"
            lines.append(f"| {title} | {small:.2f} | {large:.1f} | {ratio:.1f} | {why} |")
        lines.append("")
    lines.append(as_text())
    return "\n".join(lines).rstrip() + "\n"


def as_text() -> str:
    """The table of texts beside their classes."""
    measured = json.loads(TEXTS.read_text("utf-8"))
    cells: dict[str, list[str]] = {}
    for row in sorted(measured["rows"], key=lambda row: (row["soma"], row["units"])):
        figures = [f"{row[which]:.2f}" for which in ("text_us", "class_us", "ratio")]
        cells.setdefault(row["soma"], []).extend(figures)
    head = AS_TEXT.format(most=MOST, when=measured["date"], processes=measured["processes"])
    rows = [f"| [{name}](models.md#{name.lower()}) | {' | '.join(figures)} |" for name, figures in cells.items()]
    return head + "\n".join(rows)
