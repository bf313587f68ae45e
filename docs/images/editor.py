"""Makes editor.png: the tutorial's brain running in the Graph Editor, in headless Chromium.

python docs/images/editor.py
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import spark


def main() -> None:
    """Open the gallery's brain, run it, watch, and take a picture."""
    with tempfile.TemporaryDirectory() as folder:
        editor = spark.GraphEditor(folder=folder, drafts=Path(folder) / "drafts").launch(browser=False)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1500, "height": 860}, locale="en-US")
            page.goto(editor.link())
            page.get_by_role("button", name="The tutorial's brain at CartPole").click()
            page.locator(".react-flow__node", has_text="neurons_pool").click()
            page.get_by_role("button", name="Run", exact=True).click()
            page.wait_for_function("() => Number(document.querySelector('[data-testid=step]')?.dataset.step) > 9000")
            page.screenshot(path=str(Path(__file__).with_suffix(".png")))
            browser.close()
        editor.close()


if __name__ == "__main__":
    main()
