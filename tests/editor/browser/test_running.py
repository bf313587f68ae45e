"""Running a brain in the page: live pictures, pausing, CartPole, and what is taken home."""

import base64
import json
import subprocess
import sys

import pytest
from editor_page import wait_until

import spark
from spark.editor.protocol import arrays_of, header_of
from spark.io.pictures import model_in


def drawn(page, probe):
    return int(page.locator(f"canvas[data-probe={probe}]").get_attribute("data-drawn") or 0)


def until(page, probe):
    return int(page.locator(f"canvas[data-probe={probe}]").get_attribute("data-until") or 0)


def test_the_raster_follows_and_a_paused_run_goes_on_by_single_steps(page):
    """Acceptance j; how long a pause takes is measured by `make bench`."""
    page.example("The tutorial's brain at CartPole")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(500)
    first = until(page, "p2")
    wait_until(lambda: until(page, "p2") > first)
    wait_until(lambda: drawn(page, "p2") > 1000)
    for _ in range(2):
        page.get_by_role("button", name="Pause").click()
        page.wait_phase("paused")
        step = page.step()
        page.get_by_role("button", name="One step").click()
        page.wait_step(step + 1)
        # The brain itself stands where the page says: one more step is the next one.
        assert page.ask("step", steps=1)["step"] == step + 2
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_step(step + 30)
    page.picture("j_running")


@pytest.mark.thorough
@pytest.mark.parametrize(("steps", "episodes"), [(100, 2), pytest.param(500, 20, marks=pytest.mark.slow)])
def test_cartpole_runs_with_its_curve_of_rewards(page, steps, episodes):
    """Acceptance k. A pole that nobody has taught to stand falls after some 10 to 40 of the world's steps."""
    page.example("The tutorial's brain at CartPole")
    page.ask("apply", commands=[{"do": "set_run", "key": "speed", "value": 0}])
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(steps * 16)
    page.wait_for_function("n => Number(document.querySelector('canvas.rewards').dataset.episodes) >= n", arg=episodes)
    page.get_by_role("button", name="Pause").click()
    page.wait_phase("paused")
    coloured = page.evaluate(
        """() => [...document.querySelectorAll(".world canvas")].map((c) => {
          const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
          let n = 0;
          for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
          return n;
        })"""
    )
    assert min(coloured) > 200
    page.picture("k_cartpole")


PROGRAM = """
import json, runpy, sys
import spark
names = runpy.run_path(sys.argv[1])
recording = spark.run(names["brain"], 400, names["inputs"], record=["pool.out_spikes"])
times, units = recording.spikes("pool.out_spikes")
print(json.dumps([times.tolist(), units.tolist()]))
"""


@pytest.mark.thorough
def test_the_code_of_a_brain_gives_the_same_spikes_in_another_process(page, tmp_path):
    """Acceptance i."""
    page.example("Noise into a pool")
    page.ask("apply", commands=[{"do": "set_meta", "key": "seed", "value": 5}])
    page.get_by_role("button", name="Python code").click()
    shown = page.locator("pre.code")
    shown.wait_for()
    code = shown.inner_text()
    page.picture("i_code")
    page.keyboard.press("Escape")
    (tmp_path / "drawn.py").write_text(code)
    arguments = [sys.executable, "-c", PROGRAM, str(tmp_path / "drawn.py")]
    printed = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    frames = page.evaluate(FRAMES, ["p2", 4, 100])
    steps, units = [], []
    for text in frames:
        data = base64.b64decode(text)
        steps += (arrays_of(data)[0].astype(int) + header_of(data)["first"]).tolist()
        units += arrays_of(data)[1].astype(int).tolist()
    assert len(steps) > 100
    assert json.loads(printed) == [[float(s) for s in steps], units]


FRAMES = """([probe, count, each]) => new Promise((done) => {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("session", sessionStorage.getItem("spark-session"));
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const seen = [];
  socket.onopen = () => {
    for (let i = 1; i <= count; i++) socket.send(JSON.stringify({ id: i, do: "step", steps: each }));
  };
  socket.onmessage = (event) => {
    if (typeof event.data === "string") return;
    const length = new DataView(event.data).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(event.data, 4, length)));
    if (head.probe !== probe) return;
    let text = "";
    for (const byte of new Uint8Array(event.data)) text += String.fromCharCode(byte);
    seen.push(btoa(text));
    if (seen.length === count) { socket.close(); done(seen); }
  };
})"""


