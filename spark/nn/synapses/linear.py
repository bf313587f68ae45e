"""Synapses whose current is the sum of the weights of the spikes that arrive."""

from collections.abc import Mapping
from typing import Any, TypedDict

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.delayed import DelayedSpikes
from spark.core.errors import ConfigError, Problem
from spark.core.memory import require_memory
from spark.core.module import Module
from spark.core.payloads import CurrentArray, FloatArray, Payload, SpikeArray
from spark.core.ports import PortSpec
from spark.core.share import Cut, Kept, Share
from spark.core.values import Shape
from spark.core.variable import Constant, Variable
from spark.kernels import Edges, build_edges, deliver_dense, deliver_edges, edges_onto, push_history
from spark.kernels.instructions import DELIVER_AND_CHANGE, DELIVER_DENSE, DELIVER_EDGES, DELIVER_WAITING, PUSH
from spark.kernels.place import Place
from spark.nn.edge_weights import EdgeWeights
from spark.nn.initializers import AllPairs, AnyInitializer, Connections, UniformInitializer
from spark.nn.lowering import Arriving, Change, Lowering, Postponed
from spark.nn.sparse_way import SPARSE_WAY

# Bytes of a connection's place in the lists, in both orders.
_LISTED = 24
_MOST_LISTED = np.iinfo(np.int32).max


class LinearSynapsesConfig(ModuleConfig):
    """Connections and first weights."""

    units: Shape | None = field(None, description="Shape of the pool; a neuron hands it down.")
    kernel: AnyInitializer = field(
        factory=lambda: UniformInitializer(density=0.2, total=20_000.0),
        unit="pA",
        description="Which connections there are, and their first weights.",
    )


def require_room(address: str, config: LinearSynapsesConfig, pre: int, post: int, delayed: bool) -> None:
    """Refuse, before anything is drawn, what memory or 32 bits cannot hold.

    Args:
        address: Of the kernel.
        config: The synapses'.
        pre: Number of presynaptic units.
        post: Number of postsynaptic units.
        delayed: Whether pairs have delays of their own, so that connections are listed.

    Raises:
        ConfigError: Names the module, how much it would take, and pools of sparse synapses.
    """
    number = config.kernel.expected_number(pre, post)
    listed = delayed or number < pre * post
    what = f"{number:,} connections" if listed else f"all {number:,} pairs of {pre:,} x {post:,} units"
    # Weights are kept as first values and as state.
    each = 2 * np.dtype(config.dtype).itemsize + (_LISTED if listed else 0)
    require_memory(address, f"needs too much memory for {what}", number * each, SPARSE_WAY)
    if listed and number > _MOST_LISTED:
        text = f"makes more connections than a list holds, got {number:,}; expected at most {_MOST_LISTED:,}"
        raise ConfigError(Problem(address, text, SPARSE_WAY, "size"))


class SynapsesOutput(TypedDict):
    """What synapses put out."""

    current: CurrentArray


