"""The wall in front of the editor: every route and websocket, with every wrong token, host and origin."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import spark
from spark.editor.app import FILES, Editor, make_app
from spark.editor.guard import Guard
from spark.editor.launch import GraphEditor

PORT = 8765
HOST = f"127.0.0.1:{PORT}"


@pytest.fixture
def editor(tmp_path):
    return Editor(tmp_path, tmp_path / "drafts")


@pytest.fixture
def guard(editor):
    return Guard(make_app(editor), PORT)


@pytest.fixture
def client(guard):
    with TestClient(guard, base_url=f"http://{HOST}") as client:
        yield client


def routes():
    """Every route of the application, so that a new one cannot be forgotten."""
    app = make_app(Editor(Path("."), Path(".")))
    found = []
    for route in app.routes:
        path = route.path.replace("{name}", "app.js")
        found.append((path, isinstance(route, WebSocketRoute)))
    return found


ROUTES = routes()


def status(client, path, websocket, headers, method="GET"):
    """The status of a request; 200 for a websocket that opens, 403 for one that does not."""
    if not websocket:
        return client.request(method, path, headers=headers).status_code
    # The test client names another host for websockets.
    try:
        with client.websocket_connect(path, headers={"host": HOST, **headers}) as socket:
            socket.receive_text()
        return 200
    except WebSocketDisconnect as gone:
        assert gone.code == 4403
        return 403


def test_there_are_the_routes_that_these_tests_know():
    assert ROUTES == [("/", False), ("/favicon.ico", False), ("/static/app.js", False), ("/ws", True)]


@pytest.mark.parametrize(("path", "websocket"), ROUTES)
def test_every_route_asks_for_the_token(client, guard, path, websocket):
    bearer = {"authorization": f"Bearer {guard.token}"}
    cookie = {"cookie": f"other=1; {guard.cookie}={guard.token}"}
    for right in (bearer, cookie):
        assert status(client, path, websocket, right) == 200
    wrong = [
        {},
        {"authorization": ""},
        {"authorization": "Bearer "},
        {"authorization": guard.token},
        {"authorization": f"Bearer {guard.token[:-1]}"},
        {"authorization": f"Bearer {guard.token}x"},
        {"authorization": f"Basic {guard.token}"},
        {"authorization": "Bearer ü"},
        {"cookie": f"{guard.cookie}="},
        {"cookie": f"{guard.cookie}={guard.token[::-1]}"},
        {"cookie": f"spark-1={guard.token}"},
        {"cookie": "\x01="},
    ]
    for headers in wrong:
        raw = {k: v.encode() for k, v in headers.items()}
        assert status(client, path, websocket, raw) == 403, headers


@pytest.mark.parametrize(("path", "websocket"), ROUTES)
def test_a_token_in_the_address_opens_nothing(client, guard, path, websocket):
    for query in (f"?token={guard.token}", f"?code={guard.token}", f"?{guard.cookie}={guard.token}"):
        assert status(client, path + query, websocket, {}) == 403


def test_a_link_opens_once_and_hands_out_a_cookie(client, guard):
    code = guard.new_code()
    first = client.get(f"/?code={code}")
    assert first.status_code == 200 and 'content="0;url=./"' in first.text
    cookie = first.headers["set-cookie"]
    assert cookie == f"{guard.cookie}={guard.token}; Path=/; HttpOnly; SameSite=Strict"
    client.cookies.clear()
    assert client.get(f"/?code={code}").status_code == 403
    assert client.get(f"/static/app.js?code={guard.new_code()}").status_code == 403


def test_another_server_takes_another_token(client, editor):
    other = Guard(make_app(editor), PORT)
    assert status(client, "/", False, {"authorization": f"Bearer {other.token}"}) == 403


HOSTS = {
    HOST: True,
    f"localhost:{PORT}": True,
    f"[::1]:{PORT}": True,
    f"LOCALHOST:{PORT}": True,
    "127.0.0.1": False,
    "localhost": False,
    "127.0.0.1:80": False,
    "attacker.test": False,
    f"attacker.test:{PORT}": False,
    f"127.0.0.1.attacker.test:{PORT}": False,
    f"localhost.:{PORT}": False,
    f"127.1:{PORT}": False,
    f"0.0.0.0:{PORT}": False,
    f"::1:{PORT}": False,
    f"user@127.0.0.1:{PORT}": False,
    "": False,
    f"127.0.0.1:{PORT}@attacker.test": False,
}


@pytest.mark.parametrize(("path", "websocket"), ROUTES)
@pytest.mark.parametrize("host", HOSTS)
def test_only_our_own_names_are_hosts(client, guard, path, websocket, host):
    headers = {"authorization": f"Bearer {guard.token}", "host": host}
    if HOSTS[host]:
        assert status(client, path, websocket, headers) == 200
    elif websocket:
        assert status(client, path, True, headers) == 403
    else:
        assert status(client, path, False, headers) == 421


async def raw(app, scope):
    """Status and headers of a request that no client would send."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event):
        sent.append(event)

    await app(
        {"type": "http", "method": "GET", "path": "/", "query_string": b"", "raw_path": b"/", **scope}, receive, send
    )
    return sent[0]["status"], dict(sent[0]["headers"])


