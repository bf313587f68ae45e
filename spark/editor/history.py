"""A document with undo and redo of everything."""

from collections.abc import Callable
from typing import Any

from spark.core.errors import Problem, SparkError
from spark.editor import commands as commands  # Enters them, and those that follow wires.
from spark.editor import listed as listed  # Enters its commands.
from spark.editor.command_table import COMMANDS, CommandError, refuse
from spark.editor.draft import Draft, Patch, Shapes, apply, inverse
from spark.editor.follow import follow
from spark.io.model_file import MOST_BYTES, Document, check_change, write_document

# Writes down a step, `do`, `join`, `undo` or `redo`, before it counts; what it raises takes the step back.
Keep = Callable[[str, Patch], None]
# Moves that follow each other at once are one step back; so are letters typed into one field.
JOINED = {"move", "configure", "put_note", "set_run", "set_input"}


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

    def apply(
        self,
        commands: list[dict[str, Any]],
        join: Any = None,
        keep: Keep | None = None,
        shapes: Shapes | None = None,
    ) -> tuple[list[Any], Patch]:
        """Do some commands as one step; all or none.

        Args:
            commands: `{"do": name, **arguments}` each.
            join: Where it is given and equal to the last step's, both are one step back.
            keep: Called with the checked step before it counts.
            shapes: What is known of the ports; see `Draft`.

        Returns:
            What each command gave, and the patch.

        Raises:
            CommandError: One cannot be done, or would leave what no file can hold.
        """
        if not isinstance(commands, list) or not all(isinstance(c, dict) for c in commands):
            raise refuse("commands must be a list of objects")
        draft = Draft(self.document, shapes)
        try:
            results = [_call(draft, given) for given in commands]
            follow(draft)
            patch = draft.patch()
            self._check(patch)
            joins = self._joins(commands, join)
            if patch and keep is not None:
                keep("join" if joins else "do", patch)
        except BaseException:
            # Whatever it was: a step that did not count leaves nothing behind.
            draft.roll_back()
            raise
        if not patch:
            return results, patch
        self.done.append(_joined(self.done.pop(), patch) if joins else patch)
        self._last = join
        self.undone.clear()
        self.revision += 1
        return results, patch

    def _joins(self, commands: list[dict[str, Any]], join: Any) -> bool:
        names = {c["do"] for c in commands}
        return bool(join is not None and join == self._last and names <= JOINED and self.done and not self.undone)

    def _check(self, patch: Patch) -> None:
        """Refuse a step that would leave a document that cannot be written and read again."""
        problems = check_change(self.document, patch)
        if not problems and patch:
            size = len(write_document(self.document))
            if size > MOST_BYTES:
                text = f"the document would have {size:,} bytes; expected at most {MOST_BYTES:,}"
                problems = [Problem("", text, "Leave something out", "refused")]
        if problems:
            raise CommandError(problems)

    def undo(self, keep: Keep | None = None) -> Patch:
        """Take the last step back; returns the patch that did, empty if there is none."""
        return self._take("undo", self.done, self.undone, keep)

    def redo(self, keep: Keep | None = None) -> Patch:
        """Do the last step that was taken back again."""
        return self._take("redo", self.undone, self.done, keep)

    def _take(self, kind: str, source: list[Patch], target: list[Patch], keep: Keep | None) -> Patch:
        if not source:
            return []
        patch = inverse(source[-1])
        if keep is not None:
            keep(kind, patch)
        source.pop()
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


def _call(draft: Draft, given: dict[str, Any]) -> Any:
    arguments = dict(given)
    name = arguments.pop("do", None)
    if not isinstance(name, str) or name not in COMMANDS:
        raise refuse(f"there is no command {name!r}"[:200])
    try:
        return COMMANDS[name](draft, **arguments)
    except SparkError:
        raise
    except (TypeError, KeyError, ValueError, AttributeError, IndexError, ArithmeticError, RecursionError) as error:
        text = f"{name} cannot be done so: {error}"
        raise CommandError(refuse(text, "Check its arguments").problems) from error


def _joined(first: Patch, second: Patch) -> Patch:
    """One patch for two that follow each other."""
    merged = {(table, key): [before, after] for table, key, before, after in first}
    for table, key, before, after in second:
        merged.setdefault((table, key), [before, after])[1] = after
    return [(table, key, before, after) for (table, key), (before, after) in merged.items()]
