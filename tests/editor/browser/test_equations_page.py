"""A soma is written as equations on the page: several lines, checked while they are written, and run."""

import pytest
from editor_page import wait_until
from pools import pooled_document

from spark.io.model_file import write_document

LINES = "dv/dt = (v_rest - v + R*I)/tau - w : mV\ndw/dt = -w/tau : mV/ms"
WRONG = LINES.replace("R*I", "I")


@pytest.fixture
def soma(page, shared):
    """The inspector of a pool whose soma is text."""
    (shared.folder / "pooled.spark.json").write_bytes(write_document(pooled_document()))
    page.get_by_role("button", name="Open a file").click()
    page.get_by_role("button", name="pooled.spark.json", exact=True).click()
    page.node("pool").wait_for()
    page.settled()
    page.node("pool").click()
    page.locator("summary", has_text="IntegrateAndFireSomaConfig").click()
    page.locator("#field-soma").select_option("EquationSomaConfig")
    page.locator("#field-soma-equations").wait_for()
    return page


def pool(page):
    return next(node for node in page.document()["nodes"].values() if node["name"] == "pool")


def test_equations_are_written_in_lines_and_checked_where_they_stand(soma):
    field = soma.locator("#field-soma-equations")
    assert field.evaluate("e => e.tagName") == "TEXTAREA"
    field.fill(WRONG)
    field.blur()
    wait_until(lambda: pool(soma)["config"]["soma"].get("equations") == WRONG)
    soma.locator(".field.wrong", has_text="line 1, column 10: adds mV and pA").wait_for()
    soma.picture("equations")
    field.fill(LINES)
    field.press("Control+Enter")
    wait_until(lambda: pool(soma)["config"]["soma"].get("equations") == LINES)
    soma.no_problems()


@pytest.mark.thorough
def test_enter_in_a_text_of_lines_begins_another(soma):
    field = soma.locator("#field-soma-equations")
    before = field.input_value()
    field.press("End")
    field.press("Enter")
    field.press_sequentially("x = v : mV")
    assert field.input_value() == f"{before}\nx = v : mV"


def test_escape_leaves_a_text_of_lines_with_what_was_typed(soma):
    field = soma.locator("#field-soma-equations")
    field.fill(LINES)
    field.press("Escape")
    wait_until(lambda: pool(soma)["config"]["soma"].get("equations") == LINES)
    wait_until(lambda: soma.evaluate("document.activeElement.matches('.react-flow__node')"))
