"""Two widgets in one notebook of a real JupyterLab, as a user has them: keys, running, a reload, a restarted kernel.

JupyterLab comes with the packages of `make verify`. It keeps all its files in a folder of the test's, and its page asks
nobody outside.
"""

import importlib.util
import json
import os
import re
import secrets
import socket
import subprocess
import sys

import pytest
from editor_page import PATIENCE, keep_picture, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("jupyterlab") is None, reason="JupyterLab is not installed; `make verify` installs it"
    ),
]

FIRST, SECOND = "Noise into a pool", "A plastic pool"
RESTARTED = "The kernel was restarted: run the cell again."
SILENT = re.compile("The kernel (was restarted: run|does not answer.*If it was, run) the cell again.")
CELLS = [
    "import spark\n\neditor = spark.GraphEditor(folder='files', drafts='drafts')\neditor.widget()",
    "editor.widget()",
    "1 + 1",
]
# Without these JupyterLab asks whether it may fetch news, and looks for updates.
SETTINGS = {"@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False}}


class Lab:
    """JupyterLab in a process of its own."""

    def __init__(self, base):
        self.folder, self.token, self.log_path = base / "notebooks", secrets.token_hex(8), base / "lab.log"
        for name in ("notebooks/files", "runtime"):
            (base / name).mkdir(parents=True)
        for name, values in SETTINGS.items():
            path = base / "settings" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(values))
        places = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
            "SPARK_STATE": "state",
        }
        with socket.create_server(("127.0.0.1", 0)) as free:
            # JupyterLab takes the next port that is free, should this one be taken meanwhile.
            port = free.getsockname()[1]
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": port,
            "ServerApp.root_dir": self.folder,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "IdentityProvider.token": self.token,
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "LabApp.extension_manager": "readonly",
        }
        self.log = self.log_path.open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **{name: str(base / place) for name, place in places.items()}},
        )
        self.runtime = base / "runtime"
        wait_until(lambda: self.process.poll() is not None or self.about().endswith("}"))
        assert self.process.poll() is None, self.said()
        self.url = json.loads(self.about())["url"]

    def about(self):
        """What the server says of itself, in a file that is there before anything is written to it."""
        return "".join(path.read_text() for path in self.runtime.glob("jpserver-*.json"))

    def said(self):
        return self.log_path.read_text()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()


