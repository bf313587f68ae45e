"""What somebody types is theirs: an answer that comes late takes neither the text nor the keys out of a field."""

import pytest
from editor_page import wait_until

CARTPOLE = "The tutorial's brain at CartPole"
NOISE = "Noise into a pool"


def pool(document):
    return document["nodes"]["n3"]


def choose_pool(page):
    page.locator('.react-flow__node[data-id="n3"] .head').click()


def open_kernel(page):
    choose_pool(page)
    page.locator("summary", has_text="synapses").first.click()
    page.locator("summary", has_text="UniformInitializer").first.click()


def run_settings(page):
    page.get_by_role("tab", name="Run settings").click()


def put_note(page):
    page.ask("apply", commands=[{"do": "put_note", "text": "a", "x": 0, "y": 200}])


def put_group(page):
    page.ask("apply", commands=[{"do": "group", "ids": ["n2", "n3"], "name": "a"}])


def brain(page):
    page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})


# How to come to a field, where it is, two values that are typed into it, and where the document has them.
FIELDS = {
    "name": (choose_pool, "#node-name", "cells", "neurons", lambda d: pool(d)["name"]),
    "number": (choose_pool, "#field-units", "41", "42", lambda d: str(pool(d)["config"]["units"][0])),
    "part of a whole": (
        open_kernel,
        "#field-synapses-kernel-total",
        "31",
        "32",
        lambda d: str(pool(d)["config"]["synapses"]["kernel"]["total"]),
    ),
    "name of the brain": (brain, "#meta-name", "one", "two", lambda d: d["meta"]["name"]),
    "condition": (run_settings, "#stop-step", "150", "250", lambda d: str(d["run"].get("stop", {}).get("step"))),
    "environment": (
        run_settings,
        "#run-environment",
        "Acrobot-v1",
        "Pendulum-v1",
        lambda d: d["run"].get("environment"),
    ),
    "note": (put_note, ".note textarea", "one", "two", lambda d: d["notes"]["t1"]["text"]),
    "group": (put_group, ".group-head input", "one", "two", lambda d: d["groups"]["g1"]["name"]),
}


def test_the_answer_to_one_value_leaves_the_next_that_is_typed_meanwhile(page):
    page.example(NOISE)
    for kind, (come, place, first, second, held) in FIELDS.items():
        come(page)
        field = page.locator(place)
        field.fill(first)
        page.hold()
        field.blur()
        field.focus()
        page.keyboard.press("Control+A")
        page.keyboard.type(second)
        wait_until(lambda held=held, first=first: held(page.document()) == first)
        page.let_through()
        assert field.input_value() == second, kind
        assert field.evaluate("field => field === document.activeElement"), kind
        field.blur()
        wait_until(lambda held=held, second=second: held(page.document()) == second)
        assert field.input_value() == second, kind


# Which nodes are hidden from now on, be it for one frame only.
WATCH_HIDDEN = """
window.hiddenNodes = [];
const note = (changes) => {
  for (const { target } of changes)
    if (target.matches(".react-flow__node") && target.style.visibility === "hidden")
      window.hiddenNodes.push(target.dataset.id);
};
const what = { attributes: true, attributeFilter: ["style"], subtree: true };
new MutationObserver(note).observe(document.querySelector(".react-flow__nodes"), what);
"""


def test_no_node_is_hidden_when_what_it_shows_changes(page):
    page.example(NOISE)
    put_note(page)
    put_group(page)
    page.locator(".note textarea").wait_for()
    page.locator(".group-head input").wait_for()
    page.drawn_anew()
    page.evaluate(WATCH_HIDDEN)
    changes = [
        {"do": "rename", "id": "n3", "name": "cells"},
        {"do": "put_note", "id": "t1", "text": "one"},
        {"do": "group", "id": "g1", "name": "one"},
        {"do": "move", "places": {"n3": [700, 300]}},
    ]
    for change in changes:
        page.ask("apply", commands=[change])
        page.drawn_anew()
    assert page.locator(".group-head input").input_value() == "one"
    assert page.evaluate("window.hiddenNodes") == []


