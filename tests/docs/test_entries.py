"""The page of every entry of the catalogue has all that a reader looks for."""

import re
from typing import Any

import pytest
from pages import entries, tested
from pages.docstrings import COMMON, DOI, is_block, paragraphs, source_of
from pages.documented import UNIT
from pages.experiments import EXPERIMENTS

EVERY = entries.every()
# Graphs of others, and rules of a game: nothing to write as an equation.
NO_EQUATION = ("Brain", "Bandit", "CuedBandit", "Maze")
# What is plain arithmetic, a preset of other entries, or made here: there is no paper of it.
NO_SOURCE = {
    *("Current", "Jump", "PulseCurrent", "RampCurrent", "SampledCurrent", "SineCurrent", "StepCurrent"),
    *("Accumulator", "Average", "DelayLine", "Gain", "Gate", "WinnerTakeAll", "ExponentialIntegrator"),
    *("LinearSpiker", "PoissonSpiker", "TopologicalLinearSpiker", "TopologicalPoissonSpiker", "PoissonBackground"),
    *("AdExNeuron", "ALIFNeuron", "ConductanceLIFNeuron", "CurrentLIFNeuron", "DeltaLIFNeuron", "LIFNeuron", "Pool"),
    *("Brain", "Maze", "ReachingArm", "ActorRace", "QuadrupletRule"),
}
# Sources that have no DOI.
BOOKS = {
    "Acrobot": "Sutton & Barto's book",
    "MountainCar": "Moore 1990",
    "Pendulum": "Gymnasium's Pendulum-v1",
}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {cls.__name__: entries.page(family, cls, lambda *_: "![its picture](picture.svg)") for family, cls in EVERY}


def part(page: str, title: str) -> str:
    return page.partition(f"## {title}\n")[2].partition("\n## ")[0].strip()


@pytest.mark.parametrize(("family", "cls"), EVERY, ids=[cls.__name__ for _, cls in EVERY])
def test_every_entry_has_equation_source_parameters_picture_tests_cost_and_what_to_see_also(
    family: str, cls: Any, pages: dict[str, str]
) -> None:
    name = cls.__name__
    page = pages[name]
    assert ('class="equations"' in page) != (name in NO_EQUATION)
    source = source_of(cls)
    assert (name in NO_SOURCE) != bool(DOI.search(source) or (name in BOOKS and BOOKS[name] in source))
    own = {field for field in cls.config_class().model_fields if field not in COMMON}
    listed = re.findall(r"^\| `(\w+)` \|", part(page, "Parameters"), re.MULTILINE)
    assert set(listed) == own and (own or "None of its own." in part(page, "Parameters"))
    assert family in EXPERIMENTS and "![its picture]" in page
    rows = [line.split(" | ") for line in part(page, "Tests").splitlines()[2:]]
    assert rows and all(row[2].strip(" |") for row in rows), "a test without a tolerance"
    cost = part(page, "Cost")
    assert (
        re.search(r"takes (less than )?[\d.,]+ µs with 1,000 units and (less than )?[\d.,]+ µs with 100,000", cost)
        or family in entries.NO_UNITS
    )
    assert cost and re.search(r"\]\(\w+\.md\)|\]\(\.\./guides/", part(page, "See also"))


def test_numbers_among_parameters_have_a_unit_or_say_that_they_have_none() -> None:
    for _, cls in EVERY:
        for field, info in cls.config_class().model_fields.items():
            extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            if "float" in str(info.annotation) and "Literal" not in str(info.annotation):
                assert extra.get("unit") or UNIT.search(info.description or ""), (cls, field)


def test_no_equation_is_cut_in_a_bracket_where_it_could_not_be_set() -> None:
    for _, cls in EVERY:
        for line in "\n".join(filter(is_block, paragraphs(cls))).splitlines():
            assert all(part.count(a) == part.count(b) for part in re.split(r"\s{3,}", line) for a, b in ("()", "[]"))


def test_no_row_of_equations_is_the_rest_of_what_stood_beside_one() -> None:
    rows = [(c.__name__, row) for _, c in EVERY for p in paragraphs(c) if is_block(p) for row in p.splitlines()]
    assert len(rows) > 100
    assert [(name, row) for name, row in rows if len(row.split()) < 3] == []


def test_costs_are_shown_with_all_digits_before_the_point() -> None:
    shown = ["less than 0.01", "0.0756", "87.6", "1,535", "17,450"]
    assert [entries.digits(time, 0.01) for time in (-0.028, 0.07564, 87.634, 1535.24, 17450.3)] == shown


def test_bounds_of_a_test_are_read_from_its_source() -> None:
    found = {test.name: test for test in tested.tests_of("OrnsteinUhlenbeckCurrent")}
    assert found["test_noise_has_the_mean_deviation_and_memory_of_its_equation"].bounds == ("atol=0.01",)
    files = {test.file for test in tested.tests_of("ResonateSoma")}
    assert files == {f"tests/nn/test_{name}.py" for name in ("soma_models", "somas_as_text", "conductances_on_somas")}
