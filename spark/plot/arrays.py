"""What pictures are made of is looked at before anything is drawn."""

from typing import Any, Protocol, runtime_checkable

import numpy as np

from spark.core.errors import InputError, Problem
from spark.sim.records.channel import Described


@runtime_checkable
class Recorded(Protocol):
    """What pictures of a recording read; `spark.Recording` has it: length of a step (ms), and where it begins."""

    dt: float
    first: int

    @property
    def names(self) -> list[str]:
        """Names of the channels."""
        ...

    @property
    def duration(self) -> float:
        """Length of the run, ms."""
        ...

    def spikes(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Time (ms) and unit of each spike of a channel."""
        ...

    def trace(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Times (ms) and samples of a channel."""
        ...

    def index(self, name: str) -> tuple[np.ndarray, int]:
        """Of each spike which of the recorded units it belongs to, and how many were recorded."""
        ...

    def describe(self, name: str) -> Described:
        """What is known of a channel."""
        ...


def numbers(address: str, values: Any, axes: int, expected: str) -> np.ndarray:
    """Numbers as an array with at least so many axes, none of them empty.

    Raises:
        InputError: They are none; names the address.
    """
    try:
        array = np.asarray(values)
    except ValueError:  # Rows of different lengths.
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        message = f"holds no numbers, got {type(values).__name__}; expected {expected}"
        raise InputError(Problem(address, message, "Give an array", "dtype"))
    if array.ndim < axes or array.size == 0:
        message = f"has the wrong shape, got {array.shape}; expected {expected}"
        raise InputError(Problem(address, message, "Stack what belongs to all steps first", "shape"))
    return array


def step_length(address: str, dt: float) -> float:
    """The length of a step, ms.

    Raises:
        InputError: It is not above 0, or not finite.
    """
    if not (dt > 0 and dt < 1e12):
        raise InputError(Problem(address, f"must be above 0 ms and finite, got {dt!r}", "", "bounds"))
    return float(dt)
