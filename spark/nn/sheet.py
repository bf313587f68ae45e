"""Where units lie: on a regular grid of their pool's shape in the unit interval, square or cube."""

import numpy as np

from spark.core.errors import ConfigError, Problem


def positions(shape: tuple[int, ...]) -> np.ndarray:
    """Where the units of a pool of this shape lie, each in the middle of its cell, in sides: float64 (units, axes)."""
    axes = np.meshgrid(*((np.arange(n) + 0.5) / n for n in shape), indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=1)


def distances(one: np.ndarray, other: np.ndarray, periodic: bool) -> np.ndarray:
    """Distances of places, in sides.

    Args:
        one: float64 (..., axes).
        other: Likewise, of a shape that fits.
        periodic: Whether opposite sides of the sheet touch.
    """
    offset = np.abs(one - other)
    if periodic:
        offset = np.minimum(offset, 1.0 - offset)
    return np.sqrt((offset**2).sum(axis=-1))


def require_one_space(name: str, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]) -> None:
    """See that the units of two pools have distances; `name` is that of the setting that takes them.

    Raises:
        ConfigError: The pools differ in dimensions.
    """
    if len(pre_shape) != len(post_shape):
        raise ConfigError(
            Problem(
                name,
                f"needs pools of as many dimensions, got shapes {pre_shape} and {post_shape}",
                "Give both pools grids of as many dimensions: `units=(rows, columns)`",
                "shape",
            )
        )
