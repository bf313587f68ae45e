"""On a small screen the page is as wide as the screen, fields have room, and dialogs say what went wrong."""

from editor_page import wait_until

NOISE = "Noise into a pool"
SIZES = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"


def test_the_page_is_no_wider_than_a_telephone_in_any_language(open_page):
    page = open_page()
    page.example(NOISE)
    page.get_by_label("Language").select_option("de")
    for width in (420, 360):
        page.set_viewport_size({"width": width, "height": 800})
        page.drawn_anew()
        page.picture(f"narrow_{width}")
        wide, screen = page.evaluate(SIZES)
        assert wide <= screen, width


def test_fields_have_their_part_of_a_low_page_beside_what_is_watched(open_page):
    page = open_page()
    page.example(NOISE)
    page.get_by_role("button", name="One step", exact=True).click()
    page.wait_step(1)
    page.node("pool").locator(".head").click()
    page.locator("#field-units").wait_for()
    page.set_viewport_size({"width": 800, "height": 600})
    page.drawn_anew()
    page.picture("low")
    high = page.each("#side-panel, main, .canvas", "e => e.getBoundingClientRect().height")
    main, canvas, fields = high
    assert fields >= 0.4 * main and canvas > 90


def test_a_dialog_says_what_went_wrong_where_it_can_be_read_and_put_away(page):
    page.example(NOISE)
    page.keyboard.press("Control+Shift+s")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("File", exact=True).fill("../outside")
    page.keyboard.press("Enter")
    alert = dialog.get_by_role("alert")
    alert.wait_for()
    page.picture("save_refused")
    alert.get_by_role("button", name="Close").click()
    wait_until(lambda: alert.count() == 0)
    assert dialog.is_visible()
