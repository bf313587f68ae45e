"""Connections, weights and delays of all wires of a port, drawn into one set of compressed rows."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.errors import ConfigError, Problem
from spark.core.memory import require_memory
from spark.core.module import Module
from spark.core.parameter import shorter_than_a_step
from spark.core.ports import PortSpec
from spark.kernels.scatter import Rows
from spark.nn.connections import (
    AllToAll,
    ConnectionList,
    Connectivity,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
)
from spark.nn.each_wire import EachWire, for_each
from spark.nn.initializers import ArrayInitializer, ConstantInitializer, Initializer

_MOST_EDGES = np.iinfo(np.int32).max
_LONGEST = np.iinfo(np.uint16).max
# Those whose expected number is not only a bound.
_COUNTED = (AllToAll, FixedInDegree, FixedOutDegree, FixedProbability, FixedTotalNumber)
_UNUSED = "has no effect beside connections that bring their own weights"


def draw_rows(module: Module, spikes: PortSpec, units: tuple[int, ...]) -> tuple[Rows, int]:
    """Draw what the module's config describes; memory follows the number of connections.

    Returns:
        The rows, and the steps that are left of the shortest delay when a spike comes in; each connection's `delays`
        come on top.

    Raises:
        ConfigError: Settings do not fit the wires, a delay is below dt, a connectivity drew connections that cannot
            be, or there are too many.
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
    problems = [
        problem
        for name in ("kernel", "delay")
        for setting in settings[name] or ()
        for problem in _without_effect(f"{module.path or type(module).__name__}.config.{name}", name, setting)
    ]
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    _check_expected(module, list(settings["connections"] or ()), [part.shape for part in parts], units)
    lists, weights, delays = [], [], []
    for number, part in enumerate(parts):
        connections, kernel, delay = (values[number] for values in settings.values() if values is not None)
        try:
            found = connections.draw(module.generator, part.shape, units)
        except ConfigError as error:
            raise error.under(f"{module.path or type(module).__name__}.config") from error
        _check_list(module, connections, found, int(np.prod(part.shape)), int(np.prod(units)))
        lists.append(found)
        weights.append(_weights(module, kernel, found, units))
        delays.append(_steps(module, delay, found, units) - part.late)
    _check_kernel_beside_weights(module, [found.values is not None for found in lists])
    post = np.concatenate([found.post for found in lists]) if len(lists) > 1 else lists[0].post
    if post.size > _MOST_EDGES:
        raise ConfigError(_too_many(f"{module.path or type(module).__name__}.config.connections", f"{post.size:,}"))
    firsts = np.cumsum([0] + [found.post.size for found in lists])
    starts = [found.starts[:-1] + first for found, first in zip(lists, firsts, strict=False)]
    joined = np.concatenate([*starts, [post.size]]).astype(np.int32)
    several, further = _joined_delays(delays, [found.post.size for found in lists])
    narrow = np.uint16 if int(np.prod(units)) <= 1 << 16 else np.int32
    rows = Rows(joined, post.astype(narrow), _joined_weights(weights, lists, config.weight_dtype), several)
    return rows, further


def _check_expected(module: Module, rules: list[Connectivity], shapes: list[tuple[int, ...]], units: Any) -> None:
    """Refuse, before anything is drawn, more connections than can be held.

    Raises:
        ConfigError: There will be more than 32 bits number, or than fit into memory.
    """
    number = sum(c.expected_number(shape, units) for c, shape in zip(rules, shapes, strict=True) if type(c) in _COUNTED)
    address = f"{module.path or type(module).__name__}.config.connections"
    require_memory(
        address,
        f"needs too much memory for about {number:,} connections",
        number * (4 + jnp.dtype(module.config.weight_dtype).itemsize),
        "Lower the probability or the degree, or take fewer units",
    )
    if number > 1.01 * _MOST_EDGES:
        raise ConfigError(_too_many(address, f"about {number:,}"))


def _too_many(address: str, got: str) -> Problem:
    return Problem(
        address,
        f"makes more connections than one module can hold, got {got}; expected at most {_MOST_EDGES:,}",
        "Wire the origins to ports or pools of their own",
        "size",
    )


