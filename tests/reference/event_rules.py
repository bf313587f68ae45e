"""Plasticity of events, one synapse after another in float64, each rule in the symbols of its paper."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Traces(NamedTuple):
    """Traces of spikes before this one: x, fast, and r, slow, of arrivals; y, fast, and o, slow, of the unit's own."""

    x: float
    r: float
    y: float
    o: float


# What a spike adds to a weight: of the weight, the first one, the traces, and whether a presynaptic spike arrived.
Change = Callable[[float, float, Traces, bool], float]


@dataclass(frozen=True)
class EventRule:
    """A rule, with the time constants of `Traces` in that order, ms."""

    change: Change
    taus: tuple[float, float, float, float]
    bounds: tuple[float, float]
    nearest: bool = False


class Course(NamedTuple):
    """Weights, and eligibilities of a modulated rule, after every step, (steps, post, pre)."""

    weights: Array
    eligibilities: Array


def pair(
    a_plus: float, a_minus: float, pre_tau: float, post_tau: float, bounds: tuple[float, float],
    nearest: bool = False, soft: bool = False,
) -> EventRule:  # fmt: skip
    """Morrison, Diesmann & Gerstner 2008, section 4.1; with soft bounds in proportion to the room that is left."""
    least, most = bounds

    def change(w: float, w0: float, t: Traces, arrived: bool) -> float:
        wanted = -a_minus * t.y if arrived else a_plus * t.x
        room = 1.0 if not soft else ((most - w) if wanted > 0 else (w - least)) / (most - least)
        return wanted * room

    return EventRule(change, (pre_tau, 1.0, post_tau, 1.0), bounds, nearest)


def quadruplet(
    a2_plus: float, a3_plus: float, a2_minus: float, a3_minus: float, taus: tuple[float, float, float, float],
    bounds: tuple[float, float], a4_plus: float = 0.0, a4_minus: float = 0.0,
) -> EventRule:  # fmt: skip
    """Pfister & Gerstner 2006, equations 3 and 4; without the last two amplitudes the triplet rule."""

    def change(w: float, w0: float, t: Traces, arrived: bool) -> float:
        if arrived:
            return -t.y * (a2_minus + a3_minus * t.r) - a4_minus * t.r * t.o
        return t.x * (a2_plus + a3_plus * t.o) + a4_plus * t.r * t.o

    return EventRule(change, taus, bounds)


def hebbian(amplitude: float, pre_tau: float, post_tau: float, bounds: tuple[float, float]) -> EventRule:
    """Gerstner & Kistler 2002, section 3: spikes that are close in time, in either order."""

    def change(w: float, w0: float, t: Traces, arrived: bool) -> float:
        return amplitude * (t.y if arrived else t.x)

    return EventRule(change, (pre_tau, 1.0, post_tau, 1.0), bounds)


def oja(amplitude: float, pre_tau: float, post_tau: float, bounds: tuple[float, float]) -> EventRule:
    """Oja 1982, equation 3, at spikes of the unit: what came in, less the weight times what went out."""

    def change(w: float, w0: float, t: Traces, arrived: bool) -> float:
        return 0.0 if arrived else amplitude * (t.x - w * t.y)

    return EventRule(change, (pre_tau, 1.0, post_tau, 1.0), bounds)


def vogels(eta: float, rho: float, tau: float, bounds: tuple[float, float]) -> EventRule:
    """Vogels et al. 2011, equations 1 and 2 of the supplement; rho is the target, Hz."""
    alpha = 2.0 * rho * tau * 1e-3

    def change(w: float, w0: float, t: Traces, arrived: bool) -> float:
        return eta * (t.y - alpha) if arrived else eta * t.x

    return EventRule(change, (tau, 1.0, tau, 1.0), bounds)


def zenke(
    first: Array, a: float, b: float, c: float, d: float, gamma: float, taus: tuple[float, float, float],
    bounds: tuple[float, float],
) -> EventRule:  # fmt: skip
    """Zenke, Agnes & Gerstner 2015, of which the tutorial has the terms; weights in units of the mean first one.

    `taus` are those of x, y and o. No first weight is out of bounds, and a pull never passes the first weight.
    """
    unit = float(first[first != 0].mean())

    def change(w: float, w0: float, t: Traces, arrived: bool) -> float:
        if arrived:
            return gamma * unit * (d - b * t.y)
        return gamma * a * unit * t.x * t.o - min(gamma * c * t.y**3, 1.0) * (w - w0)

    least, most = bounds[0] * unit, max(bounds[1] * unit, float(first.max()))
    return EventRule(change, (taus[0], 1.0, *taus[1:]), (least, most))


def learned(
    rule: EventRule, first: Array, delays: Array, pre: Array, post: Array, dt: float = 1.0,
    reward: Array | None = None, eligibility_tau: float = 1.0, rate: float = 1.0,
) -> Course:  # fmt: skip
    """All weights of a pool: of a step first an arrival counts, then the unit's own spike, then both join the traces.

    Args:
        rule: What a spike changes.
        first: First weights, (post, pre); a connection is where there is one.
        delays: Steps, (post, pre).
        pre: Spikes as they are sent, (steps, pre).
        post: Spikes, (steps, post).
        dt: Length of a step, ms.
        reward: (steps,); with it changes gather in an eligibility, which decays, and moves the weight times the reward.
        eligibility_tau: ms.
        rate: Factor of every change.
    """
    weights, eligibilities = np.zeros((2, len(pre), *first.shape))
    least, most = rule.bounds
    # Python's own numbers, which are float64 too: in arrays of two the loop took ten times as long.
    fall_x, fall_r, fall_y, fall_o = (math.exp(-dt / tau) for tau in rule.taus)
    fade = math.exp(-dt / eligibility_tau)
    sent, fired = (pre != 0).T.tolist(), (post != 0).T.tolist()
    rewards = None if reward is None else np.asarray(reward, np.float64).tolist()
    for i, j in zip(*np.nonzero(first), strict=True):
        w0, late = float(first[i, j]), int(delays[i, j])
        w, e, x, r, y, o = w0, 0.0, 0.0, 0.0, 0.0, 0.0
        for n in range(len(pre)):
            x, r, y, o = x * fall_x, r * fall_r, y * fall_y, o * fall_o
            arrived, spiked = n >= late and sent[j][n - late], fired[i][n]
            e *= fade
            for is_arrival in [True] * arrived + [False] * spiked if arrived or spiked else ():
                change = rate * rule.change(w, w0, Traces(x, r, y, o), is_arrival)
                if rewards is None:
                    w = min(max(w + change, least), most)
                else:
                    e += change
            if rewards is not None:
                w = min(max(w + e * rewards[n], least), most)
                eligibilities[n, i, j] = e
            if arrived:
                x, r = (1.0, 1.0) if rule.nearest else (x + 1, r + 1)
            if spiked:
                y, o = (1.0, 1.0) if rule.nearest else (y + 1, o + 1)
            weights[n, i, j] = w
    return Course(weights, eligibilities)
