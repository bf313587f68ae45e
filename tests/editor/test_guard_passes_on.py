"""What the wall in front of the editor passes on: the path without its prefix, and a body up to a limit."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from spark.editor.guard import MOST_BODY, Guard

PORT, PREFIX = 8765, "/user/ann"


def passed_on(path, chunks=(), prefix=PREFIX):
    """The path that the application sees, and the kinds of events that it receives."""
    seen = {"path": None, "events": []}
    waiting = [{"type": "http.request", "body": body, "more_body": True} for body in chunks]

    async def application(scope, receive, send):
        seen["path"] = scope["path"]
        for _ in chunks:
            seen["events"].append((await receive())["type"])

    async def receive():
        return waiting.pop(0)

    async def send(event):
        raise AssertionError(f"the guard answered by itself: {event}")

    guard = Guard(application, PORT, prefix=prefix)
    headers = [(b"host", f"127.0.0.1:{PORT}".encode()), (b"authorization", f"Bearer {guard.token}".encode())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, guard(scope, receive, send)).result()
    return seen["path"], seen["events"]


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        (PREFIX, "/"),
        (f"{PREFIX}/", "/"),
        (f"{PREFIX}/static/app.js", "/static/app.js"),
        ("/user/eve/static/app.js", "/user/eve/static/app.js"),
        (f"{PREFIX}a/static/app.js", f"{PREFIX}a/static/app.js"),
        ("/static/app.js", "/static/app.js"),
    ],
)
def test_a_prefix_is_taken_off_what_lies_below_it_and_nothing_else(path, inside):
    assert passed_on(path)[0] == inside


def test_without_a_prefix_every_path_is_passed_on_as_it_is():
    assert passed_on("/static/app.js", prefix="")[0] == "/static/app.js"


def test_a_body_is_read_to_a_limit_and_no_further():
    half = bytes(MOST_BODY // 2)
    assert passed_on(PREFIX, [half, half])[1] == ["http.request", "http.request"]
    assert passed_on(PREFIX, [half, half, b"x"])[1] == ["http.request", "http.request", "http.disconnect"]
