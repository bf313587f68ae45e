"""A picture of what each entry does, drawn when the site is built."""

from pathlib import Path
from typing import Any


class Pictures:
    """Makes pictures in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, family: str, cls: Any) -> str:
        """The picture of an entry in Markdown."""
        return ""
