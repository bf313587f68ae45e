"""Neuron models, one function each: spikes, bool (steps, units), of a current in pA (steps, units).

Each follows its paper in the paper's own symbols, and integrates by the scheme that is named. Linear models, whose step
is exact, take several Runge-Kutta steps in each step instead (`glif`, `two_compartments`), or turn a complex number.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray


def _steps(scheme: str, f: Callable[[Array], Array], y: Array, h: float) -> Array:
    """One step of y' = f(y) by a named method of a textbook."""
    k1 = f(y)
    if scheme == "euler":
        return y + h * k1
    k2 = f(y + h / 2 * k1)
    if scheme == "midpoint":
        return y + h * k2
    k3 = f(y + h / 2 * k2)
    k4 = f(y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def _refractory(
    currents: Array, held: int, step: Callable[[Array, Array], Array], reset: Callable[[Array], None]
) -> Array:
    """Spikes of units that do nothing for `held` steps after one.

    Args:
        currents: (steps, units).
        held: Steps.
        step: Advances (current, which units are ready); returns which cross their threshold.
        reset: Resets those that fired.
    """
    left = np.zeros(currents.shape[1], int)
    spikes = np.zeros(currents.shape, bool)
    for n, current in enumerate(currents):
        ready = left == 0
        fired = step(current, ready) & ready
        reset(fired)
        left = np.where(fired, held, np.maximum(left - 1, 0))
        spikes[n] = fired
    return spikes


def leaky(currents: Array, h: float, adapts: bool = False) -> Array:
    """tau V' = -V + R I, solved exactly for each step's current; 20 ms, 100 MOhm, a spike at 20 mV, then 10 mV.

    For 2 ms after a spike no current counts. With a threshold that adapts (Bellec et al. 2018) each spike raises it by
    4 mV, which decay with 50 ms.
    """
    tau, r, threshold, reset, jump, fall = 20.0, 0.1, 20.0, 10.0, 4.0, 50.0
    units = currents.shape[1]
    v, theta, left = np.zeros(units), np.zeros(units), np.zeros(units, int)
    spikes = np.zeros(currents.shape, bool)
    for n, current in enumerate(currents):
        theta = theta * np.exp(-h / fall)
        target = np.where(left > 0, 0.0, r * current)
        v = target + (v - target) * np.exp(-h / tau)
        fired = (left == 0) & (v > threshold + theta)
        v[fired] = reset
        theta[fired] += jump if adapts else 0.0
        left = np.where(fired, round(2.0 / h), np.maximum(left - 1, 0))
        spikes[n] = fired
    return spikes


def integrate_and_fire(currents: Array, h: float, scheme: str) -> Array:
    """The same equation, with a spike at 10 mV, and then 5 ms at 0: exact (Rotter & Diesmann 1999) or forward Euler."""
    tau, r, threshold = 20.0, 0.1, 10.0
    v = np.zeros(currents.shape[1])

    def step(current: Array, ready: Array) -> Array:
        if scheme == "exact":
            new = r * current + (v - r * current) * np.exp(-h / tau)
        else:
            new = v + h * (r * current - v) / tau
        v[ready] = new[ready]
        return v > threshold

    def back(fired: Array) -> None:
        v[fired] = 0.0

    return _refractory(currents, round(5.0 / h), step, back)


def leaky_precise(currents: Array, h: float) -> Array:
    """tau V' = -V + R I, followed from event to event: when V reaches the threshold is found by halving."""
    tau, threshold, reset, r, hold = 20.0, 10.0, 0.0, 0.1, 3.3
    spikes = np.zeros(currents.shape, bool)
    for unit in range(currents.shape[1]):
        v, until = 0.0, 0.0
        for n, current in enumerate(currents[:, unit]):
            now, end = n * h, (n + 1) * h
            while (now := max(now, until)) < end:

                def later(after: float, v: float = v, target: float = r * current) -> float:
                    return target + (v - target) * np.exp(-after / tau)

                if later(end - now) <= threshold:
                    v = later(end - now)
                    break
                low, high = 0.0, end - now
                for _ in range(60):
                    middle = 0.5 * (low + high)
                    low, high = (low, middle) if later(middle) > threshold else (middle, high)
                spikes[n, unit] = True
                v, until, now = reset, now + high + hold, now + high
    return spikes


def quadratic(currents: Array, h: float, scheme: str = "euler", **p: float) -> Array:
    """Latham et al. 2000: tau V' = a (V - V_r)(V - V_c) + R I, absolute potentials."""
    tau, a, rest, critical, peak, reset, r = 10.0, 0.1, -60.0, -50.0, 30.0, -60.0, 0.1
    v = np.full(currents.shape[1], rest)

    def step(current: Array, ready: Array) -> Array:
        def slope(y: Array) -> Array:
            y = np.minimum(y, peak)
            return (a * (y - rest) * (y - critical) + r * current) / tau

        v[ready] = _steps(scheme, slope, v, h)[ready]
        return v > peak

    def back(fired: Array) -> None:
        v[fired] = reset

    return _refractory(currents, 0, step, back)


def exponential(currents: Array, h: float, scheme: str = "euler") -> Array:
    """Fourcaud-Trocme et al. 2003: C V' = -g_L (V - V_L) + g_L Delta exp((V - V_T) / Delta) + I, with C = 100 pF."""
    c, g, rest, knee, delta, peak, reset = 100.0, 10.0, -65.0, -59.9, 3.48, -30.0, -68.0
    v = np.full(currents.shape[1], rest)

    def step(current: Array, ready: Array) -> Array:
        def slope(y: Array) -> Array:
            y = np.minimum(y, peak)
            upswing = g * delta * np.exp((y - knee) / delta)
            return (-g * (y - rest) + upswing + current) / c

        v[ready] = _steps(scheme, slope, v, h)[ready]
        return v > peak

    def back(fired: Array) -> None:
        v[fired] = reset

    return _refractory(currents, int(np.ceil(1.7 / h - 1e-6)), step, back)


class AdEx(NamedTuple):
    """The paper's symbols, in pF, nS, mV, ms and pA, one number or one a unit; `peak` is where a spike is cut off."""

    c: Array | float = 281.0
    g: Array | float = 30.0
    rest: Array | float = -70.6
    knee: Array | float = -50.4
    delta: Array | float = 2.0
    a: Array | float = 4.0
    tau: Array | float = 144.0
    b: Array | float = 80.5
    reset: Array | float = -70.6
    peak: Array | float = 20.0


def adaptive_exponential(currents: Array, h: float, scheme: str = "euler", numbers: AdEx | None = None) -> Array:
    """Brette & Gerstner 2005: C V' = -g (V - E) + g Delta exp((V - V_T) / Delta) - w + I."""
    c, g, rest, knee, delta, a, tau, b, reset, peak = numbers or AdEx()
    y = np.stack([np.full(currents.shape[1], rest), np.zeros(currents.shape[1])])
    spikes = np.zeros(currents.shape, bool)
    for t, current in enumerate(currents):

        def slope(s: Array, current: Array = current) -> Array:
            v, w = np.minimum(s[0], peak), s[1]
            upswing = g * delta * np.exp((v - knee) / delta)
            return np.stack([(-g * (v - rest) + upswing - w + current) / c, (a * (v - rest) - w) / tau])

        y = _steps(scheme, slope, y, h)
        fired = y[0] > peak
        spikes[t] = fired
        y = np.where(fired, np.stack([np.broadcast_to(reset, fired.shape), y[1] + b]), y)
    return spikes


def izhikevich_2003(currents: Array, published: bool, types: Array, h: float = 1.0) -> Array:
    """The program that the paper prints (reset first, then two half steps), or plain Euler; types are (units, 4)."""
    a, b, c, d = types.T.copy()
    v = np.full(currents.shape[1], -65.0)
    u = b * v
    spikes = np.zeros(currents.shape, bool)
    for t, current in enumerate(currents):
        if published:
            v = v + h * 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current)
            v = v + h * 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current)
            u = u + h * a * (b * v - u)
        else:
            v, u = v + h * (0.04 * v**2 + 5 * v + 140 - u + current), u + h * a * (b * v - u)
        fired = v >= 30
        spikes[t] = fired
        v[fired] = c[fired]
        u[fired] = u[fired] + d[fired]
    return spikes


