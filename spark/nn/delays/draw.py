"""Delays in steps, drawn or given in ms."""

from typing import Any

import numpy as np

from spark.core.errors import ConfigError, Problem
from spark.core.module import Module


def drawn_delays(module: Module, given: Any, longest: int, shape: tuple[int, ...]) -> np.ndarray:
    """Delays in steps, 1 to `longest`, in the smallest unsigned type.

    Args:
        module: Whose generator draws, and whom an error names.
        given: Delays in ms, of `shape`, or None to draw them evenly.
        longest: Longest delay in steps.
        shape: Shape of the result.

    Raises:
        ConfigError: Given delays have another shape, or are below one step or above the longest.
    """
    dtype = np.uint8 if longest < 256 else np.uint16
    if given is None:
        return module.generator.integers(1, longest, shape, endpoint=True).astype(dtype)
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
    if in_steps.min() < 1 or in_steps.max() > longest:
        raise ConfigError(
            Problem(
                address,
                f"must lie between dt ({config.dt:g} ms) and max_delay ({config.max_delay:g} ms), "
                f"got {' to '.join(f'{d:g}' for d in sorted({np.min(given), np.max(given)}))} ms",
                "Raise max_delay, or change the delays",
                "bounds",
            )
        )
    return np.broadcast_to(in_steps, shape).astype(dtype)
