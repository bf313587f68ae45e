"""A real page in a storm: keys and clicks, with kills of the server, the worker and the page itself."""

import contextlib
import os
import random
import signal
from functools import partial
from pathlib import Path

import pytest
from editor_page import wait_until

KINDS = ("LIFNeuron", "PoissonSpiker", "ExponentialIntegrator")


def add(page, draw):
    page.keyboard.press("Space")
    page.get_by_role("combobox", name="Search modules").fill(draw.choice(KINDS))
    page.keyboard.press("Enter")


def press(key):
    return lambda page, draw: page.keyboard.press(key)


def units(page, draw):
    page.node("pool").click()
    field = page.locator("#field-units")
    field.fill(str(draw.randint(2, 60)))
    if draw.random() < 0.5:
        field.press("Enter")


ACTIONS = {
    "add": add,
    "undo": press("Control+z"),
    "redo": press("Control+Shift+z"),
    "note": press("n"),
    "lay out": press("l"),
    "step": press("."),
    "units": units,
}


def kill_workers(server):
    listed = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    for child in listed:
        with contextlib.suppress(OSError):
            if b"spark.editor.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)


def agrees(page):
    """Whether the page shows the nodes, wires and notes that the server holds."""
    held = page.document()
    outer = {n["name"] for n in held["nodes"].values() if n.get("parent") is None}
    notes = page.locator(".react-flow__node-note").count()
    return page.names() == outer and page.wires() == len(held["edges"]) and notes == len(held["notes"])


def has_units(page, number):
    return page.document()["nodes"]["n3"]["config"]["units"] == [number]


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3, 4)])
def test_a_page_in_a_storm_shows_what_the_server_holds(own_server, visit, seed):
    draw = random.Random(seed)
    server = own_server()
    page = visit(server.link)
    page.example("Noise into a pool")
    for _ in range(14):
        name = draw.choice([*ACTIONS, "kill server", "kill worker", "reload"])
        if name == "kill server":
            server.kill()
            page.locator(".offline").wait_for()
            server.start(server.port)
            page.evaluate("window.sparkTestLine = undefined")
        elif name == "kill worker":
            kill_workers(server)
        elif name == "reload":
            page.reload()
        else:
            page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
            ACTIONS[name](page, draw)
        page.wait_for_function("() => document.querySelector('.offline') === null && document.querySelector('.module')")
        typed = page.locator("#field-units").input_value() if name == "units" else None
        page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
        if typed is not None:
            wait_until(partial(has_units, page, int(typed)))
        wait_until(lambda: agrees(page))