def izhikevich_2007(currents: Array, h: float, scheme: str = "euler") -> Array:
    """Equations 8.5 and 8.6 of the book, with the regular spiking neuron's numbers."""
    cap, k, vr, vt, peak, a, b, c, d = 100.0, 0.7, -60.0, -40.0, 35.0, 0.03, -2.0, -50.0, 100.0
    y = np.stack([np.full(currents.shape[1], vr), np.zeros(currents.shape[1])])
    spikes = np.zeros(currents.shape, bool)
    for t, current in enumerate(currents):

        def slope(s: Array, current: Array = current) -> Array:
            v = np.minimum(s[0], peak)
            return np.stack([(k * (v - vr) * (v - vt) - s[1] + current) / cap, a * (b * (v - vr) - s[1])])

        y = _steps(scheme, slope, y, h)
        fired = y[0] >= peak
        spikes[t] = fired
        y[0, fired] = c
        y[1, fired] += d
    return spikes


def resonator(currents: Array, h: float, b: float = -0.1, omega: float = 1.0, scale: float = 100.0) -> Array:
    """Izhikevich 2001: z' = (b + i omega) z + I, a spike where Im z passes 10 (mV), then z = 10 i; complex numbers."""
    rate = b + 1j * omega
    z = np.zeros(currents.shape[1], complex)
    spikes = np.zeros(currents.shape, bool)
    for t, current in enumerate(currents):
        rest = -current / scale / rate
        z = rest + (z - rest) * np.exp(rate * h)
        fired = z.imag > 10.0
        spikes[t] = fired
        z[fired] = 10j
    return spikes


