"""Modules of somebody's own that a command imports, so that files may name their classes."""

import argparse
import importlib
import sys
from pathlib import Path

from spark.core.errors import ArgumentError, MissingError, Problem


def add_import(command: argparse.ArgumentParser) -> None:
    """Give a command that opens a file the option `--import`."""
    command.add_argument(
        "--import", dest="modules", action="append", default=[], help="import this module: your own classes"
    )


def import_modules(names: list[str]) -> None:
    """Import what `--import` named, also from the folder in which the command was started.

    Raises:
        ArgumentError: Something is no module's name; nothing is imported then.
        MissingError: A module is not there, or one that it imports.
    """
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise ArgumentError(
                Problem("--import", f"is no module's name, got {name!r}", "Write it as after `import`", "name")
            )
    here = str(Path.cwd())
    # A command that was installed looks beside itself, and not where it was started; last, so that it hides nothing.
    if names and here not in sys.path:
        sys.path.append(here)
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            fix = "Check its name, and the folder in which you are"
            text = f"{name!r} cannot be imported: {error}"
            raise MissingError(Problem("--import", text, fix, "missing")) from error
