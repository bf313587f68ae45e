"""Brains whose connections have other weights."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from spark.core.errors import ArgumentError, ConfigError, Problem, StateError
from spark.core.module import Module
from spark.core.tree import part_named, walk
from spark.graph.specs import PortMap
from spark.nn.brain_config import BrainConfig
from spark.nn.connection_table import ConnectionTable, Owner, connection_table, held_weights, owner_of
from spark.nn.connections import FromMatrix
from spark.nn.initializers import ArrayInitializer
from spark.nn.plasticity.weight_rule import WeightRule
from spark.nn.pools.pool import Pool
from spark.nn.projections import Projection
from spark.nn.projections.draws import Drawn
from spark.nn.projections.gap import GapProjections
from spark.nn.projections.plastic import PlasticProjection
from spark.nn.projections.static import ListedProjections


def new_weights(brain: Module, weights: Mapping[str, ArrayLike]) -> dict[str, tuple[ConnectionTable, np.ndarray]]:
    """The table of each path, and its weights to be: one for each connection, in the table's order, float32.

    Raises:
        ArgumentError: An array has neither one number for each connection nor one for each pair of units, or holds what
            is no number, or too large for its dtype, or outside of the bounds of a rule, or of a sign that the receptor
            does not have; or conductances of gap junctions within a pool that differ between i to j and j to i.
        StateError: There are no connections at a path, with the nearest; or several groups.
    """
    found, problems = {}, []
    for path, given in weights.items():
        address, table = f"with_weights.{path}", connection_table(brain, path)
        try:
            array = _dense(given, table)
        except ValueError:
            text = f"is no array of numbers, got a {type(given).__name__} whose rows differ in length"
            problems.append(Problem(address, text, "", "shape"))
            continue
        pairs = table.shape[::-1]
        if array.shape == pairs:
            array = _shared_out(table, array[table.targets, table.sources])
        if array.shape != table.weights.shape or array.dtype.kind not in "iuf":
            text = (
                f"does not fit, got {array.dtype} of shape {array.shape}; expected {len(table)} numbers in the "
                f"order of `brain.connections({path!r})`, or {pairs}: (targets, sources)"
            )
            fix = "Transpose it: a row holds what reaches one target" if array.shape == table.shape else ""
            problems.append(Problem(address, text, fix, "shape"))
            continue
        problems += _wrong_numbers(brain, path, table, array)
        with np.errstate(over="ignore"):
            found[path] = (table, array.astype(np.float32))
    if problems:
        raise ArgumentError(problems)
    return found


def _shared_out(table: ConnectionTable, given: np.ndarray) -> np.ndarray:
    """What a matrix of all pairs, of which `given` is the element of each connection, gives each connection.

    Several connections of one pair share its element as they share the sum that `to_matrix` gives, so that a matrix
    that was read changes nothing: weights of 1 and 3, whose element is 4, become 2 and 6 by an element of 8.
    """
    pairs, number, many = np.unique(
        table.targets * table.shape[0] + table.sources, return_inverse=True, return_counts=True
    )
    if len(pairs) == len(table) or given.dtype.kind not in "iuf":
        return given
    weights = table.weights.astype(np.float64)
    sums = np.bincount(number, weights)[number]
    shares = np.divide(weights, sums, out=1.0 / many[number], where=sums != 0)
    return np.where(many[number] == 1, given, given * shares)


def _dense(given: ArrayLike, table: ConnectionTable) -> np.ndarray:
    """What was given, as an array; of a sparse matrix of all pairs the elements of the connections."""
    array = np.asarray(given)
    if array.ndim or array.dtype != object:
        return array
    # NumPy makes an object of what it does not know, as of a sparse matrix.
    try:
        matrix = FromMatrix(matrix=given).matrix
    except ConfigError:
        return array
    if matrix["shape"] != table.shape[::-1]:
        return np.broadcast_to(np.float64(0.0), matrix["shape"])
    width = table.shape[0]
    keys, places = np.unique(matrix["post"].astype(np.int64) * width + matrix["pre"], return_inverse=True)
    # An element that is stored twice is the sum of both; one that is not stored is 0.
    sums = np.bincount(places, matrix["weights"], keys.size)
    wanted = table.targets.astype(np.int64) * width + table.sources
    at = np.searchsorted(keys, wanted)
    stored = at < keys.size
    stored[stored] = keys[at[stored]] == wanted[stored]
    found = np.zeros(wanted.shape)
    found[stored] = sums[at[stored]]
    return _shared_out(table, found)


def _wrong_numbers(brain: Module, path: str, table: ConnectionTable, array: np.ndarray) -> list[Problem]:
    """What is wrong with weights of a path that are as many as its connections."""
    owner, address = owner_of(brain, path), f"with_weights.{path}"
    most = _largest(owner.part)
    text = ""
    if not np.isfinite(array).all():
        text = f"must be finite, got {array[~np.isfinite(array)][0]}"
    elif (np.abs(array) > most).any():
        text = f"must be at most {most:g} in size, got {np.abs(array).max():g}"
    elif owner.sign < 0 and (array > 0).any():
        text = f"must be at most 0 at an inhibitory receptor, got {array.max():g}"
    elif _opens(owner.part) and (array < 0).any():
        text = f"must be at least 0 at a conductance, got {array.min():g}"
    if text:
        return [Problem(address, text, "", "bounds")]
    if isinstance(owner.part, GapProjections) and owner.part.joins_both_ways(path.rpartition(".")[2]):
        return _unlike_both_ways(address, table, array)
    return _outside(brain, address, owner, array) if isinstance(owner.part, PlasticProjection) else []


def _largest(part: Module) -> float:
    """The greatest number that the dtype of its weights holds."""
    assert isinstance(part, (PlasticProjection, ListedProjections))
    weights = part.weights if isinstance(part, PlasticProjection) else part.connected.weights
    return float(jnp.finfo(weights.dtype).max)


def allowed_weights(brain: Module, path: str) -> tuple[float, float]:
    """The least and the greatest weight that connections at a path of a built brain may have: as the dtype holds them,
    of the sign that their receptor has, and within the bounds of their rule.

    Raises:
        StateError: There are no connections at this path, with the nearest; or several groups.
    """
    owner = owner_of(brain, path)
    most = _largest(owner.part)
    low, high = 0.0 if _opens(owner.part) else -most, 0.0 if owner.sign < 0 else most
    bounds = _rule_bounds(brain, owner) if isinstance(owner.part, PlasticProjection) else None
    if bounds is None:
        return low, high
    least, greatest = sorted(owner.sign * bound for bound in bounds)
    return max(low, least), min(high, greatest)


def _rule_bounds(brain: Module, owner: Owner) -> tuple[float, float] | None:
    """Least and greatest size of weights that their rule may change, if it has such bounds.

    As what is learned is held, which may be rounded beyond a bound.
    """
    name = owner.part.config.projection.rule_name
    rule = dict(walk(brain)).get(f"{owner.path.rpartition('.')[0]}.{name}")
    if not isinstance(rule, WeightRule):
        return None
    least, most = np.asarray(rule.coefficients.value)[:2].astype(owner.part.weights.dtype)
    return float(least), float(most)


def _outside(brain: Module, address: str, owner: Owner, array: np.ndarray) -> list[Problem]:
    """Weights that the first change by their rule would clip."""
    bounds = _rule_bounds(brain, owner)
    if bounds is None or not array.size:
        return []
    (least, most), dtype = bounds, owner.part.weights.dtype
    sizes = (owner.sign * array.astype(np.float64)).astype(dtype)
    if least <= sizes.min() and sizes.max() <= most:
        return []
    worst = owner.sign * float(sizes.min() if least > sizes.min() else sizes.max())
    low, high = sorted((owner.sign * least, owner.sign * most))
    text = f"lies outside of the bounds of its rule, got {worst:g}; expected {low:g} to {high:g}"
    return [Problem(address, text, "Change the weights, or the bounds", "bounds")]


def _opens(part: Module) -> bool:
    """Whether what these projections bring opens a conductance."""
    drawn = part.drawn if isinstance(part, ListedProjections) else ()
    if isinstance(part, PlasticProjection):
        drawn = (part.config.projection,)
    return any(one.opens for one in drawn)


def _unlike_both_ways(address: str, table: ConnectionTable, array: np.ndarray) -> list[Problem]:
    """The first junction, if there is one, whose conductance from i to j is not that from j to i."""
    there, back = table.sources * table.shape[1] + table.targets, table.targets * table.shape[1] + table.sources
    # Both directions of every junction are in the table, each once, and in the order of `there`.
    other = array[np.searchsorted(there, back)]
    unlike = np.flatnonzero(array != other)
    if not unlike.size:
        return []
    at = unlike[0]
    one, two = table.sources[at], table.targets[at]
    text = (
        f"a gap junction conducts as well either way, got {array[at]:g} from {one} to {two} and {other[at]:g} from "
        f"{two} to {one}"
    )
    return [Problem(address, text, "Give both the same conductance, in nS", "symmetry")]


def rewritten(brain: Module, config: BrainConfig, new: Mapping[str, tuple[ConnectionTable, np.ndarray]]) -> BrainConfig:
    """A config in which the projections of these whose weights stay are lists of connections, with their new weights.

    All projections that are drawn together with one of them become lists too: what is drawn for one would change what
    is drawn for the next.
    """
    lists: dict[str, np.ndarray] = {}
    groups: dict[str, ListedProjections] = {}
    for path, (_, array) in new.items():
        owner = owner_of(brain, path)
        if not isinstance(owner.part, ListedProjections):
            continue
        groups[owner.path] = owner.part
        pool = owner.path.rpartition(".")[0]
        names = {f"{pool}.{drawn.name}" for drawn in owner.part.drawn}
        if path in names:
            lists[path] = array
        elif len(names) == 1:
            lists[names.pop()] = array
        else:
            text = f"means several projections, got {path!r}; expected one of {sorted(names)}"
            raise StateError(Problem(path, text, "Give the weights of each by its own name", "several"))
    for at, part in groups.items():
        pool = at.rpartition(".")[0]
        for drawn in part.drawn:
            name = f"{pool}.{drawn.name}"
            table = connection_table(brain, name)
            config = _with_list(brain, config, pool, drawn, table, lists.get(name, table.weights))
    return config


def _with_list(
    brain: Module, config: BrainConfig, pool: str, drawn: Drawn, table: ConnectionTable, weights: np.ndarray
) -> BrainConfig:
    port, number = _wire_of(brain, pool, drawn)
    matrix = {"shape": table.shape[::-1], "post": table.targets, "pre": table.sources, "weights": weights}
    settings = {name: value for name, value in drawn.settings.explicit().items() if name not in ("weights", "pattern")}
    settings |= {"name": drawn.name, "pattern": FromMatrix(matrix=matrix)}
    if drawn.settings.delay is not None:
        settings["delay"] = ArrayInitializer(array=table.delays)
    if not drawn.inhibits:
        settings["signed"] = drawn.signed
    return _with_wire(config, pool.split("."), port, number, settings)


def _wire_of(brain: Any, pool: str, drawn: Drawn) -> tuple[str, int]:
    """The port at which a projection of a pool ends, and its number among the wires there."""
    module = brain
    for name in pool.split("."):
        module = part_named(module, name)
    assert isinstance(module, Pool)
    for feed in module._feeds:
        for one, (first, _) in zip(feed.projections, feed.ranges, strict=False):
            if one.name == drawn.name:
                sizes = [wire.size for wire in module.input_specs[feed.port].wires]
                return feed.port, np.cumsum([0, *sizes]).tolist().index(first)
    raise LookupError(drawn.name)


def _with_wire(
    config: BrainConfig, names: list[str], port: str, number: int, settings: Mapping[str, object]
) -> BrainConfig:
    """The config with another projection at one wire of the pool that the names lead to."""
    specs, rest = config.modules_map[names[0]], names[1:]
    if rest:
        specs = specs.with_config(_with_wire(specs.config, rest, port, number, settings))
    else:
        wires = list(specs.inputs[port])
        end: PortMap = wires[number]
        wires[number] = Projection(end.origin, end.port, **settings)
        specs = specs.with_inputs({**specs.inputs, port: wires})
    return config.updated(modules_map={**config.modules_map, names[0]: specs})


def changed_variables(brain: Module, new: Mapping[str, tuple[ConnectionTable, np.ndarray]]) -> dict[str, np.ndarray]:
    """The variables of weights that a rule may change, with their new values, by path."""
    made: dict[str, np.ndarray] = {}
    for path, (_, array) in new.items():
        if isinstance(owner_of(brain, path).part, ListedProjections):
            continue
        where = held_weights(brain, path)
        before = made.get(where.path)
        before = np.array(brain.state[where.path]) if before is None else before
        flat = before.reshape(-1)
        flat[where.positions] = (where.sign * array).astype(flat.dtype)
        made[where.path] = flat.reshape(before.shape)
    return made


def require_same_connections(brain: Module, successor: Module, paths: Mapping[str, object]) -> None:
    """See that a brain with other weights connects the same units.

    Raises:
        StateError: It does not: a pool draws its projections in a way that lists of connections change.
    """
    for path in paths:
        before, after = connection_table(brain, path), connection_table(successor, path)
        same = [(before.sources, after.sources), (before.targets, after.targets), (before.delays, after.delays)]
        if not all(np.array_equal(*pair) for pair in same):
            text = "is drawn together with other projections, and would connect other units with weights of its own"
            raise StateError(
                Problem(path, text, "Give the pool's wires settings of their own: `Projection(...)`", "drawn")
            )
