"""Packages that only some parts of Spark need, and what to install where one is missing."""

import importlib

from spark.core.errors import MissingError, Problem


def need(extra: str, *packages: str) -> None:
    """Make sure that the packages of an extra are there.

    Raises:
        MissingError: One is not installed; says what to install.
    """
    missing = []
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError:
            missing.append(package)
    if missing:
        raise MissingError(
            Problem(
                ", ".join(missing),
                "is needed for this and is not installed",
                f'Install it: pip install "spark-brain[{extra}]"',
                "missing",
            )
        )