GLIF: dict[str, Any] = {
    "C": 58.72, "G": 9.43, "th": 27.17, "t_ref": 3.75, "reset": 18.51, "fraction": 0.2, "jump": 0.37, "bs": 0.009,
    "k": (0.003, 0.1), "asc": (-9.18, -198.94), "av": 0.005, "bv": 0.09,
}  # fmt: skip


def glif(currents: Array, h: float, level: int, inner: int = 2) -> Array:
    """Teeter et al. 2018, potentials above E_L; within a step Runge-Kutta with `inner` steps.

    The numbers are those of NEST's `glif_psc`. Levels: 2, 4, 5 with reset rules, 3, 4, 5 with
    afterspike currents, 5 with the threshold that follows the potential.
    """
    p = GLIF
    rules, asc, follows = level in (2, 4, 5), level in (3, 4, 5), level == 5
    k, amplitude = np.array(p["k"])[:, None], np.array(p["asc"])[:, None]
    units = currents.shape[1]
    y = np.zeros((4, units))  # V, I_1, I_2, Theta_v
    theta = np.zeros(units)

    def step(current: Array, ready: Array) -> Array:
        nonlocal y, theta

        def slope(s: Array) -> Array:
            dv = (current + s[1] + s[2] - p["G"] * s[0]) / p["C"]
            dtheta = (p["av"] * s[0] - p["bv"] * s[3]) if follows else 0 * dv
            return np.stack([dv, *(-k * s[1:3]), dtheta])

        new = y
        for _ in range(inner):
            new = _steps("runge_kutta_4", slope, new, h / inner)
        y = np.where(ready, new, y)
        theta = np.where(ready, theta * np.exp(-p["bs"] * h), theta)
        return y[0] > p["th"] + (theta if rules else 0) + y[3]

    def back(fired: Array) -> None:
        y[0, fired] = p["reset"] + (p["fraction"] * y[0, fired] if rules else 0)
        if asc:
            y[1:3, fired] = (amplitude + y[1:3] * np.exp(-k * p["t_ref"]))[:, fired]
        theta[fired] = p["jump"] + theta[fired] * np.exp(-p["bs"] * p["t_ref"])

    return _refractory(currents, int(np.ceil(p["t_ref"] / h - 1e-6)), step, back)


def two_compartments(currents: Array, h: float, inner: int = 4) -> Array:
    """A soma of 200 pF and a dendrite of 200 pF, 10 nS each, coupled by 20 nS; the current goes to the dendrite."""
    c, g, g_c, threshold = 200.0, 10.0, 20.0, 10.0
    y = np.zeros((2, currents.shape[1]))

    def step(current: Array, ready: Array) -> Array:
        nonlocal y

        def slope(s: Array) -> Array:
            soma = (-g * s[0] + g_c * (s[1] - s[0])) / c
            return np.stack([np.where(ready, soma, 0.0), (-g * s[1] + g_c * (s[0] - s[1]) + current) / c])

        for _ in range(inner):
            y = _steps("runge_kutta_4", slope, y, h / inner)
        return y[0] > threshold

    def back(fired: Array) -> None:
        y[0, fired] = 0.0

    return _refractory(currents, int(np.ceil(5.0 / h - 1e-6)), step, back)


