"""Drawing a brain: by keyboard, by mouse, with everything undone, copied, nested and kept."""

import json

import pytest
from editor_page import wait_until


@pytest.mark.thorough
@pytest.mark.parametrize("inhibited", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_network_is_built_by_keyboard_only(page, inhibited):
    """Acceptance a."""
    page.get_by_role("button", name="Empty page").wait_for()
    page.keyboard.press("Escape")
    keyboard = page.keyboard

    def add(words, name, wired=True):
        before = page.names()
        keyboard.press("Space")
        page.wait_for_function("() => document.activeElement.matches('.search')")
        keyboard.type(words)
        if not wired and page.locator(".beside").count():
            keyboard.press("Tab")
            keyboard.press("Space")
            keyboard.press("Shift+Tab")
        keyboard.press("Enter")
        (made,) = wait_until(lambda: page.names() - before)
        wait_until(lambda: page.locator("#node-name").input_value() == made)
        focus_name(name)

    def focus_name(name):
        # Tab leads from the page's start to the field; here its label does, as a screen reader's user would go.
        page.locator("#node-name").focus()
        keyboard.press("Control+A")
        keyboard.type(name)
        keyboard.press("Enter")
        page.node(name).wait_for()
        page.locator("#side-panel").focus()

    def wire(words):
        keyboard.press("c")
        page.wait_for_function("() => document.activeElement.matches('.search')")
        keyboard.type(words)
        keyboard.press("Enter")
        wait_until(lambda: page.locator("dialog").count() == 0)

    add("Input", "level")
    add("PoissonSpiker", "noise")
    add("LIFNeuron", "excitatory", wired=False)
    wire("noise.spikes → excitatory.in_spikes")
    wire("excitatory.out_spikes → excitatory.in_spikes")
    if inhibited:
        add("LIFNeuron", "inhibitory", wired=False)
        wire("excitatory.out_spikes → inhibitory.in_spikes")
        wire("inhibitory.out_spikes → excitatory.in_spikes")
    wait_until(lambda: page.wires() == 3 + 2 * inhibited)
    page.no_problems()
    keyboard.press("l")
    keyboard.press("Control+Enter")
    page.wait_step(50)
    keyboard.press("Control+Enter")
    page.wait_phase("paused")
    step = page.step()
    keyboard.press(".")
    page.wait_step(step + 1)
    assert page.step() == step + 1
    page.picture("a_built_by_keyboard")


@pytest.mark.thorough
def test_a_network_is_built_by_mouse(page):
    """Acceptance b."""
    page.empty()

    page.locator(".react-flow__pane").dblclick(position={"x": 150, "y": 150})
    page.get_by_role("combobox", name="Search modules").fill("PoissonSpiker")
    page.modules().first.click()
    page.settled()
    page.locator(".react-flow__pane").dblclick(position={"x": 500, "y": 150})
    page.get_by_role("combobox", name="Search modules").fill("LIFNeuron")
    page.modules().filter(has=page.locator('b:text-is("LIFNeuron")')).click()
    page.settled()
    page.locator(".react-flow__pane").click(position={"x": 300, "y": 500})
    pool = [n for n in page.names() if "neuron" in n][0]
    page.drag(page.port("poisson_spiker", "spikes", "out"), page.port(pool, "in_spikes", "in")).up()
    wait_until(lambda: page.wires() == 1)
    # A wire that is dropped on nothing shows what fits, and is wired to it.
    signal = page.port("poisson_spiker", "signal", "in").bounding_box()
    page.mouse.move(signal["x"] + 5, signal["y"] + 5)
    page.mouse.down()
    page.mouse.move(signal["x"] - 60, signal["y"] + 200, steps=8)
    page.mouse.up()
    page.get_by_text("What fits FloatArray").wait_for()
    assert page.modules("PoissonSpiker").count() == 0
    page.modules("Input").first.click()
    wait_until(lambda: page.wires() == 2)
    page.no_problems()
    # A node is dragged, and its place is kept.
    before = page.document()["nodes"]
    page.drag(page.node(pool).locator(".name"), page.locator(".react-flow__controls")).up()
    wait_until(lambda: page.document()["nodes"] != before)


def test_a_wrong_wire_is_refused_with_its_reason_and_the_right_one_is_drawn(page):
    """Acceptance c."""
    page.example("The tutorial's brain at CartPole")
    page.drag(page.port("drive", "value", "out"), page.port("neurons_pool", "in_spikes", "in"))
    reason = page.locator(".reason.bad")
    reason.wait_for()
    assert reason.inner_text() == "neurons_pool.in_spikes takes SpikeArray, and drive.value gives FloatArray"
    page.picture("c_refused")
    page.mouse.up()
    assert page.wires() == 5
    page.drag(page.port("drive", "value", "out"), page.port("neurons_pool", "modulation", "in")).up()
    wait_until(lambda: page.wires() == 6)


@pytest.mark.parametrize("count", [16, pytest.param(200, marks=pytest.mark.slow)])
def test_many_commands_are_undone_to_the_first_bytes(page, count):
    """Acceptance d, through the page; every kind of command is in the test of the history."""
    page.example("The tutorial's brain at CartPole")
    first = page.ask("export", kind="model")["text"]
    for i in range(count // 2):
        page.ask("apply", commands=[{"do": "add", "type": "LIFNeuron", "x": i, "y": i}])
        page.ask("apply", commands=[{"do": "move", "places": {"n3": [i, 2 * i]}}])
    assert page.ask("export", kind="model")["text"] != first
    page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
    for _ in range(count - 1):
        page.keyboard.press("Control+z")
    page.get_by_role("button", name="Undo").click()
    wait_until(lambda: page.get_by_role("button", name="Undo").is_disabled())
    assert page.ask("export", kind="model")["text"] == first
    page.keyboard.press("Control+Shift+z")
    wait_until(lambda: page.get_by_role("button", name="Undo").is_enabled())


@pytest.mark.thorough
def test_the_second_save_of_one_file_is_refused_with_a_choice(page, open_page):
    """Acceptance f."""
    one = page.example("Noise into a pool")
    one.keyboard.press("Control+s")
    one.get_by_label("File").fill("conflict")
    one.keyboard.press("Enter")
    one.get_by_text("Saved as conflict.spark.json").wait_for()
    other = open_page(within=page.context)
    other.get_by_role("button", name="Open a file").click()
    other.get_by_role("button", name="conflict.spark.json").click()
    other.node("noise").wait_for()
    for each in (one, other):
        each.keyboard.press("n")
        each.locator(".note").wait_for()
    one.get_by_role("button", name="Save", exact=True).click()
    one.wait_for_function("() => !document.querySelector('.file').innerText.includes('unsaved')")
    other.get_by_role("button", name="Save", exact=True).click()
    other.get_by_role("alert").get_by_text("was changed by somebody else").wait_for()
    other.picture("f_conflict")
    for choice in ("Save under this name", "Overwrite", "Open the file again, lose my changes"):
        assert other.get_by_role("button", name=choice).is_visible()
    other.get_by_role("button", name="Overwrite").click()
    other.get_by_text("Saved as conflict.spark.json").wait_for()


@pytest.mark.thorough
def test_what_is_copied_in_one_session_is_pasted_in_another(page, open_page):
    """Acceptance g."""
    one = page.example("The tutorial's brain at CartPole")
    one.keyboard.press("Control+a")
    one.keyboard.press("Control+c")
    one.get_by_text("Copied.").wait_for()
    text = one.evaluate("navigator.clipboard.readText()")
    assert json.loads(text)["format"] == "spark clipboard"
    other = open_page(within=page.context).empty()
    other.keyboard.press("Control+v")
    wait_until(lambda: other.names() == {"drive", "spiker", "neurons_pool", "integrator", "action"})
    wait_until(lambda: other.wires() == 5)
    other.no_problems()


def spikes(page, steps, path):
    """Total activity of a port over some steps, from the first."""
    page.ask("reset")
    page.ask("apply", commands=[{"do": "put_probe", "path": path, "view": "raster"}])
    seen = []
    for _ in range(steps):
        seen.append(page.ask("step", steps=20)["activity"][path])
    return seen


@pytest.mark.slow
def test_a_brain_made_of_some_modules_gives_the_same_result_and_is_unpacked(page):
    """Acceptance h."""
    page.example("The tutorial's brain at CartPole")
    flat = spikes(page, 10, "neurons_pool.out_spikes")
    page.node("spiker").click()
    page.node("neurons_pool").click(modifiers=["Control"])
    page.get_by_role("button", name="Make a brain of it").click()
    page.node("inner").wait_for()
    wait_until(lambda: page.names() == {"drive", "inner", "integrator", "action"})
    page.no_problems()
    page.keyboard.press("Enter")
    wait_until(lambda: {"spiker", "neurons_pool"} <= page.names() and "integrator" not in page.names())
    page.settled()
    page.picture("h_inside")
    # A port of a module inside becomes one of the brain.
    page.ask("apply", commands=[{"do": "promote", "id": "n2", "port": "spikes", "output": True}])
    wait_until(lambda: "spikes" in page.names())
    page.keyboard.press("Escape")
    wait_until(lambda: "integrator" in page.names())
    page.port("inner", "spikes", "out").wait_for()
    nested = spikes(page, 10, "inner.neurons_pool.out_spikes")
    assert nested == flat and sum(flat) > 0
    page.node("inner").click()
    page.get_by_role("button", name="Unpack").click()
    wait_until(lambda: page.names() == {"drive", "spiker", "neurons_pool", "integrator", "action"})
    page.no_problems()
    assert spikes(page, 10, "neurons_pool.out_spikes") == flat


def test_an_unknown_type_is_shown_kept_and_named(page, shared):
    """Acceptance q."""
    from spark.editor import gallery
    from spark.io.model_file import read_document, write_document

    document = gallery.document("noise")
    strange = {"type": "FromTheFuture", "name": "strange", "parent": None, "config": {"x": 1}, "shine": True}
    document["nodes"]["n9"] = {**strange, "ui": {"x": 300, "y": 200}}
    document["edges"]["e9"] = {"from": ["n2", "spikes"], "to": ["n9", "anything"], "order": 0}
    (shared.folder / "strange.spark.json").write_bytes(write_document(document))
    page.get_by_role("button", name="Open a file").click()
    page.get_by_role("button", name="strange.spark.json").click()
    page.node("strange").click()
    page.get_by_text("This type is not installed here").wait_for()
    page.get_by_test_id("problem-count").get_by_text("1 problem", exact=True).wait_for()
    page.picture("q_unknown")
    page.ask("apply", commands=[{"do": "move", "places": {"n9": [310, 210]}}])
    page.keyboard.press("Control+s")
    page.get_by_text("Saved as strange.spark.json").wait_for()
    kept = read_document("file", (shared.folder / "strange.spark.json").read_bytes())
    assert kept["nodes"]["n9"] == {**strange, "ui": {"x": 310, "y": 210}}
    assert kept["edges"]["e9"] == document["edges"]["e9"]


@pytest.mark.thorough
def test_a_file_of_an_older_form_is_read(page, shared):
    """Acceptance r: fields that came later are missing from it."""
    old = {
        "format": "spark graph",
        "version": 1,
        "nodes": {
            "n1": {"type": "PoissonSpiker", "name": "noise"},
            "n2": {"type": "LIFNeuron", "name": "pool", "config": {"units": 8, "async_spikes": False}},
            "n3": {"type": "Input", "name": "level", "config": {"shape": [5]}},
        },
        "edges": {
            "e1": {"from": ["n3", "value"], "to": ["n1", "signal"]},
            "e2": {"from": ["n1", "spikes"], "to": ["n2", "in_spikes"]},
        },
    }
    (shared.folder / "old.spark.json").write_text(json.dumps(old))
    page.get_by_role("button", name="Open a file").click()
    page.get_by_role("button", name="old.spark.json").click()
    page.node("pool").wait_for()
    page.no_problems()


def test_fields_take_units_say_what_is_wrong_and_go_back_to_their_default(page):
    page.example("The tutorial's brain at CartPole")
    page.node("spiker").click()
    tau = page.get_by_label("tau", exact=True)
    assert tau.input_value() == "30"
    tau.fill("0.02 s")
    tau.press("Enter")
    wait_until(lambda: tau.input_value() == "20")
    assert page.document()["nodes"]["n2"]["config"]["tau"] == 20
    tau.fill("5 mV")
    tau.press("Enter")
    page.get_by_text("mV is not a unit of time").wait_for()
    tau.fill("-3")
    tau.press("Enter")
    page.get_by_text("It must be > 0 ms.").wait_for()
    page.get_by_role("button", name="Back to the default of tau").click()
    wait_until(lambda: "tau" not in page.document()["nodes"]["n2"]["config"])


def test_a_problem_has_a_badge_a_line_that_jumps_and_a_fix(page):
    page.example("The tutorial's brain at CartPole")
    assert page.locator(".react-flow__edge[aria-label='wire drive.value → spiker.signal']").count() == 1
    page.ask("apply", commands=[{"do": "remove", "ids": ["e1"]}])
    page.node("spiker").locator(".badge").wait_for()
    page.keyboard.press("F7")
    page.get_by_text("signal is not wired").wait_for()
    page.picture("problem")
    page.get_by_role("button", name="Wire drive.value to it").click()
    page.no_problems()
    # What a spiker puts out depends on what it gets: an output of it is fitted by hand.
    output = {"do": "add", "type": "Output", "x": 0, "y": 300, "wire": {"from": ["n2", "spikes"]}}
    page.ask("apply", commands=[output])
    page.get_by_role("button", name="Make its shape (4, 128)").click()
    page.no_problems()


@pytest.mark.thorough
def test_several_nodes_are_edited_together(page):
    page.empty()
    for i in range(3):
        page.ask("apply", commands=[{"do": "add", "type": "LIFNeuron", "x": 250 * i, "y": 0}])
    wait_until(lambda: page.locator(".module").count() == 3)
    page.locator(".react-flow__pane").click(position={"x": 400, "y": 500})
    page.keyboard.press("Control+a")
    page.get_by_text("3 nodes").wait_for()
    units = page.get_by_label("units", exact=False).first
    units.fill("16, 16")
    units.press("Enter")
    wait_until(lambda: {str(n["config"]["units"]) for n in page.document()["nodes"].values()} == {"[16, 16]"})


@pytest.mark.thorough
def test_nodes_are_grouped_the_group_is_named_and_removed(page):
    page.example("The tutorial's brain at CartPole")
    page.node("spiker").click()
    page.node("neurons_pool").click(modifiers=["Control"])
    page.keyboard.press("g")
    name = page.get_by_label("Name of the group")
    name.fill("sensing")
    name.press("Enter")
    wait_until(lambda: [g["name"] for g in page.document()["groups"].values()] == ["sensing"])
    page.picture("group")
    page.get_by_role("button", name="Remove the group sensing").click()
    wait_until(lambda: page.locator(".group-frame").count() == 0)
    assert page.names() == {"drive", "spiker", "neurons_pool", "integrator", "action"}


def test_the_components_of_a_neuron_are_seen_and_edited(page):
    page.example("The tutorial's brain at CartPole")
    page.node("neurons_pool").click()
    page.keyboard.press("Enter")
    page.get_by_role("region", name="Components of neurons_pool").wait_for()
    wait_until(lambda: {"synapses", "in_spikes", "soma", "learning_rule"} <= page.names())
    inner = page.locator(".component-fields")
    inner.get_by_label("threshold", exact=True).fill("-45")
    inner.get_by_label("threshold", exact=True).press("Enter")
    wait_until(lambda: page.document()["nodes"]["n3"]["config"].get("soma") == {"threshold": -45})
    page.picture("components")


STRANGE = ["<img src=x onerror=window.broken=1>", "javascript:alert(1)", "\u202egnp.exe", "x" * 10000]


@pytest.mark.thorough
def test_names_and_notes_are_text_whatever_they_hold(page):
    page.example("Noise into a pool")
    for i, name in enumerate(STRANGE):
        note = {"do": "put_note", "text": name, "x": 200 * i, "y": 150}
        page.ask("apply", commands=[note, {"do": "group", "ids": ["n1"], "name": name}])
        page.ask("apply", commands=[{"do": "set_meta", "key": "name", "value": name}])
        wait_until(lambda name=name: page.locator("#meta-name").input_value() == name)
    wait_until(lambda: page.each(".note textarea", "note => note.value") == STRANGE)
    wait_until(lambda: sorted(page.each(".group-head input", "head => head.value")) == sorted(STRANGE))
    assert page.evaluate("window.broken") is None
    page.get_by_role("button", name="Gallery").click()
    page.locator(".gallery img").first.wait_for()
    assert page.evaluate("window.broken") is None
