"""Leaky units with gap junctions in NumPy: a current g (V_j - V_i) from the potentials of the step before."""

import numpy as np


def coupled(
    first: np.ndarray, rest: np.ndarray, conductances: np.ndarray, background: np.ndarray, steps: int, dt: float
) -> np.ndarray:
    """Potentials after each step, mV (steps, units), of units that never fire: 20 ms, 100 MOhm.

    Args:
        first: Potentials at the beginning, mV.
        rest: Of each unit, mV.
        conductances: nS, (unit, source).
        background: pA, of each unit.
        steps: How many.
        dt: ms.
    """
    left, potential, found = np.exp(-dt / 20.0), first.astype(float), []
    for _ in range(steps):
        current = background + (conductances * (potential[None, :] - potential[:, None])).sum(axis=1)
        potential = rest + left * (potential - rest) + (1.0 - left) * 100.0 * 1e-3 * current
        found.append(potential)
    return np.array(found)