@pytest.mark.thorough
def test_going_back_to_the_value_that_stood_before_is_a_change_while_nobody_has_answered(page):
    page.example(NOISE)
    choose_pool(page)
    field = page.locator("#field-units")
    before = field.input_value()
    page.hold()
    field.fill("41")
    field.press("Enter")
    wait_until(lambda: pool(page.document())["config"]["units"] == [41])
    field.fill(before)
    field.press("Enter")
    wait_until(lambda: pool(page.document())["config"]["units"] == [int(before)])
    page.let_through()
    assert field.input_value() == before


def test_a_field_leaves_taking_back_to_the_page_once_its_text_is_in_the_document(page):
    page.example(NOISE)
    for kind, (come, place, first, second, held) in FIELDS.items():
        come(page)
        field = page.locator(place)
        field.fill(first)
        field.blur()
        wait_until(lambda held=held, first=first: held(page.document()) == first)
        field.fill(second)
        # Not in the document yet: the field takes it back.
        page.keyboard.press("Control+z")
        assert field.input_value() == first and held(page.document()) == first, kind
        page.hold()
        field.fill(second)
        field.blur()
        wait_until(lambda held=held, second=second: held(page.document()) == second)
        field.focus()
        # There, but the page has not heard of it: the page takes it back, with what was typed into this field before.
        page.keyboard.press("Control+z")
        wait_until(lambda held=held, second=second: held(page.document()) != second)
        page.let_through()
        wait_until(lambda field=field, second=second: field.input_value() != second)
        page.keyboard.press("Control+y")
        wait_until(lambda held=held, second=second: held(page.document()) == second)
        wait_until(lambda field=field, second=second: field.input_value() == second)


def test_a_box_or_a_list_that_has_the_keys_leaves_taking_back_to_the_page(page):
    page.example(NOISE)
    before = page.document()
    for come, selector, change in (
        (run_settings, "#stop-nan", lambda box: box.click()),
        (open_kernel, "#field-synapses-kernel", lambda list: list.select_option("ConstantInitializer")),
    ):
        come(page)
        field = page.locator(selector)
        page.hold()
        field.focus()
        change(field)
        wait_until(lambda: page.document() != before)
        page.keyboard.press("Control+z")
        wait_until(lambda: page.document() == before)
        page.let_through()
        assert field.evaluate("field => field === document.activeElement"), selector


def test_a_section_stays_open_and_its_field_has_the_keys_when_its_only_change_is_taken_back(page):
    page.example(NOISE)
    open_kernel(page)
    for selector, change in (
        ("#field-synapses-kernel", lambda field: field.select_option("ConstantInitializer")),
        ("#field-synapses-kernel-total", lambda field: (field.fill("31"), field.press("Enter"))),
        ("#field-seed", lambda field: (field.fill("31"), field.press("Enter"))),
    ):
        field = page.locator(selector)
        if not field.is_visible():
            page.locator("summary", has_text="more").click()
        before = page.document()
        field.focus()
        change(field)
        wait_until(lambda before=before: page.document() != before)
        page.drawn_anew()
        page.keyboard.press("Control+z")
        wait_until(lambda before=before: page.document() == before)
        page.drawn_anew()
        assert field.is_visible(), selector
        assert field.evaluate("field => field === document.activeElement"), selector


@pytest.mark.thorough
def test_two_fields_that_are_written_as_one_value_keep_both_numbers(page):
    page.example(NOISE)
    open_kernel(page)
    page.hold()
    for name, number in (("total", "31"), ("low", "0.25")):
        page.locator(f"#field-synapses-kernel-{name}").fill(number)
        page.keyboard.press("Enter")
    page.let_through()
    run_settings(page)
    page.hold()
    for name, number in (("step", "150"), ("silence", "40")):
        page.locator(f"#stop-{name}").fill(number)
        page.keyboard.press("Enter")
    page.let_through()
    wait_until(lambda: page.document()["run"].get("stop", {}).get("silence") == 40)
    assert page.document()["run"]["stop"]["step"] == 150
    kernel = pool(page.document())["config"]["synapses"]["kernel"]
    assert (kernel["total"], kernel["low"]) == (31, 0.25)


