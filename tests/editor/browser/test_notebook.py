"""The widget in a notebook's page: it works over its connection, keeps its keys inside, and says when it is alone.

The notebook is a page with a cell to type into; the model's other end is the real widget, whose messages come on
a thread that is not the one of its event loop.
"""

import asyncio
import base64
import json
import threading

import pytest
from editor_page import keep_picture, wait_until

from spark.editor.app import Editor, static
from spark.editor.widget import EditorWidget

CARTPOLE = "The tutorial's brain at CartPole"

NOTEBOOK = """async ([source, style]) => {
  const sheet = document.createElement("style");
  sheet.textContent = style;
  document.head.append(sheet);
  const cell = document.createElement("textarea");
  cell.id = "cell";
  document.body.append(cell);
  const listeners = [];
  const tell = (event, ...what) => { for (const [name, act] of [...listeners]) if (name === event) act(...what); };
  window.deliver = (content, data) => {
    const buffers = data.map((text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer));
    tell("msg:custom", content, buffers);
  };
  const model = {
    send: (content) => {
      if (window.lineClosed) throw new Error("Cannot send");
      window.fromPage(JSON.stringify(content));
    },
    on: (name, act) => listeners.push([name, act]),
    off() {},
  };
  // Notebooks differ in what they tell of it.
  window.restartKernel = {
    "says so": () => { model.comm_live = false; tell("comm_live_update"); },
    "says that something changed": () => tell("comm_live_update"),
    "closes the line": () => tell("comm:close"),
    "refuses to send": () => { window.lineClosed = true; },
  };
  window.heard = [];
  for (const name of ["keydown", "keyup"]) document.addEventListener(name, (e) => window.heard.push(e.key));
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const module = await import(url);
  const el = document.createElement("div");
  el.id = "widget";
  document.body.append(el);
  window.unmount = module.default.render({ model, el });
}"""