def refused_or_not(guard, headers):
    """The status of a request with the token and these headers, which no client would send."""
    bearer = (b"authorization", f"Bearer {guard.token}".encode())
    # A browser's tests may have left a loop running in this thread.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, raw(guard, {"headers": [bearer, *headers]})).result()[0]


@pytest.mark.parametrize("hosts", [[], [HOST.encode(), HOST.encode()], [HOST.encode(), b"attacker.test"]])
def test_no_host_and_two_hosts_are_refused(guard, hosts):
    assert refused_or_not(guard, [(b"host", host) for host in hosts]) == 400


@pytest.mark.parametrize("other", [f"http://{HOST}", f"http://localhost:{PORT}", "http://attacker.test"])
def test_two_origins_are_refused_though_each_is_our_own(guard, other):
    host, own = (b"host", HOST.encode()), (b"origin", f"http://{HOST}".encode())
    assert refused_or_not(guard, [host, own]) == 200
    assert refused_or_not(guard, [host, own, (b"origin", other.encode())]) == 403


ORIGINS = {
    f"http://{HOST}": True,
    f"http://localhost:{PORT}": True,
    f"http://[::1]:{PORT}": True,
    None: True,
    "null": False,
    f"http://{HOST}.attacker.test": False,
    "http://127.0.0.1": False,
    "http://127.0.0.1:1": False,
    "http://attacker.test": False,
    f"http://attacker.test:{PORT}": False,
    f"ftp://{HOST}": False,
    "": False,
    "garbage": False,
    f"http://{HOST}/": False,
    f"http://sub.localhost:{PORT}": False,
    f"http://{HOST}, http://attacker.test": False,
}
SITES = {"same-origin": True, "none": True, None: True, "same-site": False, "cross-site": False, "": False}


@pytest.mark.parametrize(("path", "websocket"), ROUTES)
def test_only_our_own_page_is_an_origin(client, guard, path, websocket):
    for origin, fine in ORIGINS.items():
        for site, also in SITES.items():
            headers = {"authorization": f"Bearer {guard.token}"}
            headers |= {"origin": origin} if origin is not None else {}
            headers |= {"sec-fetch-site": site} if site is not None else {}
            expected = 200 if fine and also else 403
            assert status(client, path, websocket, headers) == expected, (origin, site)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", [p for p, websocket in ROUTES if not websocket])
def test_no_other_method_is_taken(client, guard, path, method):
    assert status(client, path, False, {"authorization": f"Bearer {guard.token}"}, method) == 405


def test_every_answer_has_the_headers(client, guard):
    bearer = {"authorization": f"Bearer {guard.token}"}
    answers = [
        client.get(p, headers=h) for p in ("/", "/static/app.js", "/nothing", "/static/none") for h in (bearer, {})
    ]
    answers.append(client.get(f"/?code={guard.new_code()}"))
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in answer.headers
        assert guard.token not in answer.text


@pytest.mark.parametrize("name", FILES)
def test_only_the_pages_own_files_are_served(client, guard, name):
    bearer = {"authorization": f"Bearer {guard.token}"}
    assert client.get(f"/static/{name}", headers=bearer).status_code == 200
    for other in ("../app.py", "..%2fapp.py", "BUILD.json", "%2e%2e/guard.py", "app.js/../../app.py"):
        assert client.get(f"/static/{other}", headers=bearer).status_code == 404


def test_the_icon_that_browsers_ask_for_by_themselves_is_the_pages(client, guard):
    bearer = {"authorization": f"Bearer {guard.token}"}
    asked, own = (client.get(path, headers=bearer) for path in ("/favicon.ico", "/static/icon.svg"))
    assert asked.status_code == 200 and asked.content == own.content
    assert asked.headers["content-type"] == own.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_there_is_not_is_refused(tmp_path, port):
    with pytest.raises(spark.RunError) as caught:
        GraphEditor(folder=tmp_path, drafts=tmp_path, port=port)
    assert str(caught.value) == f"port: must be from 0, for any that is free, to 65535, got {port}."


