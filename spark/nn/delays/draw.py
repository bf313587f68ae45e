"""Delays in steps, drawn or given in ms."""

from typing import Any

import numpy as np

from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.parameter import shorter_than_a_step

# How many are drawn at once, in 64 bits.
_AT_ONCE = 1 << 20


def drawn_delays(module: Module, given: Any, longest: int, shape: tuple[int, ...], late: np.ndarray) -> np.ndarray:
    """What is left of delays of 1 to `longest` steps, in steps, in the smallest unsigned type.

    Delays that are given in ms are rounded to the nearest step.

    Args:
        module: Whose generator draws, and whom an error names.
        given: Delays in ms, of `shape`, or None to draw them evenly.
        longest: Longest delay in steps.
        shape: Shape of the result.
        late: Steps that spikes of each input unit are late already; the last axes of `shape`.

    Raises:
        ConfigError: Given delays have another shape, are shorter than one step, or longer than the longest.
    """
    dtype = np.uint8 if longest < 256 else np.uint16
    if given is None:
        drawn = np.empty(shape, dtype)
        flat = drawn.reshape(-1)
        for first in range(0, flat.size, _AT_ONCE):
            part = flat[first : first + _AT_ONCE]
            part[:] = module.generator.integers(1, longest, part.size, endpoint=True)
        drawn -= late.astype(dtype)
        return drawn
    config: Any = module.config
    address = f"{module.path or type(module).__name__}.config.delays"
    in_steps = np.rint(np.asarray(given, np.float64) / config.dt).astype(np.int64)
    if in_steps.ndim and in_steps.shape != shape:
        raise ConfigError(
            Problem(
                address,
                f"has the wrong shape, got {np.shape(given)}; expected {shape} or one number",
                "Give one delay for every element",
                "shape",
            )
        )
    if shorter_than_a_step(given, config.dt) or in_steps.max() > longest:
        raise ConfigError(
            Problem(
                address,
                f"must lie between dt ({config.dt:g} ms) and max_delay ({config.max_delay:g} ms), "
                f"got {' to '.join(f'{d:g}' for d in sorted({np.min(given), np.max(given)}))} ms",
                "Raise max_delay, or change the delays",
                "bounds",
            )
        )
    found = np.broadcast_to(in_steps.astype(dtype), shape).copy()
    found -= late.astype(dtype)
    return found
