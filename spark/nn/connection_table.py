"""The connections of synapses as a table: who is connected with whom, how strongly, and how late."""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from spark.core.delayed import DelayedSpikes
from spark.core.errors import Problem, StateError
from spark.core.extras import need
from spark.core.module import Module
from spark.core.names import suggestion
from spark.core.tree import walk
from spark.kernels.scatter import ONE_WEIGHT, WEIGHT_OF_EDGE, weight_layout
from spark.nn.projections.static import StaticProjections
from spark.nn.synapses import LinearSynapses


@dataclass(frozen=True, eq=False, repr=False)
class ConnectionTable:
    """Connections of one group of synapses, sorted by source and then by target; arrays of shape (connections,).

    Attributes:
        sources: int64, flat index into what all wires of the port bring, in the order of the wires.
        targets: int64, flat index of the postsynaptic unit.
        weights: float32, as they are now, in the unit of the synapses.
        delays: float64, ms from the step in which the source fires to the step in which the weight acts.
        shape: Numbers of sources and of targets.
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
        """Weights as an array (sources, targets), float32, zero where there is no connection; several add up."""
        matrix = np.zeros(self.shape, np.float32)
        np.add.at(matrix, (self.sources, self.targets), self.weights)
        return matrix

    def __repr__(self) -> str:
        return f"ConnectionTable({len(self)} connections from {self.shape[0]} to {self.shape[1]} units)"


def connection_table(brain: Module, path: str) -> ConnectionTable:
    """The connections of the synapses at a path of a built brain, or of the only synapses of the pool at that path.

    Raises:
        StateError: There are no synapses at this path, with the nearest; or several.
    """
    known = dict(_synapses(brain))
    under = [p for p in known if p.rpartition(".")[0] == path]
    if path not in known and len(under) == 1:
        path = under[0]
    if path not in known:
        message, fix = "is no group of synapses", suggestion(path, known, "group of synapses")
        if under:
            message, fix = f"has several groups of synapses: {', '.join(under)}", "Name one of them"
        raise StateError(Problem(path, message, fix, "unknown"))
    part = known[path]
    sources, targets, weights, steps, units = _listed(part)
    order = np.lexsort((targets, sources))
    delays = steps[order] * float(part.config.dt)
    shape = (units, int(np.prod(part.units)))
    return ConnectionTable(sources[order], targets[order], weights[order].astype(np.float32), delays, shape)


Listed = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]


def _synapses(brain: Module) -> list[tuple[str, Any]]:
    return [
        (path.removesuffix("_projections"), part)
        for path, part in walk(brain)
        if isinstance(part, (LinearSynapses, StaticProjections))
    ]


@functools.singledispatch
def _listed(part: Any) -> Listed:
    """Sources, targets, weights and steps from a spike to its effect, in any order; and how many units are sources."""
    raise TypeError(f"{type(part).__name__} has no connections")


@_listed.register
def _(part: LinearSynapses) -> Listed:
    spikes = part.input_specs["spikes"]
    delayed = issubclass(spikes.payload_type, DelayedSpikes)
    # Delays count from when a spike was sent, and are kept as what is left of them when it comes in.
    late = (spikes.source.input_specs["in_spikes"] if delayed else spikes).lateness.reshape(-1)
    weights = np.asarray(part.weights.value)
    if not part.listed:
        sources, targets = (index.ravel() for index in np.indices(weights.shape))
        return sources, targets, weights.ravel(), late[sources], late.size
    edges = part.edges
    sources = np.asarray(edges.pre, np.int64)
    steps = np.asarray(edges.delay, np.int64) + late[sources]
    return sources, np.asarray(edges.post, np.int64), weights, steps, late.size


@_listed.register
def _(part: StaticProjections) -> Listed:
    rows = part.connected
    late = part.input_specs["spikes"].lateness.reshape(-1)
    starts, targets = np.asarray(rows.starts, np.int64), np.asarray(rows.post, np.int64)
    sources = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    weights = np.asarray(rows.weights, np.float32)
    layout = weight_layout(rows)
    if layout != WEIGHT_OF_EDGE:
        weights = np.broadcast_to(weights, targets.shape) if layout == ONE_WEIGHT else weights[sources]
    weights = -weights if part.drawn[0].inhibits else weights
    steps = late[sources] + part.further
    if rows.delays is not None:
        steps = steps + np.asarray(rows.delays, np.int64)
    return sources, targets, weights, steps, late.size