@pytest.mark.thorough
def test_a_node_that_comes_late_takes_no_keys_from_the_field_that_is_typed_into(page):
    page.example(NOISE)
    page.keyboard.press("Space")
    page.get_by_role("combobox", name="Search modules").fill("ExponentialIntegrator")
    page.hold()
    page.keyboard.press("Enter")
    page.locator("dialog").wait_for(state="detached")
    choose_pool(page)
    field = page.locator("#field-units")
    field.fill("4")
    wait_until(lambda: len(page.document()["nodes"]) == 4)
    page.let_through()
    page.node("exponential_integrator").wait_for()
    page.settled()
    page.keyboard.type("3")
    assert field.input_value() == "43"
    page.keyboard.press("Enter")
    wait_until(lambda: pool(page.document())["config"]["units"] == [43])
    assert len(page.document()["nodes"]) == 4 and page.document()["notes"] == {}


# A node is hidden until it is measured, and what is hidden can have no focus.
MEASURED_WHEN_TOLD = """
const Quick = window.ResizeObserver;
window.sizes = [];
window.ResizeObserver = class extends Quick {
  constructor(tell) { super((...sizes) => (window.sizes ? window.sizes.push(() => tell(...sizes)) : tell(...sizes))); }
};
"""
MEASURE = "() => { const all = window.sizes; window.sizes = null; for (const tell of all) tell(); }"


@pytest.mark.thorough
def test_a_new_node_takes_no_keys_from_the_field_that_was_gone_to_without_mouse_and_tab(context, open_page):
    """As a screen reader goes to a field."""
    context.add_init_script(MEASURED_WHEN_TOLD)
    page = open_page().empty()
    page.keyboard.press("Space")
    page.get_by_role("combobox", name="Search modules").fill("LIFNeuron")
    page.keyboard.press("Enter")
    name = page.locator("#node-name")
    name.wait_for()
    name.focus()
    page.keyboard.press("Control+A")
    page.evaluate(MEASURE)
    page.node("lif_neuron").wait_for()
    page.settled()
    page.keyboard.type("inhibitory")
    page.keyboard.press("Enter")
    page.node("inhibitory").wait_for()
    assert page.document()["notes"] == {}


def test_a_key_that_leads_on_from_a_field_takes_its_text_along(page, shared):
    saved = shared.folder / "typed.spark.json"
    page.example(NOISE)
    page.keyboard.press("Control+s")
    page.get_by_label("File", exact=True).fill(saved.name)
    page.keyboard.press("Enter")
    page.get_by_text(f"Saved as {saved.name}").wait_for()
    choose_pool(page)
    for key, units in (("Control+s", 44), ("Control+Enter", 45), ("F7", 46)):
        page.locator("#field-units").fill(str(units))
        page.keyboard.press(key)
        wait_until(lambda units=units: pool(page.document())["config"]["units"] == [units])
        if key == "Control+s":
            wait_until(lambda: '"units":[44]' in "".join(saved.read_text().split()))
            page.get_by_text("unsaved", exact=True).wait_for(state="detached")


@pytest.mark.thorough
def test_an_answer_to_saving_closes_no_other_dialog(page):
    page.example(NOISE)
    page.keyboard.press("Control+s")
    page.get_by_label("File", exact=True).fill("late.spark.json")
    page.keyboard.press("Enter")
    page.get_by_text("Saved as late.spark.json").wait_for()
    page.get_by_role("button", name="Close").first.click()
    page.hold()
    page.keyboard.press("Control+s")
    page.keyboard.press("Space")
    search = page.get_by_role("combobox", name="Search modules")
    search.fill("LIF")
    page.ask("files")
    page.let_through()
    page.get_by_text("Saved as late.spark.json").wait_for()
    assert search.input_value() == "LIF"
