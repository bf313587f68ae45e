"""JSON as strangers may send it: bounded, without duplicates, without numbers that are none."""

import json
from typing import Any

from spark.core.errors import FormatError, Problem

MOST_BYTES = 64 << 20


def read_json(address: str, text: bytes | str, most_bytes: int = MOST_BYTES) -> Any:
    """Parse JSON.

    Raises:
        FormatError: It is longer than `most_bytes`, no JSON in UTF-8, nested too deeply, has a name twice in one
            object, or a number that JSON does not know.
    """
    if len(text) > most_bytes:
        raise _error(address, f"is too long, got {len(text):,} bytes; expected at most {most_bytes:,}")
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        return json.loads(decoded, parse_constant=_no_number, object_pairs_hook=_once)
    except RecursionError as error:
        raise _error(address, "is nested too deeply") from error
    except ValueError as error:
        raise _error(address, f"is not the JSON that it should be: {error}") from error


def _error(address: str, message: str) -> FormatError:
    return FormatError(Problem(address, message, "Write it with Spark", "format"))


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} is there twice")
    return found
