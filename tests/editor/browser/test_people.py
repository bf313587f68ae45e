"""For everybody: screen readers, themes, languages, prefixes, large graphs, no line to the world."""

import asyncio
import threading

import pytest
from editor_page import Page, wait_until
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

CARTPOLE = "The tutorial's brain at CartPole"


THEMES = ("light", "dark", "contrast")


def serious(page, only=None):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page.page, options={"runOnly": only} if only else None).response["violations"]
    return [
        (v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found if v["impact"] in ("serious", "critical")
    ]


def set_theme(page, theme):
    page.evaluate(SET_THEME, theme)
    page.drawn_anew()


# Also behind a dialog.
SET_THEME = """theme => {
  const choice = document.querySelector("#theme");
  choice.value = theme;
  choice.dispatchEvent(new Event("change", { bubbles: true }));
}"""


def assert_nothing_serious(page, themes, picture=None):
    """All rules in one theme; in the others those of colours, since nothing else differs there."""
    for theme in themes:
        set_theme(page, theme)
        assert serious(page, None if theme == THEMES[0] else ["color-contrast"]) == [], theme
        if picture:
            page.picture(f"{picture}_{theme}")


# The others wherever there is most to see; in `make verify` everywhere.
@pytest.mark.thorough
@pytest.mark.parametrize("themes", [THEMES[:1], pytest.param(THEMES, marks=pytest.mark.slow)], ids=["light", "all"])
def test_nothing_serious_stands_in_the_way_of_a_screen_reader_in_any_theme(page, themes):
    """Acceptance m and n."""
    page.wait_for_selector(".gallery img")
    assert_nothing_serious(page, themes)
    page.example(CARTPOLE)
    assert_nothing_serious(page, themes)
    page.get_by_role("button", name="100 steps").click()
    page.wait_step(100)
    page.node("neurons_pool").click()
    page.drawn_anew()
    assert_nothing_serious(page, THEMES, "n")
    page.get_by_role("tab", name="Run settings").click()
    assert_nothing_serious(page, themes)
    page.ask("apply", commands=[{"do": "remove", "ids": ["e1"]}])
    page.get_by_role("tab", name="Problems", exact=False).click()
    page.get_by_text("signal is not wired").wait_for()
    assert_nothing_serious(page, themes)
    page.keyboard.press("Space")
    page.get_by_role("combobox", name="Search modules").wait_for()
    assert_nothing_serious(page, themes)


def test_the_themes_differ(page):
    page.example(CARTPOLE)
    papers = set()
    for theme in THEMES:
        page.get_by_label("Theme").select_option(theme)
        style = "getComputedStyle(document.querySelector('.spark-editor'))"
        papers.add(page.evaluate(f"{style}.getPropertyValue('--paper') + {style}.getPropertyValue('--line')"))
    assert len(papers) == 3


def test_the_language_is_switched_and_remembered(page):
    """Acceptance o."""
    page.example(CARTPOLE)
    page.get_by_label("Language").select_option("de")
    page.get_by_role("button", name="Starten", exact=True).wait_for()
    page.node("neurons_pool").click()
    page.get_by_role("tab", name="Eigenschaften").wait_for()
    page.node("drive").get_by_text("Eingang des Gehirns").wait_for()
    page.picture("o_german")
    page.reload()
    page.get_by_role("button", name="Starten", exact=True).wait_for()
    assert page.evaluate("document.documentElement.lang") == "de"
    page.get_by_label("Sprache").select_option("en")
    page.get_by_role("button", name="Run", exact=True).wait_for()


def proxy(target, prefix):
    """A proxy that shows another server below a prefix, as JupyterHub does: without taking the prefix off."""
    import httpx2
    import uvicorn
    import websockets

    kept = ("cookie", "origin", "sec-fetch-site")

    async def pass_on(request):
        headers = {n: v for n, v in request.headers.items() if n in kept} | {"host": f"127.0.0.1:{target}"}
        headers.pop("origin", None)
        query = f"?{request.url.query}" if request.url.query else ""
        async with httpx2.AsyncClient(timeout=None) as client:
            got = await client.get(f"http://127.0.0.1:{target}{request.url.path}{query}", headers=headers)
        passed = {
            n: v for n, v in got.headers.items() if n in ("content-type", "set-cookie", "content-security-policy")
        }
        return Response(got.content, got.status_code, passed)

    async def pass_socket(websocket):
        await websocket.accept()
        address = f"ws://127.0.0.1:{target}{websocket.url.path}?{websocket.url.query}"
        cookie = {"Cookie": websocket.headers.get("cookie", "")}
        async with websockets.connect(address, additional_headers=cookie, max_size=None, open_timeout=300) as inner:

            async def outward():
                async for message in inner:
                    await (websocket.send_text if isinstance(message, str) else websocket.send_bytes)(message)

            task = asyncio.create_task(outward())
            while True:
                event = await websocket.receive()
                if event["type"] == "websocket.disconnect":
                    task.cancel()
                    return
                await inner.send(event["text"])

    routes = [Route(f"{prefix}/{{path:path}}", pass_on), WebSocketRoute(f"{prefix}/ws", pass_socket)]
    settings = {"log_level": "error", "port": 0, "loop": "asyncio", "ws": "websockets-sansio", "lifespan": "off"}
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes[::-1]), **settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    return server, thread, server.servers[0].sockets[0].getsockname()[1]


