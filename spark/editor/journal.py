"""The draft journal: every change of a document on disk as it happens, so that `kill -9` loses nothing."""

import contextlib
import functools
import json
import os
import re
import time
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from spark.core.errors import FormatError, Problem, SaveError
from spark.core.strict import read_json
from spark.editor.draft import Patch, apply, inverse
from spark.io.atomic import write_atomically
from spark.io.model_file import (
    MOST_BYTES,
    SINGLE,
    TABLES,
    Document,
    check_document,
    check_records,
    write_document,
)

SESSION_ID = re.compile(r"[a-z0-9]{16,64}")
KINDS = ("do", "join", "undo", "redo")
# A document with every letter escaped, and some words about it.
_MOST_LINE = 4 * MOST_BYTES
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
        left_out: What is wrong with the change at which reading ended early.
    """

    document: Document
    about: dict[str, Any]
    changes: list[tuple[str, Patch]]
    first: bytes
    left_out: tuple[Problem, ...] = ()


class Journal:
    """One session's journal: a line with the whole document, then a line for every change."""

    def __init__(self, folder: Path, session: str) -> None:
        if not SESSION_ID.fullmatch(session):
            raise ValueError(f"no session id: {session!r}")
        self.path = folder.absolute() / f"{session}.jsonl"
        # Bytes that are known to be whole lines.
        self._whole = 0

    def begin(self, document: Document, about: dict[str, Any]) -> None:
        """Start anew with a whole document.

        Raises:
            SaveError: It could not be written; what the journal held is untouched.
        """
        line = json.dumps({"document": document, "about": about, "time": time.time()}, allow_nan=False)
        data = f"{line}\n".encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _not_written(self.path, error) from error
        write_atomically(self.path, data)
        self._whole = len(data)

    def append(self, kind: str, patch: Patch) -> None:
        """Add a change: `do`, `join`, `undo` or `redo`; it is written whole, or not at all.

        Raises:
            SaveError: It could not be written.
        """
        line = json.dumps({kind: patch}, allow_nan=False).encode() + b"\n"
        try:
            handle = os.open(self.path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
            try:
                # What a writer that was killed, or a full disk, left of a line would spoil all that follow it.
                os.ftruncate(handle, self._whole)
                os.lseek(handle, self._whole, os.SEEK_SET)
                view = memoryview(line)
                while view:
                    view = view[os.write(handle, view) :]
            finally:
                os.close(handle)
        except OSError as error:
            raise _not_written(self.path, error) from error
        self._whole += len(line)

    def load(self) -> Kept:
        """What it holds. What a writer that was killed left of a last line is left out.

        Raises:
            FormatError: There is none, or its first line holds no sound document.
        """
        try:
            with self.path.open("rb") as file:
                return self._load(file)
        except OSError as error:
            problem = Problem(self.path.stem, f"cannot be read: {error.strerror}", "", "draft")
            raise FormatError(problem) from error

    def _load(self, file: BinaryIO) -> Kept:
        line = file.readline(_MOST_LINE + 1)
        head = read_json(self.path.stem, line, _MOST_LINE)
        if not isinstance(head, dict) or not isinstance(head.get("about"), dict):
            raise FormatError(Problem(self.path.stem, "is no draft: it names no document", "", "format"))
        about = head["about"]
        for name in ("file", "digest"):
            if not isinstance(about.get(name), str | None):
                raise FormatError(Problem(f"{self.path.stem}: about.{name}", "must be text", "", "format"))
        document = check_document(self.path.stem, head.get("document"))
        first, changes, left_out = write_document(document), [], ()
        self._whole = len(line)
        while line := file.readline(_MOST_LINE + 1):
            if not line.endswith(b"\n") and len(line) <= _MOST_LINE:
                break
            try:
                changes.append(_change(f"{self.path.stem}: change {len(changes) + 1}", document, line))
            except FormatError as error:
                left_out = error.problems
                break
            self._whole += len(line)
        return Kept(document, about, changes, first, left_out)

    def read(self) -> Kept | None:
        """What it holds, or None if there is no whole document."""
        try:
            return self.load()
        except FormatError:
            return None

    def move(self, session: str) -> "Journal":
        """Make it the journal of another session; nothing is there any more for this one."""
        other = Journal(self.path.parent, session)
        with contextlib.suppress(OSError):
            self.path.rename(other.path)
        other._whole = self._whole
        return other

    def drop(self) -> None:
        """Forget the draft."""
        self.path.unlink(missing_ok=True)


def _change(address: str, document: Document, line: bytes) -> tuple[str, Patch]:
    """The change that a line speaks of, done to the document.

    Raises:
        FormatError: It is unsound, or does not follow from the document; nothing was done.
    """
    said = read_json(address, line, _MOST_LINE)
    try:
        ((kind, listed),) = said.items()
        patch = [(table, key, before, after) for table, key, before, after in listed]
        follows = kind in KINDS and all(document[t].get(k) == b for t, k, b, _ in patch if t in (*TABLES, *SINGLE))
    except (ValueError, TypeError, AttributeError) as error:
        raise FormatError(Problem(address, "is no change of a document", "", "format")) from error
    if not follows or any(t not in (*TABLES, *SINGLE) for t, *_ in patch):
        raise FormatError(Problem(address, "does not follow from what was before", "", "format"))
    apply(document, patch)
    problems = check_records(document, patch)
    if problems:
        apply(document, inverse(patch))
        raise FormatError(p.under(address) for p in problems)
    return kind, patch


def _not_written(path: Path, error: OSError) -> SaveError:
    return SaveError(
        Problem(
            "draft",
            f"it could not be written down: {error.strerror or error}",
            f"Nothing was changed. Make room for {str(path.parent)!r}, and do it again",
            "disk",
        )
    )


def drafts(folder: Path) -> list[dict[str, Any]]:
    """Drafts with changes that were not saved, newest first; what is too old is removed."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            about = path.stat()
        except OSError:
            continue
        age = time.time() - about.st_mtime
        if age > KEPT_SECONDS:
            path.unlink(missing_ok=True)
            continue
        entry = _entry(path, about.st_mtime_ns, about.st_size)
        if entry is not None:
            found.append({**entry, "time": about.st_mtime})
        elif age > KEPT_UNCHANGED_SECONDS:
            path.unlink(missing_ok=True)
    return sorted(found, key=lambda d: -d["time"])


@functools.lru_cache(maxsize=1000)
def _entry(path: Path, changed: int, size: int) -> dict[str, Any] | None:
    """What is listed of a draft, or None if a file has all of it; read once for as long as it stays as it is."""
    read = Journal(path.parent, path.stem).read() if SESSION_ID.fullmatch(path.stem) else None
    if read is None or not (read.about.get("unsaved") or write_document(read.document) != read.first):
        return None
    entry = {"id": path.stem, "name": read.document["meta"].get("name"), "file": read.about.get("file")}
    return entry | {"changes": len(read.changes), "nodes": len(read.document["nodes"])}
