"""Recording: what a run returns."""

from pathlib import Path
from typing import Any

import numpy as np

from spark.core.arguments import checked
from spark.core.errors import Problem, RecordError
from spark.sim.records import disk, export, statistics
from spark.sim.records.channel import Described
from spark.sim.records.channels import Channels
from spark.sim.records.check import check_data


class Recording(Channels):
    """What was recorded of a run: its channels as arrays (see `Channels`), what follows from them, pictures and files.

    Times are in ms since the brain's step 0: what happened in step `n` has the time `n * dt`.

    Attributes:
        dt: Length of a step, ms.
        first: The brain's step at which the recording begins.
        steps: Number of steps that were run.
        stopped: Why the run ended early, or None.
    """

    @checked
    def __getitem__(self, name: str) -> np.ndarray:
        """A channel's samples (samples, ...); of spikes 0 or 1, int8 (steps, units)."""
        channel = self._channel(name)
        if channel["kind"] == "samples":
            return self.trace(name)[1]
        steps, _ = self._source.read(channel["name"])
        dense = np.zeros((self.steps, self._number(channel)), np.int8)
        dense[steps - self.first, self._index(channel)] = 1
        return dense

    @checked
    def rates(self, name: str) -> np.ndarray:
        """Mean rate of each recorded unit of the channel `name` over the run, Hz, (units,).

        Where a probe has windows, steps outside of them do not count: they are no silence. It is NaN where none was
        recorded.

        Raises:
            RecordError: There is no such channel of spikes, or it was recorded around a trigger only.
        """
        channel = self._whole(name, "rate")
        return statistics.mean_rates(self._index(channel), self._number(channel), self._covered(channel) * self.dt)

    @checked
    def rate_over_time(self, name: str, width: float = 10.0) -> tuple[np.ndarray, np.ndarray]:
        """The mean rate of all recorded units of the channel `name` in bins of `width` ms.

        Where a probe has windows, steps outside of them do not count: they are no silence.

        Returns:
            Times in the middle of the bins, ms, and rates, Hz; both (bins,). A bin outside of all windows has NaN.

        Raises:
            RecordError: There is no channel of spikes of this `name`, it was recorded around a trigger only, or the
                width is not above 0.
        """
        channel = self._whole(name, "rate")
        if not 0 < width < 1e15:
            raise RecordError(Problem("width", f"must be above 0 ms and finite, got {width!r}", "", "bounds"))
        begin = self.first * self.dt
        windows = [(first * self.dt, end * self.dt) for first, end in _apart(channel["windows"])]
        return statistics.rate_over_time(
            self.spikes(name)[0], self._number(channel), begin, begin + self.duration, width, windows
        )

    @checked
    def isi(self, name: str) -> np.ndarray:
        """All intervals between successive spikes of a unit of the channel `name`, ms, (intervals,), by unit.

        Between two windows of a probe spikes were not recorded: what begins before and ends after that is no interval.

        Raises:
            RecordError: There is no such channel of spikes, or it was recorded around a trigger only.
        """
        return statistics.intervals(*self._timed(name))[0]

    @checked
    def cv(self, name: str) -> np.ndarray:
        """Coefficient of variation of the intervals of each recorded unit of the channel `name`, (units,).

        It is NaN with fewer than two intervals, which are those of `isi`.

        Raises:
            RecordError: As of `isi`.
        """
        return statistics.variation(*self._timed(name), self._number(self._channel(name)))

    @checked
    def raster(self, *names: str, ax: Any = None) -> Any:
        """Draw spikes, one band for each channel; see `spark.plot.spike_raster`. Returns the axes.

        Args:
            *names: Channels of spikes; left out, all.
            ax: Axes of matplotlib to draw into; left out, new ones.
        """
        from spark.plot.recorded import spike_raster

        return spike_raster(self, names or tuple(n for n, c in self._channels.items() if c["kind"] == "spikes"), ax)

    def plot(self) -> Any:
        """Draw everything: the raster, and a panel for each other channel. Returns the figure."""
        from spark.plot.recorded import recording_picture

        return recording_picture(self)

    @checked
    def to_pandas(self, name: str) -> Any:
        """A data frame of the channel `name`: `time` and `unit` of each spike, or a column for each element by time."""
        return export.to_pandas(self, name)

    def to_xarray(self) -> Any:
        """A dataset of all channels."""
        return export.to_xarray(self)

    def to_neo(self) -> Any:
        """A block of Neo with one segment: spike trains, and analog or irregularly sampled signals."""
        return export.to_neo(self)

    @checked
    def save(self, folder: str | Path) -> None:
        """Write the recording to a new `folder`, in the form in which runs stream it.

        Raises:
            RecordError: The folder is not empty, or writing failed.
        """
        export.save(self, Path(folder))

    @classmethod
    @checked
    def load(cls, folder: str | Path) -> "Recording":
        """A recording from its `folder`, also while a run writes to it: then as far as it has come.

        Raises:
            RecordError: The folder holds no recording, one of an unknown version, or data that cannot be: what is
                wrong, by its place.
        """
        return _Folder(Path(folder).absolute()).recording(cls)

    @checked
    def index(self, name: str) -> tuple[np.ndarray, int]:
        """Which recorded unit of the channel `name` each spike belongs to, (spikes,), and how many units there are."""
        channel = self._channel(name, "spikes")
        return self._index(channel), self._number(channel)

    def __repr__(self) -> str:
        lines = [f"Recording of {self.steps} steps of {self.dt:g} ms from step {self.first}"]
        if self.stopped is not None:
            lines[0] += f", stopped: {self.stopped}"
        for name, channel in self._channels.items():
            steps, values = self._source.read(name)
            what = f"{steps.size} spikes of {self._number(channel)} units" if channel["kind"] == "spikes" else None
            unit = f" {channel['unit']}" if channel["unit"] else ""
            lines.append(f"  {name}: {what or f'{values.shape} {values.dtype}{unit}'}")
        return "\n".join(lines)

    def _index(self, channel: Described) -> np.ndarray:
        """Which of the recorded units each spike belongs to."""
        _, units = self._source.read(channel["name"])
        if channel["units"] is None:
            return units
        place = np.zeros(int(np.prod(channel["shape"])), np.int32)
        place[channel["units"]] = np.arange(len(channel["units"]))
        return place[units]

    def _whole(self, name: str, what: str) -> Described:
        """A channel of spikes that was not recorded around a trigger only, after which it would have none of `what`."""
        channel = self._channel(name, "spikes")
        if channel["trigger"] is not None:
            text = f"was recorded around a trigger only, so it has no {what}"
            raise RecordError(Problem(name, text, "Record it without", "trigger"))
        return channel

    def _timed(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times of spikes, which unit each is of, and how many gaps without a record lie before each."""
        channel = self._whole(name, "intervals")
        steps, _ = self._source.read(channel["name"])
        gaps = np.array([end for _, end in _apart(channel["windows"])][:-1], np.int64)
        return steps * self.dt, self._index(channel), np.searchsorted(gaps, steps, side="right")

    def _covered(self, channel: Described) -> int:
        """Steps of the run that the channel's windows leave."""
        if not channel["windows"]:
            return self.steps
        covered = np.zeros(self.steps, bool)
        for begin, end in channel["windows"]:
            covered[max(begin - self.first, 0) : max(end - self.first, 0)] = True
        return int(covered.sum())


def _apart(windows: list[list[int]]) -> list[tuple[int, int]]:
    """The steps that windows keep, each once: from where until where, ascending, with gaps in between."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(windows):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


class _Folder:
    """A recording on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._header = disk.read_header(folder)
        self._numbers = {c["name"]: i for i, c in enumerate(self._header["channels"])}
        self._until, self._rows, self._stopped = disk.read_progress(folder, self._header)
        for channel in self._header["channels"]:
            steps, rows = self.read(channel["name"])
            check_data(folder, channel, steps, rows, self._header["first"], self._until)

    def read(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        number = self._numbers[name]
        return disk.read_channel(self._folder, self._header, number, self._rows[number])

    def recording(self, cls: type[Recording]) -> Recording:
        header = self._header
        return cls(header["channels"], self, header["dt"], header["first"], self._until, self._stopped)
