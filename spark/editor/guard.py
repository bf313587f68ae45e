"""Who may talk to the editor's server: a wall in front of every route and websocket.

A request passes if its `Host` is one of ours (no foreign name may resolve to us: DNS rebinding), its `Origin` and
`Sec-Fetch-Site`, where a browser sends them, say that it comes from our own page, and it has the token, in a cookie or
a header. A link from the terminal holds a code that is good once: the first page that shows it gets the cookie. Such a
link may be followed from another page, a notebook's or a mail's, so that a good code passes whatever `Sec-Fetch-Site`
says; all that it does is to set the cookie, and nothing of the answer can be read by the page where it was followed.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

MOST_BODY = 1 << 16
MOST_CODES = 100
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_WELCOME = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Spark</title>'
    '<link rel="icon" href="data:,">'
    '<meta http-equiv="refresh" content="0;url=./"><p><a href="./">Open the editor</a></p></html>'
)
_REFUSED = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Spark</title>'
    '<link rel="icon" href="data:,">'
    "<h1>This link does not open the editor</h1><p>{why}</p></html>"
)


class Guard:
    """Middleware around the whole application.

    Args:
        app: The application.
        port: The port it listens on.
        hosts: Further values of `Host` that are ours, such as `localhost:9000` behind a forwarded port.
        prefix: Path under which a proxy shows the editor, such as `/user/ann/proxy/8765`.
        token: The token; left out, a new one.
    """

    def __init__(
        self, app: Any, port: int, hosts: Iterable[str] = (), prefix: str = "", token: str | None = None
    ) -> None:
        self.app, self.prefix = app, prefix.rstrip("/")
        self.token = token or secrets.token_urlsafe(32)
        self.cookie = f"spark-{port}"
        own = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        self.hosts = own | {h.lower() for h in hosts}
        self._codes: list[str] = []

    def new_code(self) -> str:
        """A code for a link, good once."""
        self._codes = [*self._codes, secrets.token_urlsafe(32)][-MOST_CODES:]
        return self._codes[-1]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        status, why, cookie = self._judge(scope)
        if status != 200:
            await _refuse(scope, receive, send, status, why)
        elif cookie is not None:
            await _answer(send, 200, _WELCOME, [(b"set-cookie", cookie.encode())])
        else:
            await self.app(self._without_prefix(scope), _bounded(receive), _with_headers(send))

    def _judge(self, scope: Scope) -> tuple[int, str, str | None]:
        """Status, reason, and the cookie to set if the request shows a good code."""
        given = [(n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in scope["headers"]]
        hosts = [v for n, v in given if n == "host"]
        if len(hosts) != 1:
            return 400, "A request needs one Host.", None
        if hosts[0].lower() not in self.hosts:
            return 421, "This address is not one of the editor's. Start it with --allow-host to add it.", None
        code = self._code(scope)
        origins = [v for n, v in given if n == "origin"]
        own = {f"{scheme}://{host}" for scheme in ("http", "https") for host in self.hosts}
        if len(origins) > 1 or any(o.lower() not in own for o in origins):
            return 403, "The request comes from another page.", None
        sites = [v.lower() for n, v in given if n == "sec-fetch-site"]
        if any(s not in ("same-origin", "none") for s in sites) and code is None:
            return 403, "The request comes from another page.", None
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            return 405, "The editor takes GET, HEAD and websockets.", None
        if code is not None:
            self._codes.remove(code)
            path = self.prefix or "/"
            return 200, "", f"{self.cookie}={self.token}; Path={path}; HttpOnly; SameSite=Strict"
        if not self._has_token(given):
            return (
                403,
                "The link was used already, or is not whole. The terminal where the editor runs gives another.",
                None,
            )
        return 200, "", None

    def _code(self, scope: Scope) -> str | None:
        """The code of a link, if it is a good one."""
        if scope["type"] != "http" or scope["method"] != "GET" or self._path(scope) != "/":
            return None
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("code", [""])[0]
        return next((c for c in self._codes if hmac.compare_digest(c.encode(), given.encode())), None)

    def _has_token(self, given: list[tuple[str, str]]) -> bool:
        shown = [v[7:] for n, v in given if n == "authorization" and v.startswith("Bearer ")]
        for value in [v for n, v in given if n == "cookie"]:
            try:
                morsel = SimpleCookie(value).get(self.cookie)
            except CookieError:
                morsel = None
            shown += [morsel.value] if morsel is not None else []
        token = self.token.encode()
        return any([hmac.compare_digest(s.encode("utf-8", "replace"), token) for s in shown])

    def _path(self, scope: Scope) -> str:
        path = scope["path"]
        inside = self.prefix and (path == self.prefix or path.startswith(f"{self.prefix}/"))
        return (path[len(self.prefix) :] or "/") if inside else path

    def _without_prefix(self, scope: Scope) -> Scope:
        path = self._path(scope)
        return {**scope, "path": path, "raw_path": path.encode()}


def _bounded(receive: Receive) -> Receive:
    """Nothing here takes a body: one that comes all the same is read to a limit, and no further."""
    seen = 0

    async def bounded() -> Any:
        nonlocal seen
        event = await receive()
        if event["type"] == "http.request":
            seen += len(event.get("body", b""))
            if seen > MOST_BODY:
                return {"type": "http.disconnect"}
        return event

    return bounded


def _with_headers(send: Send) -> Send:
    async def sending(event: Any) -> None:
        if event["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = {**HEADERS, **{n.decode(): v.decode() for n, v in event.get("headers", [])}}
            event = {**event, "headers": [(n.encode(), v.encode()) for n, v in headers.items()]}
        await send(event)

    return sending


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4403, "reason": why[:100]})
        return
    await _answer(send, status, _REFUSED.format(why=why))


async def _answer(send: Send, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    body = text.encode()
    own = [(n.encode(), v.encode()) for n, v in HEADERS.items()]
    kind = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": own + kind + (headers or [])})
    await send({"type": "http.response.body", "body": body})
