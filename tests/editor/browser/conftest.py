"""A headless Chromium, an editor in a process of its own, and a page for every test.

A page costs half a second of a core, a brain that runs in it two more. Slow, and so left to `make verify`, are tests of
what has tests of its own below the page too, in `tests/editor` and `tests/io`, and near copies of others here.
"""

from pathlib import Path

import pytest
from editor_page import ARGUMENTS, CHROMIUM, FIRST_TIME, LEFT_OUT, SLOW_LINE, Page, Server


def pytest_collection_modifyitems(config, items):
    if CHROMIUM is None:
        for item in items:
            if "browser" in Path(str(item.fspath)).parts:
                item.add_marker(pytest.mark.skip(reason=LEFT_OUT))


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """One editor for the tests that need none of their own, with a cookie for every page."""
    base = tmp_path_factory.mktemp("editor")
    (base / "files").mkdir()
    server = Server(base / "files", base / "drafts")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def tab(chromium, shared):
    """One tab for all tests that need no context of their own: opening one costs more than most tests do in it."""
    # What moves is drawn many times over; tests of their own contexts see it move.
    context = chromium.new_context(viewport={"width": 1500, "height": 900}, locale="en-US", reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script(FIRST_TIME)
    context.add_init_script(SLOW_LINE)
    # The link opens once.
    assert context.request.get(shared.link).ok
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def cookies(tab):
    """The cookie of the one tab, for other contexts."""
    return tab.context.cookies()


@pytest.fixture
def context(chromium, cookies):
    context = chromium.new_context(viewport={"width": 1500, "height": 900}, locale="en-US")
    context.add_cookies(cookies)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture
def open_page(context, shared):
    opened = []

    def make(path="/", within=context):
        opened.append(Page(within.new_page(), f"http://127.0.0.1:{shared.port}{path}"))
        return opened[-1]

    yield make
    for page in opened:
        if not page.is_closed():
            page.stop_brain()
            page.page.close()
        assert page.errors == [], page.errors


@pytest.fixture
def visit(tab, shared):
    """Comes to an address in the one tab, as somebody who was never there."""
    made = []

    def make(address):
        made.append(Page(tab, address))
        return made[-1]

    yield make
    for page in made:
        # Another site would be another process of the browser.
        page.leave(f"http://127.0.0.1:{shared.port}/static/icon.svg")


@pytest.fixture
def page(visit, shared):
    page = visit(f"http://127.0.0.1:{shared.port}/")
    yield page
    page.stop_brain()
    assert page.errors == [], page.errors


@pytest.fixture
def own_server(tmp_path):
    """Starts editors of a test's own."""
    made = []

    def make(*more, with_drafts=True):
        base = tmp_path / f"server{len(made)}"
        base.mkdir()
        if not with_drafts:
            (base / "drafts").write_text("a file where the folder should be")
        made.append(Server(base, base / "drafts", *more))
        return made[-1]

    yield make
    for server in made:
        if server.process.poll() is None:
            server.stop()


def pytest_terminal_summary(terminalreporter):
    if CHROMIUM is None:
        terminalreporter.write_sep("!", LEFT_OUT, red=True, bold=True)
