"""A session: one document that is open in a page, its file, its draft and its history."""

import contextlib
import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

from spark.core.errors import FormatError, Problem, SaveError, SparkError
from spark.core.strict import read_bounded
from spark.editor.draft import Patch, Shapes
from spark.editor.history import History
from spark.editor.journal import SESSION_ID, Journal
from spark.editor.paths import Root
from spark.io.model_file import (
    MOST_BYTES,
    SUFFIX,
    TOO_LARGE,
    Document,
    new_document,
    read_document,
    save_document,
    write_document,
)
from spark.io.pictures import MOST_PICTURE, SUFFIXES, model_in


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

    Attributes:
        left_out: Why changes of the draft were left out when it was taken up.
        key: Names the document: another one that takes its place has another key, also if it is equal.
        undrafted: Why changes are not on disk as they happen, or None if they are.
    """

    def __init__(self, root: Root, drafts: Path, id: str, document: Document | None = None) -> None:
        self.root, self.id = root, id
        self.file: str | None = None
        self._digest: str | None = None
        self._saved: bytes | None = None
        self._journal = Journal(drafts, id)
        self.left_out: tuple[Problem, ...] = ()
        kept = self._journal.read()
        self.restored = bool(kept and kept.changes)
        self.undrafted: str | None = None
        if kept is None:
            self._begin(document or new_document())
            return
        self.key = str(kept.about.get("key") or new_session_id())
        self.left_out = kept.left_out
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
        """Make another document this session's; `unsaved` if there are changes in it that no file has.

        The document that goes stays as a draft of its own, if it has changes that no file has.

        Raises:
            SaveError: The draft could not be begun; the session has its former document.
        """
        before = (self.history, self.key, self.file, self._digest, self._saved)
        left = self._journal.move(new_session_id()) if self.dirty else None
        try:
            self._put(document, file, digest, unsaved)
            self._begin_journal()
        except BaseException as error:
            if isinstance(error, SaveError) and self.undrafted is not None:
                return
            self.history, self.key, self.file, self._digest, self._saved = before
            if left is not None:
                left.move(self.id)
            raise

    def _begin(self, document: Document) -> None:
        """Begin with a document, also where no draft can be kept: one can look, draw and save to another disk."""
        self._put(document)
        try:
            self._begin_journal()
        except SaveError as error:
            self.undrafted = error.problems[0].message

    def _put(
        self, document: Document, file: str | None = None, digest: str | None = None, unsaved: bool = False
    ) -> None:
        saved = None if unsaved else write_document(document)
        self.history, self.key = History(document), new_session_id()
        self.file, self._digest, self._saved = file, digest, saved

    def _begin_journal(self) -> None:
        about = {"file": self.file, "digest": self._digest, "unsaved": self.dirty, "key": self.key}
        self._journal.begin(self.document, about)
        self.undrafted = None

    def _keep(self, kind: str, patch: Patch) -> None:
        """Write a step down before it counts; not where there was no place for a draft from the beginning."""
        if self.undrafted is None:
            self._journal.append(kind, patch)

    def _catch_up(self) -> None:
        """Begin the draft that could not be begun before, if it can be now."""
        if self.undrafted is not None:
            with contextlib.suppress(SaveError):
                self._begin_journal()

    def apply(
        self, commands: list[dict[str, Any]], join: Any = None, shapes: Shapes | None = None
    ) -> tuple[list[Any], Patch]:
        """Do some commands as one step: they are checked, written to the draft, and only then count.

        Args:
            commands: See `spark.editor.commands`.
            join: See `History.apply`.
            shapes: What is known of the document's ports; see `Draft`.

        Raises:
            CommandError: One cannot be done; the document is as it was.
            SaveError: The step could not be written down; the document is as it was.
        """
        done = self.history.apply(commands, join, self._keep, shapes)
        self._catch_up()
        return done

    def undo(self) -> Patch:
        """Take the last step back."""
        patch = self.history.undo(self._keep)
        self._catch_up()
        return patch

    def redo(self) -> Patch:
        """Do it again."""
        patch = self.history.redo(self._keep)
        self._catch_up()
        return patch

    def open(self, path: str) -> None:
        """Open a model file, or a picture that has one inside."""
        document, digest = read_openable(self.root, path)
        self.take(document, None if digest is None else self.root.relative(self.root.resolve(path)), digest)

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
        try:
            os.makedirs(target.parent, exist_ok=True)
        except OSError as error:
            problem = Problem(name, f"writing failed: {error.strerror}", "Choose another place", "disk")
            raise SaveError(problem) from error
        self._saved = save_document(self.document, target)
        self.file, self._digest = self.root.relative(target), hashlib.sha256(self._saved).hexdigest()
        # The file is written: the draft that could not be begun anew still holds the same document.
        with contextlib.suppress(SaveError):
            self._begin_journal()
        return self.file

    def restore(self, draft: str) -> None:
        """Take up the draft of another session, and forget it there.

        Raises:
            FormatError: There is no such draft, or it holds no sound document.
        """
        other = self._other(draft)
        if not other.path.exists():
            raise no_draft(draft)
        kept = other.load()
        self.take(kept.document, kept.about.get("file"), kept.about.get("digest"), unsaved=True)
        self.left_out = kept.left_out
        if not kept.left_out and self.undrafted is None:
            other.drop()

    def forget(self, draft: str) -> None:
        """Delete the draft of another session."""
        self._other(draft).drop()

    def _other(self, draft: object) -> Journal:
        if not isinstance(draft, str) or not SESSION_ID.fullmatch(draft) or draft == self.id:
            raise no_draft(draft)
        return Journal(self._journal.path.parent, draft)


def read_openable(root: Root, path: str) -> tuple[Document, str | None]:
    """The document of a file that can be opened, and the digest of a model file; of a picture None.

    Raises:
        FormatError: The file is not there, has another ending, or holds no document.
    """
    found = root.resolve(path, (SUFFIX, *SUFFIXES))
    data = read_bounded(found, MOST_BYTES if found.name.endswith(SUFFIX) else MOST_PICTURE, TOO_LARGE)
    if found.name.endswith(SUFFIX):
        return read_document(found.name, data), hashlib.sha256(data).hexdigest()
    return model_in(found.name, data), None


def no_draft(draft: object) -> FormatError:
    """The error that says that there is no such draft."""
    return FormatError(Problem(str(draft)[:64], "is no draft", "It may have been restored already", "draft"))


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
