"""Behavioural time scale plasticity in NumPy, from Milstein et al. 2021, its weight-dependent model, in float64."""

import numpy as np

# Of its network model: time constants in ms, rates in 1/s.
NETWORK = {
    **{"tau_e": 1664.0, "tau_i": 437.0, "rate": 10.0, "duration": 300.0, "k_plus": 1.11, "k_minus": 0.425},
    **{"alpha_plus": 0.415, "beta_plus": 4.40, "alpha_minus": 0.0262, "beta_minus": 20.05},
}


def scaled_sigmoid(x: np.ndarray, alpha: float, beta: float) -> np.ndarray:
    """0 at 0 and 1 at 1."""

    def s(z: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-beta * (z - alpha)))

    low, high = s(np.zeros(1)), s(np.ones(1))
    return (s(np.asarray(x, np.float64)) - low) / (high - low)


def btsp(pre: np.ndarray, plateaus: np.ndarray, w: np.ndarray, dt: float, **numbers: float) -> np.ndarray:
    """Weights between 0 and 1 after all steps.

    Args:
        pre: Spikes as they arrive, (steps, post, pre).
        plateaus: 1 during a plateau, (steps, post).
        w: First weights, (post, pre).
        dt: Length of a step, ms.
        **numbers: In the place of those of the network model.
    """
    n = {**NETWORK, **numbers}
    keeps_e, keeps_i = np.exp(-dt / n["tau_e"]), np.exp(-dt / n["tau_i"])
    eligible, instructs = np.zeros(w.shape), np.zeros(w.shape[0])
    greatest = 1.0 - np.exp(-n["duration"] / n["tau_i"])
    for arrived, plateau in zip(pre, plateaus, strict=True):
        # An input of that rate is 1000 / rate ms apart, and holds the trace at 1.
        eligible = keeps_e * eligible + arrived * 1000.0 / (n["rate"] * n["tau_e"])
        instructs = keeps_i * instructs + (1.0 - keeps_i) * plateau / greatest
        overlap = np.minimum(eligible, 1.0) * np.minimum(instructs, 1.0)[:, None]
        grows = n["k_plus"] * (1.0 - w) * scaled_sigmoid(overlap, n["alpha_plus"], n["beta_plus"])
        falls = n["k_minus"] * w * scaled_sigmoid(overlap, n["alpha_minus"], n["beta_minus"])
        w = np.clip(w + dt / 1000.0 * (grows - falls), 0.0, 1.0)
    return w
