"""Encoders and decoders in float64, one step after another."""

import math

import numpy as np

Array = np.ndarray


def linear_spikes(drives: Array, tau: float, cd: float, max_freq: float, dt: float = 1.0) -> Array:
    """Spikes of leaky units that a drive of 1 lets fire at max_freq, Hz; rest cd and potential_tau tau are in ms.

    The scale lets a constant drive of 1 reach the threshold a tenth of a step before the interval of max_freq, rounded
    up to whole steps, is over.
    """
    whole = math.ceil(1000 / max_freq / dt - 1e-6)
    blocked = min(math.ceil(cd / dt - 1e-6), whole - 1)
    scale = 1 / (np.exp((whole - blocked - 0.1) * dt / tau) - 1) + 1
    factor = np.exp(-dt / tau)
    potential, left = np.zeros(drives.shape[1:]), np.zeros(drives.shape[1:], int)
    spikes = np.zeros(drives.shape, np.int8)
    for n, drive in enumerate(drives):
        potential = factor * potential + np.where(left == 0, (1 - factor) * tau * scale * drive, 0)
        fired = potential > tau
        potential[fired] = 0
        left = np.where(fired, blocked, np.maximum(left - 1, 0))
        spikes[n] = fired
    return spikes


def bump(signal: Array, glue: Array, low: float, high: float, resolution: int, sigma: float) -> Array:
    """Drive of units whose place is nearest to a signal, on a line or, where glue is 1, on a ring."""
    x = (signal - low) / (high - low)
    offset = np.linspace(0, np.pi, resolution) - np.pi * x[..., None]
    distance = np.where(np.broadcast_to(glue, signal.shape)[..., None] == 1, np.sin(offset), np.tanh(offset))
    return np.exp(-0.5 * distance**2 / sigma)


def averages(spikes: Array, group: Array, h: float, tau: float, smooth_tau: float, saturation: float) -> Array:
    """Mean rate of each group, in units of `saturation`, Hz, averaged once and then again: (2, steps, groups)."""
    groups = int(group.max()) + 1
    first, second, found = np.zeros(groups), np.zeros(groups), []
    for row in spikes.astype(float):
        mean = np.array([row[group == g].mean() for g in range(groups)])
        first = first + (1 - np.exp(-h / tau)) * (1000 / saturation / h * mean - first)
        second = second + (1 - np.exp(-h / smooth_tau)) * (first - second)
        found.append((first, second))
    return np.swapaxes(np.array(found), 0, 1)
