"""The adaptive exponential integrate-and-fire soma."""

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.errors import Problem
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray
from spark.core.ports import PortSpec
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.kernels.exponential import exponential
from spark.nn.somas.point import PointSoma, PointSomaConfig
from spark.nn.somas.soma import SomaOutput

# Beyond this exponent a unit is far above any threshold; float32 overflows at 88.7.
MOST = 80.0


class AdaptiveExponentialSomaConfig(PointSomaConfig):
    """Parameters of an adaptive exponential unit; the defaults are those of Brette and Gerstner 2005."""

    potential_rest: Quantity = field(-70.6, unit="mV", description="Leak reversal potential E_L.")
    potential_reset: Quantity = field(-70.6, unit="mV", description="Potential after a spike.")
    potential_first: Quantity = field(-70.6, unit="mV", description="Potential at the start and after a reset.")
    potential_tau: Quantity = field(
        281.0 / 30.0, unit="ms", above=0, time_constant="stored", description="Membrane time constant C / g_L."
    )
    threshold: Quantity = field(20.0, unit="mV", description="Potential at which the upswing is cut off as a spike.")
    cooldown: float = field(0.0, unit="ms", least=0, description="Refractory period: the potential is held.")
    knee: Quantity = field(-50.4, unit="mV", description="Potential V_T at which the upswing begins.")
    sharpness: Quantity = field(2.0, unit="mV", above=0, description="Slope factor of the upswing, Delta_T.")
    resistance: Quantity = field(1000.0 / 30.0, unit="MOhm", above=0, description="Membrane resistance 1 / g_L.")
    background: Quantity = field(0.0, unit="pA", description="Constant current.")
    adaptation_tau: Quantity = field(
        144.0, unit="ms", above=0, time_constant="stored", description="Time constant of the adaptation."
    )
    adaptation_coupling: Quantity = field(4.0, unit="nS", description="Subthreshold adaptation a.")
    adaptation_jump: Quantity = field(80.5, unit="pA", description="Adaptation b that a spike adds.")

    def step_problems(self) -> list[Problem]:
        """A step of Euler's method beyond a time constant overshoots, and grows without end."""
        found = super().step_problems()
        for name in ("potential_tau", "adaptation_tau"):
            least = float(np.min(getattr(self, name)))
            if least < self.dt:
                text = f"is shorter than a step, got {least:g} ms with dt={self.dt:g} ms; expected at least dt"
                found.append(Problem(name, text, "Shorten dt: Euler's method would overshoot", "bounds"))
        return found


class AdaptiveExponentialSoma(PointSoma):
    """Adaptive exponential integrate-and-fire units (AdEx).

        tau dV/dt = -V + sharpness exp((V - knee) / sharpness) + R (I + I_background - g V - w)
        tau_w dw/dt = a V - w                                   V and knee in mV above rest, w and I in pA

    Order of update in a step: V and w take one forward Euler step, both from their values before it; units
    above `threshold` fire, V is set to `potential_reset`, w jumps by `adaptation_jump`. While refractory V is
    held. The exponent is bounded by 80, far beyond any threshold.

    The conductances' current at rest is part of I; jumps come on top.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, 1
    where a unit fired.
    Variables: `potential` (mV above rest), `adaptation` (pA), `refractory` (int16, steps left).
    Source: Brette & Gerstner 2005, doi:10.1152/jn.00686.2005.
    """

    config: AdaptiveExponentialSomaConfig
    exposes = {"potential": PotentialArray, "adaptation": CurrentArray}

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Variables of the shape of what arrives."""
        c, shape = self.config, self.shape_of_units() if current is None else current.shape
        self.prepare_point(shape)
        self.gain = self.make("potential_tau", c.dt / np.asarray(c.potential_tau), shape)
        self.target = self.make("background", c.background, shape)
        self.knee = self.make("knee", np.subtract(c.knee, c.potential_rest), shape)
        self.steepness = self.make("sharpness", 1.0 / np.asarray(c.sharpness), shape)
        self.sharpness = self.make("sharpness", c.sharpness, shape)
        self.resistance = self.make("resistance", np.multiply(c.resistance, 1e-3), shape)
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
        before = self.potential.value.astype(jnp.float32)
        adaptation = self.adaptation.value.astype(jnp.float32)
        arriving = self.target.value if current is None else self.target.value + current.value.astype(jnp.float32)
        if conductance is not None:
            arriving = arriving - conductance.value.astype(jnp.float32) * before
        power = jnp.minimum((before - self.knee.value) * self.steepness.value, np.float32(MOST))
        slope = exponential(power) * self.sharpness.value - before
        slope = slope + self.resistance.value * (arriving - adaptation)
        adapted = adaptation + self.rate.value * (self.coupling.value * before - adaptation)
        now = before + self.gain.value * slope
        spikes = self.fire(now if jump is None else now + jump.value.astype(jnp.float32))
        jumped = jnp.where(spikes.value != 0, adapted + self.jump.value, adapted)
        self.adaptation.value = jumped.astype(self.config.dtype)
        return {"spikes": spikes}
