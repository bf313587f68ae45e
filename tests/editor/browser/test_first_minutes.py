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


@pytest.mark.parametrize("text", ["32", pytest.param("no number", marks=pytest.mark.slow)], ids=["right", "wrong"])
def test_a_box_that_is_clicked_straight_from_a_field_stays_under_the_pointer(page, text):
    """What is typed is taken when the field loses the focus: between the press and the release of that very click."""
    page.empty()
    key = add(page, "ALIFNeuron", x=0, y=0)
    page.node("alif_neuron").click()
    page.get_by_label("async_spikes").scroll_into_view_if_needed()
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


@pytest.mark.thorough
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


@pytest.mark.thorough
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


@pytest.mark.thorough
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


def overlaps(a, b):
    return (
        a["x"] < b["x"] + b["width"]
        and b["x"] < a["x"] + a["width"]
        and a["y"] < b["y"] + b["height"]
        and b["y"] < a["y"] + a["height"]
    )


def boxes(page):
    return page.evaluate(
        """() => [...document.querySelectorAll(".react-flow__node")].map((n) => {
          const { x, y, width, height } = n.getBoundingClientRect();
          return { id: n.dataset.id, x, y, width, height };
        })"""
    )


def choose(page, words):
    page.wait_for_function("() => document.activeElement.matches('.search')")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.locator("dialog").wait_for(state="detached")


OTHERS = [pytest.param(title, marks=pytest.mark.slow) for title in ("Noise into a pool", "A plastic pool")]


@pytest.mark.thorough
@pytest.mark.parametrize("title", ["The tutorial's brain at CartPole", *OTHERS])
def test_a_new_node_covers_none_and_is_seen(page, title):
    page.example(title)
    count = page.locator(".react-flow__node").count()
    for i, way in enumerate(("button", "key", "key", "button")):
        if way == "button":
            page.get_by_role("button", name="+ Add").click()
        else:
            page.locator(".canvas").focus()
            page.keyboard.press("Space")
        choose(page, "LIFNeuron")
        wait_until(lambda n=count + i + 1: page.locator(".react-flow__node").count() == n)
    page.settled()
    found = boxes(page)
    assert not [(a["id"], b["id"]) for a in found for b in found if a["id"] < b["id"] and overlaps(a, b)]
    canvas = page.locator(".canvas").bounding_box()
    newest = page.locator(".react-flow__node.selected").bounding_box()
    assert overlaps(canvas, newest) and newest["x"] + newest["width"] <= canvas["x"] + canvas["width"]


@pytest.mark.thorough
def test_a_new_node_stands_right_of_the_selected_one_and_is_wired_to_it(page):
    page.empty()
    first = add(page, "PoissonSpiker", x=0, y=0)
    page.node("poisson_spiker").click()
    page.get_by_role("button", name="+ Add").click()
    assert page.get_by_label("Wire it to poisson_spiker, if it fits").is_checked()
    choose(page, "CurrentLIFNeuron")
    wait_until(lambda: page.wires() == 1)
    nodes = page.document()["nodes"]
    (second,) = set(nodes) - {first}
    assert nodes[second]["ui"]["x"] > nodes[first]["ui"]["x"] + 200
    (edge,) = page.document()["edges"].values()
    assert edge["from"] == [first, "spikes"] and edge["to"] == [second, "excitation"]
    # What feeds the selected node comes to its left; and one undo takes node and wire back.
    page.node("poisson_spiker").click()
    page.get_by_role("button", name="+ Add").click()
    choose(page, "Input")
    wait_until(lambda: page.wires() == 2)
    third = (set(page.document()["nodes"]) - {first, second}).pop()
    assert page.document()["nodes"][third]["ui"]["x"] < nodes[first]["ui"]["x"] - 200
    page.keyboard.press("Control+z")
    wait_until(lambda: page.wires() == 1 and page.locator(".react-flow__node").count() == 2)
    page.node("poisson_spiker").click()
    page.get_by_role("button", name="+ Add").click()
    page.get_by_label("Wire it to").uncheck()
    page.get_by_role("combobox", name="Search modules").focus()
    choose(page, "LIFNeuron")
    wait_until(lambda: page.locator(".react-flow__node").count() == 3)
    assert page.wires() == 1


