"""How long the Graph Editor lets its user wait, in a headless Chromium: `python bench/editor.py`.

Answers of the server beside a flood, beside half written requests and beside a brain that runs as fast as it can; the
pause of a running brain; frames of a page of 500 nodes.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.absolute()
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "editor" / "browser")]

import websockets  # noqa: E402
from editor_page import ARGUMENTS, CHROMIUM, LEFT_OUT, Page, Server  # noqa: E402

from spark.editor.launch import GraphEditor  # noqa: E402

CARTPOLE = "The tutorial's brain at CartPole"
# What is measured, in milliseconds: at most so many.
MUSTS = {
    "an answer beside a flood of another page's requests": 250,
    "a first answer beside 50 half written requests": 1000,
    "an answer while a brain runs as fast as it can": 250,
    "a running brain pauses": 200,
    # Frames come at multiples of 16.7 ms; all 500 without a graphics card may miss one.
    "a frame while all of 500 nodes are zoomed": 51,
    "a frame while some of 500 nodes are zoomed near": 34,
    "a frame while one of 500 nodes is dragged": 34,
    "a note is added to 500 nodes": 500,
}


def main():
    """Measure, print and store; exit with 1 where a must is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        found |= asyncio.run(answers(Path(folder)))
        if CHROMIUM is None:
            print(LEFT_OUT)
        else:
            found |= in_a_browser(Path(folder))
    for name, took in found.items():
        print(f"{'PASS' if took < MUSTS[name] else 'FAIL'}  {name}: {took:.1f} ms, must be below {MUSTS[name]} ms")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        stored = {"load average": os.getloadavg(), "milliseconds": found, "below": MUSTS}
        options.json.write_text(json.dumps(stored, indent=1) + "\n")
    sys.exit(any(took >= MUSTS[name] for name, took in found.items()))


async def ask(line, number, do):
    """Ask one thing and wait for its answer; returns the milliseconds that it took."""
    begin = time.perf_counter()
    await line.send(json.dumps({"id": number, "do": do}))
    while True:
        said = await line.recv()
        if isinstance(said, str) and json.loads(said).get("reply") == number:
            return 1000 * (time.perf_counter() - begin)


async def answers(folder):
    """What one page's user waits for while others ask much, or ask and do not finish."""
    editor = GraphEditor(folder=folder, drafts=folder / "drafts").launch(browser=False)

    def connect():
        headers = {"Authorization": f"Bearer {editor.guard.token}"}
        return websockets.connect(f"ws://127.0.0.1:{editor.port}/ws", additional_headers=headers, max_size=None)

    async def flood(line):
        with contextlib.suppress(websockets.ConnectionClosed):
            for i in range(20_000):
                await line.send(json.dumps({"id": i, "do": "undo"}))

    try:
        async with connect() as noisy, connect() as quiet:
            task = asyncio.create_task(flood(noisy))
            flooded = []
            for i in range(20):
                flooded.append(await ask(quiet, i, "undo"))
                await asyncio.sleep(0.02)
            task.cancel()
        slow = [socket.create_connection(("127.0.0.1", editor.port)) for _ in range(50)]
        for one in slow:
            one.sendall(b"GET / HTTP/1.1\r\nHost:")
        begin = time.perf_counter()
        async with connect() as line:
            await ask(line, 1, "undo")
        half = 1000 * (time.perf_counter() - begin)
        for one in slow:
            one.close()
    finally:
        editor.close()
    names = list(MUSTS)
    return {names[0]: statistics.median(flooded), names[1]: half}


def in_a_browser(folder):
    """What is measured in a page."""
    from playwright.sync_api import sync_playwright

    (folder / "files").mkdir()
    server = Server(folder / "files", folder / "drafts")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = chromium.new_context(viewport={"width": 1500, "height": 900}, locale="en-US")
        try:
            found = running(Page(context.new_page(), server.link))
            return found | many_nodes(Page(context.new_page(), f"http://127.0.0.1:{server.port}/"))
        finally:
            chromium.close()
            server.stop()


