"""The exponential integrate-and-fire soma."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.errors import Problem
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray
from spark.core.ports import PortSpec
from spark.core.values import Quantity
from spark.kernels.exponential import exponential
from spark.nn.somas.point import PointSoma, PointSomaConfig
from spark.nn.somas.soma import SomaOutput
from spark.nn.stepping import DESCRIPTION, Scheme, advanced

# Beyond this exponent a unit is far above any threshold; float32 overflows at 88.7.
MOST = 80.0


class ExponentialSomaConfig(PointSomaConfig):
    """Parameters of an exponential unit; the defaults are those of Fourcaud-Trocme et al. 2003."""

    potential_rest: Quantity = field(-65.0, unit="mV", description="Leak reversal potential E_L.")
    potential_reset: Quantity = field(-68.0, unit="mV", description="Potential after a spike.")
    potential_first: Quantity = field(-65.0, unit="mV", description="Potential at the start and after a reset.")
    potential_tau: Quantity = field(
        10.0, unit="ms", above=0, time_constant="stored", description="Membrane time constant C / g_L."
    )
    threshold: Quantity = field(-30.0, unit="mV", description="Potential at which the upswing is cut off as a spike.")
    cooldown: Quantity = field(1.7, unit="ms", least=0, description="Refractory period: the potential is held.")
    knee: Quantity = field(-59.9, unit="mV", description="Potential V_T at which the upswing begins.")
    sharpness: Quantity = field(3.48, unit="mV", above=0, description="Slope factor of the upswing, Delta_T.")
    resistance: Quantity = field(100.0, unit="MOhm", above=0, description="Membrane resistance 1 / g_L.")
    background: Quantity = field(0.0, unit="pA", description="Constant current.")
    scheme: Scheme = field("euler", description=DESCRIPTION)

    def step_problems(self) -> list[Problem]:
        """A step of these schemes beyond a time constant overshoots, and grows without end."""
        found = super().step_problems()
        for name, value in ((n, v) for n, v in self if n.endswith("_tau")):
            least = float(np.min(value))
            if least < self.dt:
                text = f"is shorter than a step, got {least:g} ms with dt={self.dt:g} ms; expected at least dt"
                found.append(Problem(name, text, "Shorten dt: Euler's method would overshoot", "bounds"))
        return found


class ExponentialSoma(PointSoma):
    """Exponential integrate-and-fire units (EIF).

        tau dV/dt = -V + sharpness exp((V - knee) / sharpness) + R (I + I_background - g V)
                                                                V and knee in mV above rest, I in pA, g in nS, R in MOhm

    Order of update in a step: V takes one step of the `scheme`; jumps come on top; units above `threshold` fire and are
    set to `potential_reset`. While refractory V is held. Beyond `threshold` the slope is that at it; the exponent is
    bounded by 80.

    The conductances' current at rest is part of I; they stay during a step, in which V follows them exactly, however
    large they are.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: `potential` (mV above rest), `refractory` (int16, steps left).
    Source: Fourcaud-Trocme, Hansel, van Vreeswijk & Brunel 2003, doi:10.1523/JNEUROSCI.23-37-11628.2003.
    """

    config: ExponentialSomaConfig
    unit_ports = ("current", "conductance", "jump", "spikes")

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

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        arriving = self.arriving(current)

        def change(potential: jax.Array) -> tuple[jax.Array, ...]:
            return (self.gain.value * self.slope(jnp.minimum(potential, self.level.value), arriving),)

        state = (self.potential.value.astype(jnp.float32),)
        (now,) = advanced(self.config.scheme, change, state, self.drawn_by(conductance))
        return {"spikes": self.fire(now if jump is None else now + jump.value.astype(jnp.float32))}

    def arriving(self, current: CurrentArray | None) -> Numeric:
        """What flows in beside conductances, pA, shape of the units: a constant, and what arrives as `current`."""
        return self.target.value if current is None else self.target.value + current.value.astype(jnp.float32)

    def drawn_by(self, conductance: ConductanceArray | None) -> jax.Array | None:
        """What `stepping.advanced` asks for where conductances arrive: g dt / C, shape of the units.

        Args:
            conductance: nS; None where none arrive.
        """
        if conductance is None:
            return None
        return self.gain.value * self.resistance.value * conductance.value.astype(jnp.float32)

    def slope(self, potential: jax.Array, arriving: Numeric) -> jax.Array:
        """How fast the potential changes without conductances, tau dV/dt, mV, shape of the units.

        Args:
            potential: mV above rest, shape of the units.
            arriving: Current, pA, shape of the units.
        """
        power = jnp.minimum((potential - self.knee.value) * self.steepness.value, np.float32(MOST))
        return exponential(power) * self.sharpness.value - potential + self.resistance.value * arriving