@pytest.mark.thorough
def test_after_the_layout_everything_is_seen(page):
    page.empty()
    nodes = {f"n{i}": {"type": "LIFNeuron", "name": f"p{i}", "config": {"units": [4]}} for i in range(1, 31)}
    edges = {f"e{i}": {"from": [f"n{i}", "out_spikes"], "to": [f"n{i + 1}", "in_spikes"]} for i in range(1, 30)}
    page.ask("apply", commands=[{"do": "paste", "data": {"nodes": nodes, "edges": edges}, "x": 5000, "y": 5000}])
    wait_until(lambda: len(page.document()["nodes"]) == 30)
    page.locator(".canvas").focus()
    page.keyboard.press("l")
    page.wait_for_function(
        """() => {
          const frame = document.querySelector(".canvas").getBoundingClientRect();
          const nodes = [...document.querySelectorAll(".react-flow__node")].map((n) => n.getBoundingClientRect());
          return nodes.length === 30 && nodes.every((n) =>
            n.left >= frame.left && n.right <= frame.right && n.top >= frame.top && n.bottom <= frame.bottom);
        }"""
    )
    page.settled()
    assert min(b["width"] for b in boxes(page)) > 60
    page.picture("laid_out_30")


@pytest.mark.thorough
def test_a_run_shows_the_spikes_if_nobody_chose_what_to_watch(page):
    page.example("Noise into a pool")
    page.ask("apply", commands=[{"do": "remove", "ids": ["p1", "p2", "p3"]}])
    wait_until(lambda: page.document()["probes"] == {})
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(50)
    page.get_by_role("button", name="Pause").click()
    watched = {(p["path"], p["view"]) for p in page.document()["probes"].values()}
    assert watched == {("noise.spikes", "raster"), ("pool.out_spikes", "raster")}
    page.get_by_role("img", name="pool.out_spikes, raster").wait_for()
    for path, view in sorted(watched):
        page.get_by_role("button", name=f"Close {path}, {view}").click()
    page.get_by_role("button", name="Watch all spikes").click()
    page.get_by_role("img", name="noise.spikes, raster").wait_for()


def test_what_is_missing_is_calmly_to_do_until_run_is_pressed(page):
    page.empty()
    count = page.get_by_test_id("problem-count")
    wait_until(lambda: count.inner_text() == "1 to do")
    add(page, "CurrentLIFNeuron", x=0, y=0)
    page.locator(".module.to-do").wait_for()
    assert page.locator(".module.wrong").count() == 0
    assert "bad" not in count.get_attribute("class")
    page.node("current_lif_neuron").click()
    page.locator(".inspector").get_by_text("excitation", exact=False).first.wait_for()
    assert page.locator(".problem-line").count() == 0
    # A wrong value is no matter of doing it later.
    rate = {"do": "configure", "ids": list(page.document()["nodes"]), "path": ["inhibitory_rate"]}
    page.ask("apply", commands=[{**rate, "value": 7}])
    page.locator(".module.wrong").wait_for()
    page.ask("apply", commands=[{**rate, "reset": True}])
    page.locator(".module.to-do").wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(".module.wrong").wait_for()
    assert "bad" in count.get_attribute("class")


@pytest.mark.slow
def test_a_running_brain_draws_no_node_anew(page):
    page.example("The tutorial's brain at CartPole")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(100)
    rate = page.node("neurons_pool").locator(".rate")
    wait_until(lambda: rate.inner_text().endswith(" Hz"))
    before = page.evaluate("({...window.sparkDrawn})")
    page.wait_for_function("rates => window.sparkDrawn.rates > rates + 20", arg=before["rates"])
    assert page.evaluate("window.sparkDrawn.nodes") == before["nodes"]
    page.get_by_role("button", name="Pause").click()
    page.wait_phase("paused")


@pytest.mark.thorough
def test_every_port_can_be_watched_the_brains_own_too(page):
    page.example("The tutorial's brain at CartPole")
    ports = {"drive": "drive", "integrator": "integrator.signal", "action": "action"}
    for node, path in ports.items():
        page.node(node).click()
        page.get_by_role("button", name=f"trace: {path}", exact=True).click()
        page.get_by_role("button", name=f"Close {path}, trace").wait_for()
    page.get_by_role("button", name="100 steps").click()
    page.wait_step(100)
    assert page.locator(".panel .problem-line").count() == 0
    for path in ports.values():
        page.get_by_role("img", name=f"{path}, trace").locator("canvas").wait_for()
    page.picture("watched_ports")
