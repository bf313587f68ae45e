"""What a run has shown is gone when the run begins anew, and what it no longer has is not shown."""

from editor_page import wait_until

NOISE = "Noise into a pool"
CARTPOLE = "The tutorial's brain at CartPole"


def rates(page):
    return [text for text in page.each(".module .rate", "e => e.textContent") if text]


def spikes(page):
    return sum(int(n or 0) for n in page.each("canvas[data-probe]", "e => e.dataset.drawn"))


def test_reset_takes_rasters_and_rates_and_the_past_away(page):
    page.example(NOISE)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(1500)
    wait_until(lambda: spikes(page) > 0 and rates(page))
    page.get_by_role("button", name="Pause").click()
    page.wait_phase("paused")
    page.get_by_role("button", name="Reset").click()
    wait_until(lambda: page.step() == 0)
    wait_until(lambda: spikes(page) == 0)
    wait_until(lambda: all(text == "0 Hz" for text in rates(page)) or not rates(page))
    assert page.locator("#scrub").is_disabled()


def test_reset_after_the_brains_process_ended_clears_what_it_has_shown(page):
    page.example(NOISE)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(500)
    wait_until(lambda: spikes(page) > 0)
    page.get_by_role("button", name="Stop").click()
    page.wait_phase("not running")
    page.get_by_role("button", name="Reset").click()
    wait_until(lambda: spikes(page) == 0)


def test_an_environment_that_is_switched_off_is_not_shown_any_more(page):
    page.example(CARTPOLE)
    page.get_by_role("button", name="One step", exact=True).click()
    page.wait_step(1)
    page.locator(".panel.world").wait_for()
    page.get_by_role("tab", name="Run settings").click()
    field = page.locator("#run-environment")
    field.fill("")
    field.press("Enter")
    page.locator(".panel.world").wait_for(state="detached")
