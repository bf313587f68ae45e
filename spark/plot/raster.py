"""The raster: which unit fired when."""

from typing import Any

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes

from spark.core.arguments import checked
from spark.core.payloads import SpikeArray
from spark.plot.arrays import numbers, step_length


@checked
def raster(
    spikes: Any, *, ax: Axes | None = None, dt: float = 1.0, bands: list[int] | None = None, label: str = "unit"
) -> Axes:
    """Draw spikes as an image: time to the right, units downwards; inhibitory spikes in red.

    Args:
        spikes: Shape (steps, units...), 0 where silent, positive or negative where a unit fired; or a
            `SpikeArray` of that shape.
        ax: Where to draw; left out, a new figure.
        dt: Length of a step, ms.
        bands: Numbers of units of the groups that lie one below the other; a line is drawn between them.
        label: Name of the vertical axis.

    Returns:
        The axes.

    Raises:
        InputError: Not an array of numbers with at least two dimensions, or `dt` is not above 0.
    """
    values = spikes.value if isinstance(spikes, SpikeArray) else spikes
    array, dt = numbers("raster.spikes", values, 2, "(steps, units...)"), step_length("raster.dt", dt)
    array = array.reshape(len(array), -1)
    if ax is None:
        _, ax = pyplot.subplots(figsize=(10, 4))
    picture = np.full((*array.T.shape, 3), 255, np.uint8)
    picture[array.T > 0] = (20, 20, 20)
    picture[array.T < 0] = (190, 30, 45)
    steps, units = array.shape
    ax.imshow(picture, aspect="auto", interpolation="none", extent=(0, steps * dt, units - 0.5, -0.5))
    for edge in np.cumsum(bands or [])[:-1]:
        ax.axhline(edge - 0.5, color="tab:green", linestyle="--", linewidth=0.8, alpha=0.5)
    ax.set_xlabel("time (ms)")
    ax.set_ylabel(label)
    return ax
