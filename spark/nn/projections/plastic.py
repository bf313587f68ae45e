"""A projection whose weights are state: a rule may change them."""

from collections.abc import Iterable
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.arrays import Array
from spark.core.config import ModuleConfig, field
from spark.core.delayed import DelayedSpikes
from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.payloads import FloatArray, Payload, SpikeArray
from spark.core.ports import Ports, PortSpec
from spark.core.tree import leaf_named
from spark.core.values import Shape
from spark.core.variable import Constant, Variable
from spark.kernels import Edges, build_edges, deliver_dense, deliver_edges, history_words, push_history
from spark.nn.edge_weights import EdgeWeights
from spark.nn.projections.draws import Made
from spark.nn.projections.rewiring import rewire, room_of


class PlasticProjectionConfig(ModuleConfig):
    """What a pool says of a projection whose weights may change."""

    units: Shape = field(description="Shape of the pool.")
    projection: Any = field(description="The projection: a `Drawn`, or `Pairs`.")

    @property
    def delayed(self) -> bool:
        """Whether connections have delays beyond the wire's."""
        return self.projection.delayed


class PlasticProjection(Module):
    """Connections whose weights are state: each step the sum of weight times spike over those that a spike reaches now.

    All pairs without delays are a matrix of shape (pre, post); everything else is a list (`EdgeWeights`). With delays
    the last spikes are remembered, and each connection reads its own. Work follows the spikes times their fan-out.
    Sums are float32 in ascending order of the presynaptic unit. Connections are constants, and variables where some are
    replaced by others (`Rewiring`).

    Input ports: `spikes`, any shape. Output ports: `arrivals`, float32, shape of the units; with delays `arriving`, a
    `DelayedSpikes`: what a rule reads as presynaptic spikes.
    Variables: `weights`, in the receptor's unit; with delays `history`, uint32 (2, words, inputs); where connections
    are replaced, the lists of them, int32, such as `edges_pre`, (connections,).
    Properties: `weights` as stored; `kernel`, shape (post..., pre...), zero where there is no connection; what is
    written to it is held at 0 or above where it opens a conductance.
    """

    config: PlasticProjectionConfig
    exposes = {"weights": FloatArray, "kernel": FloatArray}
    unit_ports = ("arrivals",)
    # Whether connections are replaced.
    rewires = False

    @classmethod
    def ports_from(cls, config: PlasticProjectionConfig) -> Ports:
        """With delays there is a second output."""
        outputs: dict[str, type[Payload]] = {"arrivals": FloatArray}
        return Ports({"spikes": SpikeArray}, {}, {**outputs, "arriving": SpikeArray} if config.delayed else outputs)

    def build(self, spikes: PortSpec) -> None:
        """Draw connections, weights and delays."""
        try:
            self._keep(spikes, self.config.projection.connect(self, spikes))
        except ConfigError as error:
            raise error.placed() from error.__cause__

    def _keep(self, spikes: PortSpec, made: Made) -> None:
        self.units, self.input_shape, self.longest = self.config.units, spikes.shape, made.longest
        pre, post = spikes.size, int(np.prod(self.units))
        self.listed, values = made.pre is not None, made.values
        if made.pre is not None and made.post is not None and made.left is not None:
            edges, order = build_edges(made.pre, made.post, made.left, pre, post, made.longest)
            values = values[order]
            self._keep_edges(edges, values, (pre, post))
        elif self.config.projection.rewiring is not None:
            raise ConfigError(_nothing_to_rewire(self.config.projection.addresses[0]))
        if self.config.delayed:
            self.history = Variable(
                np.zeros((2, history_words(self.longest), pre), np.uint32),
                description="Fired and sign bits of the last steps.",
            )
        # A plain number has no unit to be shown.
        unit = self.config.projection.unit.removeprefix("1")
        self.weights = Variable(values, unit=unit, description="Weight of each connection, in the receptor's unit.")

    def _keep_edges(self, edges: Edges, values: np.ndarray, sizes: tuple[int, int]) -> None:
        """The lists, and what a rewiring begins new connections with; `sizes` are numbers of sources and targets."""
        projection = self.config.projection
        self.rewires = projection.rewiring is not None
        if not self.rewires:
            for name, array in edges._asdict().items():
                # These two say who is connected with whom, and how late: each weight is one of theirs.
                setattr(self, f"edges_{name}", Constant(array, identifies=name in ("post", "starts")))
            return
        pre, post = sizes
        if not room_of(edges, (pre, post, self.longest), projection.loops).any():
            raise ConfigError(_nothing_to_rewire(projection.addresses[0]))
        count = edges.post.size
        most = {"post": post - 1, "starts": count, "in_edge": count - 1, "in_pre": pre - 1, "pre": pre - 1}
        for name, array in edges._asdict().items():
            # Every unit keeps its number of connections.
            kept = Constant(array, identifies=True) if name == "in_starts" else Variable(
                array, bounds=(0, max(most.get(name, self.longest), 0)), description="Of the list of connections."
            )  # fmt: skip
            setattr(self, f"edges_{name}", kept)
        begins = projection.rewiring.weight
        if begins is None and not values.size:
            begins = 0.0
        elif begins is None:
            # Summed in float64, and no mean lies outside of its numbers, though a rounded one may.
            drawn = values.astype(np.float64)
            begins = float(np.clip(drawn.mean(), drawn.min(), drawn.max()))
        begins = abs(begins) if projection.inhibits else begins
        self.begins_with = Constant(np.asarray(begins).astype(values.dtype).astype(np.float32))
        seed = self.generator_beside(f"{projection.name}_rewiring", projection.seed).integers(2**32, size=2)
        self.rewiring_seed = Constant(seed.astype(np.uint32))

    def rewire(self, done: int, beside: Iterable[Variable], first: Iterable[Variable] = ()) -> None:
        """Replace connections once `done` steps are done, as the projection's `Rewiring` says.

        Args:
            done: Steps, from which the draws follow.
            beside: What a rule keeps of each connection, (connections,); 0 of a new one.
            first: Likewise what is of a new one its first weight.
        """
        projection = self.config.projection
        edges = Edges(*(np.asarray(array) for array in self.edges))
        seeds = [*np.asarray(self.rewiring_seed.value).tolist(), done]
        generator = np.random.Generator(np.random.Philox(np.random.SeedSequence(seeds)))
        sizes = (int(np.prod(self.input_shape)), int(np.prod(self.units)), self.longest)
        weights = np.asarray(self.weights.value).astype(np.float32)
        found = rewire(projection.rewiring, edges, weights, sizes, projection.loops, generator)
        if found is None:
            return
        for name, array in found.edges._asdict().items():
            if name != "in_starts":
                leaf_named(self, f"edges_{name}").value = jnp.asarray(array)
        begins = np.asarray(self.begins_with.value)
        filled = [(variable, np.float32(0)) for variable in beside]
        for variable, value in ((self.weights, begins), *((variable, begins) for variable in first), *filled):
            laid = np.asarray(variable.value)[found.order]
            laid[found.fresh] = value.astype(laid.dtype)
            variable.value = jnp.asarray(laid)

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """What arrives is known before its inputs are, so units that it feeds may come back to it."""
        return {"arrivals": PortSpec(FloatArray, self.config.units, "float32")}

    def edge_arrays(self) -> Edges:
        """The constants that hold the connections."""
        return Edges(*(leaf_named(self, f"edges_{name}") for name in Edges._fields))

    @property
    def edges(self) -> Edges:
        """The connections, as arrays."""
        return Edges(*(c.value for c in self.edge_arrays()))

    @property
    def kernel(self) -> Array:
        """All weights as one array (post..., pre...), zero where there is no connection."""
        shape = (*self.units, *self.input_shape)
        if not self.listed:
            return self.weights.value.T.reshape(shape)
        pre, post = int(np.prod(self.input_shape)), int(np.prod(self.units))
        edges = self.edges
        empty = jnp.zeros((post, pre), self.weights.dtype)
        return empty.at[edges.post, edges.pre].set(self.weights.value).reshape(shape)

    @kernel.setter
    def kernel(self, new: Array) -> None:
        pre, post = int(np.prod(self.input_shape)), int(np.prod(self.units))
        flat = new.reshape(post, pre)
        if self.config.projection.opens:
            # A rule of somebody's own knows no bound, and there are no negative conductances.
            flat = jnp.maximum(flat, 0)
        if self.listed:
            self.weights.value = flat[self.edges.post, self.edges.pre].astype(self.weights.dtype)
        else:
            self.weights.value = flat.T.astype(self.weights.dtype)

    def read(self, name: str) -> Payload:
        """A property as a payload; listed weights bring their connections along."""
        if name == "weights" and self.listed:
            return EdgeWeights(self.weights.value, self.edges)
        return super().read(name)

    def write(self, name: str, value: Array) -> None:
        """Set a property by its `name` to a `value`; weights that open a conductance are held at 0 or above.

        A rule with a least weight holds them there itself.
        """
        if name == "weights" and self.config.projection.opens and self._unbounded:
            value = jnp.maximum(value, 0)
        super().write(name, value)

    @property
    def _unbounded(self) -> bool:
        """Whether the rule is one of somebody's own that says nothing of a least weight."""
        rule = self.config.projection.rule
        least = None if rule is None else rule.field_or_none("minimum")
        return least is None or least < 0

    def __call__(self, spikes: SpikeArray) -> dict[str, Payload]:
        """Advance one step."""
        active = spikes.value.reshape(-1).astype(jnp.int8)
        active = active if self.config.projection.signed else jnp.abs(active)
        if not self.listed:
            return {"arrivals": FloatArray(deliver_dense(active, self.weights.value).reshape(self.units))}
        before = self.history.value if self.config.delayed else jnp.zeros((2, 1, active.shape[0]), jnp.uint32)
        history = push_history(before, active)
        arrivals = FloatArray(deliver_edges(history, self.weights.value, self.edges).reshape(self.units))
        if not self.config.delayed:
            return {"arrivals": arrivals}
        self.history.value = history
        return {"arrivals": arrivals, "arriving": DelayedSpikes(history, self.edges, (*self.units, *self.input_shape))}


def _nothing_to_rewire(pattern: str) -> Problem:
    """That a projection whose pattern stands at this address has no sources that its units do not have."""
    return Problem(
        f"{pattern.rpartition('.')[0]}.rewiring",
        "has nothing to replace connections by, got a pattern by which every unit has all sources",
        "Take a pattern such as FixedInDegree, or leave it out",
        "setting",
    )
