"""Writes `docs/models.md` anew from the classes: `python docs/site/models_page.py`."""

from pages import models

if __name__ == "__main__":
    models.PAGE.write_text(models.page(), "utf-8")
