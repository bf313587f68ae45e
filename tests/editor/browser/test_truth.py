"""The page shows what is: the wires, the run and the time of this document, true matrices, who is dead."""

import os
import signal
from pathlib import Path

import pytest
from editor_page import wait_until

from spark.editor import gallery
from spark.io.model_file import write_document

CARTPOLE = "The tutorial's brain at CartPole"
NOISE = "Noise into a pool"


def from_gallery(page, title):
    page.get_by_role("button", name="Gallery").click()
    page.get_by_role("dialog").get_by_role("button", name=title).click()


def worker_of(server):
    """The brain's process of an editor's process."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    (worker,) = [int(c) for c in children if b"spark.editor.worker" in Path(f"/proc/{c}/cmdline").read_bytes()]
    return worker


def test_every_wire_is_drawn_after_another_document_took_the_place(page):
    page.empty()
    kinds = ("LIFNeuron", "LIFNeuron", "LIFNeuron", "Input", "Output")
    page.ask("apply", commands=[{"do": "add", "type": t, "x": 260 * i, "y": 0} for i, t in enumerate(kinds)])
    wait_until(lambda: page.locator(".react-flow__node").count() == 5)
    from_gallery(page, CARTPOLE)
    page.get_by_role("button", name="Do not save").click()
    page.node("neurons_pool").wait_for()
    wait_until(lambda: page.wires() == 5)
    page.settled()
    page.picture("truth_wires")
    assert page.wires() == 5


@pytest.mark.thorough
def test_the_run_of_another_document_is_over(page):
    page.example(CARTPOLE)
    page.get_by_role("button", name="100 steps").click()
    page.wait_step(100)
    page.locator("figure.world").wait_for()
    from_gallery(page, NOISE)
    page.node("noise").wait_for()
    page.wait_phase("not running")
    assert page.locator("figure.world").count() == 0
    wait_until(lambda: set(page.each(".module .rate", "rate => rate.innerText")) <= {""})
    assert page.get_by_test_id("step").count() == 0
    page.picture("truth_former_run")
    page.get_by_role("button", name="100 steps").click()
    page.wait_step(100)
    assert page.step() == 100 and page.locator(".notice.error").count() == 0


@pytest.mark.slow
def test_looking_back_is_one_time_for_the_environment_and_the_plots(page):
    page.example(CARTPOLE)
    page.ask("apply", commands=[{"do": "set_run", "key": "speed", "value": 0}])
    for i in range(1, 9):
        page.get_by_role("button", name="100 steps").click()
        page.wait_step(100 * i)
        page.get_by_label("Window").select_option("200")
    world = page.locator("figure.world")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function("() => Number(document.querySelector('figure.world').dataset.episode) >= 3")
    page.get_by_role("button", name="Pause").click()
    page.wait_phase("paused")
    now = int(world.get_attribute("data-episode"))
    page.get_by_label("Look back").fill("400")
    page.wait_for_function("() => document.querySelector('figure.world').dataset.episode !== undefined")
    wait_until(lambda: int(world.get_attribute("data-episode")) < now)
    page.get_by_label("The environment then").wait_for()
    page.picture("truth_look_back")
    page.get_by_label("Look back").fill(page.get_by_label("Look back").get_attribute("max"))
    wait_until(lambda: int(world.get_attribute("data-episode")) == now)


@pytest.mark.thorough
def test_a_matrix_says_its_true_shape_and_which_part_is_drawn(page):
    page.example(CARTPOLE)
    probe = {"do": "put_probe", "path": "neurons_pool.synapses.weights", "view": "matrix", "node": "n3"}
    page.ask("apply", commands=[probe])
    page.get_by_role("button", name="100 steps").click()
    page.wait_step(100)
    words = "post 256 × pre 768, one row in 1 and one column in 3 is drawn"
    page.locator(f'canvas[aria-label*="{words}"]').wait_for()
    page.locator("figure.view-matrix").scroll_into_view_if_needed()
    page.picture("truth_matrix")


@pytest.mark.thorough
def test_the_wires_of_a_type_that_is_not_installed_are_drawn(page, shared):
    document = gallery.document("cartpole")
    document["nodes"]["n3"]["type"] = "FromTheFuture"
    (shared.folder / "future.spark.json").write_bytes(write_document(document))
    page.get_by_role("button", name="Open a file").click()
    page.get_by_role("button", name="future.spark.json").click()
    page.node("neurons_pool").wait_for()
    wait_until(lambda: page.wires() == 5)
    for port, side in (("in_spikes", "in"), ("out_spikes", "out")):
        assert page.port("neurons_pool", port, side).is_visible()
    page.settled()
    page.picture("truth_unknown")


@pytest.mark.slow
def test_a_brain_that_is_killed_or_frozen_says_so_and_one_that_is_stopped_says_nothing(own_server, visit):
    server = own_server()
    page = visit(server.link)
    page.example(NOISE)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(100)
    os.kill(worker_of(server), signal.SIGSTOP)
    page.get_by_text("no sign of life from the brain's process").wait_for()
    page.picture("truth_frozen")
    page.get_by_text("steps/s").wait_for(state="detached")
    os.kill(worker_of(server), signal.SIGKILL)
    page.wait_phase("not running")
    page.get_by_text("was killed (signal 9): out of memory?").first.wait_for()
    page.picture("truth_killed")
    page.get_by_role("button", name="100 steps").click()
    page.wait_step(100)
    page.get_by_role("button", name="Stop").click()
    page.wait_phase("not running")
    assert page.locator(".status").inner_text().strip() == "not running"
    assert page.errors == []


@pytest.mark.thorough
def test_a_panel_keeps_its_place_when_it_is_closed_and_taken_back(page):
    page.example(NOISE)
    page.get_by_role("button", name="100 steps").click()
    page.wait_step(100)

    def panels():
        return page.each(".panel-grid figure", "panel => panel.ariaLabel")

    before = panels()
    assert len(before) == 3
    page.get_by_role("button", name=f"Close {before[1]}").click()
    wait_until(lambda: panels() == [before[0], before[2]])
    page.get_by_role("button", name="Undo").click()
    wait_until(lambda: panels() == before)


PHASES = """() => {
  window.phases = [];
  const phase = document.querySelector("[data-testid=phase]");
  const watch = new MutationObserver(() => window.phases.push(phase.innerText));
  watch.observe(phase, { subtree: true, characterData: true, childList: true });
}"""


@pytest.mark.thorough
def test_an_eye_on_spikes_compiles_nothing_and_one_that_must_compile_says_so(page):
    page.example(NOISE)
    page.ask("apply", commands=[{"do": "remove", "ids": ["p1", "p2", "p3"]}])
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(200)
    page.evaluate(PHASES)
    page.node("pool").get_by_role("button", name="Watch the spikes of pool").click()
    page.wait_for_function("() => Number(document.querySelector('figure.view-raster canvas')?.dataset.drawn ?? 0) > 0")
    assert page.evaluate("window.phases") == []
    probe = {"do": "put_probe", "path": "pool.soma.potential", "view": "trace", "node": "n3"}
    page.ask("apply", commands=[probe])
    page.wait_for_function(
        "() => window.phases.includes('building and compiling') && window.phases.at(-1) === 'running'"
    )


def field(page, name):
    return page.locator(f"#field-{name}")


def test_a_weight_and_a_delay_take_their_units(page):
    page.example(NOISE)
    page.node("pool").click()
    page.locator("summary", has_text="synapses").first.click()
    page.locator("summary", has_text="UniformInitializer").first.click()
    total = field(page, "synapses-kernel-total")
    total.fill("0.02 nA")
    total.press("Enter")
    wait_until(
        lambda: page.document()["nodes"]["n3"]["config"].get("synapses", {}).get("kernel", {}).get("total") == 20
    )
    page.picture("truth_units")
    total.fill("3 ms")
    total.press("Enter")
    page.get_by_text("ms is not a unit of current").first.wait_for()


def test_a_brain_that_is_larger_than_the_memory_is_asked_about_before_it_runs(page):
    page.example(NOISE)
    page.node("pool").click()
    field(page, "units").fill("1000000000000")
    field(page, "units").press("Enter")
    page.locator(".module .size.heavy").wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    dialog = page.get_by_role("dialog", name="The brain is larger than the memory")
    dialog.get_by_text("pool").wait_for()
    page.picture("truth_large")
    dialog.get_by_role("button", name="Cancel").click()
    assert page.phase() == "not running"


def value(page):
    return page.document()["run"]["inputs"]["level"]["value"]


def test_the_value_of_an_input_is_at_hand_on_its_node_and_no_key_is_lost(page):
    page.example(NOISE)
    slider = page.node("level").get_by_role("slider", name="level")
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    wait_until(lambda: abs(value(page) - 0.1) < 1e-9)
    assert float(slider.input_value()) == pytest.approx(0.1)
    page.picture("truth_slider")
    page.get_by_role("tab", name="Run settings").click()
    page.get_by_role("slider", name="value", exact=True).focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    wait_until(lambda: abs(value(page) - 0.14) < 1e-9)
