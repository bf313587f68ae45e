"""The page of models says of every soma, receptor and rule what a reader needs, and is that of the classes."""

from typing import Any

import pytest
from pages import models
from pages.docstrings import COMMON, DOI, is_block, paragraphs, source_of

from spark import catalogue

CLASSES: list[Any] = [cls for family in models.TITLES for cls in catalogue.BUILT_IN[family]]
# What arrives is passed on: there is no model to look up.
NO_SOURCE = ("Current", "Jump", "PulseCurrent", "QuadrupletRule")
NO_SOURCE += ("RampCurrent", "SampledCurrent", "SineCurrent", "StepCurrent")


def test_the_page_is_that_of_the_classes() -> None:
    written = models.PAGE.read_text("utf-8")
    assert written == models.page(), "Run `python docs/site/models_page.py`."


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_every_model_has_its_equations_source_order_and_ports(cls: Any) -> None:
    text = " ".join((cls.__doc__ or "").split())
    assert cls.__name__ in NO_SOURCE or DOI.search(source_of(cls)), "no source with a DOI"
    equations = [p for p in paragraphs(cls) if is_block(p)]
    assert equations or "exp(" in text or cls.__name__ in NO_SOURCE or "exponentially" in text, "no equation"
    assert "Input ports:" in text or "ports and variables are those of" in text or "Ports and variables as in" in text
    if cls in catalogue.BUILT_IN["soma"]:
        assert "rder of update" in text


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_every_number_of_a_model_has_a_unit_or_none_on_purpose(cls: Any) -> None:
    """Names of potentials, currents, rates and times cannot be without one."""
    for name, info in cls.config_class().model_fields.items():
        if name in COMMON or info.annotation is str:
            continue
        extra = info.json_schema_extra or {}
        if name.startswith(("potential", "threshold", "reversal", "background", "cooldown", "resistance")) or (
            name.endswith("tau")
        ):
            assert extra.get("unit"), name
