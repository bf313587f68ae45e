"""What the tests in a browser share: the editor in a process of its own, and a page with its user's words."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)
LEFT_OUT = (
    "LEFT OUT: the tests of the editor in a browser, since there is no Chromium on the PATH. "
    "Install it (apt-get install chromium) and run them again."
)
# Seconds. Only a hang takes that long, however busy the machine.
PATIENCE = 300
PICTURES = os.environ.get("SPARK_SCREENSHOTS")


class Server:
    """`spark edit` in a process of its own."""

    def __init__(self, folder, drafts, *more):
        self.folder, self.drafts, self.more = folder, drafts, more
        self.start()

    def start(self, port=0):
        arguments = ["edit", "--no-browser", "--folder", str(self.folder), "--port", str(port), *self.more]
        environment = {**os.environ, "SPARK_STATE": str(self.drafts)}
        self.log = (self.drafts.parent / "server.log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "spark.cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env=environment,
        )
        while line := self.process.stdout.readline():
            found = re.search(r"Open: (http://127\.0\.0\.1:(\d+)\S*)", line)
            if found:
                self.link, self.port = found[1], int(found[2])
                return
        raise RuntimeError("the editor did not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.close()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.close()

    def close(self):
        self.process.stdout.close()
        self.log.close()


class Page:
    """A page with the words of the editor's user."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.errors = []
        self.told = {
            "pageerror": lambda error: self.errors.append(str(error)),
            "console": lambda m: self.errors.append(f"{m.text} {m.location['url']}") if m.type == "error" else None,
        }
        for event, take in self.told.items():
            page.on(event, take)
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(address)
        page.get_by_role("button", name="Run", exact=True).wait_for()
        self.wait_for_function("() => document.querySelector('.offline') === null")

    def __getattr__(self, name):
        return getattr(self.page, name)

    def leave(self, address):
        """Close the page and keep its tab, as one that was never used, at an address where it does nothing."""
        for event, take in self.told.items():
            self.page.remove_listener(event, take)
        self.page.goto(address)
        self.page.evaluate("window.name = ''")
        self.page.mouse.move(0, 0)

    def stop_brain(self):
        """End the brain's process: it would run on for a while when nobody looks."""
        if self.page.evaluate(HAS_BRAIN):
            self.ask("stop")

    def empty(self):
        self.page.get_by_role("button", name="Empty page").click()
        return self

    def example(self, title):
        self.page.get_by_role("button", name=title).click()
        self.page.locator(".module").first.wait_for()
        self.settled()
        return self

    def settled(self):
        """Wait until nothing moves: the view is fitted a moment after it is drawn."""
        self.page.evaluate(STANDS)

    def drawn_anew(self):
        """Wait until what was asked for is drawn, and every animation has ended."""
        self.page.evaluate(DRAWN)

    def no_problems(self):
        self.page.get_by_test_id("problem-count").get_by_text("No problems").wait_for()

    def node(self, name):
        return self.page.locator(".react-flow__node", has=self.page.locator(f'.name:text-is("{name}")'))

    def middle_node(self):
        """The node that is nearest to the middle of the canvas, so that a pointer reaches it."""
        return self.page.locator(f'.react-flow__node[data-id="{self.page.evaluate(MIDDLE)}"]')

    def port(self, node, port, side):
        return self.node(node).locator(f'[data-handleid="{side}:{port}"]')

    def drag(self, source, target):
        a, b = source.bounding_box(), target.bounding_box()
        mouse = self.page.mouse
        mouse.move(a["x"] + a["width"] / 2, a["y"] + a["height"] / 2)
        mouse.down()
        mouse.move(b["x"] + b["width"] / 2 - 5, b["y"] + b["height"] / 2, steps=8)
        mouse.move(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2)
        return mouse

    def each(self, selector, read):
        """What a function, in the page's language, reads of each element that there is now: all in one moment."""
        return self.page.evaluate(f"selector => [...document.querySelectorAll(selector)].map({read})", selector)

    def names(self):
        """Names that can be read: a node that was not measured yet is hidden, and a hidden text reads as nothing."""
        return {n for n in self.each(".react-flow__node .name", "e => e.innerText") if n}

    def modules(self, name=None):
        """The modules that the palette lists."""
        return self.page.locator("#palette-list").get_by_role("option", **({"name": name} if name else {}))

    def wires(self):
        return self.page.locator(".react-flow__edge").count()

    def phase(self):
        return self.page.get_by_test_id("phase").inner_text()

    def step(self):
        return int(self.page.get_by_test_id("step").get_attribute("data-step"))

    def wait_phase(self, phase, seconds=PATIENCE):
        self.wait_for_function(
            "p => document.querySelector('[data-testid=phase]').innerText === p", arg=phase, timeout=1000 * seconds
        )

    def wait_step(self, least, seconds=PATIENCE):
        self.wait_for_function(
            "n => Number(document.querySelector('[data-testid=step]')?.dataset.step ?? -1) >= n",
            arg=least,
            timeout=1000 * seconds,
        )

    def document(self):
        """The document as the server has it."""
        return json.loads(self.ask("export", kind="model")["text"])

    def hold(self):
        """From now on the page hears nothing of the server."""
        self.page.evaluate("window.heldBack = []")

    def let_through(self):
        """The page hears what was held back, and all that follows."""
        self.page.evaluate(LET_THROUGH)
        self.drawn_anew()

    def picture(self, name):
        keep_picture(self.page, name)

    def wait_for_function(self, expression, arg=None, timeout=None):
        """Look whether something holds 25 times a second: looking at every frame keeps the page drawing frames."""
        return self.page.wait_for_function(expression, arg=arg, timeout=timeout, polling=40)

    def ask(self, request, **arguments):
        """Ask the server what the page could ask, over a line of its own to the same session."""
        return self.page.evaluate(ASK, [request, arguments])


