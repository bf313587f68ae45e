"""The picture of a closed loop: raster with the observations over it, and the actions below."""

from typing import Any

import numpy as np
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from spark.core.arguments import checked
from spark.core.errors import InputError, Problem
from spark.plot.arrays import numbers, step_length
from spark.plot.raster import raster


@checked
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

    Raises:
        InputError: They are no arrays of numbers that belong together; names what does not fit.

    Returns:
        A figure; save it with `figure.savefig(...)`.
    """
    spikes = numbers("loop_picture.spikes", spikes, 2, "(steps, units)")
    observations = numbers("loop_picture.observations", observations, 2, "(environment steps, numbers)")
    actions = numbers("loop_picture.actions", actions, 1, "one action for each environment step")
    breaks = numbers("loop_picture.breaks", breaks, 1, "environment steps").ravel() if np.size(breaks) else ()
    dt = step_length("loop_picture.dt", dt)
    _check_bands(spikes.shape[1], observations.shape, actions.shape, resolution, names)
    each = len(spikes) / len(observations) * dt
    time = (np.arange(len(observations)) + 0.5) * each
    figure, (above, below) = pyplot.subplots(
        2, 1, figsize=(14, 8), height_ratios=(8, 2), sharex=True, layout="constrained"
    )
    count = observations.shape[1]
    rest = spikes.shape[1] - count * resolution
    raster(spikes, ax=above, dt=dt, bands=[resolution] * count + ([rest] if rest else []))
    names = names or [f"observation {n}" for n in range(count)]
    for number in range(count):
        middle = (resolution - 1) / 2
        height = number * resolution + middle * (1 + observations[:, number])
        above.plot(time, height, alpha=0.7, linewidth=1.2, label=names[number])
    for end in breaks:
        above.axvline((end + 1) * each, color="red", linestyle="--", alpha=0.3)
    above.set_xlabel("")
    figure.legend(loc="outside upper center", ncols=count, fontsize="small", frameon=False)
    below.yaxis.set_major_locator(MaxNLocator(integer=True))
    below.step(time, actions, where="mid", color="black", linewidth=1.0)
    below.set_ylabel("action")
    below.set_xlabel("time (ms)")
    return figure


def _check_bands(
    units: int, observed: tuple[int, ...], acted: tuple[int, ...], resolution: int, names: list[str] | None
) -> None:
    problems = []
    if not 1 <= resolution * observed[1] <= units:
        message = f"must be at least 1, and {observed[1]} bands of it must fit into the {units} units of spikes and "
        message += f"observations, got {resolution}"
        problems.append(Problem("loop_picture.resolution", message, "Give the units of one band", "bounds"))
    if acted[0] != observed[0]:
        message = f"are not as many as there are observations, got {acted[0]}; expected {observed[0]}"
        problems.append(Problem("loop_picture.actions", message, "", "length"))
    if names and len(names) != observed[1]:
        message = f"are not as many as there are observed numbers, got {len(names)}; expected {observed[1]}"
        problems.append(Problem("loop_picture.names", message, "", "length"))
    if problems:
        raise InputError(problems)