def _squid(v: Array) -> tuple[tuple[Array, Array], ...]:
    """Hodgkin & Huxley 1952, equations 12, 13, 20, 21, 23, 24, where u is -V of the paper."""
    u = v + 65.0
    return (
        (0.1 * (25 - u) / np.expm1((25 - u) / 10), 4 * np.exp(-u / 18)),
        (0.07 * np.exp(-u / 20), 1 / (np.exp((30 - u) / 10) + 1)),
        (0.01 * (10 - u) / np.expm1((10 - u) / 10), 0.125 * np.exp(-u / 80)),
    )


def _hippocampus(v: Array) -> tuple[tuple[Array, Array], ...]:
    """Brette et al. 2007, appendix, benchmark 3, with V_T = -63 mV."""
    u = v + 63.0
    return (
        (0.32 * (13 - u) / np.expm1((13 - u) / 4), 0.28 * (u - 40) / np.expm1((u - 40) / 5)),
        (0.128 * np.exp((17 - u) / 18), 4 / (1 + np.exp((40 - u) / 5))),
        (0.032 * (15 - u) / np.expm1((15 - u) / 5), 0.5 * np.exp((10 - u) / 40)),
    )


# Rates; per cm^2: uF, then mS of leak, sodium, potassium; mV of these; area in cm^2; the first potential, a spike's.
CELLS: dict[str, Any] = {
    "squid": (_squid, 1.0, (0.3, 120.0, 36.0), (-54.387, 50.0, -77.0), 1e-4, -65.0, 0.0),
    "hippocampus": (_hippocampus, 1.0, (0.05, 100.0, 30.0), (-60.0, 50.0, -90.0), 2e-4, -60.0, -20.0),
}


def slopes(cell: str, current: Any) -> Callable[[Array], Array]:
    """The right side of the four equations, of (V, m, h, n), for a current in pA; also for a stiff solver."""
    rates, c, g, e, area, _, _ = CELLS[cell]
    density = np.asarray(current) * 1e-6 / area  # uA/cm^2

    def slope(y: Array) -> Array:
        v, m, h, n = y
        ionic = g[0] * (v - e[0]) + g[1] * m**3 * h * (v - e[1]) + g[2] * n**4 * (v - e[2])
        gates = [up * (1 - x) - down * x for (up, down), x in zip(rates(v), (m, h, n), strict=True)]
        return np.array([(density - ionic) / c, *gates])

    return slope


def first_state(cell: str, units: int) -> Array:
    """(V, m, h, n) at the start."""
    v = np.full(units, CELLS[cell][5])
    return np.array([v, *(up / (up + down) for up, down in CELLS[cell][0](v))])


def hodgkin_huxley(currents: Array, dt: float, cell: str, scheme: str = "exponential_euler") -> Array:
    """Spikes where V passes the cell's level upwards."""
    rates, c, g, e, area, _, level = CELLS[cell]
    y = first_state(cell, currents.shape[1])
    spikes = np.zeros(currents.shape, bool)
    for t, current in enumerate(currents):
        old = y
        if scheme == "exponential_euler":
            v, m, h, n = y
            open_ = [g[0] + 0 * v, g[1] * m**3 * h, g[2] * n**4]
            all_ = sum(open_)
            target = (sum(x * y for x, y in zip(open_, e, strict=True)) + current * 1e-6 / area) / all_
            new = [target + (v - target) * np.exp(-dt * all_ / c)]
            for (up, down), x in zip(rates(v), (m, h, n), strict=True):
                balance = up / (up + down)
                new.append(balance + (x - balance) * np.exp(-dt * (up + down)))
            y = np.array(new)
        else:
            y = _steps(scheme, slopes(cell, current), y, dt)
        spikes[t] = (old[0] < level) & (y[0] >= level)
    return spikes
