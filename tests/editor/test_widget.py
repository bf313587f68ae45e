"""The notebook's widget and the threads on which a kernel hands over what its page says."""

import asyncio
import json
import queue
import sys
import threading
import time
from pathlib import Path

import pytest
from documents import small

sys.path.insert(0, str(Path(__file__).parent / "browser"))
from editor_page import wait_until

from spark.editor import widget as module
from spark.editor.app import Editor
from spark.editor.widget import EditorWidget


@pytest.fixture
def loops():
    """Event loops that run, each on a thread of its own."""
    made = []

    def make():
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        made.append((loop, thread))
        return loop

    yield make
    for loop, thread in made:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def on(loop, act):
    """Do something on a loop, and return what it gives."""

    async def within():
        return act()

    return asyncio.run_coroutine_threadsafe(within(), loop).result()


class Kernel:
    """A widget that was made on one loop, with the messages that it sends."""

    def __init__(self, folder, home):
        self.sent = queue.Queue()
        self.home = home

        def make():
            widget = EditorWidget(Editor(folder, folder / "drafts", small()))
            widget.send = self.take
            return widget

        self.widget = on(home, make)

    def take(self, content, buffers=()):
        """What is sent: a message may hold several texts."""
        for each in content.get("texts", [content]):
            self.sent.put(each)

    def say(self, **content):
        """What the page sends, on the thread of the caller."""
        self.widget._handle_custom_msg(content, [])

    def reply(self, number):
        """The answer to a request; what else is sent meanwhile is let go."""
        while True:
            content = self.sent.get(timeout=1200)
            said = json.loads(content) if isinstance(content, str) else {}
            if said.get("reply") == number:
                return said

    def close(self):
        asyncio.run_coroutine_threadsafe(self.widget._live.close(), self.home).result()


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("the loop", marks=pytest.mark.slow),
        "another loop",
        pytest.param("a thread without a loop", marks=pytest.mark.thorough),
    ],
)
def test_run_is_answered_on_whichever_thread_its_messages_come(loops, tmp_path, where):
    home = loops()
    kernel = Kernel(tmp_path, home)
    other = home if where == "the loop" else loops()

    def say(**content):
        if where == "a thread without a loop":
            kernel.say(**content)
        else:
            on(other, lambda: kernel.say(**content))

    say(hello=True)
    assert json.loads(kernel.sent.get(timeout=1200))["push"] == "hello"
    say(text=json.dumps({"id": 1, "do": "run"}))
    assert "ok" in kernel.reply(1)
    say(text=json.dumps({"id": 2, "do": "pause"}))
    assert "ok" in kernel.reply(2)
    say(ping=7)
    while kernel.sent.get(timeout=1200) != {"pong": 7}:
        pass
    kernel.close()


def test_messages_from_another_thread_keep_their_order(loops, tmp_path):
    kernel = Kernel(tmp_path, loops())
    kernel.say(hello=True)
    for number in range(20):
        command = {"do": "set_meta", "key": "name", "value": f"b{number}"}
        kernel.say(text=json.dumps({"id": number, "do": "apply", "commands": [command]}))
    replies = [kernel.reply(number) for number in range(20)]
    assert all("ok" in r for r in replies), replies
    assert kernel.widget.document["meta"]["name"] == "b19"
    kernel.close()


def test_all_that_waits_is_one_message_since_notebook_servers_limit_how_many_there_are(loops, tmp_path):
    home = loops()
    kernel = Kernel(tmp_path, home)
    sent = []
    kernel.widget.send = lambda content, buffers=(): sent.append((content["texts"], [bytes(b) for b in buffers]))

    async def many():
        kernel.widget._do({"hello": True})
        (connection,) = kernel.widget._live.connections
        for i in range(30):
            connection.push({"push": "run", "step": i})
            connection.show(bytes([i]))
        while not sent:
            await asyncio.sleep(0)

    asyncio.run_coroutine_threadsafe(many(), home).result(1200)
    ((texts, frames),) = sent
    said = [json.loads(text) for text in texts]
    assert said[0]["push"] == "hello" and [s["step"] for s in said if s["push"] == "run"] == list(range(30))
    assert frames == [bytes([i]) for i in range(30)]
    kernel.close()


@pytest.mark.thorough
def test_a_brain_that_no_page_shows_any_more_stands_still_and_a_page_that_comes_back_is_greeted(
    loops, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.3)
    kernel = Kernel(tmp_path, loops())
    live = kernel.widget._live
    kernel.say(hello=True)
    kernel.say(text=json.dumps({"id": 1, "do": "run"}))
    wait_until(lambda: live.runner.status["phase"] == "paused" and not live.connections, 120)
    while not kernel.sent.empty():
        kernel.sent.get()
    live.push({"push": "run", "step": 1})
    kernel.say(ping=3)
    told = []
    while (said := kernel.sent.get(timeout=1200)) != {"pong": 3}:
        told.append(json.loads(said))
    assert live.connections and not any(t["push"] == "run" for t in told)
    kernel.say(text=json.dumps({"id": 2, "do": "pause"}))
    assert "ok" in kernel.reply(2)
    kernel.close()


def test_a_kernel_that_was_busy_takes_nobody_for_gone(loops, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.3)
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)
    home = loops()
    kernel = Kernel(tmp_path, home)
    kernel.say(hello=True)
    on(home, lambda: time.sleep(1))
    assert on(home, lambda: len(kernel.widget._live.connections)) == 1
    kernel.close()
