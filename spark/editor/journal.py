"""The draft journal: every change of a document on disk as it happens, so that `kill -9` loses nothing."""

import json
import os
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from spark.core.errors import FormatError
from spark.editor.draft import Patch, apply
from spark.io.atomic import write_atomically
from spark.io.model_file import Document, check_document, write_document

SESSION_ID = re.compile(r"[a-z0-9]{16,64}")
KEPT_SECONDS = 30 * 24 * 3600
# A page that was opened and left as it was has a journal too: its document is still there after a restart.
KEPT_UNCHANGED_SECONDS = 24 * 3600


def state_folder() -> Path:
    """Where drafts are kept: `SPARK_STATE`, else what the system has for such things."""
    given = os.environ.get("SPARK_STATE")
    base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA") or str(Path.home() / ".local" / "state")
    return Path(given) if given else Path(base) / "spark" / "drafts"


class Kept(NamedTuple):
    """What a journal holds.

    Attributes:
        document: As it was last.
        about: What was known of it at the beginning: `file`, `digest`, and `unsaved`, if no file had it.
        changes: Since the beginning, kind and patch each.
        first: The bytes of the document at the beginning.
    """

    document: Document
    about: dict[str, Any]
    changes: list[tuple[str, Patch]]
    first: bytes


class Journal:
    """One session's journal: a line with the whole document, then a line for every change."""

    def __init__(self, folder: Path, session: str) -> None:
        if not SESSION_ID.fullmatch(session):
            raise ValueError(f"no session id: {session!r}")
        self.path = folder / f"{session}.jsonl"

    def begin(self, document: Document, about: dict[str, Any]) -> None:
        """Start anew with a whole document."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = json.dumps({"document": document, "about": about, "time": time.time()}, allow_nan=False)
        write_atomically(self.path, f"{line}\n".encode())

    def append(self, kind: str, patch: Patch) -> None:
        """Add a change: `do`, `undo` or `redo`."""
        with self.path.open("ab") as file:
            file.write(json.dumps({kind: patch}, allow_nan=False).encode() + b"\n")

    def read(self) -> Kept | None:
        """What it holds, or None if there is no whole document.

        A last line that was cut off is left out.
        """
        try:
            lines = self.path.read_bytes().splitlines()
            head = json.loads(lines[0])
            document, about = check_document(str(self.path), head["document"]), dict(head["about"])
        except (OSError, IndexError, ValueError, KeyError, TypeError, FormatError):
            return None
        changes: list[tuple[str, Patch]] = []
        first = write_document(document)
        for line in lines[1:]:
            try:
                ((kind, listed),) = json.loads(line).items()
                patch = [(table, key, before, after) for table, key, before, after in listed]
            except (ValueError, AttributeError):
                break
            apply(document, patch)
            changes.append((kind, patch))
        return Kept(document, about, changes, first)

    def drop(self) -> None:
        """Forget the draft."""
        self.path.unlink(missing_ok=True)


def drafts(folder: Path) -> list[dict[str, Any]]:
    """Drafts with changes that were not saved, newest first; what is too old is removed."""
    found = []
    for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else []:
        changed = path.stat().st_mtime
        if time.time() - changed > KEPT_SECONDS:
            path.unlink(missing_ok=True)
            continue
        read = Journal(folder, path.stem).read() if SESSION_ID.fullmatch(path.stem) else None
        if read is not None and (read.changes or read.about.get("unsaved")):
            entry = {"id": path.stem, "name": read.document["meta"].get("name"), "file": read.about.get("file")}
            entry |= {"changes": len(read.changes), "nodes": len(read.document["nodes"])}
            found.append({**entry, "time": changed})
        elif time.time() - changed > KEPT_UNCHANGED_SECONDS:
            path.unlink(missing_ok=True)
    return sorted(found, key=lambda d: -d["time"])
