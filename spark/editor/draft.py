"""A document while a command changes it, and the patch that undoes or repeats what it did."""

import copy
import json
from typing import Any

from spark.io.model_file import SINGLE, TABLES, Change, Document

Patch = list[Change]
# Shape, dtype and payload type at output ports, by node and port.
Shapes = dict[tuple[str, str], tuple[tuple[int, ...], str, str]]
LETTERS = {"nodes": "n", "edges": "e", "notes": "t", "groups": "g", "probes": "p"}


class Draft:
    """Reads a document, and writes to it so that every change is known.

    Records are never changed in place: a command puts a new one.

    Args:
        document: The document.
        shapes: What is known of its ports: shape, dtype and payload type by node and port. A command builds no brain.
    """

    def __init__(self, document: Document, shapes: Shapes | None = None) -> None:
        self.document = document
        self.shapes = shapes or {}
        self._before: dict[tuple[str, str], Any] = {}

    def get(self, table: str, key: str) -> Any:
        """A record, or None."""
        return self.document[table].get(key)

    def was(self, table: str) -> dict[str, Any]:
        """A table as it was before anything was written."""
        records = dict(self.document[table])
        for (changed, key), before in self._before.items():
            if changed == table:
                records.pop(key, None)
                if before is not None:
                    records[key] = before
        return records

    def put(self, table: str, key: str, record: Any) -> None:
        """Write a record; None removes it."""
        records = self.document[table]
        self._before.setdefault((table, key), copy.deepcopy(records.get(key)))
        if record is None:
            records.pop(key, None)
        else:
            records[key] = copy.deepcopy(record)

    def update(self, table: str, key: str, **changes: Any) -> None:
        """Change fields of a record; None removes one, but for `parent`."""
        record = {**self.document[table][key], **changes}
        kept = {k: v for k, v in record.items() if v is not None or k == "parent"}
        self.put(table, key, kept)

    def new_id(self, table: str) -> str:
        """An id that no record of any table has or had in this draft: commands name records by their id alone."""
        letter = LETTERS[table]
        taken = {key for each in TABLES for key in self.document[each]} | {key for _, key in self._before}
        number = len(self.document[table]) + 1
        while f"{letter}{number}" in taken:
            number += 1
        return f"{letter}{number}"

    def patch(self) -> Patch:
        """What was changed."""
        changes = [
            (table, key, before, copy.deepcopy(self.document[table].get(key)))
            for (table, key), before in self._before.items()
        ]
        return [c for c in changes if _differ(c[2], c[3])]

    def roll_back(self) -> None:
        """Undo everything that was written, whatever it was: also what no patch can hold."""
        for (table, key), before in self._before.items():
            if before is None:
                self.document[table].pop(key, None)
            else:
                self.document[table][key] = before
        self._before.clear()


def _differ(before: Any, after: Any) -> bool:
    """Whether two records are written differently: 1 and 1.0 are equal, and other bytes."""
    try:
        return json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        # What cannot be written is for a check to refuse.
        return True


def snapshot(document: Document) -> Document:
    """The document as it is now, for whoever reads it later or in another thread: tables change, records never do."""
    return {key: dict(value) if key in (*TABLES, *SINGLE) else value for key, value in document.items()}


def apply(document: Document, patch: Patch) -> None:
    """Do what a patch says, in place."""
    for table, key, _, after in patch:
        if table not in (*TABLES, *SINGLE):
            continue
        if after is None:
            document[table].pop(key, None)
        else:
            document[table][key] = copy.deepcopy(after)


def inverse(patch: Patch) -> Patch:
    """The patch that undoes this one."""
    return [(table, key, after, before) for table, key, before, after in reversed(patch)]