def _check_list(module: Module, connections: Connectivity, found: ConnectionList, pre: int, post: int) -> None:
    """Hold what a connectivity drew to its promise: kernels read and write at these numbers unchecked.

    Raises:
        ConfigError: It is no list of connections from `pre` units onto `post`; everything that is wrong.
    """
    starts, targets, edges = np.asarray(found.starts), np.asarray(found.post), np.size(found.post)
    wrong = []
    if starts.shape != (pre + 1,) or starts.dtype.kind not in "iu":
        wrong.append(
            f"starts of rows that do not fit, got {starts.dtype} of shape {starts.shape}; "
            f"expected {pre + 1} whole numbers, one more than there are origins"
        )
    elif starts[0] != 0 or starts[-1] != edges:
        wrong.append(
            f"starts of rows from {starts[0]} to {starts[-1]}; "
            f"expected them to go from 0 to {edges}, the number of connections"
        )
    elif (starts[1:] < starts[:-1]).any():
        row = int(np.argmax(starts[1:] < starts[:-1])) + 1
        wrong.append(f"starts of rows that descend, got {starts[row]} after {starts[row - 1]}; expected ascending ones")
    if targets.ndim != 1 or targets.dtype.kind not in "iu":
        wrong.append(
            f"targets that are no list, got {targets.dtype} of shape {targets.shape}; expected a row of whole numbers"
        )
    elif edges and (targets.min() < 0 or targets.max() >= post):
        worst = targets.min() if targets.min() < 0 else targets.max()
        wrong.append(f"a target that there is not, got unit {worst}; expected units from 0 to {post - 1}")
    if found.values is not None:
        values = np.asarray(found.values)
        if values.shape != (edges,) or values.dtype.kind not in "iuf":
            wrong.append(
                f"weights that do not fit, got {values.dtype} of shape {values.shape}; "
                f"expected {edges} numbers, one for each connection"
            )
        elif not np.isfinite(values).all():
            wrong.append(f"a weight that is no number, got {values[~np.isfinite(values)][0]}; expected finite ones")
    if wrong:
        address = f"{module.path or type(module).__name__}.config.connections"
        mend = f"Mend `draw` of {type(connections).__name__}"
        raise ConfigError([Problem(address, f"drew {text}", mend, "connections") for text in wrong])


def _without_effect(address: str, name: str, setting: Initializer) -> list[Problem]:
    """Settings of an initializer that mean nothing here."""
    found = []
    if setting.density != 1:
        text = f"has no effect on synapses whose connections are drawn apart, got {setting.density:g}"
        mend = f"Leave it out, and write `connections=FixedProbability(probability={setting.density:g})`"
        found.append(Problem(f"{address}.density", text, mend, "setting"))
    if name == "delay" and setting.total is not None:
        text = f"has no meaning for delays, got {setting.total:g}"
        found.append(Problem(f"{address}.total", text, "Leave it out", "setting"))
    return found


def _check_kernel_beside_weights(module: Module, bring: list[bool]) -> None:
    """Refuse a kernel for wires whose connections bring weights of their own, as those of a matrix do.

    Args:
        module: Whose config it is.
        bring: Whether the connections of each wire do. A kernel that is one for all wires is for the others.

    Raises:
        ConfigError: The kernel is not the default, and nothing would be drawn from it.
    """
    kernel = module.config.kernel
    default = type(module.config).model_fields["kernel"].get_default(call_default_factory=True)
    address = f"{module.path or type(module).__name__}.config.kernel"
    mend = "Leave it out and scale the matrix itself, or give connections without weights"
    problems = []
    if isinstance(kernel, EachWire):
        mend = f"Write {default.value:g} in its place, the default, or give connections without weights"
        problems = [
            Problem(f"{address}[{number}]", f"{_UNUSED}, got {type(each).__name__}", mend, "setting")
            for number, (each, brings) in enumerate(zip(kernel, bring, strict=True))
            if brings and each != default
        ]
    elif all(bring) and bring and kernel != default:
        problems = [Problem(address, f"{_UNUSED}, got {type(kernel).__name__}", mend, "setting")]
    if problems:
        raise ConfigError(problems)


def _numbers(module: Module, name: str, setting: Initializer, found: ConnectionList, units: tuple[int, ...]) -> Any:
    """What an initializer gives for the connections: one number, or one for each."""
    if isinstance(setting, ConstantInitializer) and setting.total is None:
        return float(setting.values(module.generator, ()))
    try:
        if isinstance(setting, ArrayInitializer):
            pre = np.repeat(np.arange(found.starts.size - 1), np.diff(found.starts))
            return setting.at(pre, found.post, (found.starts.size - 1, int(np.prod(units))))
        return setting.listed(module.generator, found.post, int(np.prod(units)))
    except ConfigError as error:
        raise error.under(f"{module.path or type(module).__name__}.config.{name}") from error


def _weights(module: Module, kernel: Initializer, found: ConnectionList, units: tuple[int, ...]) -> Any:
    """One number, or one for each connection."""
    numbers = found.values if found.values is not None else _numbers(module, "kernel", kernel, found, units)
    dtype = module.config.weight_dtype
    with np.errstate(over="ignore"):
        held = dtype == "float32" or bool(np.isfinite(np.asarray(numbers).astype(dtype)).all())
    if not held:
        raise ConfigError(
            Problem(
                f"{module.path or type(module).__name__}.config.weight_dtype",
                f"cannot hold the weights, got {np.max(np.abs(numbers)):g} in {dtype}; "
                f"expected at most {float(jnp.finfo(dtype).max):g}",
                "Store weights as float32",
                "bounds",
            )
        )
    return numbers


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


def _steps(module: Module, delay: Initializer, found: ConnectionList, units: tuple[int, ...]) -> Any:
    """Delay in steps, rounded to the nearest: a number for all connections, or one for each."""
    dt = module.config.dt
    drawn = _numbers(module, "delay", delay, found, units)
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
