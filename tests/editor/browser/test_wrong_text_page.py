"""A text that is no value is said where it stands: nobody guesses at it, and nothing that needs it goes on."""

import pytest
from editor_page import wait_until

from spark.io.model_file import new_document, write_document

NOISE = "Noise into a pool"


def pool(page):
    return page.document()["nodes"]["n3"].get("config", {})


def choose(page):
    page.node("pool").locator(".head").click()
    page.locator("#field-units").wait_for()


def write(page, place, text):
    field = page.locator(place)
    field.fill(text)
    field.blur()
    return field


def focused(page):
    return page.evaluate("document.activeElement.id")


def test_what_needs_a_field_does_not_go_on_while_its_text_is_no_value(page):
    page.example(NOISE)
    page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
    page.locator("#meta-dt").wait_for()
    before = page.document()["meta"]
    for button in ("Run", "One step", "Save", "Model file"):
        write(page, "#meta-dt", "0.5x")
        page.get_by_role("button", name=button, exact=True).click()
        page.get_by_role("alert").get_by_text("Mend dt first: “0.5x” is no value of it.").wait_for()
        wait_until(lambda: focused(page) == "meta-dt")
        page.get_by_role("alert").get_by_role("button", name="Close").click()
    assert page.phase() == "not running" and page.document()["meta"] == before
    assert page.get_by_role("dialog").count() == 0
    page.locator("#meta-dt").press("Escape")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(1)


def test_a_brain_that_runs_can_be_paused_whatever_is_typed(page):
    page.example(NOISE)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(1)
    choose(page)
    write(page, "#field-units", "many")
    page.get_by_role("button", name="Pause").click()
    page.wait_phase("paused")
    page.get_by_role("button", name="Run", exact=True).click()
    wait_until(lambda: focused(page) == "field-units")
    assert page.phase() == "paused"


def test_a_comma_that_may_be_a_decimal_is_asked_about(page):
    page.example(NOISE)
    choose(page)
    page.locator("summary", has_text="soma").first.click()
    place = "#field-soma-threshold"
    page.locator(place).wait_for()
    for text, said in (
        ("20,5", "Write 20.5 for a decimal, or 20, 5 for a list."),
        ("1.2.3, 4", "“1.2.3” is not a number"),
        ("1e400", "“1e400” is too large a number"),
        ("[1, 1e400]", "is too large a number"),
    ):
        write(page, place, text)
        page.locator(".field.wrong").get_by_text(said).wait_for()
    assert "threshold" not in pool(page).get("soma", {})


@pytest.mark.parametrize(("text", "value"), [("500 us", 0.5), ("0.5 ms", 0.5)])
def test_the_brains_step_takes_units(page, text, value):
    page.example(NOISE)
    page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
    write(page, "#meta-dt", text)
    wait_until(lambda: page.document()["meta"].get("dt") == value)


def test_a_seed_of_blanks_is_none_and_one_that_is_no_whole_number_is_refused(page):
    page.example(NOISE)
    page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
    page.locator("#meta-seed").fill("")
    write(page, "#meta-seed", "7")
    wait_until(lambda: page.document()["meta"].get("seed") == 7)
    for text, said in (("1.5", "A whole number is needed."), ("-1", "It must be ≥ 0.")):
        write(page, "#meta-seed", text)
        page.locator(".field.wrong").get_by_text(said).wait_for()
    assert page.document()["meta"]["seed"] == 7
    write(page, "#meta-seed", "  ")
    wait_until(lambda: page.document()["meta"].get("seed") is None)


def test_numbers_of_a_file_that_are_text_or_out_of_bounds_are_marked_where_they_stand(page, shared):
    document = new_document()
    document["nodes"]["n1"] = {"type": "Input", "name": "drive", "config": {}, "ui": {"x": 0, "y": 0}}
    document["meta"] |= {"seed": "7", "dt": -1}
    document["run"] |= {"speed": "fast", "stop": {"step": 2.5}, "inputs": {"drive": {"value": "much"}}}
    (shared.folder / "numbers.spark.json").write_bytes(write_document(document))
    page.empty()
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("button", name="numbers.spark.json").click()
    page.node("drive").wait_for()
    for name, shown, said in (("seed", "7", "A number is needed."), ("dt", "-1", "It must be > 0 ms.")):
        field = page.locator(f"#meta-{name}")
        assert (field.input_value(), field.get_attribute("aria-invalid")) == (shown, "true")
        assert page.locator(f"#meta-{name}-help").inner_text() == said
    page.locator("#meta-seed").fill("")
    write(page, "#meta-seed", "7")
    wait_until(lambda: page.document()["meta"].get("seed") == 7)
    wait_until(lambda: page.locator("#meta-seed").get_attribute("aria-invalid") == "false")
    page.get_by_role("tab", name="Run settings").click()
    assert page.locator("#run-speed-help").inner_text() == "A number is needed."
    assert page.locator("#stop-step").input_value() == "2.5"
    assert page.locator("#stop-step-help").inner_text() == "A whole number is needed."
    assert page.locator(".drive .slider-number").input_value() == "much"
    assert page.locator(".drive .field.wrong").inner_text().endswith("A number is needed.")
