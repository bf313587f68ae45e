"""Exact steps of linear systems."""

from collections.abc import Sequence

import numpy as np

from spark.arrays import Numeric

# Squarings after which the series is taken of a matrix whose norm is below 1/16, and its terms.
_SMALL, _TERMS = 1 / 16, 14


def propagator(rows: Sequence[Sequence[Numeric]], dt: float) -> np.ndarray:
    """exp(A dt), which takes the state of dx/dt = A x over a step; float64, (n, n), or (n, n, units).

    Args:
        rows: A: numbers, or arrays with one for each unit, 1/ms.
        dt: Length of the step, ms.
    """
    entries = np.broadcast_arrays(*(np.asarray(entry, np.float64) for row in rows for entry in row))
    matrix = dt * np.moveaxis(np.array(entries), 0, -1).reshape(*entries[0].shape, len(rows), len(rows))
    norm = float(np.abs(matrix).sum(axis=-1).max())
    halvings = max(0, int(np.ceil(np.log2(norm / _SMALL)))) if norm > 0 else 0
    matrix = matrix / 2.0**halvings
    term = np.broadcast_to(np.eye(len(rows)), matrix.shape)
    total = term
    for number in range(1, _TERMS):
        term = term @ matrix / number
        total = total + term
    for _ in range(halvings):
        total = total @ total
    return np.moveaxis(total, (-2, -1), (0, 1))
