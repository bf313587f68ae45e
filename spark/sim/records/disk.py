"""Data of a run on disk: appended chunk by chunk, readable while it is written and after a crash.

A folder holds `recording.json`, which describes the channels; for each channel one file of steps (int64) and one of
rows, little-endian and without headers; and `progress.jsonl`. A line of that is written after the data that it speaks
of, so whatever lies behind the last whole line never counts. A power cut may cost the last second.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from spark.core.errors import FormatError, Problem, RecordError
from spark.core.strict import read_bounded
from spark.files import write_whole
from spark.sim.records.channel import Described, Header
from spark.sim.records.check import checked_header, checked_line

FORMAT, VERSION = "spark recording", 1
HEADER, PROGRESS = "recording.json", "progress.jsonl"
_SYNC_SECONDS = 1.0
_MOST_HEADER = 64 << 20
_MOST_LINE = 1 << 20


class DiskStore:
    """Appends chunks to the files of a folder.

    Args:
        folder: The folder.
        channels: What is recorded.
        dt: Length of a step, ms.
        first: The step at which the recording begins.
        append: Whether it goes on with the recording that is there; None where nobody can ask for that.

    Raises:
        RecordError: The folder is not empty, or it holds a recording of something else or of other steps.
    """

    def __init__(
        self, folder: str | Path, channels: list[Described], dt: float, first: int, append: bool | None
    ) -> None:
        # Absolute: a program may go to another folder while it runs.
        self.folder = Path(folder).absolute()
        self._until = first
        self._released = False
        self._names = [c["name"] for c in channels]
        self._added: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {n: [] for n in self._names}
        self._rows = dict.fromkeys(self._names, 0)
        header: Header = {
            "format": FORMAT,
            "version": VERSION,
            "dt": dt,
            "first": first,
            "channels": channels,
        }
        with _telling(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            if append and (self.folder / HEADER).exists():
                first = self._go_on(header, first)
            elif any(self.folder.iterdir()):
                fix = "Give another, remove it, or go on with its recording: `append=True`"
                if append is None:
                    fix = "Give another, or remove it"
                address = "folder" if append is None else "to"
                raise RecordError(Problem(address, f"the folder {str(self.folder)!r} is not empty", fix, "exists"))
            else:
                write_whole(self.folder / HEADER, json.dumps(header, indent=1).encode())
            self._files = {
                name: (_appending(self.folder / f"{i}.steps"), _appending(self.folder / f"{i}.rows"))
                for i, name in enumerate(self._names)
            }
            self._progress = _appending(self.folder / PROGRESS)
        self._synced = time.monotonic()
        self._committed = dict(self._rows)
        self.first = first

    def _go_on(self, header: Header, first: int) -> int:
        """Cut what lies after step `first`, so that the run goes on from there; where the recording begins."""
        found = read_header(self.folder)
        for part in ("dt", "channels"):
            if found[part] != json.loads(json.dumps(header[part])):
                raise RecordError(
                    Problem("to", f"the recording in {str(self.folder)!r} has other {part}", "Give another folder")
                )
        until, rows, _ = read_progress(self.folder, found)
        if not found["first"] <= first <= until:
            raise RecordError(
                Problem(
                    "to",
                    f"the recording in {str(self.folder)!r} does not reach the brain's step, "
                    f"got steps {found['first']} to {until}; expected {first} among them",
                    "Restore a brain from within them, or give another folder",
                    "steps",
                )
            )
        for i, (name, channel) in enumerate(zip(self._names, found["channels"], strict=True)):
            steps, _ = read_channel(self.folder, found, i, rows[i])
            self._rows[name] = int(np.searchsorted(steps, first))
            os.truncate(self.folder / f"{i}.steps", self._rows[name] * 8)
            os.truncate(self.folder / f"{i}.rows", self._rows[name] * row_bytes(channel))
        self._replace({"until": first})
        return found["first"]

    def add(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Take a chunk of a channel; it counts from the next `commit` on."""
        self._added[name].append((steps, values))

    def commit(self, until: int) -> None:
        """Write what was added, then the line that says so.

        Raises:
            RecordError: The disk is full, or fails. What was committed before stays readable.
        """
        with _telling(self.folder):
            for name, chunks in self._added.items():
                for steps, values in chunks:
                    _write(self._files[name][0], steps.astype("<i8", copy=False))
                    _write(self._files[name][1], values.astype(values.dtype.newbyteorder("<"), copy=False))
                    self._rows[name] += steps.size
            self._added = {n: [] for n in self._names}
            if time.monotonic() - self._synced > _SYNC_SECONDS:
                self._sync()
            self._until, self._committed = until, dict(self._rows)
            _write(self._progress, np.frombuffer(self._line({"until": until}), np.uint8))

    def _line(self, said: Mapping[str, object]) -> bytes:
        return json.dumps({**said, "rows": [self._rows[n] for n in self._names]}).encode() + b"\n"

    def _replace(self, said: Mapping[str, object]) -> None:
        write_whole(self.folder / PROGRESS, self._line(said))

    def _sync(self) -> None:
        for steps, rows in self._files.values():
            os.fsync(steps)
            os.fsync(rows)
        os.fsync(self._progress)
        self._synced = time.monotonic()

    def close(self, stopped: str | None = None) -> None:
        """Let go of the files; why the run ended early goes with them.

        However a run was cut into chunks, or continued, the same files remain.
        """
        try:
            with _telling(self.folder):
                self._sync()
                self._replace({"until": self._until} | ({} if stopped is None else {"stopped": stopped}))
        finally:
            self.release()

    def release(self) -> None:
        """Let go of the files as they are."""
        if self._released:
            return
        self._released = True
        for steps, rows in self._files.values():
            os.close(steps)
            os.close(rows)
        os.close(self._progress)

    def read(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps and rows of a channel, mapped from the files."""
        return read_channel(self.folder, read_header(self.folder), self._names.index(name), self._committed[name])


def read_header(folder: Path) -> Header:
    """What `recording.json` says.

    Raises:
        RecordError: There is none, it is none of ours, or says what cannot be.
    """
    path = folder / HEADER
    try:
        text = read_bounded(path, _MOST_HEADER)
    except FormatError as error:
        problem = Problem(str(folder), "is no recording", f"Give a folder that holds {HEADER!r}", "format")
        raise RecordError(problem if not path.exists() else error.problems) from error
    return checked_header(str(path), text, FORMAT, VERSION)


def read_progress(folder: Path, header: Header) -> tuple[int, list[int], str | None]:
    """Until which step data is whole, how many rows each channel has, and why the run ended early.

    Raises:
        RecordError: A line says what cannot be. One that was cut off at the end is left out.
    """
    until, rows, stopped = header["first"], [0] * len(header["channels"]), None
    with contextlib.suppress(FileNotFoundError), open(folder / PROGRESS, "rb") as file:
        number = 0
        while line := file.readline(_MOST_LINE):
            number += 1
            if not line.endswith(b"\n") and len(line) < _MOST_LINE:
                break
            until, rows, stopped = checked_line(f"{folder / PROGRESS}: line {number}", line, until, rows)
    return until, rows, stopped


def row_bytes(channel: Described) -> int:
    """Bytes of one row."""
    return int(np.prod(channel["row"], dtype=np.int64)) * np.dtype(channel["dtype"]).itemsize


def read_channel(folder: Path, header: Header, number: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` steps and rows of a channel, mapped from its files."""
    channel = header["channels"][number]
    shape, dtype = (count, *channel["row"]), np.dtype(channel["dtype"]).newbyteorder("<")
    if count == 0:
        return np.empty(0, np.int64), np.empty(shape, dtype)
    try:
        steps = np.memmap(folder / f"{number}.steps", "<i8", "r", shape=(count,))
        if not row_bytes(channel):
            return steps, np.empty(shape, dtype)
        return steps, np.memmap(folder / f"{number}.rows", dtype, "r", shape=shape)
    except (OSError, ValueError, OverflowError) as error:
        raise RecordError(
            Problem(str(folder), f"the data of {channel['name']!r} is shorter than the recording says", "", "format")
        ) from error


def _appending(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)


def _write(file: int, data: np.ndarray) -> None:
    view = np.ascontiguousarray(data).reshape(-1).view(np.uint8).data
    while view:
        view = view[os.write(file, view) :]


@contextlib.contextmanager
def _telling(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordError(
            Problem(
                "to",
                f"writing to {str(folder)!r} failed: {error.strerror}",
                "Make room or give another folder. What was written before is readable: "
                f"`spark.Recording.load({str(folder)!r})`; the brain stands at the last step that was run",
                "disk",
            )
        ) from error
