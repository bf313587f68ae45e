"""The connections of synapses as a table: who is connected with whom, how strongly, and how late."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spark.core.errors import Problem, StateError
from spark.core.extras import need
from spark.core.module import Module
from spark.core.names import suggestion
from spark.core.tree import walk
from spark.kernels.order import unpacked
from spark.kernels.rows import ONE_WEIGHT, WEIGHT_OF_EDGE, weight_layout
from spark.nn.projections.plastic import PlasticProjection
from spark.nn.projections.static import ListedProjections


@dataclass(frozen=True, eq=False, repr=False)
class ConnectionTable:
    """Connections of one projection or one group of synapses.

    They are sorted by source and then by target. Those of a projection whose weights are state, since a rule may change
    them, lie as there: by source, then by delay, then by target. So what is recorded of them has the table's order.

    Attributes: arrays of shape (connections,).
        sources: int64, flat index into what the projection's wire brings; for a receptor's projections together, or
            synapses that several wires share, into what all of them bring, in the order of the wires.
        targets: int64, flat index of the postsynaptic unit.
        weights: float32, as they are now and act, in the unit of the synapses or the receptor.
        delays: float64, ms from the step in which the source fires to the step in which the weight acts.
        shape: Numbers of sources and of targets, in the order of the columns; a matrix has them the other way round.
    """

    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    delays: np.ndarray
    shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.sources)

    def to_pandas(self) -> Any:
        """A data frame with the columns source, target, weight and delay.

        Raises:
            MissingError: pandas is not installed.
        """
        need("analysis", "pandas")
        import pandas

        columns = {"source": self.sources, "target": self.targets, "weight": self.weights, "delay": self.delays}
        return pandas.DataFrame(columns)

    def to_matrix(self) -> np.ndarray:
        """Weights as an array (targets, sources), float32, zero where there is no connection; several add up.

        So are the matrices that a projection's `weights` and `pattern` and `Brain.with_weights` take: (post, pre).
        """
        matrix = np.zeros(self.shape[::-1], np.float32)
        np.add.at(matrix, (self.targets, self.sources), self.weights)
        return matrix

    def __repr__(self) -> str:
        return f"ConnectionTable({len(self)} connections from {self.shape[0]} to {self.shape[1]} units)"


@dataclass(frozen=True, eq=False)
class HeldWeights:
    """Where a brain holds the weights of a table of connections.

    Attributes:
        path: Of the variable or constant that holds them.
        positions: int64 (connections,): index of each connection, in the table's order, in that array laid flat.
        sign: -1 where the size of negative weights is held, else 1.
    """

    path: str
    positions: np.ndarray
    sign: int


def connection_table(brain: Module, path: str) -> ConnectionTable:
    """The connections at a path of a built brain: of a projection, of a receptor's projections whose weights stay, of
    synapses; or of a pool, if it has one of these.

    Raises:
        StateError: There are none at this path, with the nearest; or several.
    """
    found = _at(brain, path)[1]
    order = found.order
    return ConnectionTable(
        found.sources[order],
        found.targets[order],
        found.sign * found.weights[order].astype(np.float32),
        found.steps[order] * float(found.part.config.dt),
        (found.units, int(np.prod(found.part.units))),
    )


def held_weights(brain: Module, path: str) -> HeldWeights:
    """Where the weights of the connections at a path are held, one for each connection.

    Raises:
        StateError: There are none at this path, with the nearest; or several; or connections share one weight.
    """
    at, found = _at(brain, path)
    if found.positions is None:
        raise StateError(
            Problem(
                path,
                "its connections share weights, of which each has none of its own",
                f"Give each its own: `brain = brain.with_weights({{{path!r}: brain.connections({path!r}).weights}})`",
                "shared",
            )
        )
    return HeldWeights(f"{at}.{found.array}" if at else found.array, found.positions[found.order], found.sign)


@dataclass(frozen=True, eq=False)
class Owner:
    """The module that holds connections: its path, itself, and the sign with which weights that it holds act."""

    path: str
    part: Any
    sign: int


def owner_of(brain: Module, path: str) -> Owner:
    """The module that holds the connections at a path.

    Raises:
        StateError: There are none at this path, with the nearest; or several.
    """
    at, found = _at(brain, path)
    return Owner(at, found.part, found.sign)


def _at(brain: Module, path: str) -> "tuple[str, _Listed]":
    """The path of the module that holds the connections that `path` means, and those."""
    parts = [(at, part) for at, part in walk(brain) if _connects(part)]
    groups = {at.removesuffix("_projections"): (at, functools.partial(_listed, part)) for at, part in parts}
    known = {**groups, **{name: (at, listed) for at, part in parts for name, listed in _by_name(part, at).items()}}
    under = [p for p in groups if p.rpartition(".")[0] == path]
    if path not in known and len(under) == 1:
        path = under[0]
    if path not in known:
        message, fix = "is no group of synapses", suggestion(path, known, "group of synapses")
        if under:
            message, fix = f"has several groups of synapses: {', '.join(under)}", "Name one of them"
        raise StateError(Problem(path, message, fix, "unknown"))
    at, listed = known[path]
    return at, listed()


@dataclass(frozen=True, eq=False)
class _Listed:
    """Connections of a module as it holds them; `steps` from a spike to its effect, `units` that are sources.

    `order` is that of the table. `weights` times `sign` is how they act; they are the elements at `positions` of the
    module's `array`, laid flat, or several of them share an element: then `positions` is None.
    """

    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    steps: np.ndarray
    units: int
    part: Any
    array: str
    positions: np.ndarray | None
    sign: int
    order: np.ndarray


@functools.singledispatch
def _listed(part: Module) -> _Listed:
    """All connections that a module holds."""
    raise TypeError(f"{type(part).__name__} has no connections")


def _connects(part: Module) -> bool:
    # Random events alone have no connections.
    return isinstance(part, PlasticProjection) or (isinstance(part, ListedProjections) and bool(part.drawn))


def _by_name(part: Module, path: str) -> dict[str, Callable[[], _Listed]]:
    """The connections of each projection that a module at this path holds together with others, by its own path."""
    if not isinstance(part, ListedProjections):
        return {}
    pool = path.rpartition(".")[0]
    ranges = zip(part.firsts[:-1], part.firsts[1:], strict=True)
    return {
        f"{pool}.{drawn.name}": functools.partial(_rows, part, first, last)
        for drawn, (first, last) in zip(part.drawn, ranges, strict=True)
    }


@_listed.register
def _(part: ListedProjections) -> _Listed:
    return _rows(part, 0, part.firsts[-1])


@_listed.register
def _(part: PlasticProjection) -> _Listed:
    # Delays count from when a spike was sent, and are kept as what is left of them when it comes in.
    late = part.input_specs["spikes"].lateness.reshape(-1)
    weights = np.asarray(part.weights.value)
    # Of weights at an inhibitory receptor the size is kept.
    as_held = np.arange(weights.size)
    held = ("weights", as_held, -1 if part.config.projection.inhibits else 1, as_held)
    if not part.listed:
        sources, targets = (index.ravel() for index in np.indices(weights.shape))
        return _Listed(sources, targets, weights.ravel(), late[sources], late.size, part, *held)
    edges = part.edges
    sources = np.asarray(edges.pre, np.int64)
    steps = np.asarray(edges.delay, np.int64) + late[sources]
    return _Listed(sources, np.asarray(edges.post, np.int64), weights, steps, late.size, part, *held)


def _rows(part: ListedProjections, first: int, last: int) -> _Listed:
    """Those of the sources from `first` to before `last`, counted from `first` on."""
    rows, late = part.connected, part.input_specs[part.sent].lateness.reshape(-1)
    starts = np.asarray(rows.starts, np.int64)[first : last + 1]
    here = slice(starts[0], starts[-1])
    later = None if rows.delays is None else rows.delays[here]
    own = unpacked(rows._replace(post=rows.post[here], delays=later))
    targets = np.asarray(own.post, np.int64)
    sources = np.repeat(np.arange(last - first), np.diff(starts))
    weights, layout = np.asarray(rows.weights, np.float32), weight_layout(rows)
    if layout == WEIGHT_OF_EDGE:
        weights = weights[here]
    else:
        weights = np.broadcast_to(weights, targets.shape) if layout == ONE_WEIGHT else weights[first + sources]
    positions = np.arange(here.start, here.stop) if layout == WEIGHT_OF_EDGE else None
    steps = late[first + sources] + part.further
    if own.delays is not None:
        steps = steps + np.asarray(own.delays, np.int64)
    sign = -1 if part.drawn[0].inhibits else 1
    order = np.lexsort((targets, sources))
    return _Listed(sources, targets, weights, steps, last - first, part, "rows_weights", positions, sign, order)
