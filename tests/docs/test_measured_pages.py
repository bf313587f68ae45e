"""The pages of measurements are those of what was measured, and leave out nothing."""

import json

import pytest
from pages import costs, peers

from spark import catalogue


@pytest.mark.parametrize("made", [costs, peers], ids=lambda m: m.PAGE.stem)
def test_the_page_is_that_of_the_results(made) -> None:
    assert made.PAGE.read_text("utf-8") == made.page(), "Run `python docs/site/measured_pages.py`."


def test_what_costs_more_than_three_leaky_somas_says_why() -> None:
    parts = costs.found()["parts"]
    silent = [name for name in parts if costs.times(parts, name) > costs.LIMIT and not costs.REASONS.get(name)]
    assert silent == []


def test_every_soma_was_measured_as_a_text_beside_its_class_and_none_costs_too_much_more() -> None:
    rows = json.loads(costs.TEXTS.read_text("utf-8"))["rows"]
    written = {cls.__name__ for cls in catalogue.BUILT_IN["soma"]} - {"EquationSoma"}
    assert {(row["soma"], row["units"]) for row in rows} == {(n, units) for n in written for units in (1_000, 16_000)}
    assert [row for row in rows if row["ratio"] > costs.MOST] == []


@pytest.mark.slow
def test_every_part_of_the_catalogue_was_measured() -> None:
    measured = costs.found()["parts"]
    there = [cls.__name__ for family in costs.FAMILIES for cls in catalogue.BUILT_IN[family]]
    assert [name for name in there if name not in measured] == [], "Run `python bench/cost.py NAME --json ...`."
