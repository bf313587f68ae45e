"""Short-term plasticity, from spike to spike, as the papers give it."""

import numpy as np


def tsodyks_markram(times: np.ndarray, use: float, recovery: float, facilitation: float | None) -> np.ndarray:
    """What each spike of one source brings of its weight: R u of Markram, Wang & Tsodyks 1998, equations 1 and 2.

    Args:
        times: ms, ascending.
        use: U.
        recovery: tau_rec, ms.
        facilitation: tau_facil, ms; None for a use that stays.
    """
    u, resources, found = use, 1.0, []
    for number, time in enumerate(times):
        if number:
            since = time - times[number - 1]
            resources = 1.0 + (resources * (1.0 - u) - 1.0) * np.exp(-since / recovery)
            u = use if facilitation is None else use + u * (1.0 - use) * np.exp(-since / facilitation)
        found.append(resources * u)
    return np.array(found)


def steady(rate: float, use: float, recovery: float, facilitation: float | None) -> float:
    """The same at the end of a long regular train, Hz, in closed form."""
    left, forgotten = (
        np.exp(-1e3 / rate / recovery),
        0.0 if facilitation is None else np.exp(-1e3 / rate / facilitation),
    )
    u = use / (1.0 - (1.0 - use) * forgotten)
    return u * (1.0 - left) / (1.0 - (1.0 - u) * left)
