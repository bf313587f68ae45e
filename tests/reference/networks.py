"""Networks in NumPy, from the programs that their papers print."""

import numpy as np


def izhikevich(seed: int, milliseconds: int) -> np.ndarray:
    """The program of Izhikevich 2003, line by line: spikes, bool (ms, 1000); the first 800 units are excitatory."""
    rng = np.random.default_rng(seed)
    n_e, n_i = 800, 200
    r_e, r_i = rng.random(n_e), rng.random(n_i)
    a = np.r_[0.02 * np.ones(n_e), 0.02 + 0.08 * r_i]
    b = np.r_[0.2 * np.ones(n_e), 0.25 - 0.05 * r_i]
    c = np.r_[-65 + 15 * r_e**2, -65 * np.ones(n_i)]
    d = np.r_[8 - 6 * r_e**2, 2 * np.ones(n_i)]
    weights = np.hstack([0.5 * rng.random((n_e + n_i, n_e)), -rng.random((n_e + n_i, n_i))])
    v = -65 * np.ones(n_e + n_i)
    u = b * v
    firings = np.zeros((milliseconds, n_e + n_i), bool)
    for t in range(milliseconds):
        current = np.r_[5 * rng.normal(size=n_e), 2 * rng.normal(size=n_i)]
        fired = v >= 30
        firings[t] = fired
        v[fired] = c[fired]
        u[fired] = u[fired] + d[fired]
        current = current + weights[:, fired].sum(axis=1)
        v = v + 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current)
        v = v + 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current)
        u = u + a * (b * v - u)
    return firings
