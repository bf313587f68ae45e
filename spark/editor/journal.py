"""The draft journal: every change of a document on disk as it happens, so that `kill -9` loses nothing."""

import json
import os
import re
import time
from pathlib import Path
from typing import Any

from spark.core.errors import FormatError
from spark.editor.draft import Patch, apply
from spark.io.atomic import write_atomically
from spark.io.model_file import Document, check_document

SESSION_ID = re.compile(r"[a-z0-9]{16,64}")
KEPT_SECONDS = 30 * 24 * 3600


def state_folder() -> Path:
    """Where drafts are kept: `SPARK_STATE`, else what the system has for such things."""
    given = os.environ.get("SPARK_STATE")
    base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA") or str(Path.home() / ".local" / "state")
    return Path(given) if given else Path(base) / "spark" / "drafts"


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

    def read(self) -> tuple[Document, dict[str, Any], list[tuple[str, Patch]]] | None:
        """The document as it was last, what was known of it, and its changes; None if there is no whole draft.

        A last line that was cut off is left out.
        """
        try:
            lines = self.path.read_bytes().splitlines()
            first = json.loads(lines[0])
            document, about = check_document(str(self.path), first["document"]), first["about"]
        except (OSError, IndexError, ValueError, KeyError, TypeError, FormatError):
            return None
        changes: list[tuple[str, Patch]] = []
        for line in lines[1:]:
            try:
                ((kind, listed),) = json.loads(line).items()
                patch = [(table, key, before, after) for table, key, before, after in listed]
            except (ValueError, AttributeError):
                break
            apply(document, patch)
            changes.append((kind, patch))
        return document, about, changes

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
        if read is not None and read[2]:
            document, about, changes = read
            entry = {"id": path.stem, "name": document["meta"].get("name"), "file": about.get("file")}
            found.append({**entry, "time": changed, "changes": len(changes), "nodes": len(document["nodes"])})
    return sorted(found, key=lambda d: -d["time"])
