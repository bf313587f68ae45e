"""Actor and critic in float64, from spike to spike, for the errors, actions and spikes of a run.

Rounds have `every` steps. Of a round a critic looks at its traces two steps before the last one; the error arrives, and
the next action is chosen, in the last. In its second step an episode may begin, which empties all traces.
"""

import numpy as np

Array = np.ndarray


def traces(spikes: Array, started: Array, every: int, tau: float, gain: float) -> Array:
    """Of spikes of the inputs, (steps, inputs)."""
    z, found = np.zeros(spikes.shape[1]), []
    for step, fired in enumerate(spikes):
        z = np.exp(-1 / tau) * z + gain * fired
        if started[step] and step % every == 1:
            z = np.zeros(spikes.shape[1])
        found.append(z)
    return np.array(found)


def critic(
    z: Array, errors: Array, started: Array, every: int, rate: float, fade: float, bound: float, baseline: float
) -> dict[str, Array]:
    """Sutton & Barto 2018, section 12.2: linear TD(lambda); `fade` is discount times lambda; all (steps, ...)."""
    v, e, seen = np.zeros((3, z.shape[1]))
    value, found = baseline, {"weights": [], "eligibility": [], "value": []}
    for step, error in enumerate(errors):
        v = np.clip(v + rate * error * e, -bound, bound)
        if step % every == every - 3:
            seen, value = z[step], baseline + v @ z[step]
        if step % every == every - 1:
            e = (0.0 if started[step] else fade) * e + seen
        for name, number in zip(found, (v, e, [value]), strict=True):
            found[name].append(number)
    return {name: np.array(course) for name, course in found.items()}


def actor(
    z: Array, errors: Array, started: Array, won: Array, every: int, size: int, rates: Array, fade: float,
    winner: float, homeostasis: float, kept: float,
) -> dict[str, Array]:  # fmt: skip
    """Policy gradient with eligibility traces (Sutton & Barto 2018, section 13.5) of pools of `size` units.

    Args:
        z: Traces of the inputs, (steps, inputs).
        errors: (steps,).
        started: Whether an episode began, (steps,).
        won: Which action was chosen, (steps, actions), 1 or 0.
        every: Steps of a round.
        size: Units of a pool.
        rates: Learning rate in each step, (steps,).
        fade: Discount times lambda.
        winner: Share of what goes to the pool that won, whatever was expected.
        homeostasis: What a win takes from the winner's weights.
        kept: Share by which consolidated weights come nearer to the weights in a round.

    Returns:
        weights, eligibility, consolidated, (steps, units, inputs), and probability, (steps, actions), which holds the
        last choice's.
    """
    actions = won.shape[1]
    w, e, slow = np.zeros((3, actions * size, z.shape[1]))
    p = np.full(actions, 1 / actions)
    found = {"weights": [], "eligibility": [], "consolidated": [], "probability": []}
    for step, error in enumerate(errors):
        chooses = step % every == every - 1
        if chooses:
            slow = slow + kept * (w - slow)
        w = w + rates[step] * error * e
        if chooses:
            u = (w @ z[step]).reshape(actions, size).mean(axis=1)
            p = np.exp(u - u.max()) / np.exp(u - u.max()).sum()
            credit = (1 - winner) * (won[step] - p) + winner * (won[step] - (1 - won[step]) / (actions - 1)) / 2
            e = (0.0 if started[step] else fade) * e + np.repeat(credit, size)[:, None] * z[step]
            w = w + np.repeat(homeostasis * (1 / actions - won[step]), size)[:, None] * z[step]
        for name, number in zip(found, (w, e, slow, p), strict=True):
            found[name].append(number)
    return {name: np.array(course) for name, course in found.items()}
