"""Writes the pages that are made from `bench/results`: `python docs/site/measured_pages.py`."""

from pages import costs, peers

if __name__ == "__main__":
    for made in (costs, peers):
        made.PAGE.write_text(made.page(), "utf-8")
