"""Projections whose weights stay: all that end at one receptor share their lists of connections and a ring of input."""

from typing import Any, TypedDict

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.module import Module
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Shape
from spark.core.variable import Constant, Variable
from spark.kernels.scatter import Rows, emit_scatter, scatter_spikes
from spark.nn.lowering import Arriving, GivesReceptor, Lowering, Receptor
from spark.nn.projections.draws import Drawn
from spark.nn.synapses.drawn import draw_rows


class StaticProjectionsConfig(ModuleConfig):
    """What a pool says of the projections that end at one of its receptors."""

    units: Shape = field(description="Shape of the pool.")
    projections: Any = field(
        description="The projections, in the order in which their spikes are joined; alike in sign and dtype of weights."
    )


class ArrivalsOutput(TypedDict):
    """What projections put out."""

    arrivals: FloatArray


class StaticProjections(Module, GivesReceptor):
    """Spikes are scattered, when they come in, into a ring of the steps to come; each step its row arrives.

    Sums are float32, by step of scattering, then presynaptic unit, then postsynaptic unit.

    Input ports: `spikes`, of all wires together. Output ports: `arrivals`, float32, shape of the units.
    Variables: `arriving`, float32 (slots, units).
    """

    config: StaticProjectionsConfig
    lowers = True
    works_on_others = True

    def build(self, spikes: PortSpec) -> None:
        """Draw connections, weights and delays."""
        self.units = self.config.units
        self.drawn: tuple[Drawn, ...] = tuple(self.config.projections)
        self.post = int(np.prod(self.units))
        dtype = self.drawn[0].settings.weight_dtype
        parts = spikes.wires
        wires = [drawn.wire(part) for drawn, part in zip(self.drawn, parts, strict=True)]
        rows, self.further, _ = draw_rows(self.generator, wires, self.units, self.config.dt, dtype)
        self.firsts = tuple(np.cumsum([0] + [part.size for part in parts]).tolist())
        self.signed = self.drawn[0].signed
        for name, array in rows._asdict().items():
            if array is not None:
                setattr(self, f"rows_{name}", Constant(array))
        self.several = rows.delays is not None
        spread = int(rows.delays.max()) if self.several and rows.delays.size else 0
        self.slots = self.further + spread + 1
        self.arriving = Variable(
            np.zeros((self.slots, self.post), np.float32), description="Input of the steps to come, a ring."
        )

    def _rows(self, of: Any) -> Rows:
        names = ("starts", "post", "weights", "delays") if self.several else ("starts", "post", "weights")
        found = {name: of(getattr(self, f"rows_{name}")) for name in names}
        return Rows(**{"delays": None, **found})

    @property
    def connected(self) -> Rows:
        """The connections, as arrays."""
        return self._rows(lambda constant: constant.value)

    def __call__(self, spikes: SpikeArray) -> ArrivalsOutput:
        """Advance one step."""
        now = self.step % self.slots
        active = spikes.value.reshape(-1).astype(jnp.int8)
        slot = (now + self.further) % self.slots
        ring = scatter_spikes(active, self.connected, self.arriving.value, slot, self.signed)
        self.arriving.value = ring.at[now].set(0.0)
        return {"arrivals": FloatArray(ring[now].reshape(self.units))}

    def lower(self, lowering: Lowering, spikes: Arriving) -> dict[str, Receptor]:
        """One instruction; whoever reads what arrives takes it out of the ring."""
        ring = lowering.variable(self.arriving)
        rows, shape = self._rows(lowering.constant), (self.slots, self.post)
        at = (lowering.entry("step"), self.further)
        emit_scatter(lowering.program, spikes.place, rows, ring, shape, at, self.signed)
        return {"arrivals": Receptor(None, ring, self.slots, 0.0)}
