"""The page of models says of every soma, receptor and rule what a reader needs, and is that of the classes."""

from typing import Any

import models_page
import pytest

from spark import catalogue

CLASSES: list[Any] = [cls for family in models_page.TITLES for cls in catalogue.BUILT_IN[family]]
# What arrives is passed on: there is no model to look up.
NO_SOURCE = ("Current", "Jump", "PulseCurrent", "QuadrupletRule")
NO_SOURCE += ("RampCurrent", "SampledCurrent", "SineCurrent", "StepCurrent")


def test_the_page_is_that_of_the_classes() -> None:
    written = models_page.PAGE.read_text("utf-8")
    assert written == models_page.page(), "Run `python tests/docs/models_page.py`."


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_every_model_has_its_equations_source_order_and_ports(cls: Any) -> None:
    text = " ".join((cls.__doc__ or "").split())
    assert cls.__name__ in NO_SOURCE or models_page.DOI.search(models_page.source_of(cls)), "no source with a DOI"
    equations = [p for p in models_page.paragraphs(cls) if models_page.is_block(p)]
    assert equations or "exp(" in text or cls.__name__ in NO_SOURCE or "exponentially" in text, "no equation"
    assert "Input ports:" in text or "ports and variables are those of" in text or "Ports and variables as in" in text
    if cls in catalogue.BUILT_IN["soma"]:
        assert "rder of update" in text


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_every_number_of_a_model_has_a_unit_or_none_on_purpose(cls: Any) -> None:
    """Names of potentials, currents, rates and times cannot be without one."""
    for name, info in cls.config_class().model_fields.items():
        if name in models_page.COMMON or info.annotation is str:
            continue
        extra = info.json_schema_extra or {}
        if name.startswith(("potential", "threshold", "reversal", "background", "cooldown", "resistance")) or (
            name.endswith("tau")
        ):
            assert extra.get("unit"), name
