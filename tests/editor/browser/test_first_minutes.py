"""The first five minutes with the page: no click is lost, nothing is hidden, words are plain."""

import pytest
from editor_page import wait_until


def add(page, type, **more):
    """Add a module over the page's own line, and select it."""
    made = page.ask("apply", commands=[{"do": "add", "type": type, **more}])["results"][0]["id"]
    page.locator(f'.react-flow__node[data-id="{made}"]').wait_for()
    return made


def config(page, key):
    return page.document()["nodes"][key].get("config", {})


def test_the_first_click_after_a_field_was_edited_is_taken(page):
    page.empty()
    key = add(page, "ALIFNeuron", x=0, y=0)
    page.node("alif_neuron").click()
    units = page.get_by_label("units", exact=False).first
    units.fill("64")
    units.press("Enter")
    wait_until(lambda: config(page, key)["units"] == [64])
    units.focus()
    page.get_by_label("async_spikes").click()
    wait_until(lambda: config(page, key)["async_spikes"] is True)


@pytest.mark.parametrize("text", ["32", "no number"], ids=["right", "wrong"])
def test_a_box_that_is_clicked_straight_from_a_field_stays_under_the_pointer(page, text):
    """What is typed is taken when the field loses the focus: between the press and the release of that very click."""
    page.empty()
    key = add(page, "ALIFNeuron", x=0, y=0)
    page.node("alif_neuron").click()
    page.get_by_label("units", exact=False).first.fill(text)
    box = page.get_by_label("async_spikes").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    wait_until(lambda: page.evaluate("document.activeElement.id") == "field-async_spikes")
    assert page.get_by_label("async_spikes").bounding_box() == box
    page.mouse.up()
    wait_until(lambda: config(page, key)["async_spikes"] is True)


def test_the_meaning_of_a_field_is_read_without_moving_anything(page):
    page.empty()
    add(page, "ALIFNeuron", x=0, y=0)
    page.node("alif_neuron").click()
    box = page.get_by_label("async_spikes").bounding_box()
    page.get_by_label("inhibitory_rate").focus()
    page.locator(".field-help").get_by_text("Fraction of units").wait_for()
    assert page.get_by_label("async_spikes").bounding_box() == box


def test_numbers_that_are_arrays_read_as_numbers_and_their_default_is_no_change(page):
    page.empty()
    key = add(page, "TopologicalLinearSpiker", x=0, y=0)
    page.node("topological_linear_spiker").click()
    lowest, highest = page.get_by_label("mins", exact=True), page.get_by_label("maxs", exact=True)
    assert lowest.input_value() == "0" and highest.input_value() == "1"
    assert page.get_by_label("ring (glue)").input_value() == "0"
    lowest.fill("-1")
    lowest.press("Enter")
    wait_until(lambda: config(page, key).get("mins") == -1)
    lowest.fill("0")
    lowest.press("Enter")
    wait_until(lambda: "mins" not in config(page, key))
    highest.fill("1")
    highest.press("Enter")
    page.node("topological_linear_spiker").click()
    assert "maxs" not in config(page, key)


def test_enter_in_the_palette_takes_the_first_entry_wherever_the_pointer_lies(page):
    page.empty()
    pane = page.locator(".canvas").bounding_box()
    page.keyboard.press("Space")
    option = page.modules().nth(3).bounding_box()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    assert pane["x"] < option["x"]
    page.mouse.move(option["x"] + 30, option["y"] + option["height"] / 2)
    page.keyboard.press("Space")
    page.wait_for_function("() => document.activeElement.matches('.search')")
    first = page.modules().first.locator("b").inner_text()
    assert page.modules().first.get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    wait_until(lambda: {n["type"] for n in page.document()["nodes"].values()} == {first})


def test_the_palette_of_a_brain_lists_no_components(page):
    page.empty()
    page.keyboard.press("Space")
    search = page.get_by_role("combobox", name="Search modules")
    for words in ("Synapses", "Soma", "Rule", "Delays"):
        search.fill(words)
        shown = set(page.modules().locator(".family").all_inner_texts())
        assert not shown & {"synapses", "soma", "plasticity", "delays"}, (words, shown)


def test_spikes_that_are_dropped_on_nothing_offer_a_neuron_first(page):
    page.empty()
    add(page, "PoissonSpiker", x=0, y=0)
    page.settled()
    begin = page.port("poisson_spiker", "spikes", "out").bounding_box()
    page.mouse.move(begin["x"] + 5, begin["y"] + 5)
    page.mouse.down()
    page.mouse.move(begin["x"] + 200, begin["y"] + 150, steps=8)
    page.mouse.up()
    page.get_by_text("What fits SpikeArray").wait_for()
    assert page.modules().first.locator(".family").inner_text() == "neuron"


def test_what_the_brain_has_for_all_stands_under_more(page):
    page.empty()
    add(page, "ALIFNeuron", x=0, y=0)
    page.node("alif_neuron").click()
    page.get_by_label("units", exact=False).first.wait_for()
    assert not page.get_by_label("dtype").is_visible()
    page.locator("summary", has_text="more").click()
    assert page.get_by_label("dtype").is_visible()
    summary = page.locator(".type-line .summary")
    assert "`" not in summary.inner_text() and "see" not in summary.inner_text()
