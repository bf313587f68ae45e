"""A session: one document that is open in a page, its file, its draft and its history."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

from spark.core.errors import FormatError, Problem, SparkError
from spark.editor.draft import Patch
from spark.editor.history import History
from spark.editor.journal import SESSION_ID, Journal
from spark.editor.paths import Root
from spark.io.model_file import SUFFIX, Document, load_document, new_document, save_document, write_document
from spark.io.pictures import SUFFIXES, model_in


class ConflictError(SparkError, RuntimeError):
    """Raised when a file has changed since it was opened, and saving would lose that change."""


def new_session_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_hex(12)


class Session:
    """A document open in a page. Two pages have two sessions, also of one file.

    Args:
        root: The folder that files are opened from and saved to.
        drafts: The folder of the draft journals.
        id: The session's id; a draft of this id is taken up where it ended.
        document: What to begin with, if there is no draft.
    """

    def __init__(self, root: Root, drafts: Path, id: str, document: Document | None = None) -> None:
        self.root, self.id = root, id
        self.file: str | None = None
        self._digest: str | None = None
        self._saved: bytes | None = None
        self._journal = Journal(drafts, id)
        kept = self._journal.read()
        self.restored = bool(kept and kept.changes)
        if kept is None:
            self.take(document or new_document())
            return
        self.history = History(kept.document)
        self.file, self._digest = kept.about.get("file"), kept.about.get("digest")
        self._saved = None if kept.about.get("unsaved") else kept.first
        for kind, patch in kept.changes:
            self.history.follow(kind, patch)

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self.history.document

    @property
    def file_to_be(self) -> str | None:
        """The file that was named at the start and is not there yet."""
        return self.file if self.file and not self.root.resolve(self.file).exists() else None

    @property
    def dirty(self) -> bool:
        """Whether there are changes that no file has."""
        return self._saved != write_document(self.document)

    def take(
        self, document: Document, file: str | None = None, digest: str | None = None, unsaved: bool = False
    ) -> None:
        """Make another document this session's; `unsaved` if there are changes in it that no file has."""
        self.history = History(document)
        self.file, self._digest = file, digest
        self._saved = None if unsaved else write_document(document)
        self._begin_journal()

    def _begin_journal(self) -> None:
        self._journal.begin(self.document, {"file": self.file, "digest": self._digest, "unsaved": self._saved is None})

    def apply(self, commands: list[dict[str, Any]], join: Any = None) -> tuple[list[Any], Patch]:
        """Do some commands as one step."""
        steps = len(self.history.done)
        results, patch = self.history.apply(commands, join)
        if patch:
            self._journal.append("do" if len(self.history.done) > steps else "join", patch)
        return results, patch

    def undo(self) -> Patch:
        """Take the last step back."""
        return self._noted("undo", self.history.undo())

    def redo(self) -> Patch:
        """Do it again."""
        return self._noted("redo", self.history.redo())

    def _noted(self, kind: str, patch: Patch) -> Patch:
        if patch:
            self._journal.append(kind, patch)
        return patch

    def open(self, path: str) -> None:
        """Open a model file, or a picture that has one inside."""
        found = self.root.resolve(path, (SUFFIX, *SUFFIXES))
        if found.name.endswith(SUFFIX):
            document, digest = load_document(found), _digest(found)
            self.take(document, self.root.relative(found), digest)
        else:
            self.take(model_in(str(found.name), found.read_bytes()))

    def save(self, path: str | None = None, overwrite: bool = False) -> str:
        """Write the document to its file, or to another; returns the file.

        Raises:
            ConflictError: The file is not as it was when it was opened, or is there already under a new name.
            SaveError: Writing failed.
        """
        name = path or self.file
        if not name:
            raise FormatError(Problem("save", "the document has no file yet", "Give a name", "path"))
        if not name.endswith(SUFFIX):
            name += SUFFIX
        target = self.root.resolve(name, (SUFFIX,))
        known = self._digest if self.root.relative(target) == self.file else None
        now = _digest(target)
        if now is not None and now != known and not overwrite:
            raise ConflictError(
                Problem(
                    name,
                    "was changed by somebody else since it was opened here" if known else "is there already",
                    "Overwrite it, save under another name, or open it again and lose the changes made here",
                    "conflict",
                )
            )
        os.makedirs(target.parent, exist_ok=True)
        self._saved = save_document(self.document, target)
        self.file, self._digest = self.root.relative(target), hashlib.sha256(self._saved).hexdigest()
        self._begin_journal()
        return self.file

    def restore(self, draft: str) -> None:
        """Take up the draft of another session, and forget it there.

        Raises:
            FormatError: There is no such draft.
        """
        other = self._other(draft)
        kept = other.read()
        if kept is None:
            raise _no_draft(draft)
        self.take(kept.document, kept.about.get("file"), kept.about.get("digest"), unsaved=True)
        other.drop()

    def forget(self, draft: str) -> None:
        """Delete the draft of another session."""
        self._other(draft).drop()

    def _other(self, draft: object) -> Journal:
        if not isinstance(draft, str) or not SESSION_ID.fullmatch(draft) or draft == self.id:
            raise _no_draft(draft)
        return Journal(self._journal.path.parent, draft)


def _no_draft(draft: object) -> FormatError:
    return FormatError(Problem(str(draft)[:64], "is no draft", "It may have been restored already", "draft"))


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
