"""Nothing that a user did is lost: not to another document, a full disk, a restart, or a reload."""

import pytest
from drawing import some
from editor_page import Page, wait_until

from spark.io.model_file import new_document, write_document

CARTPOLE = "The tutorial's brain at CartPole"
NOISE = "Noise into a pool"


def set_units(page, units):
    page.node("neurons_pool").click()
    field = page.locator("#field-units")
    field.fill(str(units))
    field.press("Enter")


def shown_units(page):
    page.node("neurons_pool").click()
    return page.locator("#field-units").input_value()


def gallery(page, title):
    page.get_by_role("button", name="Gallery").click()
    page.get_by_role("dialog").get_by_role("button", name=title).click()


def empty_page(page):
    gallery(page, "Empty page")


def open_file(page):
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("button", name="other.spark.json").click()


WAYS = {
    "gallery": (lambda page: gallery(page, NOISE), {"level", "noise", "pool"}),
    "empty": (empty_page, set()),
    "open": (open_file, {"drive"}),
}


@pytest.mark.parametrize("way", some(WAYS, 3))
def test_unsaved_work_is_asked_for_before_another_document_takes_its_place(page, shared, way):
    document = new_document()
    document["nodes"]["n1"] = {"type": "Input", "name": "drive", "config": {}, "ui": {"x": 0, "y": 0}}
    (shared.folder / "other.spark.json").write_bytes(write_document(document))
    go, there = WAYS[way]
    page.example(CARTPOLE)
    set_units(page, 300)
    page.get_by_text("unsaved", exact=True).wait_for()
    go(page)
    page.get_by_text("cartpole has changes that no file has.").wait_for()
    page.picture(f"lose_{way}")
    page.get_by_role("button", name="Cancel").click()
    assert shown_units(page) == "300"
    go(page)
    page.get_by_role("button", name="Do not save").click()
    wait_until(lambda: page.names() == there)
    # What was left is there to be taken up again, with its change.
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("heading", name="Recent drafts").wait_for()
    page.picture(f"lose_{way}_drafts")
    page.get_by_role("dialog").get_by_role("button", name="cartpole: 5 nodes").first.click()
    page.node("neurons_pool").wait_for()
    assert shown_units(page) == "300"


@pytest.mark.thorough
def test_saving_before_leaving_goes_on_to_where_one_was_going(page, shared):
    page.example(CARTPOLE)
    set_units(page, 301)
    page.get_by_text("unsaved", exact=True).wait_for()
    gallery(page, NOISE)
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("File", exact=True).fill("left.spark.json")
    page.keyboard.press("Enter")
    page.node("noise").wait_for()
    assert '"units": [301]' in (shared.folder / "left.spark.json").read_text().replace("\n", "").replace("  ", "")


def test_what_no_page_shows_any_more_is_among_the_drafts(open_page):
    page = open_page()
    page.example(CARTPOLE)
    set_units(page, 302)
    page.get_by_text("unsaved", exact=True).wait_for()
    page.page.close()
    other = open_page()
    other.get_by_role("dialog").get_by_role("button", name="cartpole: 5 nodes").first.click()
    other.node("neurons_pool").wait_for()
    assert shown_units(other) == "302"


@pytest.mark.thorough
def test_without_a_place_for_drafts_the_editor_opens_and_says_so_once(own_server, visit):
    page = visit(own_server(with_drafts=False).link)
    page.get_by_text("Drafts cannot be kept here").wait_for()
    page.example(CARTPOLE)
    set_units(page, 300)
    page.get_by_text("unsaved", exact=True).wait_for()
    assert page.get_by_text("Drafts cannot be kept here").count() == 1
    gallery(page, NOISE)
    page.get_by_text("what is not saved is lost").wait_for()
    page.picture("lose_no_drafts")
    assert page.errors == []


@pytest.mark.thorough
def test_nothing_is_lost_when_the_editor_is_killed_and_started_again(chromium, own_server):
    """Acceptance e: what was done, what was typed meanwhile, the page that is open, and the draft that none shows."""
    server = own_server()
    context = chromium.new_context(viewport={"width": 1500, "height": 900}, locale="en-US")
    page = Page(context.new_page(), server.link)
    page.example(CARTPOLE)
    set_units(page, 300)
    page.get_by_text("unsaved", exact=True).wait_for()
    page.locator("#field-units").fill("555")
    server.kill()
    page.get_by_text("nothing can be changed until it is back").wait_for()
    # The field is left when the page is closed for changes; what was typed waits.
    page.locator("main[inert]").wait_for()
    page.picture("lose_offline")
    server.start(server.port)
    page.wait_for_function("() => document.querySelector('.offline') === null")
    page.locator("main:not([inert])").wait_for()
    wait_until(lambda: page.document()["nodes"]["n3"]["config"]["units"] == [555])
    assert shown_units(page) == "555"
    page.ask("undo")
    assert page.document()["nodes"]["n3"]["config"]["units"] == [300]
    set_units(page, 301)
    wait_until(lambda: page.document()["nodes"]["n3"]["config"]["units"] == [301])
    page.reload()
    page.node("neurons_pool").wait_for()
    assert shown_units(page) == "301"
    # A new page sees no draft that another shows.
    again = Page(context.new_page(), server.link)
    again.locator(".gallery img").first.wait_for()
    assert again.get_by_text("Recent drafts, not saved").count() == 0
    page.page.close()
    again.reload()
    again.get_by_role("button", name="cartpole: 5 nodes").click()
    again.node("neurons_pool").wait_for()
    assert shown_units(again) == "301"
    again.picture("e_restored")
    context.close()


@pytest.mark.slow
def test_a_page_of_an_editor_that_was_started_with_another_secret_says_where_the_link_is(own_server, visit):
    server = own_server()
    page = visit(server.link)
    page.example(CARTPOLE)
    server.kill()
    for path in (server.drafts / "keys").iterdir():
        path.unlink()
    server.start(server.port)
    page.get_by_text("open the link that its terminal shows").wait_for()
    page.picture("lose_refused")
    page.goto(server.link)
    page.node("neurons_pool").wait_for()


def test_text_that_is_being_typed_survives_a_reload(page):
    page.example(CARTPOLE)
    page.node("neurons_pool").click()
    page.locator("#field-units").fill("333")
    page.reload()
    page.node("neurons_pool").wait_for()
    page.get_by_text("unsaved", exact=True).wait_for()
    assert shown_units(page) == "333"
