"""A projection whose weights a rule may change."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.delayed import DelayedSpikes
from spark.core.errors import ConfigError
from spark.core.payloads import FloatArray, Payload, SpikeArray
from spark.core.ports import Ports, PortSpec
from spark.core.values import Shape
from spark.core.variable import Variable
from spark.kernels import build_edges, history_words, push_history
from spark.kernels.instructions import PUSH, SIGN
from spark.kernels.place import Place
from spark.nn.lowering import Arriving, Change, Lowering, Postponed
from spark.nn.projections.draws import Made
from spark.nn.synapses.linear import LinearSynapses


class PlasticProjectionConfig(ModuleConfig):
    """What a pool says of a projection whose weights may change."""

    units: Shape = field(description="Shape of the pool.")
    projection: Any = field(description="The projection: a `Drawn`, or `Pairs`.")

    @property
    def delayed(self) -> bool:
        """Whether connections have delays beyond the wire's."""
        return self.projection.delayed


class PlasticProjection(LinearSynapses):
    """Connections whose weights are state: each step the sum of weight times spike over those that a spike reaches now.

    All pairs without delays are a matrix of shape (pre, post); everything else is a list. With delays the last spikes
    are remembered, and each connection reads its own.

    Input ports: `spikes`. Output ports: `arrivals`, float32, shape of the units; with delays `arriving`, a
    `DelayedSpikes`: what a rule reads as presynaptic spikes.
    Variables: `weights`, in the receptor's unit; with delays `history`, uint32 (2, words, inputs).
    """

    config: PlasticProjectionConfig
    lowers = True
    unit_ports = ("arrivals",)
    # Of every pair: none, see `DelayedSpikes`.
    delays = None

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
        if self.listed:
            edges, order = build_edges(made.pre, made.post, made.left, pre, post, made.longest)
            self.keep_edges(edges)
            values = values[order]
        if self.config.delayed:
            self.history = Variable(
                np.zeros((2, history_words(self.longest), pre), np.uint32),
                description="Fired and sign bits of the last steps.",
            )
        self.weights = Variable(values, description="Weight of each connection, in the receptor's unit.")

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """What arrives is known before its inputs are, so units that it feeds may come back to it."""
        return {"arrivals": PortSpec(FloatArray, self.config.units, "float32")}

    def lower(self, lowering: Lowering, spikes: Arriving, change: Change | Postponed | None = None) -> dict[str, Place]:
        """One instruction, after one that remembers the spikes where there are delays."""
        if not self.config.delayed:
            return {"arrivals": super().lower(lowering, self._counted(lowering, spikes), change)["current"]}
        history = lowering.variable(self.history)
        lowering.program.emit(PUSH, (history, self._counted(lowering, spikes).place), history.shape[1:])
        return {"arrivals": super().lower(lowering, Arriving(history), change)["current"], "arriving": history}

    def _counted(self, lowering: Lowering, spikes: Arriving) -> Arriving:
        """Spikes with the sign that counts: a spike times itself is +1."""
        if self.config.projection.signed:
            return spikes
        place = lowering.program.scratch((spikes.place.size,), "int8")
        lowering.program.emit(SIGN, (place, spikes.place, spikes.place), (spikes.place.size,))
        return Arriving(place)

    def __call__(self, spikes: SpikeArray) -> dict[str, Payload]:
        """Advance one step."""
        active = spikes.value.reshape(-1).astype(jnp.int8)
        active = active if self.config.projection.signed else jnp.abs(active)
        if not self.config.delayed:
            return {"arrivals": FloatArray(self.delivered(SpikeArray(active)))}
        self.history.value = push_history(self.history.value, active)
        arriving = DelayedSpikes(self.history.value, None, (*self.units, *self.input_shape))
        return {"arrivals": FloatArray(self.delivered(arriving)), "arriving": arriving}
