"""Dendrites and a leaky soma in NumPy, from the equations: currents between them are of the potentials before a step.

Each function takes a current into the dendrite, pA (steps, units), and the weights of spikes that arrive, nS (steps,
units), at an exponential conductance of 5 ms that reverses at 0 mV; and gives the potentials of dendrite and soma above
rest, mV, and spikes. The soma: 20 ms, 100 MOhm, rest and reset -65 mV, threshold -50 mV, 5 ms refractory, 60 pA.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Found = tuple[np.ndarray, np.ndarray, np.ndarray]
# From the dendrite's state, current, conductance, the soma's potential and spikes to the current into the soma.
Step = Callable[[dict[str, Any], np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def _run(drive: np.ndarray, arriving: np.ndarray, dt: float, state: dict[str, Any], step: Step) -> Found:
    units = drive.shape[1]
    soma, left, conductance, fired = np.zeros(units), np.zeros(units, int), np.zeros(units), np.zeros(units, bool)
    state["v"] = np.zeros(units)
    potentials, somas, spikes = [], [], []
    for at in range(len(drive)):
        conductance = conductance + arriving[at]
        current = step(state, drive[at].astype(float), conductance, soma, fired)
        conductance = conductance * np.exp(-dt / 5.0)
        integrated = soma + (1.0 - np.exp(-dt / 20.0)) * (0.1 * (60.0 + current) - soma)
        ready = left == 0
        now = np.where(ready, integrated, soma)
        fired = ready & (now > 15.0)
        soma = np.where(fired, 0.0, now)
        left = np.where(fired, round(5.0 / dt), np.maximum(left - 1, 0))
        potentials.append(state["v"])
        somas.append(soma)
        spikes.append(fired.astype(int))
    return np.array(potentials), np.array(somas), np.array(spikes)


def _membrane(v: np.ndarray, into: Any, out: Any, tau: float, resistance: float, dt: float) -> np.ndarray:
    """The exponential Euler step of tau dV/dt = -V + R (into - out V), resistance in GOhm."""
    total = 1.0 + resistance * out
    target = resistance * into / total
    return target + np.exp(-dt / tau * total) * (v - target)


def leaky(drive: np.ndarray, arriving: np.ndarray, dt: float) -> Found:
    """Rest -70 mV, 20 ms, 100 MOhm, coupled by 15 nS."""

    def step(state: Any, current: Any, conductance: Any, soma: Any, fired: Any) -> Any:
        before, other = state["v"], soma + 5.0
        into = current + conductance * 70.0 + 15.0 * other
        state["v"] = _membrane(before, into, conductance + 15.0, 20.0, 0.1, dt)
        return 15.0 * (before - other)

    return _run(drive, arriving, dt, {}, step)


def plateau(drive: np.ndarray, arriving: np.ndarray, dt: float, back: float = 0.0) -> Found:
    """Naud & Sprekeler 2018: rest -70 mV, 7 ms, 170 pF; -38 and 6 mV, 1200 and 1300 pA; 13 nS and 30 ms."""
    state: dict[str, Any] = {"w": 0.0, "since": np.full(drive.shape[1], 10**6)}

    def step(state: Any, current: Any, conductance: Any, soma: Any, fired: Any) -> Any:
        before, w = state["v"], state["w"]
        opened = 1.0 / (1.0 + np.exp((32.0 - before) / 6.0))
        state["since"] = np.where(fired, 1, state["since"] + 1)
        flows = (state["since"] * dt > 0.5 - dt / 2) & (state["since"] * dt < 2.5 - dt / 2)
        into = current + conductance * 70.0 + 1200.0 * opened + back * flows - w
        state["v"] = _membrane(before, into, conductance, 7.0, 7.0 / 170.0, dt)
        state["w"] = w + (1.0 - np.exp(-dt / 30.0)) * (13.0 * before - w)
        return 1300.0 * opened

    return _run(drive, arriving, dt, state, step)


def backpropagating(drive: np.ndarray, arriving: np.ndarray, dt: float) -> Found:
    """The same with 2600 pA from 0.5 to 2.5 ms after a spike of the soma."""
    return plateau(drive, arriving, dt, 2600.0)
