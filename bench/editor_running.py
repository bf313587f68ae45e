"""The Graph Editor's page while 200 nodes run: frames a second, and how busy its main thread is.

An editor in a process of its own, a headless Chromium, 200 pools of 4 units and 600 wires, all in sight.
"""

import argparse
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests/editor/browser"
MUST_REACH_FRAMES = 30
NODES = 200
WATCH = """(seconds) => new Promise((done) => {
  const gaps = [];
  const begin = performance.now();
  let last = begin;
  const tick = (now) => {
    gaps.push(now - last);
    last = now;
    if (now - begin < seconds * 1000) return requestAnimationFrame(tick);
    gaps.sort((a, b) => a - b);
    done({ frames: gaps.length / ((now - begin) / 1000), worst: gaps[gaps.length - 1] });
  };
  requestAnimationFrame(tick);
})"""


def large(count):
    """A document's nodes and wires: each pool feeds itself and two others."""
    config = {"units": [4], "async_spikes": False}
    nodes = {
        f"n{i}": {
            "type": "LIFNeuron",
            "name": f"pool_{i}",
            "config": config,
            "ui": {"x": 300 * (i % 20), "y": 180 * (i // 20)},
        }
        for i in range(count)
    }
    steps = (0, 1, 7)
    edges = {
        f"e{i}_{j}": {"from": [f"n{i}", "out_spikes"], "to": [f"n{(i + j) % count}", "in_spikes"], "order": j}
        for i in range(count)
        for j in steps
    }
    return {"nodes": nodes, "edges": edges}


def main():
    """Measure and print; exit with 1 where the must is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=NODES)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    sys.path.insert(0, str(TESTS))
    from editor_page import ARGUMENTS, CHROMIUM, Page, Server

    if CHROMIUM is None:
        print("LEFT OUT  there is no Chromium on the PATH")
        return
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        base = Path(folder)
        (base / "files").mkdir()
        server = Server(base / "files", base / "drafts")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            page = Page(browser.new_page(viewport={"width": 1500, "height": 900}), server.link).empty()
            page.ask("apply", commands=[{"do": "paste", "data": large(given.nodes), "x": 0, "y": 0}])
            page.wait_for_function("() => document.querySelectorAll('.react-flow__node').length > 30")
            page.get_by_role("button", name="Fit View", exact=False).first.click()
            page.no_problems()
            idle = page.evaluate(WATCH, 3)
            page.get_by_role("button", name="Run", exact=True).click()
            page.wait_phase("running", seconds=300)
            page.wait_step(20, seconds=300)
            session = page.context.new_cdp_session(page.page)
            session.send("Performance.enable")
            before, drawn = busy(session), page.evaluate("({...window.sparkDrawn})")
            found = page.evaluate(WATCH, given.seconds)
            after, more = busy(session), page.evaluate("({...window.sparkDrawn})")
            steps = page.get_by_test_id("step").inner_text()
        finally:
            browser.close()
            server.stop()
    took = after["Timestamp"] - before["Timestamp"]
    print(f"{given.nodes} nodes, {3 * given.nodes} wires, {given.seconds:g} s, {steps}")
    print(f"standing   {idle['frames']:.1f} frames a second, longest {idle['worst']:.0f} ms")
    print(f"running    {found['frames']:.1f} frames a second, longest {found['worst']:.0f} ms")
    parts = {name: (after[name] - before[name]) / took for name in ("TaskDuration", "ScriptDuration", "LayoutDuration")}
    print("main thread  " + ", ".join(f"{name} {share:.0%}" for name, share in parts.items()))
    print(f"nodes drawn anew {more['nodes'] - drawn['nodes']} in {more['rates'] - drawn['rates']} writings of rates")
    reached = found["frames"] >= MUST_REACH_FRAMES
    print(f"{'PASS' if reached else 'FAIL'}  {MUST_REACH_FRAMES} frames a second with {given.nodes} nodes running")
    sys.exit(not reached)


def busy(session):
    """What the page's main thread has done so far, in seconds."""
    return {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}


if __name__ == "__main__":
    main()
