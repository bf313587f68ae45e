"""The editor in a notebook's cell: the page of the server, over the notebook's own connection. Needs anywidget."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import anywidget
import traitlets

from spark.core.errors import FormatError
from spark.editor.app import Editor, answer_to, as_text, greet, static
from spark.editor.live import Connection
from spark.editor.session import new_session_id

# Time between two messages to the page, which draws no more often.
PACE_SECONDS = 0.025
# A page says every few seconds that it is there, one that is hidden at least every minute.
SILENT_SECONDS = 90.0
# A timer that is later than this tells that the loop was busy, and could hear nobody.
BUSY_SECONDS = 1.0


class EditorWidget(anywidget.AnyWidget):
    """A Graph Editor as a widget; show it as a cell's last value.

    Everything happens on one event loop: the one that runs the cell in which the widget is made, or, where none runs,
    that of the first message. Kernels may hand over messages on threads of their own, each with another loop.

    Args:
        editor: The sessions that it belongs to.
    """

    _esm = traitlets.Unicode(static("widget.js").decode()).tag(sync=True)
    _css = traitlets.Unicode(static("app.css").decode()).tag(sync=True)

    def __init__(self, editor: Editor, **settings: Any) -> None:
        super().__init__(**settings)
        self._editor = editor
        self._live = editor.open(new_session_id())
        self._connection: Connection | None = None
        self._sender: asyncio.Task[None] | None = None
        self._heard = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._loop = _running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self.on_msg(self._take)

    @property
    def document(self) -> dict[str, Any]:
        """The document as it is drawn now."""
        return self._live.session.document

    def _take(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        """A message of the page, on whichever thread it comes; messages keep their order."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        self._loop.call_soon_threadsafe(self._do, content)

    def _do(self, content: dict[str, Any]) -> None:
        self._heard = asyncio.get_running_loop().time()
        if content.get("hello") or (self._connection is None and self._watch is not None):
            self._begin()
        if "ping" in content:
            # From the loop, so that the answer says that requests are answered too.
            self.send({"pong": content["ping"]})
        elif isinstance(content.get("text"), str) and self._connection is not None:
            self._start(self._answer(self._connection, content["text"]))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin a task and hold it: a loop alone does not keep its tasks."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _begin(self) -> None:
        """A page shows the widget: greet it, and send what there is to send."""
        if self._connection is not None:
            self._live.connections.discard(self._connection)
        if self._sender is not None:
            self._sender.cancel()
        self._connection = Connection()
        self._live.connections.add(self._connection)
        greet(self._editor, self._live, self._connection)
        self._sender = self._start(self._pass_on(self._connection))
        if self._watch is not None:
            self._watch.cancel()
        self._watch = asyncio.get_running_loop().call_later(SILENT_SECONDS, self._look)

    def _look(self) -> None:
        """Whether a page still shows the widget: one that is closed says nothing, and servers keep what is sent."""
        loop = asyncio.get_running_loop()
        assert self._watch is not None
        now = loop.time()
        if now - self._watch.when() > BUSY_SECONDS:
            self._heard = now
        if now - self._heard < SILENT_SECONDS:
            self._watch = loop.call_at(self._heard + SILENT_SECONDS, self._look)
        elif self._connection is not None:
            self._live.connections.discard(self._connection)
            self._connection = None
            if self._sender is not None:
                self._sender.cancel()
            self._start(self._live.stand_still())

    async def _answer(self, connection: Connection, text: str) -> None:
        try:
            await answer_to(self._live, connection, text)
        except FormatError as error:
            connection.push({"push": "failed", "problems": [vars(p) for p in error.problems]})

    async def _pass_on(self, connection: Connection) -> None:
        """Send what waits, all of it in one message: notebook servers count messages, and drop what is too much."""
        while True:
            await connection.ready.wait()
            connection.ready.clear()
            texts, frames = list(connection.texts), list(connection.frames)
            connection.texts.clear()
            connection.frames.clear()
            self.send({"texts": [as_text(text) for text in texts]}, frames)
            await asyncio.sleep(PACE_SECONDS)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs on this thread, if one does."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
