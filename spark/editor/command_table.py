"""What a command is: a function of a draft and plain arguments, entered in one table; and what commands share."""

import re
from collections.abc import Callable
from typing import Any

from spark.core.errors import Problem, SparkError
from spark.core.names import illegal
from spark.editor.draft import Draft
from spark.graph.check import RESERVED
from spark.io.model_file import TABLES

Command = Callable[..., Any]
COMMANDS: dict[str, Command] = {}


class CommandError(SparkError, ValueError):
    """Raised when a command cannot be done; the document is as it was."""


def command(function: Command) -> Command:
    """Enter a command under its function's name."""
    COMMANDS[function.__name__] = function
    return function


def refuse(message: str, fix: str = "", address: str = "") -> CommandError:
    """The error that says why a command cannot be done."""
    return CommandError(Problem(address, message, fix, "refused"))


def existing(draft: Draft, table: str, key: Any) -> Any:
    """A record that must be there."""
    record = draft.get(table, key) if isinstance(key, str) else None
    if record is None:
        raise refuse(f"there is no such {table[:-1]}, got {key!r}", "It may have been deleted")
    return record


def table_of(draft: Draft, key: str) -> str:
    """The table that holds an id; no two records of a document have the same."""
    for table in TABLES:
        if draft.get(table, key) is not None:
            return table
    raise refuse(f"there is nothing with the id {key!r}", "It may have been deleted")


def free_name(draft: Draft, wanted: str, parent: str | None) -> str:
    """The name, with a number behind it if it is taken."""
    taken = {n["name"] for n in draft.document["nodes"].values() if n.get("parent") == parent}
    # Not every letter or digit of Unicode may stand in a name.
    stem = re.sub("_+", "_", "".join(c if f"a{c}".isidentifier() else "_" for c in wanted[:64])).strip("_")
    stem = stem if illegal(stem) is None else f"m_{stem}" if stem else "module"
    number, name = 1, stem
    while name in taken or illegal(name, RESERVED):
        number += 1
        name = f"{stem}_{number}"
    return name
