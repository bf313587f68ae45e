"""Parameters: one number for all units, or an array with one for each."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from spark.arrays import Numeric
from spark.core.arguments import checked
from spark.core.config import Config
from spark.core.errors import ArgumentError, ConfigError, Problem
from spark.core.variable import Constant

# Of a quotient of times: in steps, and as a share of it, since arrays of durations are float32.
_ROUNDING = 1e-6
_SHARE = 1e-7


@dataclass(frozen=True)
class Scalar:
    """A parameter that is one number; part of the compiled step."""

    value: float


def parameter(address: str, value: Any, shape: tuple[int, ...], unit: str = "") -> Scalar | Constant:
    """What a step reads as `.value`: a Python float, or a constant array of the units' shape.

    Raises:
        ConfigError: An array does not broadcast to `shape`.
    """
    if np.ndim(value) == 0:
        return Scalar(float(value))
    try:
        spread = np.broadcast_to(np.asarray(value, np.float32), shape)
    except ValueError as error:
        raise ConfigError(
            Problem(
                address,
                f"has the wrong shape, got {np.shape(value)}; expected one number or {shape}",
                "Give one number for all units, or one for each",
                "shape",
            )
        ) from error
    return Constant(np.array(spread), unit=unit)


def counted(address: str, durations: Any, dt: float, shape: tuple[int, ...], dtype: str) -> Scalar | Constant:
    """What a step reads as `.value` of durations in whole steps: one number, or an array of this integer `dtype`.

    Args:
        address: Of the parameter, for errors.
        durations: ms; one number, or one for each unit.
        dt: Length of a step, ms.
        shape: Shape of the units.
        dtype: Integers that hold every number of steps.

    Raises:
        ConfigError: An array does not broadcast to `shape`.
    """
    if np.ndim(durations) == 0:
        return Scalar(steps(float(durations), dt))
    parameter(address, durations, shape)
    return Constant(np.array(np.broadcast_to(_whole(durations, dt), shape), dtype), unit="steps")


def require_shapes(address: str, config: Config, shape: tuple[int, ...]) -> None:
    """Refuse every parameter of a config that is for another number of units, by its name.

    A parameter that is computed from several would not say whose shape is wrong.

    Raises:
        ConfigError: Arrays that do not broadcast to `shape`.
    """
    for name, value in config.quantities().items():
        parameter(f"{address}.{name}", value, shape)


@checked
def decay(dt: float, tau: Any) -> Any:
    """The exact factor exp(-dt/tau) by which a linear quantity decays in one step.

    Args:
        dt: Length of a step, ms.
        tau: Time constant, ms: a number, or an array of numbers.

    Raises:
        ArgumentError: They are no numbers above 0.
    """
    for name, value in (("dt", dt), ("tau", tau)):
        numbers = np.asarray(value)
        if numbers.dtype.kind not in "iuf" or not (numbers > 0).all():
            message = f"must be above 0 ms, got {value!r:.60}"
            raise ArgumentError(Problem(f"decay.{name}", message, "Give a number, or an array of numbers", "bounds"))
    return np.exp(-dt / np.asarray(tau, np.float64))


def steps(duration: float, dt: float) -> int:
    """A duration in whole steps, rounded up; a rounding error of the division does not count."""
    return int(_whole(duration, dt))


def _whole(durations: Numeric, dt: float) -> np.ndarray:
    """Durations in steps, each rounded up unless it is above a whole number by a rounding error only, float64."""
    quotient = np.asarray(durations, np.float64) / dt
    # From where float32 tells steps no longer apart, to the nearest.
    rounding = np.clip(quotient * _SHARE, _ROUNDING, 0.5)
    return np.ceil(quotient - rounding)


def shorter_than_a_step(delays: Any, dt: float) -> bool:
    """Whether any of these delays, ms, is; a rounding error does not count."""
    return bool(np.any(np.asarray(delays, np.float64) < dt * (1 - 1e-6)))
