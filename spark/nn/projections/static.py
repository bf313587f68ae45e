"""Projections whose weights stay: all that end at one receptor share their lists of connections and a ring of input."""

from collections.abc import Callable
from typing import Any, ClassVar, TypedDict

import jax.numpy as jnp
import numpy as np

from spark.arrays import Array
from spark.core.config import ModuleConfig, field
from spark.core.errors import ConfigError
from spark.core.module import Module
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.tree import leaf_named
from spark.core.values import Shape
from spark.core.variable import Constant, Variable
from spark.kernels.order import longest_delay
from spark.kernels.rows import Held, Rows
from spark.kernels.scatter import scatter_spikes
from spark.nn.projections.draws import Drawn, refuse_unused_weights
from spark.nn.synapses.drawn import draw_rows


class StaticProjectionsConfig(ModuleConfig):
    """What a pool says of the projections that end at one of its receptors."""

    units: Shape = field(description="Shape of the pool.")
    projections: Any = field(
        description="The projections in the order in which their spikes are joined, alike in sign and dtype of weights."
    )


class ArrivalsOutput(TypedDict):
    """What projections put out."""

    arrivals: FloatArray


class ListedProjections(Module):
    """Base of projections whose weights stay: those that end at one receptor share lists of connections and a ring.

    Class attributes:
        sent: The input port at which what the sources send arrives, of all wires together.
    """

    config: StaticProjectionsConfig
    sent: ClassVar[str]

    def prepare_lists(self, coming: PortSpec | None) -> None:
        """Draw connections, weights and delays of what is `coming`, and make the ring."""
        self.units = self.config.units
        self.drawn: tuple[Drawn, ...] = tuple(self.config.projections)
        self.post = int(np.prod(self.units))
        parts = () if coming is None else coming.wires
        self.firsts = tuple(np.cumsum([0] + [part.size for part in parts]).tolist())
        self.signed = any(drawn.signed for drawn in self.drawn)
        self.further, self.several, self.by_delay, longest = 0, False, False, 0
        self.row_fields: tuple[str, ...] = ()
        if parts:
            try:
                rows, self.further = self.draw(parts)
            except ConfigError as error:
                raise error.placed() from error.__cause__
            arrays = {name: array for name, array in rows._asdict().items() if array is not None}
            for name, array in arrays.items():
                setattr(self, f"rows_{name}", Constant(array))
            self.row_fields, self.by_delay, longest = tuple(arrays), rows.by_delay, longest_delay(rows)
            self.several = self.by_delay or rows.delays is not None
        self.slots = self.further + longest + 1
        self.arriving = Variable(
            np.zeros((self.slots, self.post), np.float32), description="Input of the steps to come, a ring."
        )

    def draw(self, parts: tuple[PortSpec, ...]) -> tuple[Rows, int]:
        """The connections from `parts`, what each wire brings, and how many steps are left of the shortest delay."""
        wires = [drawn.wire(part) for drawn, part in zip(self.drawn, parts, strict=True)]
        dtype = self.drawn[0].settings.weight_dtype
        rows, further, bring = draw_rows(self.generator, wires, self.units, self.config.dt, dtype)
        refuse_unused_weights(self.drawn, bring)
        for drawn, weights in zip(self.drawn, self._weights_of(rows, parts), strict=True):
            drawn.require_sign(weights)
        if self.drawn[0].inhibits:
            # In place: they may be large, and lie on large pages.
            np.abs(rows.weights, out=rows.weights)
        return rows, further

    def _weights_of(self, rows: Rows, parts: tuple[PortSpec, ...]) -> list[np.ndarray]:
        """The weights of the connections of each wire, or the one that all have."""
        weights, starts = np.asarray(rows.weights), np.asarray(rows.starts)
        if weights.size == 1:
            return [weights] * len(parts)
        by_unit = weights.size != rows.post.size
        found = []
        for first, part in zip(self.firsts, parts, strict=False):
            ends = (first, first + part.size) if by_unit else (starts[first], starts[first + part.size])
            found.append(weights[ends[0] : ends[1]])
        return found

    def rows(self, of: Callable[[Constant], Held]) -> Rows[Held]:
        """The connections, each array as `of` gives it for its constant."""
        found = {name: of(leaf_named(self, f"rows_{name}")) for name in self.row_fields}
        return Rows(found["starts"], found["post"], found["weights"], found.get("delays"), found.get("middles"))

    @property
    def connected(self) -> Rows[Array]:
        """The connections, as arrays; see `Rows` for their shapes."""
        return self.rows(lambda constant: constant.value)

    def arrived(self, row: Array) -> FloatArray:
        """What arrives in this step, a `row` of the ring, in the shape of the units."""
        return FloatArray(row.reshape(self.units))


class StaticProjections(ListedProjections):
    """Spikes are scattered, when they come in, into a ring of the steps to come; each step its row arrives.

    Native code delivers spikes that all arrive equally late when they arrive, and those of many connections with many
    delays in blocks of steps; both leave the same ring.

    Sums are float32, by step of scattering, then presynaptic unit, then postsynaptic unit.

    Input ports: `spikes`, of all wires together, (sources,); `amplitudes`, how much of its weight a spike of each
    source brings; `arrivals`, random events, which come on top in their own step. Output ports: `arrivals`, float32,
    shape of the units.
    Variables: `arriving`, float32 (slots, units).
    """

    any_of = ("spikes", "arrivals")
    unit_ports = ("arrivals",)
    sent = "spikes"

    def build(
        self,
        spikes: PortSpec | None = None,
        amplitudes: PortSpec | None = None,
        arrivals: PortSpec | None = None,
    ) -> None:
        """Draw connections, weights and delays."""
        self.prepare_lists(spikes)

    def __call__(
        self,
        spikes: SpikeArray | None = None,
        amplitudes: FloatArray | None = None,
        arrivals: FloatArray | None = None,
    ) -> ArrivalsOutput:
        """Advance one step."""
        now, ring = self.step % self.slots, self.arriving.value
        if spikes is not None:
            active = spikes.value.reshape(-1).astype(jnp.int8)
            slot = (now + self.further) % self.slots
            brings = None if amplitudes is None else amplitudes.value.reshape(-1)
            ring = scatter_spikes(active, self.connected, ring, slot, self.signed, amplitudes=brings)
        arrived = ring[now] if arrivals is None else ring[now] + arrivals.value.reshape(-1).astype(jnp.float32)
        self.arriving.value = ring.at[now].set(0.0)
        return {"arrivals": self.arrived(arrived)}