class Notebook:
    """A notebook with two widgets and a cell that counts, in a page."""

    def __init__(self, lab, page, name):
        self.lab, self.page, self.errors = lab, page, []
        cells = [
            {"cell_type": "code", "id": f"c{i}", "source": text, "metadata": {}, "outputs": [], "execution_count": None}
            for i, text in enumerate(CELLS)
        ]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        written = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
        (lab.folder / f"{name}.ipynb").write_text(json.dumps(written))
        page.set_default_timeout(1000 * PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(self.address(f"lab/tree/{name}.ipynb?reset"))
        self.cells = page.locator(".jp-Notebook .jp-Cell")
        self.widgets = [page.locator(".spark-widget").nth(i) for i in range(2)]
        self.cells.nth(2).wait_for()
        # What is run before the kernel is there is lost, and the page says "idle" also then.
        wait_until(lambda: self.kernel_is_ready(name))
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
        for i in range(2):
            self.run_cell(i)
        for widget, example in zip(self.widgets, (FIRST, SECOND), strict=True):
            widget.get_by_role("button", name=example).click()
            widget.locator(".module").first.wait_for()

    def address(self, path):
        return f"{self.lab.url}{path}{'&' if '?' in path else '?'}token={self.lab.token}"

    def kernel_is_ready(self, name):
        sessions = self.page.request.get(self.address("api/sessions")).json()
        kernels = [s["kernel"] for s in sessions if s["path"] == f"{name}.ipynb"]
        return any(k["connections"] and k["execution_state"] == "idle" for k in kernels)

    def run_cell(self, i):
        self.cells.nth(i).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        self.widgets[i].get_by_role("button", name=FIRST).wait_for()

    def names(self, i):
        return set(self.widgets[i].locator(".module .name").all_inner_texts())

    def undone(self, i):
        """Whether a widget has anything to undo."""
        return self.widgets[i].get_by_role("button", name="Undo").is_enabled()

    def step(self, i):
        return int(self.widgets[i].get_by_test_id("step").get_attribute("data-step") or 0)

    def phase(self, i):
        return self.widgets[i].get_by_test_id("phase").inner_text()

    def picture(self, name):
        keep_picture(self.page, f"lab_{name}")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    made = Lab(tmp_path_factory.mktemp("lab"))
    yield made
    made.stop()


@pytest.fixture
def notebook(lab, chromium, request):
    context = chromium.new_context(viewport={"width": 1500, "height": 1800}, locale="en-US")
    asked = []
    context.on("request", lambda r: asked.append(r.url))
    made = Notebook(lab, context.new_page(), re.sub(r"\W+", "_", request.node.name))
    yield made
    context.close()
    outside = {url for url in asked if not url.startswith((lab.url, "blob:", "data:"))}
    assert made.errors == [] and outside == set()


def test_keys_stay_in_the_widget_and_those_of_the_notebook_do_nothing_to_it(notebook):
    page, (first, _) = notebook.page, notebook.widgets
    before = notebook.names(1)
    first.locator(".module", has_text="pool").click()
    # Of a notebook: cut, above, Markdown, delete, below, copy, paste, undo.
    for key in ("x", "a", "m", "d", "d", "Shift+M", "v", "o"):
        page.keyboard.press(key)
    # What has the focus goes away: the keys stay all the same.
    page.keyboard.press("Enter")
    first.locator(".components").wait_for()
    for key in ("x", "d", "d", "Escape"):
        page.keyboard.press(key)
    first.locator(".components").wait_for(state="detached")
    first.locator(".module", has_text="pool").click()
    first.get_by_label("Name", exact=True).first.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("add_x")
    page.keyboard.press("Enter")
    first.locator(".module .name").get_by_text("add_x", exact=True).wait_for()
    notebook.picture("keys_in_the_widget")
    assert notebook.cells.count() == 3 and page.locator(".jp-MarkdownCell").count() == 0
    page.keyboard.press("Control+s")
    first.get_by_role("heading", name="Save as").wait_for()
    page.keyboard.press("Escape")
    first.locator("dialog").wait_for(state="detached")
    assert notebook.names(1) == before and not notebook.undone(1)

    cell = notebook.cells.nth(2)
    cell.locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type(" # n g l b .? dd")
    page.keyboard.press("Control+Enter")
    cell.locator(".jp-OutputArea-output").get_by_text("2", exact=True).wait_for()
    dirty = page.locator(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty")
    page.keyboard.press("Control+s")
    dirty.wait_for(state="detached")
    page.keyboard.press("b")
    wait_until(lambda: notebook.cells.count() == 4)
    page.keyboard.press("d")
    page.keyboard.press("d")
    wait_until(lambda: notebook.cells.count() == 3)
    for key in ("n", "g", ".", "Delete"):
        page.keyboard.press(key)
    notebook.picture("keys_in_the_notebook")
    assert page.locator(".spark-widget dialog").count() == 0 and page.locator(".note").count() == 0
    assert "add_x" in notebook.names(0) and notebook.names(1) == before and not notebook.undone(1)
    assert [notebook.phase(i) for i in range(2)] == ["not running"] * 2


def test_both_widgets_run_and_a_page_that_is_loaded_anew_finds_them_running(notebook):
    page = notebook.page
    names = [notebook.names(i) for i in range(2)]
    for widget in notebook.widgets:
        widget.get_by_role("button", name="Run", exact=True).click()
    for i in range(2):
        wait_until(lambda i=i: notebook.phase(i) == "running" and notebook.step(i) > 300, 90)
    notebook.picture("running")
    page.locator(".jp-Notebook").click(position={"x": 3, "y": 3})
    page.keyboard.press("Control+s")
    page.locator(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty").wait_for(state="detached")
    steps = [notebook.step(i) for i in range(2)]
    page.reload()
    for i, widget in enumerate(notebook.widgets):
        widget.locator(".module").first.wait_for()
        wait_until(lambda i=i: notebook.phase(i) == "running" and notebook.step(i) > steps[i], 90)
        assert notebook.names(i) == names[i]
    notebook.picture("loaded_anew")
    notebook.widgets[0].get_by_role("button", name="Pause", exact=True).click()
    wait_until(lambda: notebook.phase(0) == "paused")
    assert notebook.phase(1) == "running"
    assert "rate exceeded" not in notebook.lab.said()


def test_a_restarted_kernel_is_said_in_words_and_the_cell_makes_a_new_widget(notebook):
    page = notebook.page
    for widget in notebook.widgets:
        widget.get_by_role("button", name="Run", exact=True).click()
    for i in range(2):
        wait_until(lambda i=i: notebook.step(i) > 0, 90)
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    for widget in notebook.widgets:
        widget.get_by_text(RESTARTED).wait_for()
        widget.locator("main[inert]").wait_for(state="attached")
    notebook.picture("restarted")
    notebook.run_cell(0)
    notebook.widgets[0].get_by_role("button", name=SECOND).click()
    notebook.widgets[0].locator(".module").first.wait_for()
    notebook.picture("run_again")
    assert notebook.widgets[0].get_by_text(RESTARTED).count() == 0
    assert notebook.widgets[1].get_by_text(RESTARTED).count() == 1


def test_what_is_typed_into_a_widget_when_its_kernel_goes_is_no_command_of_the_notebook(notebook):
    page, (first, _) = notebook.page, notebook.widgets
    first.get_by_label("Name", exact=True).first.click()
    page.keyboard.type("a")
    (kernel,) = page.request.get(notebook.address("api/kernels")).json()[-1:]
    assert page.request.post(notebook.address(f"api/kernels/{kernel['id']}/restart")).ok
    # JupyterLab was not told: the widget asks, and nobody answers.
    first.get_by_text(SILENT).wait_for()
    first.locator("main[inert]").wait_for(state="attached")
    page.keyboard.type("xdd")
    notebook.picture("typed_on")
    assert notebook.cells.count() == 3 and page.evaluate("document.activeElement.closest('.spark-widget') !== null")
