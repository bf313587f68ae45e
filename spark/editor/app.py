"""The editor's routes: the page, its files, and one websocket on which everything else happens."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from spark import __version__
from spark.core.errors import FormatError, Problem, SparkError
from spark.core.strict import read_json
from spark.editor import catalogue_view
from spark.editor.journal import SESSION_ID, drafts
from spark.editor.live import Connection, Live
from spark.editor.paths import Root
from spark.editor.requests import answer
from spark.editor.session import ConflictError, Session, new_session_id, no_draft
from spark.io.model_file import Document

MOST_MESSAGE = 24 << 20
MOST_MISTAKES = 50
MOST_SESSIONS = 50
FILES = {
    "app.js": "text/javascript; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
    "widget.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def static(name: str) -> bytes:
    """A file of the built page."""
    return resources.files("spark.editor").joinpath("static", name).read_bytes()


class Editor:
    """All sessions of one server.

    Args:
        folder: The folder of the files that may be opened and saved.
        states: The folder of the drafts.
        first: What the first page shows: a document, or the name of a file in the folder.
        checkpoint: File with the state of the first document's brain.
    """

    def __init__(
        self, folder: Path, states: Path, first: Document | str | None = None, checkpoint: str | None = None
    ) -> None:
        # Absolute: a program may go to another folder while the editor is open.
        self.root, self.states, self.first = Root(folder), states.absolute(), first
        self.checkpoint = None if checkpoint is None else str(Path(checkpoint).absolute())
        self.sessions: dict[str, Live] = {}

    def open(self, id: str | None) -> Live:
        """The session of a page: the one that it had, or a new one."""
        if id is not None and id in self.sessions:
            return self.sessions[id]
        known = id if id is not None and SESSION_ID.fullmatch(id) else new_session_id()
        session = Session(self.root, self.states, known)
        fresh = not session.restored and session.file is None and not session.document["nodes"]
        if fresh:
            first = self.first
            if isinstance(first, str):
                if self.root.resolve(first).exists():
                    session.open(first)
                else:
                    session.file = first
            elif first is not None:
                session.take(json.loads(json.dumps(first)))
        live = Live(session, self.checkpoint if fresh else None, self)
        self.sessions[known] = live
        return live

    def drafts(self) -> list[dict[str, Any]]:
        """Drafts that no page shows: of pages that were closed, of documents that others took the place of."""
        shown = {k for k, live in self.sessions.items() if live.connections}
        return [d for d in drafts(self.states) if d["id"] not in shown]

    async def release(self, draft: object) -> None:
        """Let go of a draft that no page shows.

        Raises:
            FormatError: There is no such draft, or a page shows it.
        """
        if draft not in [d["id"] for d in self.drafts()]:
            raise no_draft(draft)
        left = self.sessions.pop(str(draft), None)
        if left is not None:
            await left.close()

    async def close(self) -> None:
        """End every brain."""
        for live in self.sessions.values():
            await live.close()

    def idle(self) -> list[str]:
        """Sessions that no page shows."""
        return [k for k, live in self.sessions.items() if not live.connections]


def make_app(editor: Editor) -> Starlette:
    """The application, without its guard."""

    async def page(request: Request) -> Response:
        try:
            text = static("index.html").decode()
        except FileNotFoundError:
            return PlainTextResponse("The page is not in this installation: run `make web`, then install again.", 500)
        return HTMLResponse(text)

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in FILES:
            return PlainTextResponse("There is no such file.", 404)
        return Response(static(name), media_type=FILES[name])

    async def icon(request: Request) -> Response:
        # Browsers ask for it by themselves where what they show is no page that names one.
        return Response(static("icon.svg"), media_type=FILES["icon.svg"])

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await _serve(editor, websocket)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await editor.close()

    files = [Route("/", page), Route("/favicon.ico", icon), Route("/static/{name}", file)]
    routes = [*files, WebSocketRoute("/ws", socket)]
    return Starlette(routes=routes, lifespan=lifespan)


async def _serve(editor: Editor, websocket: WebSocket) -> None:
    """One page, until it leaves."""
    problem = None
    try:
        live = editor.open(websocket.query_params.get("session"))
    except SparkError as error:
        problem, editor.first = error, None
        live = editor.open(None)
    connection = Connection()
    live.connections.add(connection)
    greet(editor, live, connection)
    if problem is not None:
        connection.push({"push": "failed", "problems": [vars(p) for p in problem.problems]})
    sender = asyncio.create_task(_send(connection, websocket))
    try:
        await _receive(live, connection, websocket)
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        live.connections.discard(connection)
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await sender
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await websocket.close(4400)
        if not live.connections and live.runner.alive:
            asyncio.create_task(_pause_if_left(live))
        for key in editor.idle()[:-MOST_SESSIONS]:
            await editor.sessions.pop(key).close()


def greet(editor: Editor, live: Live, connection: Connection) -> None:
    """Tell a page that begins everything that it needs."""
    connection.push(
        {
            "push": "hello",
            "session": live.session.id,
            "version": __version__,
            "catalogue": catalogue_view.view(),
            "restored": live.session.restored,
            "drafts": editor.drafts(),
            **live.whole(),
        }
    )
    for data in (*live.runner.kept, *live.runner.newest.values()):
        connection.show(data)
    live.check_soon()


async def _pause_if_left(live: Live) -> None:
    """A brain that nobody watches stands still; a page that is only loaded anew finds it running."""
    await asyncio.sleep(10)
    await live.stand_still()


async def _receive(live: Live, connection: Connection, websocket: WebSocket) -> None:
    mistakes = 0
    tasks: set[asyncio.Task[None]] = set()
    while not connection.lost:
        # A page that sends without pause must not keep the others waiting.
        await asyncio.sleep(0)
        event = await websocket.receive()
        if event["type"] == "websocket.disconnect":
            break
        if len(tasks) > 100:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        try:
            asked = read_message(event.get("text"))
        except FormatError as error:
            mistakes += 1
            if mistakes >= MOST_MISTAKES:
                return
            connection.push({"push": "failed", "problems": [vars(p) for p in error.problems]})
            continue
        task = asyncio.create_task(_answer(live, connection, asked))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def read_message(text: Any) -> dict[str, Any]:
    """What a page asks.

    Raises:
        FormatError: It is no JSON object.
    """
    if not isinstance(text, str):
        raise FormatError(Problem("message", "is no text", "Reload the page", "format"))
    asked = read_json("message", text, MOST_MESSAGE)
    if not isinstance(asked, dict):
        raise FormatError(Problem("message", "is no object", "Reload the page", "format"))
    return asked


async def answer_to(live: Live, connection: Connection, text: str) -> None:
    """Read what a page asks, do it, and queue the answer."""
    await _answer(live, connection, read_message(text))


async def _answer(live: Live, connection: Connection, asked: dict[str, Any]) -> None:
    arguments = dict(asked)
    number, do = arguments.pop("id", None), arguments.pop("do", None)
    try:
        connection.push({"reply": number, "ok": await answer(live, do, arguments)})
    except SparkError as error:
        kind = "conflict" if isinstance(error, ConflictError) else "error"
        connection.push({"reply": number, "error": {"kind": kind, "problems": [vars(p) for p in error.problems]}})


def as_text(said: dict[str, Any]) -> str:
    """What goes to a page as JSON; what cannot be written so says that instead, as the answer that it was."""
    try:
        return json.dumps(said, allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        problem = Problem("", f"the answer cannot be sent: {error}", "Reload the page", "format")
        failed = {"problems": [vars(problem)]}
        if "reply" in said:
            return json.dumps({"reply": said["reply"], "error": {"kind": "error", **failed}})
        return json.dumps({"push": "failed", **failed})


async def _send(connection: Connection, websocket: WebSocket) -> None:
    while True:
        await connection.ready.wait()
        connection.ready.clear()
        while connection.texts or connection.frames:
            if connection.texts:
                await websocket.send_text(as_text(connection.texts.popleft()))
            else:
                await websocket.send_bytes(connection.frames.popleft())