@pytest.mark.slow
def test_it_works_below_a_prefix(own_server, visit):
    """Acceptance p."""
    prefix = "/user/x/proxy/8765"
    editor = own_server("--prefix", prefix)
    server, thread, port = proxy(editor.port, prefix)
    try:
        page = visit(editor.link.replace(f":{editor.port}/", f":{port}/"))
        page.example(CARTPOLE)
        page.get_by_role("button", name="100 steps").click()
        page.wait_step(100)
        assert page.errors == []
        page.goto("about:blank")
    finally:
        server.should_exit = True
        thread.join()


def large(count):
    nodes = {
        f"n{i}": {
            "type": "LIFNeuron",
            "name": f"pool_{i}",
            "parent": None,
            "config": {"units": [4], "async_spikes": False},
            "ui": {"x": 300 * (i % 25), "y": 180 * (i // 25)},
        }
        for i in range(count)
    }
    edges = {
        f"e{i}": {"from": [f"n{i}", "out_spikes"], "to": [f"n{(i + 1) % count}", "in_spikes"], "order": 0}
        for i in range(count)
    }
    return {"nodes": nodes, "edges": edges}


@pytest.mark.slow
def test_of_500_nodes_only_those_in_sight_are_drawn_and_they_are_dragged_and_added_to(page):
    """Acceptance l; frames a second are measured by `make bench`."""
    page.empty()
    page.ask("apply", commands=[{"do": "paste", "data": large(500), "x": 0, "y": 0}])
    page.wait_for_function("() => document.querySelectorAll('.react-flow__node').length > 30")
    page.get_by_role("button", name="Fit View", exact=False).first.click()
    page.settled()
    for _ in range(6):
        page.get_by_role("button", name="Zoom In", exact=False).first.click()
    page.settled()
    nodes = page.locator(".react-flow__node")
    assert 0 < nodes.count() < 250
    page.picture("l_500_nodes")
    some = page.middle_node()
    begin = some.bounding_box()
    page.mouse.move(begin["x"] + 20, begin["y"] + 10)
    page.mouse.down()
    page.mouse.move(begin["x"] + 180, begin["y"] + 50, steps=10)
    wait_until(lambda: some.bounding_box()["x"] > begin["x"] + 100)
    page.mouse.up()
    page.locator(".canvas").dispatch_event("keydown", {"key": "n", "bubbles": True})
    page.locator(".note").wait_for()


@pytest.mark.thorough
def test_no_request_leaves_this_machine(context, shared):
    """Acceptance t."""
    asked = []
    context.on("request", lambda r: asked.append(r.url))
    page = Page(context.new_page(), f"http://127.0.0.1:{shared.port}/")
    page.on("websocket", lambda w: asked.append(w.url))
    page.example(CARTPOLE)
    page.get_by_role("button", name="100 steps").click()
    page.wait_step(100)
    page.get_by_role("button", name="Gallery").click()
    page.wait_for_selector(".gallery img")
    assert asked
    assert [
        u
        for u in asked
        if not u.startswith((f"http://127.0.0.1:{shared.port}/", f"ws://127.0.0.1:{shared.port}/", "data:", "blob:"))
    ] == []


def test_the_keys_are_shown(page):
    page.example(CARTPOLE)
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keys").wait_for()
    assert page.locator(".keys tr").count() > 20
    page.picture("keys")


def test_a_link_that_was_used_says_so(chromium, shared, cookies):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(shared.link)
    assert "The link was used already" in page.inner_text("body")
    context.close()
