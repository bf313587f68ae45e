"""JSON as strangers may send it: bounded, without duplicates, without numbers that are none."""

import json
import math
import re
from pathlib import Path
from typing import Any

from spark.core.errors import FormatError, Problem

MOST_BYTES = 64 << 20
MOST_PARTS = 1_000_000
MOST_DEPTH = 64
MOST_TEXT = 1 << 16
_BY_SPARK = "Write it with Spark"
_SURROGATE = re.compile("[\ud800-\udfff]")
# Where a value stands: its name or place in what holds it, and where that stands.
_Trail = tuple[Any, "_Trail"] | None


def read_json(address: str, text: bytes | str, most_bytes: int = MOST_BYTES, shorten: str = _BY_SPARK) -> Any:
    """Parse JSON.

    Args:
        address: Where it stands.
        text: The JSON.
        most_bytes: How long it may be.
        shorten: How to mend text that is longer.

    Raises:
        FormatError: It is longer than `most_bytes`, no JSON in UTF-8, nested too deeply, has a name twice in one
            object, a number that JSON does not know, or one beyond what 64 bits hold.
    """
    if len(text) > most_bytes:
        raise _error(address, too_long(len(text), most_bytes), shorten)
    # Two bytes of text can become a list of 64 bytes and more.
    begins = ("{", "[") if isinstance(text, str) else (b"{", b"[")
    if sum(text.count(b) for b in begins) > MOST_PARTS:  # type: ignore[arg-type]
        raise _error(address, f"holds too many objects and lists; expected at most {MOST_PARTS:,}")
    if not text.strip():
        raise _error(address, "is empty, and not the JSON that it should be")
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        return json.loads(decoded, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_once)
    except RecursionError as error:
        raise _error(address, "is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise _error(address, "is no text, and not the JSON that it should be") from error
    except ValueError as error:
        raise _error(address, f"is not the JSON that it should be: {error}") from error


def too_long(size: int, most_bytes: int) -> str:
    """What is wrong with so many bytes."""
    return f"is too long, got {size:,} bytes; expected at most {most_bytes:,}"


def read_bounded(path: Path, most_bytes: int, shorten: str = _BY_SPARK) -> bytes:
    """The bytes of a file, whose size is looked at first.

    Args:
        path: The file.
        most_bytes: How long it may be.
        shorten: How to mend a file that is longer.

    Raises:
        FormatError: It cannot be read, is no plain file, or is longer than `most_bytes`.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise FormatError(Problem(str(path), "is no file", "Check the path", "format"))
        if size <= most_bytes:
            with path.open("rb") as file:
                # So much is set apart before it is read.
                data = file.read(size + 1)
            size = len(data)
    except (OSError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        # A name that no system can have is a `ValueError`.
        text = f"cannot be read: {(error.strerror if isinstance(error, OSError) else None) or error}"
        raise FormatError(Problem(str(path), text, "Check the path", "format")) from error
    if size > most_bytes:
        raise _error(str(path), too_long(size, most_bytes), shorten)
    return data


def check_plain(address: str, value: Any, most_depth: int = MOST_DEPTH, most_text: int = MOST_TEXT) -> None:
    """Refuse what is no plain data that JSON holds, is nested too deeply, or has text or numbers beyond all use.

    Args:
        address: Where the value stands; the place inside it is put behind.
        value: Anything.
        most_depth: Levels of objects and lists.
        most_text: Characters of one text.

    Raises:
        FormatError: The first thing that is wrong, with its place.
    """
    waiting: list[tuple[Any, int, _Trail]] = [(value, 0, None)]
    while waiting:
        found, depth, trail = waiting.pop()
        wrong = None
        if isinstance(found, dict):
            waiting += [(v, depth + 1, (k, trail)) for k, v in found.items()]
            waiting += [(k, depth + 1, trail) for k in found]
            if not all(type(k) is str for k in found):
                wrong = "has a name that is no text"
        elif isinstance(found, list | tuple):
            waiting += [(v, depth + 1, (i, trail)) for i, v in enumerate(found)]
        else:
            wrong = _wrong(found, most_text)
        if depth > most_depth:
            wrong = f"is nested too deeply; expected at most {most_depth} levels"
            trail = None
        if wrong:
            raise _error(_place(address, trail), wrong)


def _wrong(value: Any, most_text: int) -> str | None:
    """Why a value without parts is none that a file may hold."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        if len(value) > most_text:
            return f"holds text that is too long; expected at most {most_text:,} characters"
        return "holds text that is no Unicode" if _SURROGATE.search(value) else None
    if isinstance(value, float):
        return None if math.isfinite(value) else "holds a number that is not finite"
    if isinstance(value, int):
        return "holds a whole number beyond 64 bits" if value.bit_length() > 64 else None
    return f"holds what is no plain data, got {type(value).__name__}"


def _place(address: str, trail: _Trail) -> str:
    parts: list[str] = []
    while trail is not None:
        part, trail = trail
        parts.append(f"[{part}]" if isinstance(part, int) else f".{str(part)[:80]}")
    place = "".join(reversed(parts)).removeprefix(".").encode("utf-8", "replace").decode()
    return f"{address}: {place}" if address and place else address or place


def _error(address: str, message: str, fix: str = _BY_SPARK) -> FormatError:
    return FormatError(Problem(address, message, fix, "format"))


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is beyond all numbers of 64 bits")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} is there twice")
    return found
