"""The quadratic integrate-and-fire soma."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.errors import Problem
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray
from spark.core.ports import PortSpec
from spark.core.values import Quantity, at_wrong, first_wrong
from spark.nn.somas.point import PointSoma, PointSomaConfig
from spark.nn.somas.soma import SomaOutput
from spark.nn.stepping import DESCRIPTION, Scheme, advanced


class QuadraticSomaConfig(PointSomaConfig):
    """Parameters of a quadratic unit."""

    potential_tau: Quantity = field(
        10.0, unit="ms", above=0, time_constant="stored", description="Membrane time constant."
    )
    threshold: Quantity = field(30.0, unit="mV", description="Potential at which the upswing is cut off as a spike.")
    cooldown: Quantity = field(0.0, unit="ms", least=0, description="Refractory period: the potential is held.")
    critical: Quantity = field(-50.0, unit="mV", description="Potential V_c above which a unit fires by itself.")
    curvature: Quantity = field(0.1, unit="1/mV", above=0, description="Curvature a of the slope.")
    resistance: Quantity = field(100.0, unit="MOhm", above=0, description="Membrane resistance.")
    background: Quantity = field(0.0, unit="pA", description="Constant current.")
    scheme: Scheme = field("euler", description=DESCRIPTION)

    def problems(self) -> list[Problem]:
        """The critical potential lies above rest."""
        found = super().problems()
        right = np.asarray(self.critical) > np.asarray(self.potential_rest)
        if not np.all(right):
            rest, got = first_wrong(self.potential_rest, right), first_wrong(self.critical, right)
            text = f"must be above potential_rest ({rest} mV), got {got}{at_wrong(right)}"
            found.append(Problem("critical", text, "Raise it, or lower the resting potential", "bounds"))
        return found

    def step_problems(self) -> list[Problem]:
        """A step longer than the time constant at rest overshoots."""
        found = super().step_problems()
        gap = np.asarray(self.critical) - np.asarray(self.potential_rest)
        least = float(np.min(np.asarray(self.potential_tau) / (np.asarray(self.curvature) * gap)))
        if least < self.dt:
            text = f"over `curvature` times the way from rest to `critical` is {least:g} ms, a time constant at rest; "
            text += f"expected at least dt, {self.dt:g} ms"
            found.append(Problem("potential_tau", text, "Shorten dt: Euler's method would overshoot", "bounds"))
        return found


class QuadraticSoma(PointSoma):
    """Quadratic integrate-and-fire units (QIF), the normal form of neurons that begin to fire at any rate.

        tau dV/dt = a V (V - V_c) + R (I + I_background - g V)
        V and V_c in mV above rest, I in pA, g in nS, R in MOhm

    Order of update in a step: V takes one step of the `scheme`; jumps come on top; units above `threshold` fire and are
    set to `potential_reset`. While refractory V is held. Beyond `threshold` the slope is that at it.

    At rest the time constant is tau / (a V_c). The conductances' current at rest is part of I; they stay during a step,
    in which V follows them exactly, however large they are.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: `potential` (mV above rest), `refractory` (int16, steps left).
    Source: Latham, Richmond, Nelson & Nirenberg 2000, doi:10.1152/jn.2000.83.2.808, equation 1.
    """

    config: QuadraticSomaConfig
    unit_ports = ("current", "conductance", "jump", "spikes")

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Variables of the shape of what arrives."""
        c, shape = self.config, self.shape_of_units() if current is None else current.shape
        self.prepare_point(shape)
        self.gain = self.make("potential_tau", c.dt / np.asarray(c.potential_tau), shape)
        self.target = self.make("background", c.background, shape)
        self.critical = self.make("critical", np.subtract(c.critical, c.potential_rest), shape)
        self.curvature = self.make("curvature", c.curvature, shape)
        self.resistance = self.make("resistance", np.multiply(c.resistance, 1e-3), shape)

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        flowing = self.target.value if current is None else self.target.value + current.value.astype(jnp.float32)

        def change(potential: jax.Array) -> tuple[jax.Array, ...]:
            v = jnp.minimum(potential, self.level.value)
            slope = self.curvature.value * v * (v - self.critical.value) + self.resistance.value * flowing
            return (self.gain.value * slope,)

        opened = None if conductance is None else conductance.value.astype(jnp.float32)
        drawn = None if opened is None else self.gain.value * self.resistance.value * opened
        (now,) = advanced(self.config.scheme, change, (self.potential.value.astype(jnp.float32),), drawn)
        return {"spikes": self.fire(now if jump is None else now + jump.value.astype(jnp.float32))}