class LinearSynapses(Module):
    """Current of each unit: the sum of weight times signed spike over the connections a spike reaches now.

    Sparse connections, and all connections with delays of their own, are kept as a list (`EdgeWeights`); dense
    ones without such delays as a matrix of shape (pre, post). Work follows the spikes times their fan-out.
    Sums are float32 in ascending order of the presynaptic unit.

    Input ports: `spikes`. Output ports: `current` (pA), shape of the units.
    Variables: `weights` (pA). Properties: `weights` as stored; `kernel`, shape (post..., pre...), zero where there
    is no connection.
    """

    config: LinearSynapsesConfig
    lowers = True
    exposes = {"weights": FloatArray, "kernel": FloatArray}
    unit_ports = ("current",)

    def build(self, spikes: PortSpec) -> None:
        """Draw connections and weights."""
        if self.config.units is None:
            raise ConfigError(
                Problem(
                    f"{self.path or type(self).__name__}.config.units",
                    "is missing",
                    "Give `units=(...)`: the shape of the pool that takes the current",
                    "missing",
                )
            )
        self.units = self.config.units
        delayed = issubclass(spikes.payload_type, DelayedSpikes)
        self.input_shape = spikes.shape[len(self.units) :] if delayed else spikes.shape
        pre, post = int(np.prod(self.input_shape)), int(np.prod(self.units))
        address = f"{self.path or type(self).__name__}.config.kernel"
        require_room(address, self.config, pre, post, delayed)
        try:
            found = self.config.kernel.connect(self.generator, pre, post, np.dtype(self.config.dtype))
        except ConfigError as error:
            raise error.under(address) from error
        self.listed = delayed or isinstance(found, Connections)
        if isinstance(found, AllPairs) and not delayed:
            values = found.matrix
        else:
            longest = spikes.source.longest if delayed else 0
            before, onto = found.pre, found.post
            delays = np.broadcast_to(spikes.source.delays.value[before, onto] if delayed else 0, before.shape)
            edges, order = build_edges(before, onto, delays, pre, post, longest)
            values = found.values[order]
            self.keep_edges(edges)
        self.weights = Variable(values, unit="pA", description="Weight of each connection.")

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """What it puts out is known before its inputs are, so units that it feeds may come back to it."""
        units = self.config.units
        return {} if units is None else {"current": PortSpec(CurrentArray, units, "float32")}

    def cut(self, share: Share, sources: Mapping[str, Any]) -> Cut:
        """The connections that end at these units, in the same order."""
        units = {"units": (share.count,)}
        if not self.listed:
            return Cut({"weights": share.columns(int(np.prod(self.input_shape)))}, attributes=units)
        edges, chosen = edges_onto(self.edges, share.first, share.last)
        made = {f"edges_{name}": array for name, array in edges._asdict().items()}
        # Behind the end of the lists, connections onto a unit that does not exist: no start points at them.
        lists = {name for name in made if name not in ("edges_starts", "edges_in_starts")}
        fill = {name: share.count if name == "edges_post" else 0 for name in (*lists, "weights")}
        return Cut({"weights": Kept(self.weights.shape, (chosen,))}, made, units, fill)

    def keep_edges(self, edges: Edges) -> None:
        """Make the connections constants."""
        for name, array in edges._asdict().items():
            setattr(self, f"edges_{name}", Constant(array))

    def edge_arrays(self) -> Edges:
        """The constants that hold the connections."""
        return Edges(*(getattr(self, f"edges_{name}") for name in Edges._fields))

    @property
    def edges(self) -> Edges:
        """The connections, as arrays."""
        return Edges(*(c.value for c in self.edge_arrays()))

    @property
    def kernel(self) -> Any:
        """All weights as one array (post..., pre...), zero where there is no connection."""
        shape = (*self.units, *self.input_shape)
        if not self.listed:
            return self.weights.value.T.reshape(shape)
        pre, post = int(np.prod(self.input_shape)), int(np.prod(self.units))
        edges = self.edges
        empty = jnp.zeros((post, pre), self.weights.dtype)
        return empty.at[edges.post, edges.pre].set(self.weights.value).reshape(shape)

    @kernel.setter
    def kernel(self, new: Any) -> None:
        pre, post = int(np.prod(self.input_shape)), int(np.prod(self.units))
        flat = new.reshape(post, pre)
        if self.listed:
            self.weights.value = flat[self.edges.post, self.edges.pre].astype(self.weights.dtype)
        else:
            self.weights.value = flat.T.astype(self.weights.dtype)

    def read(self, name: str) -> Payload:
        """A property as a payload; listed weights bring their connections along."""
        if name == "weights" and self.listed:
            return EdgeWeights(self.weights.value, self.edges)
        return super().read(name)

    def lower(self, lowering: Lowering, spikes: Arriving, change: Change | Postponed | None = None) -> dict[str, Place]:
        """One instruction; without delays a list needs the spikes as bits first.

        With a `Change`, the connections that deliver are changed in the same walk, as the rule asks; with what is
        `Postponed`, rows that deliver are brought up to date first.
        """
        program = lowering.program
        pre, post = int(np.prod(self.input_shape)), int(np.prod(self.units))
        current = program.scratch((post,), "float32")
        weights = lowering.variable(self.weights)
        if isinstance(change, Postponed):
            waiting = change.waiting
            wholes = (pre, post, *change.traces)
            places = (spikes.place, weights, current, change.coefficients, change.baseline)
            program.emit(DELIVER_WAITING, places, wholes)
            program.extend((waiting.memory,), (waiting.room, waiting.steps), change.factors)
            return {"current": current}
        if not self.listed:
            program.emit(DELIVER_DENSE, (spikes.place, weights, current), (pre, post))
            return {"current": current}
        history = spikes.place
        if history.dtype != "uint32":
            history = program.scratch((2, 1, pre), "uint32")
            program.emit(PUSH, (history, spikes.place), (1, pre))
        edges = Edges(*(lowering.constant(c) for c in self.edge_arrays()))
        sizes = (*history.shape[1:], edges.starts.shape[1] - 1, post)
        places = (history, weights, edges.post, edges.starts, current)
        if change is None:
            program.emit(DELIVER_EDGES, places, sizes)
        else:
            program.emit(DELIVER_AND_CHANGE, (*places, *change.places), sizes, (change.factor,))
        return {"current": current}

    def __call__(self, spikes: SpikeArray) -> SynapsesOutput:
        """Advance one step."""
        return {"current": CurrentArray(self.delivered(spikes))}

    def delivered(self, spikes: SpikeArray) -> Any:
        """Sum of weight times signed spike over connections that a spike reaches now, float32, shape of the units."""
        if not self.listed:
            active = spikes.value.reshape(-1).astype(jnp.int8)
            current = deliver_dense(active, self.weights.value)
        else:
            if isinstance(spikes, DelayedSpikes):
                history = spikes.history
            else:
                flat = spikes.value.reshape(-1).astype(jnp.int8)
                history = push_history(jnp.zeros((2, 1, flat.shape[0]), jnp.uint32), flat)
            current = deliver_edges(history, self.weights.value, self.edges)
        return current.reshape(self.units)
