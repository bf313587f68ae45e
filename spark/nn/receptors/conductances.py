"""Receptors that open conductances."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.errors import Problem
from spark.core.parameter import decay
from spark.core.payloads import ConductanceArray, FloatArray, PotentialArray
from spark.core.ports import MeasuredFrom, PortSpec, Reverses
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.kernels.exponential import bounded_exponential
from spark.nn.receptors.peak import passing, slow_rises
from spark.nn.receptors.receptor import ConductanceOutput, Receptor, ReceptorConfig


class ExponentialConductanceConfig(ReceptorConfig):
    """How fast the conductance decays, and where its current reverses."""

    tau: Quantity = field(
        5.0, unit="ms", above=0, time_constant="exact", description="Time constant with which the conductance decays."
    )
    reversal: Quantity = field(0.0, unit="mV", description="Reversal potential.")


class ExponentialConductance(Receptor):
    """A conductance that jumps by the weights that arrive, and decays exponentially.

        tau dg/dt = -g        where a spike arrives:   g <- g + weight        I = g (reversal - V)

    Order of update in a step: what arrives is added to the conductance; that is put out; then it decays by
    exp(-dt/tau).

    Input ports: `arrivals` (nS), shape of the units. Output ports: `conductance` (nS), float32, same shape.
    Variables: `conductance` (nS), as the next step begins with.
    Source: Brette et al. 2007, doi:10.1007/s10827-007-0038-6, appendix 1.
    """

    config: ExponentialConductanceConfig
    signed = False
    unit_ports = ("arrivals", "conductance")

    def build(self, arrivals: PortSpec) -> None:
        """A conductance for each unit."""
        self.factor = self.make("tau", decay(self.config.dt, self.config.tau), arrivals.shape)
        self.conductance = Variable(
            np.zeros(arrivals.shape, np.float32), unit="nS", description="Conductance that the next step begins with."
        )

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Where the current reverses."""
        return {name: replace(spec, traits=(Reverses(self.config.reversal),)) for name, spec in outputs.items()}

    def __call__(self, arrivals: FloatArray) -> ConductanceOutput:
        """Advance one step."""
        conductance = self.conductance.value + arrivals.value.astype(jnp.float32)
        self.conductance.value = conductance * self.factor.value
        return {"conductance": ConductanceArray(conductance)}


class NMDAConfig(ReceptorConfig):
    """Time course, reversal potential, and the block by magnesium."""

    rise: Quantity = field(2.0, unit="ms", above=0, time_constant="exact", description="Time constant of the rise.")
    tau: Quantity = field(100.0, unit="ms", above=0, time_constant="exact", description="Time constant of the decay.")
    reversal: Quantity = field(0.0, unit="mV", description="Reversal potential.")
    magnesium: Quantity = field(
        1.0, least=0, description="Extracellular concentration of magnesium in mM; 0 blocks nothing."
    )

    def step_problems(self) -> list[Problem]:
        """A rise that is slower than the decay is none."""
        return [*super().step_problems(), *slow_rises(self.rise, self.tau)]


class NMDA(Receptor):
    """A conductance of NMDA receptors: a difference of two exponentials whose peak is the weight, blocked by magnesium.

        g = weight * s (exp(-t/tau) - exp(-t/rise)) / (1 + [Mg] / 3.57 exp(-0.062 V))
        V in mV, s makes the peak 1

    Order of update in a step: the conductance of this step is put out, 0 for what arrives in it, blocked as the
    potential of the last step's end asks; then both variables advance by the exact solution, after what arrives was
    added to `falling`.

    Input ports: `arrivals` (nS), `potential` (mV), shape of the units. Output ports: `conductance` (nS), float32, same
    shape.
    Variables: `unblocked` (nS), what the conductance of the next step would be without the block; `falling` (nS), the
    slow exponential, which jumps by the weight.
    Source: Jahr & Stevens 1990, doi:10.1523/JNEUROSCI.10-09-03178.1990 (the block); Brunel & Wang 2001,
    doi:10.1023/A:1011204814320 (the block in this form, with 3.57 mM and 0.062/mV; both time constants).
    """

    config: NMDAConfig
    signed = False
    unit_ports = ("arrivals", "potential", "conductance")

    def build(self, arrivals: PortSpec, potential: PortSpec) -> None:
        """Two numbers for each unit."""
        c = self.config
        self.falls = self.make("tau", decay(c.dt, c.tau), arrivals.shape)
        self.rises = self.make("rise", decay(c.dt, c.rise), arrivals.shape)
        self.passing = self.make("rise", passing(c.rise, c.tau, c.dt), arrivals.shape)
        zero = potential.trait(MeasuredFrom)
        rest = 0.0 if zero is None else zero.potential
        # The block at the potential that `potential` is measured from.
        blocked = np.asarray(c.magnesium, np.float64) / 3.57 * np.exp(-0.062 * np.asarray(rest, np.float64))
        self.blocked = self.make("magnesium", blocked, arrivals.shape)
        self.unblocked, self.falling = (
            Variable(np.zeros(arrivals.shape, np.float32), unit="nS", description=what)
            for what in ("Conductance of the next step, without the block.", "The exponential that decays slowly.")
        )

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Where the current reverses."""
        return {name: replace(spec, traits=(Reverses(self.config.reversal),)) for name, spec in outputs.items()}

    def __call__(self, arrivals: FloatArray, potential: PotentialArray) -> ConductanceOutput:
        """Advance one step."""
        unblocked = self.unblocked.value
        falling = self.falling.value + arrivals.value.astype(jnp.float32)
        self.unblocked.value = unblocked * self.rises.value + falling * self.passing.value
        self.falling.value = falling * self.falls.value
        millivolts = potential.value.astype(jnp.float32)
        block = 1.0 + self.blocked.value * bounded_exponential(jnp.float32(-0.062) * millivolts)
        return {"conductance": ConductanceArray(unblocked / block)}