def test_a_file_outside_of_the_folder_is_refused(tmp_path):
    (tmp_path / "inside").mkdir()
    with pytest.raises(spark.RunError) as caught:
        GraphEditor(tmp_path / "a.spark.json", folder=tmp_path / "inside", drafts=tmp_path)
    text = f"folder: {str(tmp_path / 'inside')!r} does not hold the file, got {str(tmp_path / 'a.spark.json')!r}. "
    assert str(caught.value) == text + "Leave the folder out, or name one that holds it"


def test_the_network_is_not_listened_to_without_a_token_of_the_users(tmp_path):
    with pytest.raises(spark.RunError, match="can be reached from other machines"):
        GraphEditor(folder=tmp_path, drafts=tmp_path, host="0.0.0.0")
    editor = GraphEditor(folder=tmp_path, drafts=tmp_path)
    assert editor._socket.getsockname()[0] == "127.0.0.1"
    editor.close()


def test_a_prefix_is_taken_off(editor):
    guard = Guard(make_app(editor), PORT, prefix="/user/ann/proxy/8765")
    with TestClient(guard, base_url=f"http://{HOST}") as client:
        bearer = {"authorization": f"Bearer {guard.token}"}
        assert client.get("/user/ann/proxy/8765/static/app.js", headers=bearer).status_code == 200
        assert client.get("/static/app.js", headers=bearer).status_code == 200
        cookie = client.get(f"/user/ann/proxy/8765/?code={guard.new_code()}").headers["set-cookie"]
        assert "Path=/user/ann/proxy/8765;" in cookie


def test_another_name_can_be_allowed(editor):
    guard = Guard(make_app(editor), PORT, hosts=["localhost:9000"])
    with TestClient(guard, base_url="http://localhost:9000") as client:
        headers = {"authorization": f"Bearer {guard.token}", "origin": "http://localhost:9000"}
        assert client.get("/", headers=headers).status_code == 200


GARBAGE = [
    "",
    "[]",
    "3",
    "null",
    "{",
    '{"id": 1}',
    '{"do": 3}',
    '{"do": "nothing", "id": 1}',
    '{"do": "apply", "id": 1}',
    '{"do": "apply", "id": 1, "commands": 3}',
    '{"do": "apply", "id": 1, "commands": [3]}',
    '{"do": "apply", "id": 1, "more": 1}',
    '{"do": "step", "id": 1, "steps": -1}',
    '{"do": "step", "id": 1, "steps": "a"}',
    '{"do": "save", "id": 1, "path": "../a"}',
    '{"do": "open_file", "id": 1, "path": "/etc/passwd"}',
    '{"do": "open_data", "id": 1, "name": "a", "data": "*"}',
    '{"do": "restore", "id": 1, "draft": "x"}',
    '{"do": "export", "id": 1, "kind": "exe"}',
    '{"do": "source", "id": 1, "type": "os"}',
    '{"do": "histogram", "id": 1, "initializer": {"initializer": "os.system"}}',
    '{"do": "components", "id": 1, "node": "x"}',
    '{"do": "open_example", "id": 1, "name": "../x"}',
    '{"do": "copy", "id": 1, "ids": 3}',
    '{"do": "forget_draft", "id": 1, "draft": "../a"}',
    '{"do": "__class__", "id": 1}',
    '{"do": "answer", "id": 1, "live": 1}',
    '{"do": "fixes", "id": 1, "live": 1}',
    "\x00",
    '{"do": "apply", "id": 1, "commands": [{"do": "__init__"}]}',
    "[" * 5000,
]


def test_no_message_ends_the_server_or_gets_an_answer_without_a_reason(client, guard):
    with client.websocket_connect("/ws", headers={"host": HOST, "authorization": f"Bearer {guard.token}"}) as socket:
        socket.receive_text()
        for text in GARBAGE:
            socket.send_text(text)
            while True:
                said = json.loads(socket.receive_text())
                if "reply" in said:
                    assert said["error"]["problems"][0]["message"], text
                    break
                if said.get("push") == "failed":
                    assert said["problems"][0]["message"], text
                    break
        socket.send_text('{"do": "undo", "id": 77}')
        while json.loads(socket.receive_text()).get("reply") != 77:
            pass


def test_a_page_that_sends_only_garbage_is_closed(client, guard):
    with client.websocket_connect("/ws", headers={"host": HOST, "authorization": f"Bearer {guard.token}"}) as socket:
        for _ in range(60):
            socket.send_text("{")
        with pytest.raises(WebSocketDisconnect):
            for _ in range(200):
                socket.receive_text()
