"""The adaptive exponential integrate-and-fire soma."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray
from spark.core.ports import PortSpec
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.nn.somas.exponential import ExponentialSoma, ExponentialSomaConfig
from spark.nn.somas.soma import SomaOutput
from spark.nn.stepping import advanced


class AdaptiveExponentialSomaConfig(ExponentialSomaConfig):
    """Parameters of an adaptive exponential unit; the defaults are those of Brette and Gerstner 2005."""

    potential_rest: Quantity = field(-70.6, unit="mV", description="Leak reversal potential E_L.")
    potential_reset: Quantity = field(-70.6, unit="mV", description="Potential after a spike.")
    potential_first: Quantity = field(-70.6, unit="mV", description="Potential at the start and after a reset.")
    potential_tau: Quantity = field(
        281.0 / 30.0, unit="ms", above=0, time_constant="stored", description="Membrane time constant C / g_L."
    )
    threshold: Quantity = field(20.0, unit="mV", description="Potential at which the upswing is cut off as a spike.")
    cooldown: Quantity = field(0.0, unit="ms", least=0, description="Refractory period: the potential is held.")
    knee: Quantity = field(-50.4, unit="mV", description="Potential V_T at which the upswing begins.")
    sharpness: Quantity = field(2.0, unit="mV", above=0, description="Slope factor of the upswing, Delta_T.")
    resistance: Quantity = field(1000.0 / 30.0, unit="MOhm", above=0, description="Membrane resistance 1 / g_L.")
    adaptation_tau: Quantity = field(
        144.0, unit="ms", above=0, time_constant="stored", description="Time constant of the adaptation."
    )
    adaptation_coupling: Quantity = field(4.0, unit="nS", description="Subthreshold adaptation a.")
    adaptation_jump: Quantity = field(80.5, unit="pA", description="Adaptation b that a spike adds.")


class AdaptiveExponentialSoma(ExponentialSoma):
    """Adaptive exponential integrate-and-fire units (AdEx).

        tau dV/dt = -V + sharpness exp((V - knee) / sharpness) + R (I + I_background - g V - w)
        tau_w dw/dt = a V - w                                   V and knee in mV above rest, w and I in pA

    Order of update in a step: V and w take one step of the `scheme` together; jumps come on top; units above
    `threshold` fire, V is set to `potential_reset`, w jumps by `adaptation_jump`. While refractory V is held.
    Beyond `threshold` slopes are those at it; the exponent is bounded by 80.

    The conductances' current at rest is part of I; they stay during a step, in which V follows them exactly, however
    large they are.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: `potential` (mV above rest), `adaptation` (pA), `refractory` (int16, steps left).
    Source: Brette & Gerstner 2005, doi:10.1152/jn.00686.2005.
    """

    config: AdaptiveExponentialSomaConfig
    unit_ports = ("current", "conductance", "jump", "spikes")
    exposes = {"potential": PotentialArray, "adaptation": CurrentArray}

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Variables of the shape of what arrives."""
        super().build(current, conductance, jump)
        c, shape = self.config, self.potential.shape
        self.coupling = self.make("adaptation_coupling", c.adaptation_coupling, shape)
        self.rate = self.make("adaptation_tau", c.dt / np.asarray(c.adaptation_tau), shape)
        self.jump = self.make("adaptation_jump", c.adaptation_jump, shape)
        self.adaptation = Variable(np.zeros(shape, c.dtype), unit="pA", description="Adaptation current.")

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        arriving = self.arriving(current)

        def change(potential: jax.Array, adaptation: jax.Array) -> tuple[jax.Array, ...]:
            v = jnp.minimum(potential, self.level.value)
            slope = self.slope(v, arriving - adaptation)
            return self.gain.value * slope, self.rate.value * (self.coupling.value * v - adaptation)

        state = (self.potential.value.astype(jnp.float32), self.adaptation.value.astype(jnp.float32))
        now, adapted = advanced(self.config.scheme, change, state, self.drawn_by(conductance))
        spikes = self.fire(now if jump is None else now + jump.value.astype(jnp.float32))
        jumped = jnp.where(spikes.value != 0, adapted + self.jump.value, adapted)
        self.adaptation.value = jumped.astype(self.config.dtype)
        return {"spikes": spikes}
