"""Plasticity of every step, in float64: weights (post, pre) after all steps, each rule in the symbols of its paper.

`pre` are spikes as they arrive, (steps, post, pre), `post` spikes, (steps, post), `h` the length of a step, ms. Weights
stay between 0 and 1.
"""

import numpy as np

Array = np.ndarray


def bcm(pre: Array, post: Array, w: Array, h: float, eta: float, tau: float, tau_theta: float, target: float) -> Array:
    """Bienenstock, Cooper & Munro 1982: dw/dt = eta x y (y - theta), rates in units of the target, Hz, and seconds.

    The threshold follows the square of the rate (Intrator & Cooper 1992).
    """
    keep, theta = np.exp(-h / tau), np.ones(len(w))
    x, y = np.zeros(w.shape), np.zeros(len(w))
    for arrived, fired in zip(pre, post, strict=True):
        x = keep * x + (1 - keep) * arrived / (h * 1e-3) / target
        y = keep * y + (1 - keep) * fired / (h * 1e-3) / target
        w = np.clip(w + eta * h * 1e-3 * x * (y * (y - theta))[:, None], 0, 1)
        theta = theta + (1 - np.exp(-h / tau_theta)) * (y**2 - theta)
    return w


def power_law(
    pre: Array, post: Array, w: Array, h: float, rate: float, alpha: float, mu: float, tau_pre: float, tau_post: float
) -> Array:
    """Gutig et al. 2003, equations 1 to 4, all spikes; of a step, depression comes first."""
    x, y = np.zeros(w.shape), np.zeros(len(w))
    for arrived, fired in zip(pre, post, strict=True):
        x, y = x * np.exp(-h / tau_pre), y * np.exp(-h / tau_post)
        w = np.clip(w - rate * alpha * w**mu * y[:, None] * arrived, 0, 1)
        w = np.clip(w + rate * (1 - w) ** mu * x * fired[:, None], 0, 1)
        x, y = x + arrived, y + fired
    return w


def clopath(
    pre: Array, post: Array, v: Array, w: Array, h: float, a_ltd: float, a_ltp: float, theta_minus: float,
    theta_plus: float, rest: float, tau_minus: float = 10.0, tau_plus: float = 7.0, tau_x: float = 15.0,
    peak: float = 33.0,
) -> Array:  # fmt: skip
    """Clopath et al. 2010, equations 1 to 3 and table 1; v is absolute, mV, (steps, post), averages begin at `rest`."""
    x, low, high = np.zeros(w.shape), np.full(len(w), rest), np.full(len(w), rest)
    for arrived, fired, potential in zip(pre, post, v, strict=True):
        u = np.where(fired, peak, potential)
        x = x * np.exp(-h / tau_x) + arrived / tau_x
        down = a_ltd * np.maximum(low - theta_minus, 0)[:, None] * arrived
        up = a_ltp * h * x * (np.maximum(u - theta_plus, 0) * np.maximum(high - theta_minus, 0))[:, None]
        w = np.clip(np.clip(w - down, 0, 1) + up, 0, 1)
        low = low + (1 - np.exp(-h / tau_minus)) * (u - low)
        high = high + (1 - np.exp(-h / tau_plus)) * (u - high)
    return w


def scaling(post: Array, w: Array, h: float, alpha: float, tau: float, target: float, every: float) -> Array:
    """van Rossum, Bi & Turrigiano 2000, equation 3, in units of the target rate, Hz; once in so many ms."""
    keep, y = np.exp(-h / tau), np.ones(len(w))
    for number, fired in enumerate(post, 1):
        y = keep * y + (1 - keep) * fired / (h * 1e-3) / target
        if number * h % every == 0:
            w = np.clip(w + alpha * every * 1e-3 * w * (1 - y)[:, None], 0, 1)
    return w
