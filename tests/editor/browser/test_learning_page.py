"""A brain that learns is opened from the gallery, runs with its world in it, and one watches it learn."""

import pytest

LEARNING = "CartPole, learning"


@pytest.mark.thorough
def test_a_brain_that_learns_is_opened_run_and_watched(page):
    page.example(LEARNING)
    for name in ("world", "encoder", "actor", "critic", "error"):
        page.node(name).wait_for()
    page.no_problems()
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(20_000)
    for path in ("world.last_return", "actor.spikes", "world.physical", "actor.weights"):
        page.get_by_text(path, exact=True).wait_for()
    page.picture("learning")
