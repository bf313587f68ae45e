"""Numbers of Run settings are those that were typed, or are refused where they stand; panels show now unless asked."""

from editor_page import wait_until

NOISE = "Noise into a pool"


def run_settings(page):
    page.example(NOISE)
    page.get_by_role("tab", name="Run settings").click()


def given(page):
    return page.document()["run"]


def typed(page, field, text):
    field.click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_the_number_beside_a_slider_is_the_one_that_is_typed(page):
    run_settings(page)
    box = page.locator(".drive .slider-number")
    for text, value in (("-0.5", -0.5), ("-.2", -0.2), ("0.7", 0.7)):
        typed(page, box, text)
        wait_until(lambda value=value: given(page)["inputs"]["level"]["value"] == value)
    typed(page, box, "much")
    wait_until(lambda: "is not a number" in (box.get_attribute("title") or ""))
    page.keyboard.press("Escape")
    assert box.input_value() == "0.7" and given(page)["inputs"]["level"]["value"] == 0.7


def test_a_condition_that_cannot_be_met_is_refused_at_its_field_and_takes_none_away(page):
    run_settings(page)
    step, silence, rate = (page.locator(f"#stop-{name}") for name in ("step", "silence", "rate"))
    typed(page, step, "500")
    wait_until(lambda: given(page).get("stop", {}).get("step") == 500)
    for field, text, said in (
        (step, "-5", "It must be ≥ 1."),
        (step, "1.5", "A whole number is needed."),
        (step, "5-0", "is not a number"),
        (silence, "0", "It must be > 0 ms."),
        (rate, "-1 Hz", "It must be > 0 Hz."),
    ):
        typed(page, field, text)
        page.locator(".side").get_by_text(said).first.wait_for()
        page.keyboard.press("Escape")
    assert given(page)["stop"] == {"step": 500}
    typed(page, silence, "0.5 s")
    wait_until(lambda: given(page)["stop"].get("silence") == 500)
    typed(page, step, " ")
    wait_until(lambda: given(page)["stop"].get("step") is None)


def test_values_that_do_not_fit_their_input_are_a_problem_with_a_button_that_mends_it(page):
    page.example(NOISE)

    def resize(size):
        page.get_by_role("tab", name="Inspector").click()
        page.node("level").locator(".head").click()
        typed(page, page.locator("#field-shape"), str(size))

    resize(3)
    wait_until(lambda: page.document()["nodes"]["n1"]["config"]["shape"] == [3])
    page.get_by_role("tab", name="Run settings").click()
    page.get_by_role("button", name="one for each").click()
    wait_until(lambda: given(page)["inputs"]["level"]["value"] == [0.3] * 3)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(50)
    resize(2)
    page.get_by_test_id("problem-count").get_by_text("1 problem").wait_for()
    page.get_by_role("tab", name="Problems").click()
    page.get_by_text("is driven by 3 numbers; expected 1 or 2").first.wait_for()
    assert page.phase() == "running"
    page.get_by_role("tab", name="Run settings").click()
    page.get_by_text("3 numbers are given, and it takes 2.").wait_for()
    page.get_by_role("button", name="one for each").click()
    wait_until(lambda: given(page)["inputs"]["level"]["value"] == [0.3, 0.3])
    page.no_problems()
    before = page.step()
    page.wait_step(before + 50)


def test_whoever_looked_back_sees_what_happens_next(page):
    page.example(NOISE)
    page.keyboard.press("Control+Enter")
    page.wait_step(1500)
    page.keyboard.press("Control+Enter")
    page.wait_phase("paused")
    page.settled()
    shown = page.locator(".time-bar output")
    page.locator("#scrub").focus()
    page.keyboard.press("Home")
    wait_until(lambda: shown.inner_text() == "1000 ms")
    page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
    page.keyboard.press(".")
    wait_until(lambda: shown.inner_text() == f"{page.step()} ms")


def test_a_number_of_several_nodes_leaves_the_others_as_they_are(page):
    page.empty()
    for x in (0, 350):
        page.ask("apply", commands=[{"do": "add", "type": "LIFNeuron", "x": x, "y": 0}])
    kernel = {"initializer": "UniformInitializer"}
    path = ["synapses", "kernel"]
    for key, low, total in zip(page.document()["nodes"], (0.1, 0.7), (11, 22), strict=True):
        value = {**kernel, "low": low, "total": total}
        page.ask("apply", commands=[{"do": "configure", "ids": [key], "path": path, "value": value}])
    page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
    page.keyboard.press("Control+a")
    page.get_by_text("2 nodes").wait_for()
    low, total = (page.locator(f"#field-synapses-kernel-{name}") for name in ("low", "total"))
    assert low.input_value() == "" and low.get_attribute("placeholder") == "several values"
    total.fill("33")
    total.press("Enter")

    def kernels():
        return [node["config"]["synapses"]["kernel"] for node in page.document()["nodes"].values()]

    wait_until(lambda: kernels() == [{**kernel, "low": low, "total": 33} for low in (0.1, 0.7)])
    page.keyboard.press("Control+z")
    wait_until(lambda: [k["total"] for k in kernels()] == [11, 22])
    node = next(iter(page.document()["nodes"]))
    value = {"initializer": "NormalInitializer"}
    page.ask("apply", commands=[{"do": "configure", "ids": [node], "path": path, "value": value}])
    wait_until(lambda: page.locator("#field-synapses-kernel").input_value() == "several")
    # The field that had the keys is gone; the first node has them now, and both are still selected.
    assert low.count() == 0 and page.locator(".inspector h2").inner_text() == "2 nodes"


def test_escape_takes_back_what_was_typed_in_every_field(page):
    page.example(NOISE)
    before = page.document()
    for tab, selector in (
        ("Inspector", "#meta-seed"),
        ("Inspector", "#meta-name"),
        ("Run settings", "#stop-step"),
        ("Run settings", "#run-environment"),
        ("node", "#node-name"),
        ("node", "#field-units"),
    ):
        if tab == "node":
            page.node("pool").click()
        else:
            page.get_by_role("tab", name=tab).click()
        field = page.locator(selector)
        was = field.input_value()
        field.click()
        page.keyboard.press("Control+a")
        page.keyboard.type("12")
        page.keyboard.press("Escape")
        wait_until(lambda field=field, was=was: field.input_value() == was)
    assert page.document() == before
