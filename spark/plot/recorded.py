"""Pictures of recordings: spikes as points, everything else as lines or images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spark.core.arguments import checked
from spark.core.errors import Problem, RecordError
from spark.plot.arrays import Recorded

_MOST_LINES = 8


@checked
def spike_raster(recording: Recorded, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw the spikes of some channels of a recording, one band for each: time to the right, units downwards.

    Args:
        recording: A `spark.Recording`.
        names: Channels.
        ax: Where to draw; left out, a new figure.

    Returns:
        The axes.

    Raises:
        RecordError: There is nothing to draw.
    """
    if not names:
        raise RecordError(
            Problem("raster.names", "no spikes were recorded", "Record a pool: `record=['pool']`", "empty")
        )
    if ax is None:
        _, ax = pyplot.subplots(figsize=(10, 4), layout="constrained")
    top, marks = 0, []
    for number, name in enumerate(names):
        time, _ = recording.spikes(name)
        index, units = recording.index(name)
        size = _mark_size(time.size)
        ax.scatter(time, index + top, s=size, color=f"C{number}", linewidths=0, rasterized=time.size > 20_000)
        marks.append((top + units / 2, name))
        top += units
        if number + 1 < len(names):
            ax.axhline(top - 0.5, color="0.6", linewidth=0.6)
    begin = recording.first * recording.dt
    ax.set_xlim(begin, begin + recording.duration)
    ax.set_ylim(top - 0.5, -0.5)
    ax.set_xlabel("time (ms)")
    if len(names) == 1:
        ax.set_ylabel(f"unit of {names[0]}")
    else:
        ax.set_yticks([place for place, _ in marks], [name for _, name in marks])
    return ax


def _mark_size(spikes: int) -> float:
    return float(np.clip(4e4 / max(spikes, 1), 0.3, 6.0))


@checked
def recording_picture(recording: Recorded) -> Figure:
    """Draw all channels of `recording`: a raster above, and below a panel for each channel of samples.

    Raises:
        RecordError: It has no channel.
    """
    kinds = {name: recording.describe(name)["kind"] for name in recording.names}
    spikes = [n for n, kind in kinds.items() if kind == "spikes"]
    samples = [n for n, kind in kinds.items() if kind == "samples"]
    panels = bool(spikes) + len(samples)
    if not panels:
        raise RecordError(Problem("plot", "nothing was recorded", "Give `record=[...]` to `run`", "empty"))
    heights = [2.0] * bool(spikes) + [1.0] * len(samples)
    figure, axes = pyplot.subplots(
        panels,
        1,
        figsize=(10, 1.0 + 1.6 * sum(heights)),
        height_ratios=heights,
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    left = list(axes[:, 0])
    if spikes:
        spike_raster(recording, spikes, left.pop(0)).set_xlabel("")
    for name, ax in zip(samples, left, strict=True):
        _samples(recording, name, ax)
    begin = recording.first * recording.dt
    axes[-1, 0].set_xlim(begin, begin + recording.duration)
    axes[-1, 0].set_xlabel("time (ms)")
    return figure


def _samples(recording: Any, name: str, ax: Axes) -> None:
    time, values = recording.trace(name)
    about = recording.describe(name)
    rows = np.asarray(values, np.float64).reshape(len(time), int(np.prod(values.shape[1:])))
    unit = f" ({about['unit']})" if about["unit"] else ""
    if rows.shape[1] <= _MOST_LINES:
        for column in rows.T:
            ax.plot(time, column, linewidth=0.9)
        ax.set_ylabel(f"{name}{unit}", fontsize="small")
    elif len(time):
        step = about["every"] * recording.dt
        image = ax.imshow(
            rows.T,
            aspect="auto",
            interpolation="none",
            extent=(time[0] - step / 2, time[-1] + step / 2, rows.shape[1] - 0.5, -0.5),
        )
        ax.figure.colorbar(image, ax=ax, label=f"{name}{unit}")
        ax.set_ylabel("element", fontsize="small")
