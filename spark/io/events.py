"""Spike trains in files: a table with a row for each spike."""

import csv
import io
import math
from pathlib import Path
from typing import Any

import numpy as np

from spark.core.arguments import checked
from spark.core.errors import FormatError, InputError, Problem
from spark.io.atomic import write_atomically
from spark.sim.events import SpikeEvents

COLUMNS = ("time", "unit", "sign")


@checked
def save_events(events: SpikeEvents, path: str | Path) -> None:
    """Write spike events as comma-separated values with the columns time (ms), unit and sign.

    Args:
        events: The events.
        path: The file.

    Raises:
        SaveError: The file cannot be written; what was there before is untouched.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    rows = zip(events.times.tolist(), events.units.tolist(), events.signs.tolist(), strict=True)
    table.writerows(rows)
    write_atomically(Path(path), text.getvalue().encode())


@checked
def load_events(path: str | Path) -> SpikeEvents:
    """Read spike events from comma-separated values, also those of other programs.

    The first line names the columns: `time` (ms), `unit`, and `sign` where there is one; other columns are left alone.
    Rows may stand in any order, and a whole number may be written as 2.0.

    Args:
        path: The file.

    Raises:
        FormatError: The file cannot be read, a column is missing or there twice, a cell is no number, or a row has more
            cells than there are columns; names the line.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            heads = [head.strip().lower() for head in next(reader, [])]
            missing = [name for name in COLUMNS[:2] if name not in heads]
            if missing:
                message = f"has no column {missing[0]!r}, got {heads}; expected a first line such as 'time,unit'"
                raise _error(path, message)
            twice = [name for name in COLUMNS if heads.count(name) > 1]
            if twice:
                raise _error(path, f"has the column {twice[0]!r} more than once, got {heads}; expected each once")
            columns = _columns(path, reader, heads)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _error(path, f"cannot be read as a table of spikes: {error}") from error
    signs = columns.get("sign")
    try:
        return SpikeEvents(
            np.array(columns["time"], np.float64),
            np.array(columns["unit"], np.int64),
            None if signs is None else np.array(signs, np.int64),
        )
    except OverflowError as error:
        raise _error(path, "a number is too large for a unit or a sign") from error
    except InputError as error:
        raise FormatError([p.under(str(path)) for p in error.problems]) from error


def _columns(path: Path, reader: Any, heads: list[str]) -> dict[str, list[float]]:
    places = {name: heads.index(name) for name in COLUMNS if name in heads}
    columns: dict[str, list[float]] = {name: [] for name in places}
    for row in reader:
        if not row:
            continue
        # A decimal comma makes one number two cells, and each column the one beside it.
        if any(cell.strip() for cell in row[len(heads) :]):
            message = f"line {reader.line_num}: has {len(row)} cells, got {','.join(row)!r}; expected {len(heads)}"
            raise _error(path, message)
        for name, at in places.items():
            cell = row[at] if at < len(row) else "nothing"
            kind = "float" if name == "time" else "int"
            number = _number(cell)
            if number is None or (kind == "int" and not number.is_integer()):
                what = "number" if number is None or not math.isfinite(number) else "whole number"
                raise _error(path, f"line {reader.line_num}: {name} is no {what}, got {cell!r}; expected {kind}")
            columns[name].append(number if kind == "float" else _exactly(cell, number))
    return columns


def _number(cell: str) -> float | None:
    """The number in a cell, if there is one; Python's own 1_000 is none in a table."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _exactly(cell: str, number: float) -> int:
    """A whole number, which programs that know only floats write as 2.0; a float does not hold the largest."""
    try:
        return int(cell)
    except ValueError:
        return int(number)


def _error(path: Path, message: str) -> FormatError:
    return FormatError(Problem(str(path), message, "Write it with `spark.save_events`, or mend that line", "format"))
