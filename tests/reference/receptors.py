"""What a spike of weight 1 brings after so many ms, in closed form; of GABA-B by small steps."""

import numpy as np

Array = np.ndarray


def exponential(t: Array, tau: float) -> Array:
    """A jump that decays."""
    return np.exp(-t / tau)


def alpha(t: Array, tau: float) -> Array:
    """Rall 1967: 1 after tau."""
    return t / tau * np.exp(1 - t / tau)


def double_exponential(t: Array, rise: float, tau: float) -> Array:
    """Two exponentials, scaled so that a fine time axis has its peak at 1."""
    fine = np.linspace(0.0, 20 * tau, 2_000_001)
    peak = (np.exp(-fine / tau) - np.exp(-fine / rise)).max()
    return (np.exp(-t / tau) - np.exp(-t / rise)) / peak


def pulse(t: Array) -> Array:
    """All at once."""
    return (t == 0).astype(float)


def magnesium_block(v: Array, magnesium: float) -> Array:
    """Jahr & Stevens 1990, equation 4: what an NMDA channel lets pass, of the absolute potential and mM."""
    return 1.0 / (1.0 + magnesium / 3.57 * np.exp(-0.062 * np.asarray(v)))


def arrivals_over_time(arriving: Array, course: Array) -> Array:
    """The sum over all arrivals, (steps, units), of their time course, (steps,), up to where 1e-15 of it are left."""
    reach = np.flatnonzero(np.abs(course) > 1e-15 * np.abs(course).max())[-1] + 1
    return np.stack([np.convolve(column, course[:reach])[: len(column)] for column in arriving.T], axis=1)


def gaba_b(pulses: Array, h: float, conductance: float, inner: int = 50) -> Array:
    """Destexhe & Sejnowski 1995, with the numbers of Destexhe, Mainen & Sejnowski 1998: r' = -K2 r, s' = K3 r - K4 s.

    Args:
        pulses: Of transmitter that arrive in a step, each of which binds a share of what is free: (steps, units).
        h: Length of a step, ms.
        conductance: Of an open receptor.
        inner: Steps of forward Euler in a step.

    Returns:
        The conductance in each step, (steps, units).
    """
    r, s = np.zeros((2, pulses.shape[1]))
    opened = []
    for arrived in pulses:
        r = r + (1 - (1 - 0.045) ** arrived) * (1 - r)
        opened.append(conductance * s**4 / (s**4 + 100.0))
        for _ in range(inner):
            r, s = r - h / inner * 0.0012 * r, s + h / inner * (0.18 * r - 0.034 * s)
    return np.array(opened)
