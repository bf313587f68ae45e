"""Recordings as strangers may send them: what a folder says of its data, and the data, held to what can be."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from spark.core.errors import FormatError, Problem, RecordError
from spark.core.strict import check_plain, read_json
from spark.sim.records.channel import Described, Header

# Of a row of one channel; nothing that a brain has comes near.
MOST_ROW_BYTES = 1 << 40
MOST_STEP = 1 << 62
_AT_ONCE = 1 << 20
_DTYPES = frozenset(
    ["bool", "float16", "float32", "float64", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))]
)


def _whole(least: int, most: int = MOST_STEP) -> Callable[[object], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _text(value: object) -> bool:
    return isinstance(value, str)


def _list_of(holds: Callable[[object], bool], length: int | None = None) -> Callable[[object], bool]:
    return lambda v: isinstance(v, list) and len(v) == (len(v) if length is None else length) and all(map(holds, v))


# Whether a field of a channel can be, and what was expected.
_FIELDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "name": (_text, "text"),
    "path": (_text, "text"),
    "kind": (lambda v: v in ("spikes", "samples"), "'spikes' or 'samples'"),
    "shape": (_list_of(_whole(0, 1 << 40)), "a list of sizes"),
    "row": (_list_of(_whole(0, 1 << 40)), "a list of sizes"),
    "dtype": (lambda v: isinstance(v, str) and v in _DTYPES, "a type of numbers or bool"),
    "unit": (_text, "text"),
    "every": (_whole(1), "a whole number of at least 1"),
    "units": (lambda v: v is None or _list_of(_whole(0))(v), "a list of indices, or null"),
    "windows": (_list_of(_list_of(_whole(0), 2)), "a list of pairs of steps"),
    "trigger": (lambda v: v is None or _text(v), "text or null"),
    "around": (_list_of(_whole(0), 2), "two numbers of steps"),
}


def checked_header(address: str, text: bytes, format: str, version: int) -> Header:
    """What a recording's header says.

    Raises:
        RecordError: It is none, of an unknown version, or says what cannot be: everything that is wrong, by its place.
    """
    try:
        found = read_json(address, text)
        check_plain(address, found)
    except FormatError as error:
        raise RecordError(error.problems) from error
    if not isinstance(found, dict) or found.get("format") != format:
        raise RecordError(Problem(address, "is the header of no recording", "Give a folder that holds one", "format"))
    if found.get("version") != version:
        text_ = f"has an unknown version, got {found.get('version')}; expected {version}"
        raise RecordError(Problem(address, text_, "Update Spark", "version"))
    wrong: list[tuple[str, Any, str]] = []
    dt, first, channels = found.get("dt"), found.get("first"), found.get("channels")
    if not (isinstance(dt, (int, float)) and not isinstance(dt, bool) and dt > 0 and math.isfinite(dt)):
        wrong.append(("dt", dt, "a number above 0"))
    if not _whole(0)(first):
        wrong.append(("first", first, "a step"))
    if not _list_of(lambda c: isinstance(c, dict))(channels):
        wrong.append(("channels", channels, "a list of objects"))
    else:
        wrong += [w for i, c in enumerate(found["channels"]) for w in _channel(f"channels[{i}]", c)]
        names = [c.get("name") for c in found["channels"]]
        wrong += [
            (f"channels[{i}].name", n, "a name of its own") for i, n in enumerate(names) if not wrong and n in names[:i]
        ]
    if wrong:
        raise RecordError(
            Problem(f"{address}: {place}", f"cannot be, got {value!r}"[:200] + f"; expected {expected}", "", "format")
            for place, value, expected in wrong
        )
    return Header(**dict[str, Any](found))


def _channel(place: str, channel: dict[str, Any]) -> list[tuple[str, Any, str]]:
    wrong = [
        (f"{place}.{name}", channel.get(name), expected)
        for name, (holds, expected) in _FIELDS.items()
        if not holds(channel.get(name))
    ]
    if wrong:
        return wrong
    size = math.prod(channel["shape"])
    units = channel["units"]
    if units is not None and (len(set(units)) < len(units) or any(u >= size for u in units)):
        wrong.append((f"{place}.units", units, f"different indices below {size}"))
    if any(begin > end for begin, end in channel["windows"]):
        wrong.append((f"{place}.windows", channel["windows"], "windows that begin before they end"))
    if channel["kind"] == "spikes" and (channel["row"], channel["dtype"]) != ([], "int32"):
        wrong.append((f"{place}.row", channel["row"], "[] and int32: a unit for each spike"))
    if channel["kind"] == "spikes" and size > np.iinfo(np.int32).max:
        wrong.append((f"{place}.shape", channel["shape"], "units that int32 can count"))
    if math.prod(channel["row"]) * np.dtype(channel["dtype"]).itemsize > MOST_ROW_BYTES:
        wrong.append((f"{place}.row", channel["row"], f"at most {MOST_ROW_BYTES:,} bytes"))
    return wrong


def checked_line(address: str, line: bytes, until: int, rows: list[int]) -> tuple[int, list[int], str | None]:
    """What a line of the progress says: steps and rows that only grow.

    Raises:
        RecordError: It says something else.
    """
    try:
        said = read_json(address, line)
    except FormatError as error:
        raise RecordError(error.problems) from error
    said = said if isinstance(said, dict) else {}
    if not _whole(until)(said.get("until")):
        text = f"does not go on, got {said.get('until')!r}; expected a step of at least {until}"
        raise RecordError(Problem(f"{address}: until", text, "", "format"))
    found: Any = said.get("rows")
    if not _list_of(_whole(0), len(rows))(found) or any(now < was for now, was in zip(found, rows, strict=True)):
        text = f"do not go on, got {found!r}"[:200] + f"; expected {len(rows)} numbers of at least {rows}"[:200]
        raise RecordError(Problem(f"{address}: rows", text, "", "format"))
    if not isinstance(said.get("stopped"), str | None):
        raise RecordError(Problem(f"{address}: stopped", "must be text", "", "format"))
    return said["until"], found, said.get("stopped")


def check_data(folder: Path, channel: Described, steps: np.ndarray, rows: np.ndarray, first: int, until: int) -> None:
    """Hold a channel's data to what can be, a part at a time.

    Raises:
        RecordError: Steps that are none of the run or go back, units that are none, or truth values beside 0 and 1.
    """
    address = f"{folder}: {channel['name']}"
    last = first
    size = math.prod(channel["shape"])
    known = None if channel["units"] is None else np.zeros(size, bool)
    if known is not None:
        known[channel["units"]] = True
    for begin in range(0, len(steps), _AT_ONCE):
        part = np.asarray(steps[begin : begin + _AT_ONCE])
        if part[0] < last or part[-1] >= until or (part[1:] < part[:-1]).any():
            text = f"has steps that go back or lie outside of the run, steps {first} to {until}"
            raise RecordError(Problem(f"{address}.steps", text, "", "format"))
        last = int(part[-1])
        if channel["kind"] == "spikes":
            units = np.asarray(rows[begin : begin + _AT_ONCE])
            if ((units < 0) | (units >= size)).any() or (known is not None and not known[units].all()):
                text = f"has spikes of units that were not recorded; expected some of {size} units"
                raise RecordError(Problem(f"{address}.rows", text, "", "format"))
    if rows.dtype == bool:
        flat = rows.reshape(-1).view(np.uint8)
        if any(flat[i : i + _AT_ONCE].max() > 1 for i in range(0, flat.size, _AT_ONCE)):
            raise RecordError(Problem(f"{address}.rows", "has truth values that are neither 0 nor 1", "", "format"))