# A tab knows by its name that it is no new one, until it is left.
FIRST_TIME = """
if (location.protocol === "http:" && window.name !== "used") {
  sessionStorage.clear();
  localStorage.clear();
  window.name = "used";
}
"""
# What the server tells the page is kept from it between `hold` and `let_through`: a line as slow as a test needs it.
SLOW_LINE = """
window.SwiftSocket = window.WebSocket;
window.WebSocket = class extends window.SwiftSocket {
  set onmessage(tell) {
    super.onmessage = (event) => (window.heldBack ? window.heldBack.push(() => tell(event)) : tell(event));
  }
};
"""
LET_THROUGH = """() => {
  const late = window.heldBack;
  window.heldBack = null;
  for (const tell of late) tell();
}"""
# Ten pictures of the page in which neither the view nor a node moves.
STANDS = """() => new Promise((done, failed) => {
  let last = null, same = 0;
  setTimeout(() => failed(new Error("the view still moves, or nothing is drawn")), PATIENCE_MS);
  const look = () => {
    const parts = document.querySelectorAll(".react-flow__viewport, .react-flow__node");
    const now = [...parts].map((part) => part.style.transform).join();
    same = now === last ? same + 1 : 0;
    last = now;
    if (same < 10) requestAnimationFrame(look);
    else done();
  };
  look();
})""".replace("PATIENCE_MS", str(1000 * PATIENCE))
MIDDLE = """() => {
  const middle = (part) => {
    const place = part.getBoundingClientRect();
    return [place.x + place.width / 2, place.y + place.height / 2];
  };
  const [x, y] = middle(document.querySelector(".react-flow"));
  const far = (node) => { const [a, b] = middle(node); return Math.hypot(a - x, b - y); };
  return [...document.querySelectorAll(".react-flow__node")].reduce((a, b) => (far(b) < far(a) ? b : a)).dataset.id;
}"""
HAS_BRAIN = "document.querySelector('.run-bar button:last-of-type')?.disabled === false"
DRAWN = """async () => {
  const late = new Promise((_, failed) => setTimeout(() => failed(new Error("nothing is drawn")), PATIENCE_MS));
  for (let i = 0; i < 2; i++) await Promise.race([new Promise(requestAnimationFrame), late]);
  // What turns round for ever never ends.
  const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations < Infinity);
  await Promise.allSettled(ending.map((one) => one.finished));
}""".replace("PATIENCE_MS", str(1000 * PATIENCE))
ASK = """([request, args]) => new Promise((done, failed) => {
  const open = () => {
    const url = new URL("ws", document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("session", sessionStorage.getItem("spark-session"));
    const socket = new (window.SwiftSocket ?? WebSocket)(url);
    const line = { socket, number: 0, waiting: new Map(), ready: new Promise((go) => (socket.onopen = go)) };
    // The server ends the line of a page that is too slow to read it.
    socket.onclose = () => {
      for (const asked of line.waiting.values()) asked.failed(new Error("the line was ended"));
      line.waiting.clear();
    };
    socket.onmessage = (event) => {
      const message = typeof event.data === "string" ? JSON.parse(event.data) : {};
      const asked = line.waiting.get(message.reply);
      line.waiting.delete(message.reply);
      if (message.error) asked?.failed(new Error(JSON.stringify(message.error)));
      else asked?.done(message.ok);
    };
    return line;
  };
  if (window.sparkTestLine?.socket.readyState > 1) window.sparkTestLine = null;
  const line = (window.sparkTestLine ??= open());
  setTimeout(() => failed(new Error(`the server did not answer ${request}`)), PATIENCE_MS);
  line.ready.then(() => {
    line.waiting.set(++line.number, { done, failed });
    line.socket.send(JSON.stringify({ id: line.number, do: request, ...args }));
  });
})""".replace("PATIENCE_MS", str(1000 * PATIENCE))


def keep_picture(page, name):
    """Keep a picture to look at, in the folder that `SPARK_SCREENSHOTS` names; `make pictures` does."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def wait_until(holds, seconds=PATIENCE):
    """Wait until something holds, and return what it then is."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found
