"""Synapses whose weights stay: sparse, with memory and work that follow connections and spikes."""

from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, TypedDict

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.parameter import decay
from spark.core.payloads import CurrentArray, Payload, PotentialArray, SpikeArray
from spark.core.ports import Decays, PortSpec
from spark.core.values import Number, Shape
from spark.core.variable import Constant, Variable
from spark.kernels.program import ADD_COUNTS
from spark.kernels.scatter import Rows, emit_scatter, scatter_spikes
from spark.nn.connections import AnyConnectivity, FixedProbability
from spark.nn.each_wire import EACH, one_or_each
from spark.nn.initializers import AnyInitializer, ConstantInitializer
from spark.nn.lowering import Arriving, Background, GivesReceptor, Lowering, Receptor, TakesReceptor
from spark.nn.synapses.drawn import check_kernel_beside_weights, draw_rows, wires_of


class StaticSynapsesConfig(ModuleConfig):
    """Connections, weights and delays; each one for all wires, or a tuple with one for each wire."""

    units: Shape | None = field(None, description="Shape of the pool; a neuron hands it down.")
    connections: Annotated[Any, one_or_each(AnyConnectivity), EACH] = field(
        factory=lambda: FixedProbability(probability=0.1), description="Which connections there are."
    )
    kernel: Annotated[Any, one_or_each(AnyInitializer), EACH] = field(
        factory=lambda: ConstantInitializer(value=1.0),
        description="Weights, unless the connections bring their own: a number, an initializer, or an array, with one "
        "for each connection or of shape (post, pre).",
    )
    delay: Annotated[Any, one_or_each(AnyInitializer), EACH] = field(
        factory=lambda: ConstantInitializer(value=1.0),
        unit="ms",
        description="From a spike to its effect, rounded to the nearest step and at least dt; the step that a wire of "
        "a brain takes is the first of it.",
    )
    signed: bool = field(True, description="Whether spikes of inhibitory units count as -1; else all count as +1.")
    weight_dtype: Literal["float32", "float16", "bfloat16"] = field(
        "float32", description="How weights are stored; sums are float32."
    )


class ExponentialSynapsesConfig(StaticSynapsesConfig):
    """Connections, weights, delays, and how fast the current decays."""

    tau: Number = field(
        5.0, unit="ms", above=0, time_constant="exact", description="Time constant with which the current decays."
    )


class DeltaSynapsesOutput(TypedDict):
    """What delta synapses put out."""

    jump: PotentialArray


class ExponentialSynapsesOutput(TypedDict):
    """What exponential synapses put out."""

    current: CurrentArray


class StaticSynapses(Module, TakesReceptor, GivesReceptor):
    """Draws the connections and scatters spikes into a ring of the steps to come."""

    config: StaticSynapsesConfig
    receptor_ports = ("arrivals",)
    works_on_others = True
    holds_current = False
    inhibits = False
    puts_out: ClassVar[tuple[str, type[Payload]]]

    def build(self, spikes: PortSpec) -> None:
        """Draw connections, weights and delays."""
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
        self.pre, self.post = spikes.size, int(np.prod(self.units))
        wires = wires_of(self, spikes)
        rows, self.further, bring = draw_rows(
            self.generator, wires, self.units, self.config.dt, self.config.weight_dtype
        )
        check_kernel_beside_weights(self, bring)
        # Every spike lowers what it reaches, whatever signs it and its weight have.
        rows = rows._replace(weights=-np.abs(rows.weights)) if self.inhibits else rows
        self.signed = self.config.signed and not self.inhibits
        for name, array in rows._asdict().items():
            if array is not None:
                setattr(self, f"rows_{name}", Constant(array))
        self.several = rows.delays is not None
        spread = int(rows.delays.max()) if self.several and rows.delays.size else 0
        self.slots = self.further + spread + 1
        if self.slots > 1 or not self.holds_current:
            self.arriving = Variable(
                np.zeros((self.slots, self.post), np.float32), description="Input of the steps to come, a ring."
            )

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """What it puts out is known before its inputs are, so units that it feeds may come back to it."""
        port, payload = self.puts_out
        units = self.config.units
        return {} if units is None else self.describe_outputs({port: PortSpec(payload, units, "float32")})

    def _rows(self, of: Any) -> Rows:
        names = ("starts", "post", "weights", "delays") if self.several else ("starts", "post", "weights")
        found = {name: of(getattr(self, f"rows_{name}")) for name in names}
        return Rows(**{"delays": None, **found})

    @property
    def connected(self) -> Rows:
        """The connections, as arrays."""
        return self._rows(lambda constant: constant.value)

    def _scatter(self, spikes: SpikeArray, ring: Any, slot: Any) -> Any:
        active = spikes.value.reshape(-1).astype(jnp.int8)
        return scatter_spikes(active, self.connected, ring, slot, self.signed)

    def _arrived(self, spikes: SpikeArray, further: CurrentArray | None) -> Any:
        """Scatter this step's spikes; take what arrives now out of the ring, and what else arrives."""
        now = self.step % self.slots
        ring = self._scatter(spikes, self.arriving.value, (now + self.further) % self.slots)
        self.arriving.value = ring.at[now].set(0.0)
        return ring[now] if further is None else ring[now] + further.value.reshape(-1).astype(jnp.float32)

    def _emit(self, lowering: Lowering, spikes: Arriving, ring: Variable, further: Background | None) -> Any:
        place = lowering.variable(ring)
        step = lowering.entry("step")
        rows = self._rows(lowering.constant)
        shape = (self.slots, self.post)
        emit_scatter(lowering.program, spikes.place, rows, place, shape, (step, self.further), self.signed)
        if further is not None:
            wholes = (self.post, further.bounds.size, self.slots)
            lowering.program.emit(ADD_COUNTS, (further.key, step, further.bounds, place), wholes, (further.weight,))
        return place


