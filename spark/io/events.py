"""Spike trains in files: a table with a row for each spike."""

import csv
import io
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
    Rows may stand in any order.

    Args:
        path: The file.

    Raises:
        FormatError: The file cannot be read, a column is missing, or a cell is no number; names the line.
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
            places = {name: heads.index(name) for name in COLUMNS if name in heads}
            columns = _columns(path, reader, places)
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


def _columns(path: Path, reader: Any, places: dict[str, int]) -> dict[str, list[float]]:
    kinds = {"time": float, "unit": int, "sign": int}
    columns: dict[str, list[float]] = {name: [] for name in places}
    for row in reader:
        if not row:
            continue
        for name, at in places.items():
            try:
                columns[name].append(kinds[name](row[at]))
            except (IndexError, ValueError) as error:
                cell = row[at] if at < len(row) else "nothing"
                message = f"line {reader.line_num}: {name} is no number, got {cell!r}; expected {kinds[name].__name__}"
                raise _error(path, message) from error
    return columns


def _error(path: Path, message: str) -> FormatError:
    return FormatError(Problem(str(path), message, "Write it with `spark.save_events`, or mend that line", "format"))
