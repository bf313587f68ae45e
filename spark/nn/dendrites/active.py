"""Active dendrites: plateaus, and action potentials that run back into them."""

import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.parameter import steps
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number, Quantity
from spark.core.variable import Variable
from spark.kernels.exponential import bounded_exponential, exponential
from spark.nn.dendrites.dendrite import Dendrite, DendriteConfig, DendriteOutput, shape_of


class PlateauDendriteConfig(DendriteConfig):
    """A membrane with a regenerative current; the defaults are those of Naud & Sprekeler's apical dendrite."""

    potential_rest: Quantity = field(-70.0, unit="mV", description="Resting potential.")
    potential_tau: Quantity = field(
        7.0, unit="ms", above=0, time_constant="stored", description="Membrane time constant."
    )
    resistance: Quantity = field(7000.0 / 170.0, unit="MOhm", above=0, description="Membrane resistance, tau / 170 pF.")
    onset: Quantity = field(-38.0, unit="mV", description="Potential at which half of the regenerative current flows.")
    slope: Quantity = field(6.0, unit="mV", above=0, description="How much more opens e-fold more of it, below onset.")
    regenerative: Quantity = field(1200.0, unit="pA", least=0, description="Greatest regenerative current.")
    into_soma: Quantity = field(1300.0, unit="pA", least=0, description="Greatest current into the soma.")
    adaptation: Quantity = field(13.0, unit="nS", least=0, description="Conductance of the current that ends plateaus.")
    adaptation_tau: Quantity = field(
        30.0, unit="ms", above=0, time_constant="exact", description="Time constant of that current."
    )


class PlateauDendrite(Dendrite):
    """A dendrite that answers strong input with a plateau, as by NMDA or calcium spikes, and tells the soma only that.

        tau dV/dt = -V + R (I - g V + I_r f(V) - w)        f(V) = 1 / (1 + exp((onset - V) / slope))
        tau_w dw/dt = -w + a V                              V in mV above rest, currents in pA, a and g in nS
        current into the soma: I_s f(V)

    Order of update in a step: f is taken of V as the last step left it, and put out; V takes the exponential Euler step
    with f and w held, without conductances exact for currents that decay within the step; w takes the exact step for V
    as the last step left it; jumps come on top of V.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `current` (pA),
    float32, same shape.
    Variables: `potential` (mV above rest), `adapted` (pA).
    Source: Naud & Sprekeler 2018, doi:10.1073/pnas.1720995115, with conductances beside it.
    """

    config: PlateauDendriteConfig
    unit_ports = ("current", "conductance", "jump")

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Two numbers for each unit."""
        self.prepare_active(shape_of(self.config, current, conductance, jump))

    def prepare_active(self, shape: tuple[int, ...]) -> None:
        """Parameters and variables of this `shape`."""
        c = self.config
        self.prepare_membrane(shape)
        self.rate = self.make("potential_tau", np.divide(c.dt, c.potential_tau), shape)
        self.resistance = self.make("resistance", np.multiply(c.resistance, 1e-3), shape)
        self.onset = self.make("onset", np.subtract(c.onset, c.potential_rest), shape)
        self.slope = self.make("slope", c.slope, shape)
        self.regenerative = self.make("regenerative", c.regenerative, shape)
        self.into_soma = self.make("into_soma", c.into_soma, shape)
        self.adaptation = self.make("adaptation", c.adaptation, shape)
        self.gain = self.make("adaptation_tau", -np.expm1(-c.dt / np.asarray(c.adaptation_tau)), shape)
        self.adapted = Variable(np.zeros(shape, np.float32), unit="pA", description="Current that ends plateaus, w.")

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> DendriteOutput:
        """Advance one step."""
        return self.advanced(jnp.float32(0), current, conductance, jump)

    def advanced(
        self,
        more: Numeric,
        current: CurrentArray | None,
        conductance: ConductanceArray | None,
        jump: PotentialArray | None,
    ) -> DendriteOutput:
        """One step with `more` current, pA, shape of the units, beside the `current`, `conductance` and `jump`."""
        before, adapted = self.potential.value.astype(jnp.float32), self.adapted.value
        opened = 1.0 / (1.0 + bounded_exponential((self.onset.value - before) / self.slope.value))
        into = more + self.regenerative.value * opened - adapted
        into = into if current is None else into + current.value.astype(jnp.float32)
        open_part = jnp.float32(0) if conductance is None else conductance.value.astype(jnp.float32)
        total = 1.0 + self.resistance.value * open_part
        target = self.resistance.value * into / total
        now = target + exponential(jnp.asarray(-self.rate.value * total, jnp.float32)) * (before - target)
        now = now if jump is None else now + jump.value.astype(jnp.float32)
        self.adapted.value = adapted + self.gain.value * (self.adaptation.value * before - adapted)
        self.potential.value = now.astype(self.config.dtype)
        return {"current": CurrentArray(self.into_soma.value * opened)}


class BackpropagatingDendriteConfig(PlateauDendriteConfig):
    """As of a `PlateauDendrite`, and the current of an action potential that runs back."""

    back: Quantity = field(2600.0, unit="pA", least=0, description="Current of an action potential that runs back.")
    back_delay: Number = field(0.5, unit="ms", least=0, description="From the soma's spike to that current.")
    back_duration: Number = field(2.0, unit="ms", above=0, description="How long it flows.")


class BackpropagatingDendrite(PlateauDendrite):
    """A `PlateauDendrite` into which action potentials of the soma run back: a spike soon after input makes a plateau.

        tau dV/dt = -V + R (I - g V + I_r f(V) + I_back - w)
        I_back = `back` from `back_delay` on for `back_duration` after a spike of the soma, else 0

    Of two spikes only the later counts. Order of update as in `PlateauDendrite`; spikes are those of the last step, so
    that a delay below dt counts as dt.

    Input ports: `spikes`, the soma's; `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output
    ports: `current` (pA), float32, same shape.
    Variables: `potential` (mV above rest), `adapted` (pA), `since` (int32, steps since the soma's spike).
    Source: Naud & Sprekeler 2018, doi:10.1073/pnas.1720995115, with conductances beside it.
    """

    config: BackpropagatingDendriteConfig
    unit_ports = ("spikes", "current", "conductance", "jump")

    def build(
        self,
        spikes: PortSpec,
        current: PortSpec | None = None,
        conductance: PortSpec | None = None,
        jump: PortSpec | None = None,
    ) -> None:
        """A counter beside the rest; no unit has fired yet."""
        c = self.config
        self.prepare_active(spikes.shape)
        self.begins = max(1, steps(c.back_delay, c.dt))
        self.ends = self.begins + steps(c.back_duration, c.dt)
        self.back = self.make("back", c.back, spikes.shape)
        self.since = Variable(
            np.full(spikes.shape, self.ends, np.int32), unit="steps", description="Since the soma's last spike."
        )

    def __call__(
        self,
        spikes: SpikeArray,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> DendriteOutput:
        """Advance one step."""
        since = jnp.minimum(jnp.where(spikes.value != 0, np.int32(0), self.since.value) + np.int32(1), self.ends)
        self.since.value = since
        flows = (since >= self.begins) & (since < self.ends)
        more = jnp.where(flows, jnp.float32(1), jnp.float32(0)) * self.back.value
        return self.advanced(more, current, conductance, jump)