def running(page):
    """Pauses, and answers beside a brain that runs."""
    page.example(CARTPOLE)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(500)
    pauses = []
    for _ in range(5):
        pauses.append(page.evaluate(PAUSE))
        page.wait_phase("paused")
        step = page.step()
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_step(step + 30)
    page.ask("apply", commands=[{"do": "set_run", "key": "speed", "value": 0}])
    took = []
    for _ in range(20):
        begin = time.perf_counter()
        page.ask("files")
        took.append(1000 * (time.perf_counter() - begin))
    page.ask("stop")
    names = list(MUSTS)
    return {names[2]: statistics.median(took), names[3]: statistics.median(pauses)}


def many_nodes(page):
    """Frames of a page of 500 nodes."""
    nodes = {
        f"n{i}": {
            "type": "LIFNeuron",
            "name": f"pool_{i}",
            "parent": None,
            "config": {"units": [4], "async_spikes": False},
            "ui": {"x": 300 * (i % 25), "y": 180 * (i // 25)},
        }
        for i in range(500)
    }
    edges = {
        f"e{i}": {"from": [f"n{i}", "out_spikes"], "to": [f"n{(i + 1) % 500}", "in_spikes"], "order": 0}
        for i in range(500)
    }
    page.empty()
    page.ask("apply", commands=[{"do": "paste", "data": {"nodes": nodes, "edges": edges}, "x": 0, "y": 0}])
    page.wait_for_function("() => document.querySelectorAll('.react-flow__node').length > 30")
    page.get_by_role("button", name="Fit View", exact=False).first.click()
    page.settled()
    all_seen = min(page.evaluate(ZOOM) for _ in range(3))
    for _ in range(6):
        page.get_by_role("button", name="Zoom In", exact=False).first.click()
    page.settled()
    near = min(page.evaluate(ZOOM) for _ in range(3))
    node = page.middle_node()
    begin = node.bounding_box()
    page.mouse.move(begin["x"] + 20, begin["y"] + 10)
    page.mouse.down()
    page.evaluate(WATCH)
    for i in range(40):
        page.mouse.move(begin["x"] + 20 + 4 * i, begin["y"] + 10 + i)
    dragged = page.evaluate("window.gaps.sort((a, b) => a - b)[window.gaps.length >> 1]")
    page.mouse.up()
    assert node.bounding_box()["x"] > begin["x"] + 100, "no node was dragged"
    noted = page.evaluate(NOTE)
    return dict(zip(list(MUSTS)[4:], (all_seen, near, dragged, noted), strict=True))


PAUSE = """() => new Promise((done) => {
  const begin = performance.now();
  const watch = new MutationObserver(() => {
    if (document.querySelector("[data-testid=phase]").innerText !== "paused") return;
    watch.disconnect();
    done(performance.now() - begin);
  });
  watch.observe(document.querySelector(".run-bar"), { subtree: true, characterData: true, childList: true });
  document.querySelector(".run-bar .primary").click();
})"""
# The median time between two frames while the wheel turns.
ZOOM = """async () => {
  const gaps = [];
  let last = performance.now(), on = true;
  const tick = (now) => { gaps.push(now - last); last = now; if (on) requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  const target = document.querySelector(".react-flow__pane");
  const pane = target.getBoundingClientRect();
  const place = { clientX: pane.x + pane.width / 2, clientY: pane.y + pane.height / 2 };
  const at = { ...place, bubbles: true, cancelable: true, view: window };
  for (let i = 0; i < 60; i++) {
    target.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: i < 30 ? -40 : 40 }));
    await new Promise(requestAnimationFrame);
  }
  on = false;
  gaps.sort((a, b) => a - b);
  return gaps[gaps.length >> 1];
}"""
WATCH = """() => {
  window.gaps = [];
  let last = performance.now();
  const tick = (now) => { window.gaps.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""
NOTE = """async () => {
  const begin = performance.now();
  document.querySelector(".canvas").dispatchEvent(new KeyboardEvent("keydown", { key: "n", bubbles: true }));
  while (!document.querySelector(".note")) await new Promise(requestAnimationFrame);
  return performance.now() - begin;
}"""


if __name__ == "__main__":
    main()
