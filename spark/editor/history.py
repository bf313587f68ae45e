"""A document with undo and redo of everything."""

from typing import Any

from spark.core.errors import SparkError
from spark.editor import wires as wires  # Enters its commands.
from spark.editor.commands import COMMANDS, CommandError, refuse
from spark.editor.draft import Draft, Patch, apply, inverse
from spark.editor.follow import follow
from spark.io.model_file import MOST_RECORDS, TABLES, Document

# Moves that follow each other at once are one step back; so are letters typed into one field.
JOINED = {"move", "configure", "put_note", "set_run"}


class History:
    """A document, and what was done to it.

    Attributes:
        revision: Grows with every change, undone or done.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.revision = 0
        self.done: list[Patch] = []
        self.undone: list[Patch] = []
        self._last: Any = None

    def apply(self, commands: list[dict[str, Any]], join: Any = None) -> tuple[list[Any], Patch]:
        """Do some commands as one step; all or none.

        Args:
            commands: `{"do": name, **arguments}` each.
            join: Where it is given and equal to the last step's, both are one step back.

        Returns:
            What each command gave, and the patch.

        Raises:
            CommandError: One cannot be done.
        """
        draft = Draft(self.document)
        results = []
        try:
            for given in commands:
                arguments = dict(given)
                name = arguments.pop("do", None)
                if name not in COMMANDS:
                    raise refuse(f"there is no command {name!r}")
                results.append(_call(draft, name, arguments))
            follow(draft)
            if any(len(self.document[table]) > MOST_RECORDS for table in TABLES):
                raise refuse("the document would have too many records")
        except SparkError:
            draft.roll_back()
            raise
        patch = draft.patch()
        if not patch:
            return results, patch
        names = {c["do"] for c in commands}
        if join is not None and join == self._last and names <= JOINED and self.done and not self.undone:
            apply_joined = _joined(self.done.pop(), patch)
            self.done.append(apply_joined)
        else:
            self.done.append(patch)
        self._last = join
        self.undone.clear()
        self.revision += 1
        return results, patch

    def undo(self) -> Patch:
        """Take the last step back; returns the patch that did, empty if there is none."""
        return self._take(self.done, self.undone)

    def redo(self) -> Patch:
        """Do the last step that was taken back again."""
        return self._take(self.undone, self.done)

    def _take(self, source: list[Patch], target: list[Patch]) -> Patch:
        if not source:
            return []
        patch = inverse(source.pop())
        apply(self.document, patch)
        target.append(patch)
        self._last = None
        self.revision += 1
        return patch

    def follow(self, kind: str, patch: Patch) -> None:
        """Note a step of a journal, of which the document has the outcome already."""
        if kind == "do":
            self.done.append(patch)
            self.undone.clear()
        elif kind == "join" and self.done:
            self.done.append(_joined(self.done.pop(), patch))
        elif kind in ("undo", "redo"):
            source, target = (self.done, self.undone) if kind == "undo" else (self.undone, self.done)
            if source:
                source.pop()
            target.append(patch)
        self.revision += 1


def _call(draft: Draft, name: str, arguments: dict[str, Any]) -> Any:
    try:
        return COMMANDS[name](draft, **arguments)
    except SparkError:
        raise
    except (TypeError, KeyError, ValueError, AttributeError, IndexError) as error:
        raise CommandError(refuse(f"{name} cannot be done so: {error}", "Check its arguments").problems) from error


def _joined(first: Patch, second: Patch) -> Patch:
    """One patch for two that follow each other."""
    merged = {(table, key): [before, after] for table, key, before, after in first}
    for table, key, before, after in second:
        merged.setdefault((table, key), [before, after])[1] = after
    return [(table, key, before, after) for (table, key), (before, after) in merged.items()]
