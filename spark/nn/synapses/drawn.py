"""Connections, weights and delays of all wires of a port, drawn into one set of compressed rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.errors import ConfigError, Problem
from spark.core.memory import require_memory
from spark.core.parameter import shorter_than_a_step
from spark.core.ports import PortSpec
from spark.kernels.order import MIDDLES_CONNECTIONS, by_delay, longest_delay, pays, with_middles
from spark.kernels.rows import Rows, weight_layout
from spark.nn.connections import (
    AllToAll,
    AtLeastOnce,
    ConnectionList,
    Connectivity,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
)
from spark.nn.connections.base import ascending
from spark.nn.connections.promised import as_list, require_draw
from spark.nn.initializers import ArrayInitializer, ByDistance, ConstantInitializer, Initializer

MOST_EDGES = np.iinfo(np.int32).max
_LONGEST = np.iinfo(np.uint16).max
# Those whose expected number is not only a bound.
_COUNTED = (AllToAll, AtLeastOnce, FixedInDegree, FixedOutDegree, FixedProbability, FixedTotalNumber)


@dataclass(frozen=True)
class WireDraw:
    """What is to be drawn for one wire.

    Attributes:
        part: What the wire brings.
        connections: Which connections there are.
        kernel: Their weights, unless the connections bring their own.
        delay: Their delays in ms; None lets spikes act in the step in which the wire brings them.
        addresses: Of the three settings, for errors.
    """

    part: PortSpec
    connections: Connectivity
    kernel: Initializer
    delay: Initializer | None
    addresses: Mapping[str, str]


def refuse_without_effect(wires: list[WireDraw]) -> None:
    """Refuse settings of initializers that mean nothing where connections are drawn apart.

    Raises:
        ConfigError: A `density`, or the `total` of delays.
    """
    problems = [
        problem
        for at, name in enumerate(("kernel", "delay"))
        for wire in wires
        for setting in [(wire.kernel, wire.delay)[at]]
        if setting is not None
        for problem in _without_effect(wire, name, setting)
    ]
    if problems:
        raise ConfigError(dict.fromkeys(problems))


def draw_rows(
    generator: np.random.Generator, wires: list[WireDraw], units: tuple[int, ...], dt: float, weight_dtype: str
) -> tuple[Rows, int, list[bool]]:
    """Draw what is asked for; memory follows the number of connections.

    Args:
        generator: Random numbers.
        wires: What is asked for, in the order of the wires.
        units: Shape of the pool that the connections end at.
        dt: Length of a step, ms.
        weight_dtype: How weights are stored.

    Returns:
        The rows; the steps that are left of the shortest delay when a spike comes in, each connection's `delays` come
        on top; and for each wire whether its connections brought weights of their own.

    Raises:
        ConfigError: A delay is below dt, a connectivity drew connections that cannot be, or there are too many.
    """
    _check_expected(wires, units, weight_dtype)
    drawn = [draw_wire(generator, wire, units, dt, weight_dtype) for wire in wires]
    lists, weights, delays = [d[0] for d in drawn], [d[1] for d in drawn], [d[2] for d in drawn]
    post = np.concatenate([found.post for found in lists]) if len(lists) > 1 else lists[0].post
    if post.size > MOST_EDGES:
        raise ConfigError(_too_many(wires[0].addresses["connections"], f"{post.size:,}"))
    firsts = np.cumsum([0] + [found.post.size for found in lists])
    starts = [found.starts[:-1] + first for found, first in zip(lists, firsts, strict=False)]
    joined = np.concatenate([*starts, [post.size]]).astype(np.int32)
    several, further = _joined_delays(delays, [found.post.size for found in lists])
    narrow = np.uint16 if int(np.prod(units)) <= 1 << 16 else np.int32
    rows = Rows(joined, post.astype(narrow), _joined_weights(weights, lists, weight_dtype), several)
    if pays(rows, further + 1 + longest_delay(rows), int(np.prod(units))):
        rows = by_delay(rows, int(np.prod(units)), weight_layout(rows))
    elif post.size >= MIDDLES_CONNECTIONS:
        rows = with_middles(rows, int(np.prod(units)))
    return rows, further, [found.values is not None for found in lists]


def draw_wire(
    generator: np.random.Generator, wire: WireDraw, units: tuple[int, ...], dt: float, weight_dtype: str
) -> tuple[ConnectionList, float | np.ndarray, int | np.ndarray]:
    """Connections of one wire, their weights, and the steps that are left of their delays when a spike comes in.

    Weights and steps are one number for all, or one for each connection.

    Raises:
        ConfigError: As in `draw_rows`.
    """
    pre = wire.part.shape
    try:
        require_draw(wire.connections)
        found = wire.connections.draw(generator, pre, units)
    except ConfigError as error:
        owner, _, name = wire.addresses["connections"].rpartition(".")
        # A connectivity says `connections`; here the setting may have another name.
        own = [replace(p, address=p.address.replace("connections", name, 1)) for p in error.problems]
        raise ConfigError(own).under(owner) from error
    found = as_list(wire.addresses["connections"], wire.connections, found, int(np.prod(pre)), int(np.prod(units)))
    found = ascending(found)  # Threads cut rows by target.
    weights = _weights(generator, wire, found, units, weight_dtype)
    left = 0 if wire.delay is None else _steps(generator, wire, found, units, dt) - wire.part.late
    return found, weights, left


def _check_expected(wires: list[WireDraw], units: Any, weight_dtype: str) -> None:
    """Refuse, before anything is drawn, more connections than can be held.

    Raises:
        ConfigError: There will be more than 32 bits number, or than fit into memory.
    """
    counted = [wire for wire in wires if type(wire.connections) in _COUNTED]
    number = sum(wire.connections.expected_number(wire.part.shape, units) for wire in counted)
    address = wires[0].addresses["connections"]
    require_memory(
        address,
        f"needs too much memory for about {number:,} connections",
        number * (4 + jnp.dtype(weight_dtype).itemsize),
        "Lower the probability or the degree, or take fewer units",
    )
    if number > 1.01 * MOST_EDGES:
        raise ConfigError(_too_many(address, f"about {number:,}"))


def _too_many(address: str, got: str) -> Problem:
    return Problem(
        address,
        f"makes more connections than one module can hold, got {got}; expected at most {MOST_EDGES:,}",
        "Wire the origins to ports or pools of their own",
        "size",
    )


def _without_effect(wire: WireDraw, name: str, setting: Initializer) -> list[Problem]:
    """Settings of an initializer that mean nothing here."""
    found = []
    address, pattern = wire.addresses[name], wire.addresses["connections"].rpartition(".")[2]
    if setting.density != 1:
        text = f"has no effect on synapses whose connections are drawn apart, got {setting.density:g}"
        mend = f"Leave it out, and write `{pattern}=FixedProbability(probability={setting.density:g})`"
        found.append(Problem(f"{address}.density", text, mend, "setting"))
    if name == "delay" and setting.total is not None:
        text = f"has no meaning for delays, got {setting.total:g}"
        found.append(Problem(f"{address}.total", text, "Leave it out", "setting"))
    return found


def _numbers(
    generator: np.random.Generator, wire: WireDraw, name: str, found: ConnectionList, units: tuple[int, ...]
) -> Iterator[np.ndarray]:
    """What the initializer of a wire's `kernel` or `delay` gives for the connections, some after the other.

    Raises:
        ConfigError: It cannot give them, at its address.
    """
    setting, address = {"kernel": wire.kernel, "delay": wire.delay}[name], wire.addresses[name]
    assert setting is not None
    try:
        if isinstance(setting, ByDistance):
            pre = np.repeat(np.arange(found.starts.size - 1), np.diff(found.starts))
            yield from setting.between(pre, found.post, wire.part.shape, units)
        elif isinstance(setting, ArrayInitializer):
            pre = np.repeat(np.arange(found.starts.size - 1), np.diff(found.starts))
            yield setting.at(pre, found.post, (found.starts.size - 1, int(np.prod(units))))
        else:
            yield from setting.parts(generator, found.post, int(np.prod(units)))
    except ConfigError as error:
        raise error.under(address) from error


def _number_of_all(generator: np.random.Generator, setting: Initializer) -> float | None:
    """The number that an initializer gives to all connections alike, or None."""
    if isinstance(setting, ConstantInitializer) and setting.total is None:
        return float(setting.values(generator, ()))
    return None


def _weights(
    generator: np.random.Generator, wire: WireDraw, found: ConnectionList, units: tuple[int, ...], dtype: str
) -> float | np.ndarray:
    """One number, or one for each connection; those that are kept as float32 are float32 already."""
    one = _number_of_all(generator, wire.kernel) if found.values is None else None
    if one is not None:
        _check_held(wire, abs(one), dtype)
        return one
    parts = _numbers(generator, wire, "kernel", found, units)
    weights, first = np.empty(found.post.size, np.float32 if dtype == "float32" else np.float64), 0
    for part in parts if found.values is None else [found.values]:
        _check_held(wire, max(float(np.max(part)), -float(np.min(part))) if part.size else 0.0, dtype)
        weights[first : first + part.size] = part
        first += part.size
    return weights


def _check_held(wire: WireDraw, largest: float, dtype: str) -> None:
    """Refuse weights of this absolute size that are beyond their dtype."""
    most = float(jnp.finfo(dtype).max)
    if largest > most and dtype == "float32":
        text = f"makes numbers that float32 cannot hold, got {largest:g}; expected at most {most:g}"
        raise ConfigError(Problem(wire.addresses["kernel"], text, "Make the weights smaller", "bounds"))
    if largest > most:
        address = f"{wire.addresses['kernel'].rpartition('.')[0]}.weight_dtype"
        text = f"cannot hold the weights, got {largest:g} in {dtype}; expected at most {most:g}"
        raise ConfigError(Problem(address, text, "Store weights as float32", "bounds"))


def _joined_weights(weights: Sequence[np.ndarray | float], lists: list[ConnectionList], dtype: str) -> np.ndarray:
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


def _steps(
    generator: np.random.Generator, wire: WireDraw, found: ConnectionList, units: tuple[int, ...], dt: float
) -> int | np.ndarray:
    """Delay in steps, rounded to the nearest: a number for all connections, or one for each, int32."""
    assert wire.delay is not None
    one = _number_of_all(generator, wire.delay)
    if one is not None:
        return int(_in_steps(wire, np.full(1, one), dt)[0])
    steps, first = np.empty(found.post.size, np.int32), 0
    for part in _numbers(generator, wire, "delay", found, units):
        steps[first : first + part.size] = _in_steps(wire, part, dt)
        first += part.size
    return steps


def _in_steps(wire: WireDraw, delays: np.ndarray, dt: float) -> np.ndarray:
    steps = np.rint(delays / dt)
    if steps.size and (shorter_than_a_step(delays, dt) or steps.max() > _LONGEST):
        raise ConfigError(
            Problem(
                wire.addresses["delay"],
                f"must be at least dt and at most {_LONGEST} steps, "
                f"got {np.min(delays):g} to {np.max(delays):g} ms with dt={dt:g} ms",
                "Raise the delay (an initializer's `minimum` bounds what is drawn), or change dt",
                "bounds",
            )
        )
    return steps


def _joined_delays(delays: Sequence[np.ndarray | int], edges: list[int]) -> tuple[np.ndarray | None, int]:
    """Steps of each connection beyond the shortest, or None if there are none; and the shortest."""
    shortest = min((int(np.min(d)) for d, n in zip(delays, edges, strict=True) if n), default=0)
    longest = max((int(np.max(d)) for d, n in zip(delays, edges, strict=True) if n), default=0)
    if longest == shortest:
        return None, shortest
    dtype = np.uint8 if longest - shortest < 256 else np.uint16
    spread = [np.broadcast_to(np.asarray(d) - shortest, (n,)).astype(dtype) for d, n in zip(delays, edges, strict=True)]
    return np.concatenate(spread), shortest