class Notebook:
    """A page with a cell and a widget, and the kernel's side of it."""

    def __init__(self, tab, folder):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.outward, self.errors, self.dead = [], [], False

        async def make():
            widget = EditorWidget(Editor(folder, folder / "drafts"))
            widget.send = lambda content, buffers=None: self.outward.append((content, buffers))
            return widget

        self.widget = asyncio.run_coroutine_threadsafe(make(), self.loop).result()
        self.tab, self.page = tab, tab.page
        self.tab.take, self.tab.errors = self.take, self.errors
        self.page.goto("about:blank")
        self.page.evaluate(NOTEBOOK, [static("widget.js").decode(), static("app.css").decode()])

    def take(self, text):
        if not self.dead:
            self.widget._handle_custom_msg(json.loads(text), [])

    def pump(self):
        while self.outward:
            content, buffers = self.outward.pop(0)
            data = [base64.b64encode(bytes(b)).decode() for b in buffers or []]
            self.page.evaluate("([c, d]) => window.deliver(c, d)", [content, data])
        self.page.wait_for_timeout(20)

    def until(self, holds):
        wait_until(lambda: (self.pump(), holds())[1])

    def settle(self):
        for _ in range(10):
            self.pump()

    def open_example(self):
        self.until(lambda: self.page.get_by_role("button", name=CARTPOLE).count())
        self.page.get_by_role("button", name=CARTPOLE).click()
        self.until(lambda: self.page.locator(".module").count() == 5)

    def close(self):
        self.page.goto("about:blank")
        self.tab.take = lambda text: None
        asyncio.run_coroutine_threadsafe(self.widget._live.close(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        assert self.errors == []


class Tab:
    """One tab for all notebooks, and who hears what its page says: opening one costs more than most tests do in it."""

    def __init__(self, page):
        self.page, self.errors = page, []
        self.take = lambda text: None
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.expose_function("fromPage", lambda text: self.take(text))


@pytest.fixture(scope="module")
def notebook_tab(chromium):
    context = chromium.new_context(viewport={"width": 1200, "height": 900}, locale="en-US")
    yield Tab(context.new_page())
    context.close()


@pytest.fixture
def notebook(notebook_tab, tmp_path):
    made = Notebook(notebook_tab, tmp_path)
    yield made
    made.close()


def test_the_widget_mounts_in_a_page_and_talks_over_its_model(notebook):
    """Acceptance s."""
    page = notebook.page
    notebook.open_example()
    page.get_by_role("button", name="100 steps").click()
    step = page.get_by_test_id("step")
    notebook.until(lambda: (step.count() and step.get_attribute("data-step")) == "100")
    notebook.until(lambda: int(page.locator("canvas[data-probe=p2]").get_attribute("data-drawn") or 0) > 100)
    keep_picture(page, "s_widget")
    # In a small canvas a map of it would lie on the nodes.
    map_of_graph = page.locator(".react-flow__minimap")
    map_of_graph.wait_for(state="hidden")
    page.locator(".react-flow").evaluate("(canvas) => { canvas.style.height = '600px'; canvas.style.width = '900px'; }")
    map_of_graph.wait_for()
    assert notebook.widget.document["meta"]["name"] == "cartpole"


def test_what_is_typed_into_a_cell_does_nothing_to_the_widget(notebook):
    page = notebook.page
    notebook.open_example()
    before = json.dumps(notebook.widget.document)
    page.locator("#cell").click()
    page.keyboard.type("n = print(1) # g l b .?")
    for key in ("Control+Enter", "Control+s", "Control+Space", "F7", "Escape"):
        page.keyboard.press(key)
    page.locator("#cell").evaluate("(cell) => cell.blur()")
    for key in ("n", "Space", "Delete", "?", "Control+a"):
        page.keyboard.press(key)
    notebook.settle()
    assert page.locator("#cell").input_value() == "n = print(1) # g l b .?"
    assert page.locator("dialog").count() == 0 and page.locator(".note").count() == 0
    assert page.get_by_role("tab", name="Inspector").get_attribute("aria-selected") == "true"
    assert page.get_by_role("button", name="Run", exact=True).count() == 1
    assert json.dumps(notebook.widget.document) == before
    assert {"n", "Delete", "?"} <= set(page.evaluate("window.heard"))


@pytest.mark.thorough
def test_keys_inside_the_widget_reach_nobody_outside(notebook):
    page = notebook.page
    notebook.open_example()
    assert page.locator("#widget").get_attribute("data-lm-suppress-shortcuts") == "true"
    page.locator(".module", has_text="neurons_pool").click()
    page.evaluate("() => { window.heard.length = 0; }")
    for key in ("x", "a", "m", "d", "ArrowDown", "Control+s", "Escape", "Control+Enter"):
        page.keyboard.press(key)
    page.get_by_label("Name", exact=True).first.fill("pool")
    page.keyboard.press("Enter")
    assert set(page.evaluate("window.heard")) <= {"Control"}


@pytest.mark.thorough
def test_keys_work_inside_the_widget_after_a_click_on_the_canvas_or_on_a_button(notebook):
    page = notebook.page
    notebook.open_example()
    pane = page.locator(".react-flow__pane").bounding_box()
    page.mouse.click(pane["x"] + 5, pane["y"] + 5)
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keys").wait_for()
    page.keyboard.press("Escape")
    notebook.until(lambda: page.locator("dialog").count() == 0)
    page.get_by_role("tab", name="Run settings").click()
    page.keyboard.press("n")
    notebook.until(lambda: page.locator(".note").count() == 1)


def test_a_dialog_covers_the_widget_and_not_the_notebook_and_takes_no_focus_from_a_cell(notebook):
    page = notebook.page
    page.locator("#cell").click()
    page.keyboard.type("a")
    # The gallery opens by itself.
    notebook.until(lambda: page.get_by_role("button", name=CARTPOLE).count())
    page.keyboard.type("b")
    assert page.locator("#cell").input_value() == "ab"
    dialog, widget = page.locator("dialog").bounding_box(), page.locator("#widget").bounding_box()
    assert dialog["y"] >= widget["y"] and dialog["y"] + dialog["height"] <= widget["y"] + widget["height"]
    assert not page.locator("dialog").evaluate("(d) => d.matches(':modal')")
    page.locator("#cell").click()
    page.keyboard.type("c")
    assert page.locator("#cell").input_value() == "abc"


RESTARTED = "The kernel was restarted: run the cell again."


OTHER_WAYS = ("says that something changed", "closes the line", "refuses to send")


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["says so", *(pytest.param(how, marks=pytest.mark.slow) for how in OTHER_WAYS)])
def test_after_a_restart_of_the_kernel_the_widget_says_so_and_takes_no_edits(notebook, how):
    page = notebook.page
    notebook.open_example()
    notebook.dead = True
    notebook.settle()
    page.evaluate("(how) => window.restartKernel[how]()", how)
    page.get_by_text(RESTARTED).wait_for()
    page.wait_for_selector("main[inert]", state="attached")
    keep_picture(page, "s_restarted")
    page.get_by_label("Language").select_option("de")
    page.get_by_text("Der Kernel wurde neu gestartet: Die Zelle noch einmal ausführen.").wait_for()


@pytest.mark.thorough
def test_a_kernel_that_does_not_answer_is_waited_for(notebook):
    page = notebook.page
    notebook.open_example()
    notebook.settle()
    notebook.dead = True
    silent = page.get_by_text("The kernel does not answer, so nothing can be changed", exact=False)
    silent.wait_for()
    page.wait_for_selector("main[inert]", state="attached")
    assert silent.inner_text().endswith("If it was, run the cell again.")


@pytest.mark.thorough
def test_a_kernel_that_was_busy_is_answered_when_it_is_back(notebook):
    page = notebook.page
    notebook.open_example()
    # The loop is busy with another cell: the question waits there.
    free = threading.Event()
    notebook.loop.call_soon_threadsafe(free.wait)
    page.get_by_text("The kernel does not answer", exact=False).wait_for()
    free.set()
    notebook.until(lambda: page.get_by_text("The kernel does not answer", exact=False).count() == 0)
    page.wait_for_selector("main:not([inert])")
