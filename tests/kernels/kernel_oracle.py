"""What the kernels must compute, written once more in plain Python loops over float32 numbers, and random cases."""

from typing import NamedTuple

import numpy as np

from spark.kernels import Edges, build_edges, history_words


class Case(NamedTuple):
    """Connections, weights and a history, drawn at random."""

    edges: Edges
    weights: np.ndarray
    history: np.ndarray


def draw_case(seed: int, pre: int, post: int, count: int, max_delay: int, density: float) -> Case:
    """Random connections; each history bit is set with the given probability, also beyond the longest delay."""
    rng = np.random.default_rng(seed)
    edges, _ = build_edges(
        rng.integers(0, pre, count),
        rng.integers(0, post, count),
        rng.integers(0, max_delay + 1, count),
        pre,
        post,
        max_delay,
    )
    weights = rng.normal(size=count).astype(np.float32)
    return Case(edges, weights, draw_history(rng, history_words(max_delay), pre, density))


def draw_history(rng: np.random.Generator, words: int, pre: int, density: float) -> np.ndarray:
    """A history of random bits; sign bits only where a unit fired."""
    fired = rng.random((words, pre, 32)) < density
    negative = fired & (rng.random(fired.shape) < 0.4)
    places = np.uint32(1) << np.arange(32, dtype=np.uint32)
    return np.stack([(bits * places).sum(axis=2, dtype=np.uint32) for bits in (fired, negative)])


def sign_at(history: np.ndarray, unit: int, delay: int) -> int:
    """What a unit did so many steps ago: 0, 1 or -1."""
    fired, negative = (int(row[delay // 32, unit]) >> int(delay % 32) & 1 for row in history)
    return fired * (1 - 2 * negative)


def dense(spikes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """`deliver_dense`."""
    total = np.zeros(weights.shape[1], np.float32)
    for unit in np.flatnonzero(spikes):
        total += np.float32(spikes[unit]) * weights[unit].astype(np.float32)
    return total


def sparse(history: np.ndarray, weights: np.ndarray, edges: Edges) -> np.ndarray:
    """`deliver_edges`, by units and delays."""
    total = np.zeros(edges.in_starts.size - 1, np.float32)
    for unit in range(edges.starts.shape[0]):
        for delay in range(edges.starts.shape[1] - 1):
            sign = sign_at(history, unit, delay)
            for edge in range(edges.starts[unit, delay], edges.starts[unit, delay + 1]) if sign else ():
                total[edges.post[edge]] += np.float32(sign) * weights[edge].astype(np.float32)
    return total


def zenke(weights, baseline, history, pre_trace, post_spikes, post_trace, slow_trace, step, edges, parameters):
    """`zenke_edges`, edge by edge."""
    a, b, c, d, rate, minimum, maximum = parameters
    changed = weights.copy()
    for edge, (pre, post, delay) in enumerate(zip(edges.pre, edges.post, edges.delay, strict=True)):
        w, y, z = changed[edge], post_trace[post], slow_trace[post]
        if sign_at(history, pre, delay):
            w = np.clip(w + rate * (d - b * y), minimum, maximum)
        if post_spikes[post]:
            x = pre_trace[(step - delay) % len(pre_trace), pre]
            pull = min(rate * c * y * y * y, np.float32(1))
            w = np.clip((w + rate * a * x * z) - pull * (w - baseline[edge]), minimum, maximum)
        changed[edge] = w
    return changed
