"""What a report looks like: a table and a sentence, as text and in a notebook."""

from html import escape
from typing import ClassVar


class Report:
    """Base of reports that are printed, and shown in a notebook, as a table with a summary below it.

    A subclass names the columns in `heads`, and writes `rows` and `summary`.
    """

    heads: ClassVar[tuple[str, ...]]

    def rows(self) -> list[tuple[str, ...]]:
        """The table, a cell for each of `heads`; none where there is only a summary."""
        raise NotImplementedError

    def summary(self) -> str:
        """What stands below the table."""
        raise NotImplementedError

    def __str__(self) -> str:
        rows = self.rows()
        if not rows:
            return self.summary()
        rows = [self.heads, *rows]
        widths = [max(len(row[n]) for row in rows) for n in range(len(self.heads))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, self.summary()])

    def _repr_html_(self) -> str:
        def line(tag: str, cells: tuple[str, ...]) -> str:
            return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        body = "".join([line("th", self.heads), *(line("td", row) for row in self.rows())])
        return f"<table>{body}</table><p>{escape(self.summary())}</p>"


def size_text(count: int) -> str:
    """A number of bytes for people."""
    for unit, limit in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return f"{count} B"
