"""Keys, focus, and what a screen reader is told."""

import pytest
from editor_page import wait_until
from test_first_minutes import add, choose, config


def focused(page):
    return page.evaluate(
        "document.activeElement.closest('.react-flow__node')?.dataset.id ?? document.activeElement.id"
        " ?? document.activeElement.className"
    )


def said(page, words):
    page.get_by_test_id("said").get_by_text(words, exact=True).wait_for(state="attached")


def names(page):
    return {node["name"] for node in page.document()["nodes"].values()}


def add_while_nothing_is_heard(page, words):
    page.hold()
    page.keyboard.press("Space")
    choose(page, words)


# A node is hidden until it is measured, and what is hidden can have no focus.
MEASURED_LATE = """
const Quick = window.ResizeObserver;
window.ResizeObserver = class extends Quick {
  constructor(tell) { super((...sizes) => setTimeout(() => tell(...sizes), 300)); }
};
"""


def test_a_new_node_has_the_focus_and_its_first_field_is_one_key_away(context, open_page):
    context.add_init_script(MEASURED_LATE)
    page = open_page()
    page.empty()
    page.keyboard.press("Space")
    choose(page, "LIFNeuron")
    wait_until(lambda: len(page.document()["nodes"]) == 1)
    (key,) = page.document()["nodes"]
    wait_until(lambda: focused(page) == key)
    page.keyboard.press("i")
    wait_until(lambda: focused(page) == "field-units")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    wait_until(lambda: config(page, key)["units"] == [12])
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    wait_until(lambda: focused(page) == key)
    assert config(page, key)["units"] == [12]


@pytest.mark.thorough
def test_enter_goes_into_the_first_field_of_what_has_no_inside(page):
    page.empty()
    key = add(page, "PoissonSpiker", x=0, y=0)
    page.node("poisson_spiker").click()
    page.keyboard.press("Enter")
    wait_until(lambda: focused(page) == "field-max_freq")
    page.keyboard.press("Escape")
    wait_until(lambda: focused(page) == key)


def test_the_focus_stays_with_the_node_after_a_wire_and_with_the_canvas_after_a_deletion(page):
    page.empty()
    add(page, "PoissonSpiker", x=0, y=0)
    key = add(page, "LIFNeuron", x=300, y=0)
    page.node("lif_neuron").click()
    page.keyboard.press("c")
    choose(page, "poisson_spiker.spikes")
    wait_until(lambda: page.wires() == 1)
    wait_until(lambda: focused(page) == key)
    said(page, "Wired poisson_spiker.spikes to lif_neuron.in_spikes.")
    page.keyboard.press("Delete")
    wait_until(lambda: page.locator(".react-flow__node").count() == 1)
    wait_until(lambda: page.evaluate("document.activeElement.matches('.canvas')"))


def test_what_is_done_is_said(page):
    page.empty()
    page.keyboard.press("Space")
    choose(page, "LIFNeuron")
    said(page, "Added lif_neuron.")
    page.keyboard.press("c")
    choose(page, "lif_neuron.out_spikes")
    said(page, "Wired lif_neuron.out_spikes to lif_neuron.in_spikes.")
    page.keyboard.press("Control+z")
    said(page, "Deleted the wire from lif_neuron.out_spikes to lif_neuron.in_spikes.")
    page.keyboard.press("Delete")
    said(page, "Deleted lif_neuron.")


def test_keys_wait_for_what_is_being_added(page):
    """Until its answer has come something else is selected, to which a key would do what is meant for the new node."""
    page.empty()
    add(page, "PoissonSpiker", x=0, y=0)
    page.node("poisson_spiker").click()
    add_while_nothing_is_heard(page, "LIFNeuron")
    page.keyboard.press("c")
    page.let_through()
    choose(page, "lif_neuron.out_spikes")
    # The palette wired the node that was selected to the new one.
    wait_until(lambda: page.wires() == 2)
    add_while_nothing_is_heard(page, "ALIFNeuron")
    page.keyboard.press("Delete")
    page.let_through()
    said(page, "Deleted alif_neuron. Deleted the wire from lif_neuron.out_spikes to alif_neuron.in_spikes.")
    assert names(page) == {"poisson_spiker", "lif_neuron"}


def test_keys_that_wait_follow_one_another(page):
    """Each sees what the one before it selected; after one that goes into a field none is done to the node."""
    page.empty()
    add_while_nothing_is_heard(page, "PoissonSpiker")
    page.keyboard.press("Control+d")
    page.keyboard.press("Delete")
    page.let_through()
    said(page, "Deleted poisson_spiker_2.")
    assert names(page) == {"poisson_spiker"}
    add_while_nothing_is_heard(page, "LIFNeuron")
    page.keyboard.press("i")
    page.keyboard.press("Backspace")
    page.let_through()
    wait_until(lambda: focused(page) == "field-units")
    assert names(page) == {"poisson_spiker", "lif_neuron"}


def test_all_is_selected_with_what_is_on_its_way_and_undo_takes_that_back(page):
    page.empty()
    add(page, "PoissonSpiker", x=0, y=0)
    page.node("poisson_spiker").click()
    page.hold()
    page.keyboard.press("Control+d")
    page.keyboard.press("Control+a")
    page.let_through()
    wait_until(lambda: page.locator(".react-flow__node.selected").count() == 2)
    assert names(page) == {"poisson_spiker", "poisson_spiker_2"}
    page.hold()
    page.keyboard.press("Control+d")
    page.keyboard.press("Control+z")
    page.let_through()
    wait_until(lambda: names(page) == {"poisson_spiker", "poisson_spiker_2"})


def test_keys_after_a_click_are_for_what_was_clicked(page):
    page.empty()
    add(page, "PoissonSpiker", x=0, y=0)
    add_while_nothing_is_heard(page, "LIFNeuron")
    page.node("poisson_spiker").click()
    page.keyboard.press("Delete")
    page.let_through()
    wait_until(lambda: names(page) == {"lif_neuron"})


@pytest.mark.thorough
def test_what_is_watched_is_pressed_and_switched_off_again(page):
    page.example("Noise into a pool")
    page.node("pool").click()
    raster = page.get_by_role("button", name="raster: pool.out_spikes")
    assert raster.get_attribute("aria-pressed") == "true"
    rate = page.get_by_role("button", name="rate: pool.out_spikes")
    assert rate.get_attribute("aria-pressed") == "false"
    rate.click()
    wait_until(lambda: rate.get_attribute("aria-pressed") == "true")
    raster.click()
    wait_until(lambda: raster.get_attribute("aria-pressed") == "false")
    views = {(p["path"], p["view"]) for p in page.document()["probes"].values()}
    assert ("pool.out_spikes", "rate") in views and ("pool.out_spikes", "raster") not in views


@pytest.mark.thorough
def test_the_palette_opens_from_a_field_too(page):
    page.example("Noise into a pool")
    page.node("noise").click()
    page.keyboard.press("i")
    page.wait_for_function("() => document.activeElement.matches('.side input')")
    page.keyboard.press("Control+Space")
    page.get_by_role("combobox", name="Search modules").wait_for()
