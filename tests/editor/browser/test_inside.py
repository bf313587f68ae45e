"""Keys are for what is seen: inside a neuron they leave the canvas alone, on the canvas they are for what has them."""

from editor_page import wait_until

NOISE = "Noise into a pool"


def names(page):
    return sorted(node["name"] for node in page.document()["nodes"].values())


def inside_the_pool(page):
    page.example(NOISE)
    page.node("pool").click()
    page.keyboard.press("Enter")
    page.locator(".component-body .react-flow__node", has_text="soma").last.click()


def test_keys_inside_a_neuron_leave_the_canvas_alone(page):
    inside_the_pool(page)
    before = page.document()
    for key in ("Delete", "n", "g", "b", "l", "Control+d", "Control+x"):
        page.keyboard.press(key)
    # Whatever they had asked for would be answered before this is.
    assert page.document() == before
    page.locator(".components").wait_for()
    page.keyboard.press("Escape")
    page.node("pool").wait_for()


def test_the_inside_of_a_neuron_closes_when_the_neuron_is_gone(page):
    page.empty()
    page.keyboard.press("Space")
    page.locator(".search").fill("ALIFNeuron")
    page.keyboard.press("Enter")
    page.node("alif_neuron").wait_for()
    wait_until(lambda: page.evaluate("document.activeElement.matches('.react-flow__node')"))
    page.keyboard.press("Enter")
    page.locator(".components").wait_for()
    page.keyboard.press("Control+z")
    page.locator(".components").wait_for(state="detached")
    page.locator(".canvas").wait_for()
    page.keyboard.press("n")
    page.locator(".note").wait_for()


def test_what_is_added_from_inside_a_neuron_is_seen_on_the_canvas(page):
    inside_the_pool(page)
    page.get_by_role("button", name="+ Add").click()
    page.locator(".search").fill("ALIFNeuron")
    page.keyboard.press("Enter")
    page.node("alif_neuron").wait_for()
    assert page.locator(".components").count() == 0


def test_a_wire_that_has_the_keys_is_what_is_deleted(page):
    page.example(NOISE)
    page.node("level").click()
    page.keyboard.press("Shift+Tab")
    wait_until(lambda: page.evaluate("document.activeElement.matches('.react-flow__edge')"))
    wire = page.evaluate("document.activeElement.dataset.id")
    page.keyboard.press("Delete")
    wait_until(lambda: wire not in page.document()["edges"])
    assert names(page) == ["level", "noise", "pool"] and len(page.document()["edges"]) == 1


def test_settings_of_a_wire_give_way_to_those_of_a_node(page):
    """What a browser's call gives back is no clean-up: it took the whole page down when the wire was left."""
    page.example(NOISE)
    page.node("pool").click()
    page.get_by_role("button", name="Settings of the wire from noise.spikes").click()
    page.locator(".inspector h2").wait_for()
    page.node("pool").click()
    page.locator("#node-name").wait_for()
    assert page.locator("#node-name").input_value() == "pool"


def test_ctrl_shift_s_asks_for_another_name(page, shared):
    page.example(NOISE)
    page.keyboard.press("Control+s")
    page.get_by_label("File", exact=True).fill("first")
    page.keyboard.press("Enter")
    page.get_by_text("Saved as first").wait_for()
    before = (shared.folder / "first.spark.json").read_bytes()
    page.keyboard.press("n")
    page.locator(".note").wait_for()
    page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
    page.keyboard.press("Control+Shift+s")
    page.get_by_label("File", exact=True).fill("second")
    page.keyboard.press("Enter")
    page.get_by_text("Saved as second").wait_for()
    assert (shared.folder / "first.spark.json").read_bytes() == before
    assert b"A note" in (shared.folder / "second.spark.json").read_bytes()


def test_where_a_part_of_the_page_fails_the_rest_of_it_goes_on(page):
    page.example(NOISE)
    page.evaluate("""() => {
      window.asItIs = Element.prototype.scrollTo;
      Element.prototype.scrollTo = () => { throw new Error("on purpose"); };
    }""")
    page.node("pool").click()
    page.get_by_role("button", name="Settings of the wire from noise.spikes").click()
    page.get_by_text("Inspector cannot be shown: on purpose. Your work is not lost.").wait_for()
    page.picture("failed-part")
    assert page.errors and page.node("pool").is_visible()
    page.errors.clear()
    page.evaluate("() => { Element.prototype.scrollTo = window.asItIs; }")
    page.get_by_role("button", name="Show it again").click()
    page.locator(".inspector h2").wait_for()
