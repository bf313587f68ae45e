"""What is selected is what was meant: by one click, by Ctrl+A, and with it the text of a note."""

from editor_page import wait_until

NOISE = "Noise into a pool"


def chosen(page):
    return set(page.each(".react-flow__node.selected", "e => e.dataset.id"))


def notes(page):
    return {key: note["text"] for key, note in page.document()["notes"].items()}


def in_text(page):
    """What is selected of the text of a note that has the focus, or None."""
    return page.evaluate("""() => {
      const text = document.activeElement;
      return text.matches(".note textarea") ? text.value.slice(text.selectionStart, text.selectionEnd) : null;
    }""")


def test_a_click_on_one_of_several_selected_nodes_selects_it_alone(page):
    page.example(NOISE)
    page.locator(".canvas").focus()
    page.keyboard.press("Control+a")
    wait_until(lambda: chosen(page) == {"n1", "n2", "n3"})
    page.node("pool").locator(".head").click(modifiers=["Control"])
    wait_until(lambda: chosen(page) == {"n1", "n2"})
    page.node("noise").locator(".head").click()
    wait_until(lambda: chosen(page) == {"n2"})
    page.keyboard.press("Delete")
    wait_until(lambda: page.names() == {"level", "pool"})


def test_a_click_into_the_frame_of_a_selection_selects_the_node_that_lies_there(page):
    page.example(NOISE)
    pane = page.locator(".react-flow__pane").bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(pane["x"] + 4, pane["y"] + 4)
    page.mouse.down()
    page.mouse.move(pane["x"] + pane["width"] - 4, pane["y"] + pane["height"] - 4, steps=8)
    page.mouse.up()
    page.keyboard.up("Shift")
    wait_until(lambda: len(chosen(page)) == 3)
    page.locator(".react-flow__nodesselection-rect").wait_for()
    head = page.node("noise").locator(".head").bounding_box()
    page.mouse.click(head["x"] + 30, head["y"] + head["height"] / 2)
    wait_until(lambda: chosen(page) == {"n2"})


def test_all_that_is_selected_is_moved_and_copied_and_deleted_with_its_notes(page):
    page.example(NOISE)
    page.ask("apply", commands=[{"do": "put_note", "text": "words", "x": 0, "y": 200}])
    page.locator(".note").wait_for()
    page.locator(".canvas").focus()
    page.keyboard.press("Control+a")
    wait_until(lambda: chosen(page) == {"n1", "n2", "n3", "t1"})
    page.keyboard.press("ArrowDown")
    wait_until(lambda: page.document()["notes"]["t1"]["ui"]["y"] == 210)
    page.keyboard.press("Control+d")
    wait_until(lambda: len(page.document()["notes"]) == 2)
    page.keyboard.press("Control+a")
    wait_until(lambda: len(chosen(page)) == 8)
    page.keyboard.press("Delete")
    wait_until(lambda: not page.document()["nodes"] and not page.document()["notes"])


def test_a_new_note_takes_what_is_typed_and_escape_leaves_it_with_its_text(page):
    page.example(NOISE)
    page.locator(".canvas").focus()
    page.keyboard.press("n")
    wait_until(lambda: in_text(page) == "A note")
    page.keyboard.type("gabel")
    page.keyboard.press("Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Escape")
    wait_until(lambda: notes(page) == {"t1": "gabel\nsecond line"})
    wait_until(lambda: page.evaluate("document.activeElement.dataset.id") == "t1")
    assert page.names() == {"level", "noise", "pool"} and page.document()["groups"] == {}
    for key in ("Enter", "i"):
        page.keyboard.press(key)
        wait_until(lambda: in_text(page) == "gabel\nsecond line")
        page.keyboard.press("Escape")
        wait_until(lambda: page.evaluate("document.activeElement.dataset.id") == "t1")


def test_what_is_typed_before_a_new_note_has_come_runs_no_shortcuts(page):
    page.example(NOISE)
    page.locator(".canvas").focus()
    page.hold()
    page.keyboard.press("n")
    page.keyboard.type("gl")
    page.let_through()
    wait_until(lambda: in_text(page) is not None)
    assert page.document()["groups"] == {} and len(notes(page)) == 1


def test_the_inspector_shows_the_node_that_was_selected_last_and_nothing_of_the_one_before(page):
    page.example(NOISE)
    for name in ("noise", "pool", "noise"):
        page.node(name).locator(".head").click()
        wait_until(lambda name=name: page.each("#node-name", "e => e.value") == [name])


def test_a_wire_alone_is_not_copied_cut_duplicated_or_framed_and_the_page_says_why(page):
    page.example(NOISE)
    page.evaluate("navigator.clipboard.writeText('before')")
    wire = page.locator(".react-flow__edge").first
    wire.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Wire").or_(page.get_by_role("heading", name="Projection")).wait_for()
    wires = page.wires()
    alone = "wires and frames go with their nodes. Select the nodes."
    for key, said in (
        ("Control+c", f"Nothing was copied: {alone}"),
        ("Control+x", f"Nothing was copied: {alone}"),
        ("Control+d", f"Nothing was duplicated: {alone}"),
        ("g", "there is nothing to group"),
    ):
        page.keyboard.press(key)
        alert = page.get_by_role("alert").filter(has_text=said)
        alert.wait_for()
        alert.get_by_role("button", name="Close").click()
        wire.focus()
    assert page.wires() == wires and page.evaluate("navigator.clipboard.readText()") == "before"


def test_a_browser_that_allows_no_clipboard_is_said_and_nothing_is_cut(page):
    page.example(NOISE)
    page.node("noise").locator(".head").click()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.keyboard.press("Control+x")
    page.get_by_role("alert").get_by_text("Nothing was copied: the browser lets this page write no").wait_for()
    assert page.names() == {"level", "noise", "pool"}
