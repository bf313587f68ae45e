"""The picture of a closed loop: raster with the observations over it, and the actions below."""

from typing import Any

import numpy as np
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from spark.plot.raster import raster


def loop_picture(
    spikes: Any,
    observations: Any,
    actions: Any,
    *,
    breaks: Any = (),
    resolution: int = 128,
    dt: float = 1.0,
    names: list[str] | None = None,
) -> Figure:
    """Draw the tutorial's two panels.

    Args:
        spikes: (steps, units): first a band of `resolution` units for each observed number, then the pools.
        observations: (environment steps, numbers), scaled to [-1, 1]; each is drawn over its band.
        actions: One action for each environment step.
        breaks: Environment steps at which an episode ended.
        resolution: Units in a band.
        dt: Length of a step, ms.
        names: Names of the observed numbers, for the legend.

    Returns:
        A figure; save it with `figure.savefig(...)`.
    """
    spikes, observations = np.asarray(spikes), np.asarray(observations)
    each = len(spikes) / len(observations) * dt
    time = (np.arange(len(observations)) + 0.5) * each
    figure, (above, below) = pyplot.subplots(
        2, 1, figsize=(14, 8), height_ratios=(8, 2), sharex=True, layout="constrained"
    )
    numbers = observations.shape[1]
    rest = spikes.shape[1] - numbers * resolution
    raster(spikes, ax=above, dt=dt, bands=[resolution] * numbers + ([rest] if rest else []))
    names = names or [f"observation {n}" for n in range(numbers)]
    for number in range(numbers):
        middle = (resolution - 1) / 2
        height = number * resolution + middle * (1 + observations[:, number])
        above.plot(time, height, alpha=0.7, linewidth=1.2, label=names[number])
    for end in breaks:
        above.axvline((end + 1) * each, color="red", linestyle="--", alpha=0.3)
    above.set_xlabel("")
    figure.legend(loc="outside upper center", ncols=numbers, fontsize="small", frameon=False)
    below.yaxis.set_major_locator(MaxNLocator(integer=True))
    below.step(time, np.asarray(actions), where="mid", color="black", linewidth=1.0)
    below.set_ylabel("action")
    below.set_xlabel("time (ms)")
    return figure
