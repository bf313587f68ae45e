"""The passive dendrite."""

import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray
from spark.core.ports import Decays, MeasuredFrom, PortSpec
from spark.core.values import Quantity
from spark.kernels.exponential import exponential
from spark.nn.dendrites.dendrite import Dendrite, DendriteConfig, DendriteOutput, shape_of
from spark.nn.integration import acting_share


class LeakyDendriteConfig(DendriteConfig):
    """Membrane, and how well it is coupled with the soma."""

    coupling: Quantity = field(20.0, unit="nS", least=0, description="Conductance between dendrite and soma.")


class LeakyDendrite(Dendrite):
    """A passive compartment, coupled with the soma by a conductance.

        tau dV/dt = -V + R (I - g V + g_c (V_s - V))          V in mV above rest, I in pA, g and g_c in nS, R in MOhm
        current into the soma: g_c (V - V_s)

    The conductances' current at rest is part of I. Order of update in a step: the current that the potentials of the
    last step drive is put out; V takes the exponential Euler step with the soma's potential held, exact for constant
    input, and without conductances for currents that decay within the step; jumps come on top. Between dendrite and
    soma the step is of the first order.

    Input ports: `potential` (mV), the soma's; `current` (pA), `conductance` (nS), `jump` (mV), shape of the units.
    Output ports: `current` (pA), float32, same shape.
    Variables: `potential` (mV above rest).
    Source: Gerstner, Kistler, Naud & Paninski 2014, doi:10.1017/CBO9781107447615, section 3.2 (compartments).
    """

    config: LeakyDendriteConfig
    unit_ports = ("potential", "current", "conductance", "jump")

    @classmethod
    def acting(cls, config: LeakyDendriteConfig, current: Decays) -> Numeric:
        """Its coupling is a leak too."""
        leaks = 1.0 + np.multiply(config.resistance, 1e-3) * np.asarray(config.coupling)
        return acting_share(config.dt, np.asarray(config.potential_tau) / leaks, current.tau)

    def build(
        self,
        potential: PortSpec,
        current: PortSpec | None = None,
        conductance: PortSpec | None = None,
        jump: PortSpec | None = None,
    ) -> None:
        """The coupling, and where both potentials are measured from."""
        c, shape = self.config, shape_of(self.config, potential)
        self.prepare_membrane(shape)
        zero = potential.trait(MeasuredFrom)
        apart = np.subtract(0.0 if zero is None else zero.potential, c.potential_rest)
        self.apart = self.make("potential_rest", apart, shape)
        self.coupling = self.make("coupling", c.coupling, shape)
        self.rate = self.make("potential_tau", np.divide(c.dt, c.potential_tau), shape)
        self.resistance = self.make("resistance", np.multiply(c.resistance, 1e-3), shape)

    def __call__(
        self,
        potential: PotentialArray,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> DendriteOutput:
        """Advance one step."""
        before, soma = self.potential.value.astype(jnp.float32), potential.value.astype(jnp.float32) + self.apart.value
        coupling = self.coupling.value
        into: Numeric = coupling * soma
        out: Numeric = coupling
        if current is not None:
            into = into + current.value.astype(jnp.float32)
        if conductance is not None:
            out = out + conductance.value.astype(jnp.float32)
        total = 1.0 + self.resistance.value * out
        target = self.resistance.value * into / total
        now = target + exponential(jnp.asarray(-self.rate.value * total, jnp.float32)) * (before - target)
        now = now if jump is None else now + jump.value.astype(jnp.float32)
        self.potential.value = now.astype(self.config.dtype)
        return {"current": CurrentArray(coupling * (before - soma))}
