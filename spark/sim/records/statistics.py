"""Statistics of spike trains, from the step and the unit of each spike."""

import numpy as np


def mean_rates(units: np.ndarray, number: int, duration: float) -> np.ndarray:
    """Spikes a second of each of `number` units, Hz, float64; `duration` in ms, of 0 NaN."""
    return np.bincount(units, minlength=number) * (1000.0 / duration) if duration else np.full(number, np.nan)


def rate_over_time(
    times: np.ndarray, number: int, begin: float, end: float, width: float, windows: list[tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray]:
    """Middles of bins of `width` ms between `begin` and `end`, and the mean rate of `number` units in each, Hz.

    The last bin is left out if it is not whole. Where there are `windows`, from when until when spikes were kept, ms,
    ascending and apart, rates are those of the time in them; of a bin outside of all of them NaN.
    """
    bins = int((end - begin) / width + 1e-9)
    edges = begin + width * np.arange(bins + 1)
    # Half a step's slack: times are multiples of dt, edges only nearly.
    counts = np.diff(np.searchsorted(times, edges - 1e-9 * max(width, 1.0)))
    rates = counts * (1000.0 / (width * max(number, 1)))
    if windows:
        bounds = np.array(windows).reshape(-1)
        lengths = np.diff(bounds)
        lengths[1::2] = 0.0
        kept = np.diff(np.interp(edges, bounds, np.concatenate([[0.0], np.cumsum(lengths)])))
        # A bin that only touches a window is none of it.
        inside = kept > 1e-9 * width
        rates = np.divide(rates * width, kept, out=np.full(bins, np.nan), where=inside)
    return edges[:-1] + width / 2, rates


def intervals(times: np.ndarray, units: np.ndarray, gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Time between successive spikes of the same unit, by unit and then by time, and the unit of each.

    Of `gaps`, how many lie before each spike, there is none between the two.
    """
    order = np.argsort(units, kind="stable")
    unit, time, before = units[order], times[order], gaps[order]
    same = (unit[1:] == unit[:-1]) & (before[1:] == before[:-1])
    return np.diff(time)[same], unit[1:][same]


def variation(times: np.ndarray, units: np.ndarray, gaps: np.ndarray, number: int) -> np.ndarray:
    """Coefficient of variation of each unit's intervals; NaN with fewer than two."""
    found, owner = intervals(times, units, gaps)
    count = np.bincount(owner, minlength=number)
    several = count >= 2
    mean, square = np.full(number, np.nan), np.full(number, np.nan)
    mean[several] = np.bincount(owner, found, number)[several] / count[several]
    # Around the mean, so that nothing is lost by subtracting large squares.
    deviation = (found - mean[owner]) ** 2
    square[several] = np.bincount(owner, deviation, number)[several] / count[several]
    return np.sqrt(square) / mean
