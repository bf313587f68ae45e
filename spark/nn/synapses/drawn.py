"""Connections, weights and delays of all wires of a port, drawn into one set of compressed rows."""

from typing import Any

import numpy as np

from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.ports import PortSpec
from spark.kernels.scatter import Rows
from spark.nn.connections import ConnectionList
from spark.nn.delays.draw import shorter_than_a_step
from spark.nn.each_wire import for_each
from spark.nn.initializers import Initializer
from spark.nn.initializers.distributions import ConstantInitializer

_MOST_EDGES = np.iinfo(np.int32).max
_LONGEST = np.iinfo(np.uint16).max


def draw_rows(module: Module, spikes: PortSpec, units: tuple[int, ...]) -> tuple[Rows, int]:
    """Draw what the module's config describes; memory follows the number of connections.

    Returns:
        The rows, and the steps that are left of the shortest delay when a spike comes in; each connection's `delays`
        come on top.

    Raises:
        ConfigError: Settings do not fit the wires, a delay is below dt, or there are too many connections.
    """
    config: Any = module.config
    parts = spikes.wires
    settings = {name: for_each(getattr(config, name), len(parts)) for name in ("connections", "kernel", "delay")}
    problems = [
        Problem(
            f"{module.path or type(module).__name__}.config.{name}",
            f"has one value for each wire, but not as many as there are wires, "
            f"got {len(getattr(config, name))}; expected {len(parts)}",
            "Give one for each wire in the order of the wires, or one for all",
            "wires",
        )
        for name, values in settings.items()
        if values is None
    ]
    if problems:
        raise ConfigError(problems)
    lists, weights, delays = [], [], []
    for number, part in enumerate(parts):
        connections, kernel, delay = (values[number] for values in settings.values() if values is not None)
        found = connections.draw(module.generator, part.shape, units)
        lists.append(found)
        weights.append(_weights(module, kernel, found))
        delays.append(_steps(module, delay, found.post.size) - part.late)
    post = np.concatenate([found.post for found in lists]) if len(lists) > 1 else lists[0].post
    if post.size > _MOST_EDGES:
        raise ConfigError(
            Problem(
                f"{module.path or type(module).__name__}.config.connections",
                f"makes more connections than one module can hold, got {post.size:,}; expected at most {_MOST_EDGES:,}",
                "Wire the origins to ports or pools of their own",
                "size",
            )
        )
    firsts = np.cumsum([0] + [found.post.size for found in lists])
    starts = [found.starts[:-1] + first for found, first in zip(lists, firsts, strict=False)]
    joined = np.concatenate([*starts, [post.size]]).astype(np.int32)
    several, further = _joined_delays(delays, [found.post.size for found in lists])
    narrow = np.uint16 if int(np.prod(units)) <= 1 << 16 else np.int32
    rows = Rows(joined, post.astype(narrow), _joined_weights(weights, lists, config.weight_dtype), several)
    return rows, further


def _weights(module: Module, kernel: Initializer, found: ConnectionList) -> Any:
    """One number, or one for each connection."""
    if found.values is not None:
        return found.values
    if isinstance(kernel, ConstantInitializer) and kernel.total is None:
        return float(kernel.value)
    return kernel.values(module.generator, (found.post.size,))


def _joined_weights(weights: list[Any], lists: list[ConnectionList], dtype: str) -> np.ndarray:
    edges = sum(found.post.size for found in lists)
    pre = sum(found.starts.size - 1 for found in lists)
    one_each = all(isinstance(w, float) for w in weights)
    if one_each and len(set(weights)) == 1:
        return np.full(1, weights[0]).astype(dtype)
    # As many units as connections could not be told apart: then each connection gets its own.
    if one_each and pre != edges:
        return np.concatenate(
            [np.full(found.starts.size - 1, w) for w, found in zip(weights, lists, strict=True)]
        ).astype(dtype)
    return np.concatenate(
        [np.broadcast_to(np.asarray(w, dtype), found.post.shape) for w, found in zip(weights, lists, strict=True)]
    )


def _steps(module: Module, delay: Any, edges: int) -> Any:
    """Delay in steps, rounded to the nearest: a number for all connections, or one for each."""
    dt = module.config.dt
    if isinstance(delay, ConstantInitializer):
        drawn: Any = float(delay.value)
    else:
        drawn = delay.values(module.generator, (edges,))
    steps = np.rint(np.asarray(drawn, np.float64) / dt).astype(np.int64)
    if steps.size and (shorter_than_a_step(drawn, dt) or steps.max() > _LONGEST):
        raise ConfigError(
            Problem(
                f"{module.path or type(module).__name__}.config.delay",
                f"must be at least dt and at most {_LONGEST} steps, "
                f"got {np.min(drawn):g} to {np.max(drawn):g} ms with dt={dt:g} ms",
                "Raise the delay (an initializer's `minimum` bounds what is drawn), or change dt",
                "bounds",
            )
        )
    return int(steps) if steps.ndim == 0 else steps


def _joined_delays(delays: list[Any], edges: list[int]) -> tuple[np.ndarray | None, int]:
    """Steps of each connection beyond the shortest, or None if there are none; and the shortest."""
    shortest = min((int(np.min(d)) for d, n in zip(delays, edges, strict=True) if n), default=0)
    longest = max((int(np.max(d)) for d, n in zip(delays, edges, strict=True) if n), default=0)
    if longest == shortest:
        return None, shortest
    dtype = np.uint8 if longest - shortest < 256 else np.uint16
    spread = [np.broadcast_to(np.asarray(d) - shortest, (n,)).astype(dtype) for d, n in zip(delays, edges, strict=True)]
    return np.concatenate(spread), shortest