class DeltaSynapses(StaticSynapses):
    """Synapses that make the potential jump by the weight (mV) of each spike that arrives.

    Input ports: `spikes`, and `arrivals`, which come on top. Output ports: `jump` (mV), shape of the units.
    Variables: `arriving`, float32 (slots, units): a spike is scattered once, when it comes in, to the step at which it
    arrives. Sums are float32, by step of scattering, then presynaptic unit, then postsynaptic unit.
    """

    config: StaticSynapsesConfig
    lowers = True
    puts_out = ("jump", PotentialArray)

    def __call__(self, spikes: SpikeArray, arrivals: CurrentArray | None = None) -> DeltaSynapsesOutput:
        """Advance one step."""
        return {"jump": PotentialArray(self._arrived(spikes, arrivals).reshape(self.units))}

    def lower(self, lowering: Lowering, spikes: Arriving, arrivals: Background | None = None) -> dict[str, Receptor]:
        """One instruction; the soma takes what arrives out of the ring."""
        return {"jump": Receptor(None, self._emit(lowering, spikes, self.arriving, arrivals), self.slots, 0.0)}


class ExponentialSynapses(StaticSynapses):
    """Synapses whose current jumps by the weight of each spike that arrives, and decays exponentially.

    Order of update in a step: the weights of the spikes that arrive now are added to the current; that is put out;
    then it decays by exp(-dt/tau). A soma that is integrated exactly takes the decay within the step into account.

    Input ports: `spikes`, and `arrivals`, which come on top. Output ports: `current` (pA; for a
    `ConductanceSoma` the conductance relative to the leak), shape of the units.
    Variables: `current`, as the next step begins with; and with delays beyond one step `arriving`, see `DeltaSynapses`.
    """

    config: ExponentialSynapsesConfig
    lowers = True
    puts_out = ("current", CurrentArray)
    holds_current = True

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """The current decays."""
        return {name: replace(spec, traits=(Decays(self.config.tau),)) for name, spec in outputs.items()}

    def build(self, spikes: PortSpec) -> None:
        """Draw connections, weights and delays."""
        super().build(spikes)
        self.factor = float(decay(self.config.dt, self.config.tau))
        self.current = Variable(np.zeros(self.post, np.float32), unit="pA", description="Current of the next step.")

    def __call__(self, spikes: SpikeArray, arrivals: CurrentArray | None = None) -> ExponentialSynapsesOutput:
        """Advance one step."""
        if self.slots > 1:
            current = self.current.value + self._arrived(spikes, arrivals)
        else:
            current = self._scatter(spikes, self.current.value[None], 0)[0]
            current = current if arrivals is None else current + arrivals.value.reshape(-1).astype(jnp.float32)
        self.current.value = current * self.factor
        return {"current": CurrentArray(current.reshape(self.units))}

    def lower(self, lowering: Lowering, spikes: Arriving, arrivals: Background | None = None) -> dict[str, Receptor]:
        """One instruction; the soma reads the current, lets it decay, and takes what arrives out of the ring."""
        held = lowering.variable(self.current)
        if self.slots > 1:
            ring = self._emit(lowering, spikes, self.arriving, arrivals)
            return {"current": Receptor(held, ring, self.slots, self.factor)}
        self._emit(lowering, spikes, self.current, arrivals)
        return {"current": Receptor(held, None, 1, self.factor)}


class InhibitoryDeltaSynapses(DeltaSynapses):
    """Delta synapses that lower the potential: every spike brings minus the size of the weight, whatever their signs.

    Ports and variables as in `DeltaSynapses`; `rows_weights` holds weights with the sign that they act with.
    """

    config: StaticSynapsesConfig
    lowers = True
    inhibits = True


class InhibitoryExponentialSynapses(ExponentialSynapses):
    """Exponential synapses that lower the potential: every spike brings minus the size of the weight, whatever their
    signs.

    Ports and variables as in `ExponentialSynapses`; `rows_weights` holds weights with the sign that they act with.
    """

    config: ExponentialSynapsesConfig
    lowers = True
    inhibits = True