@pytest.mark.thorough
def test_a_parameter_is_changed_while_it_runs(page):
    page.example("Noise into a pool")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(300)
    page.wait_for_function("() => Number.parseFloat(document.querySelectorAll('.rate')[1]?.innerText ?? '0') > 3")
    page.node("pool").click()
    page.locator("summary", has_text="soma").click()
    field = page.get_by_label("threshold", exact=True)
    field.fill("400 mV")
    field.press("Enter")
    step = page.step()
    page.wait_for_function("() => document.querySelectorAll('.rate')[1]?.innerText === '0 Hz'")
    page.wait_step(step + 200)
    page.get_by_role("tab", name="Run settings").click()
    page.get_by_role("slider", name="value").fill("1")
    page.wait_for_function("() => Number.parseFloat(document.querySelectorAll('.rate')[0]?.innerText ?? '0') > 60")
    page.get_by_role("button", name="Stop").click()
    page.wait_phase("not running")


VIEWS = [f"panel view-{view}" for view in ("histogram", "matrix", "raster", "trace")]


@pytest.mark.thorough
def test_potentials_weights_and_histograms_are_chosen_by_clicking(page):
    page.example("A plastic pool")
    page.get_by_role("button", name="100 steps").click()
    page.wait_step(100)
    page.node("pool").click()
    page.get_by_role("listitem").filter(has_text="soma.potential").get_by_role("button", name="trace").click()
    page.locator("figure.view-trace .u-wrap canvas").wait_for()
    page.get_by_role("button", name="100 steps").click()
    page.wait_step(200)
    wait_until(lambda: sorted(page.each("figure.panel", "panel => panel.className")) == VIEWS)
    page.drawn_anew()
    page.picture("plastic")


@pytest.mark.thorough
def test_a_condition_stops_the_run_and_says_why(page):
    page.example("Noise into a pool")
    page.get_by_role("tab", name="Run settings").click()
    page.get_by_label("at step").fill("150")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_phase("stopped")
    assert page.step() == 150
    page.get_by_text("step 150 is reached").wait_for()


@pytest.mark.thorough
def test_the_past_of_a_run_is_looked_at_again(page):
    page.example("Noise into a pool")
    for steps in (100, 200, 300):
        page.get_by_role("button", name="100 steps").click()
        page.wait_step(steps)
    page.get_by_label("Window").select_option("200")
    page.drawn_anew()
    now = drawn(page, "p2")
    page.get_by_label("Look back").fill("200")
    wait_until(lambda: drawn(page, "p2") != now)
    assert page.locator(".time-bar output").inner_text() == "200 ms"


def download(page, name):
    with page.expect_download() as found:
        page.get_by_role("button", name=name, exact=True).click()
    return found.value


@pytest.mark.thorough
def test_the_model_the_pictures_and_the_replay_are_taken_home(page, tmp_path, chromium):
    page.example("Noise into a pool")
    page.get_by_role("button", name="100 steps").click()
    page.wait_step(100)
    page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
    document = page.document()
    for name, ending in (("Model file", ".spark.json"), ("SVG", ".svg"), ("PNG", ".png"), ("Replay (HTML)", ".html")):
        got = download(page, name)
        assert got.suggested_filename == f"noise{ending}"
        got.save_as(tmp_path / got.suggested_filename)
    for ending in (".spark.json", ".svg", ".png"):
        path = tmp_path / f"noise{ending}"
        assert {**model_in(path.name, path.read_bytes()), "version": document["version"]} == document
    # A picture that is dropped on the page is its model.
    page.get_by_role("button", name="Gallery").click()
    page.get_by_role("button", name="Open a file").click()
    page.get_by_label("From this computer").set_input_files(tmp_path / "noise.png")
    page.node("pool").wait_for()
    page.no_problems()
    offline = chromium.new_context(offline=True)
    replay = offline.new_page()
    problems = []
    replay.on("pageerror", lambda e: problems.append(str(e)))
    replay.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    replay.on("request", lambda r: problems.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
    replay.goto((tmp_path / "noise.html").as_uri())
    replay.wait_for_selector("body[data-ready]")
    assert replay.locator("figure canvas").count() == 3
    replay.screenshot(path=str(tmp_path / "replay.png"))
    assert problems == []
    offline.close()


@pytest.mark.slow
def test_a_server_answers_while_a_brain_runs_as_fast_as_it_can(page):
    """Pictures that the page has no time for are dropped; how long an answer takes is measured by `make bench`."""
    page.example("The tutorial's brain at CartPole")
    page.ask("apply", commands=[{"do": "set_run", "key": "speed", "value": 0}])
    page.ask("run")
    page.wait_phase("running")
    for _ in range(20):
        page.ask("files")
    assert page.phase() == "running"
    page.ask("stop")
    page.wait_phase("not running")


@pytest.mark.thorough
def test_a_running_brain_is_edited_from_python(visit, tmp_path):
    from spark.demo import tutorial_config

    editor = spark.GraphEditor(spark.nn.Brain(tutorial_config()), folder=tmp_path, drafts=tmp_path / "drafts")
    editor.launch(browser=False)
    try:
        page = visit(editor.link())
        page.node("neurons_pool").wait_for()
        page.no_problems()
        page.goto("about:blank")
    finally:
        editor.close()
