"""The resonate-and-fire soma."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.parameter import require_shapes
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.nn.somas.linear import propagator
from spark.nn.somas.single_precision import SinglePrecisionSomaConfig
from spark.nn.somas.soma import Soma, SomaOutput


class ResonateSomaConfig(SinglePrecisionSomaConfig):
    """Parameters of a resonator; b = -0.1/ms and omega = 1/ms by default."""

    damping_tau: Quantity = field(
        10.0, unit="ms", above=0, time_constant="stored", description="Time in which an oscillation decays, -1 / b."
    )
    frequency: Quantity = field(
        159.155, unit="Hz", above=0, description="Frequency of the oscillation, omega / (2 pi)."
    )
    capacitance: Quantity = field(100.0, unit="pF", above=0, description="Current that moves x by 1 mV in 1 ms.")
    potential_rest: Quantity = field(-60.0, unit="mV", description="Resting potential.")
    threshold: Quantity = field(-50.0, unit="mV", description="Potential at which a unit fires.")
    potential_reset: Quantity = field(
        -50.0, unit="mV", description="Potential after a spike, where x is 0: at threshold, from where it falls."
    )
    background: Quantity = field(0.0, unit="pA", description="Constant current.")


class ResonateSoma(Soma):
    """Resonate-and-fire units: damped oscillators that fire when their potential crosses the threshold.

        dx/dt = b x - omega V + (I - g V) / C        dV/dt = omega x + b V          b = -1 / damping_tau
        V in mV above rest, x in mV
        V > threshold:  spike,  x <- 0,  V <- potential_reset

    Order of update in a step: x and V take the exact step for a current that is constant during it; jumps come on top
    of x, as pulses do in the paper; units above threshold fire and are reset. The conductances' current at rest is part
    of I; they stay during a step, and quicken the oscillation.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: `potential` (mV above rest), `drive` (mV, x).
    Source: Izhikevich 2001, doi:10.1016/S0893-6080(01)00078-8, where the threshold is 1 and a spike sets z = x + i V to
    i; here 1 is 10 mV. Other implementations of it have b = -1 and omega = 10 without a unit, which are the defaults if
    the unit of time is 10 ms; no second source found for -0.1/ms and 1/ms.
    """

    config: ResonateSomaConfig
    exposes = {"potential": PotentialArray}
    unit_ports = ("current", "conductance", "jump", "spikes")
    any_of = ("current",)

    @classmethod
    def rest(cls, config: ResonateSomaConfig) -> Numeric:
        """The resting potential."""
        return config.potential_rest

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Variables of the shape of what arrives."""
        config, shape = self.config, self.shape_of_units() if current is None else current.shape
        require_shapes(f"{self.path or type(self).__name__}.config", config, shape)
        b = -1.0 / np.asarray(config.damping_tau)
        omega = 2e-3 * np.pi * np.asarray(config.frequency)
        step = propagator(
            [[b, -omega, 1.0 / np.asarray(config.capacitance)], [omega, b, 0.0], [0.0, 0.0, 0.0]], config.dt
        )
        names = ("damping_tau", "frequency", "capacitance")
        # From x, V and the current to x, and to V.
        self.xx, self.xv, self.xi = (self.make(name, step[0, n], shape) for n, name in enumerate(names))
        self.vx, self.vv, self.vi = (self.make(name, step[1, n], shape) for n, name in enumerate(names))
        if conductance is not None:
            self.turn = self.make("frequency", omega, shape)
            self.fall = self.make("damping_tau", b, shape)
            self.lasting = self.make("damping_tau", np.exp(b * config.dt), shape)
            self.capacity = self.make("capacitance", 1.0 / np.asarray(config.capacitance), shape)
        self.level = self.make("threshold", np.subtract(config.threshold, config.potential_rest), shape)
        self.after = self.make("potential_reset", np.subtract(config.potential_reset, config.potential_rest), shape)
        self.background = self.make("background", config.background, shape)
        self.potential = Variable(
            np.zeros(shape, config.dtype), unit="mV", description="Membrane potential above rest."
        )
        self.drive = Variable(np.zeros(shape, config.dtype), unit="mV", description="What the potential turns from, x.")

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        given = self.background.value if current is None else current.value.astype(jnp.float32) + self.background.value
        x, v = (kept.value.astype(jnp.float32) for kept in (self.drive, self.potential))
        if conductance is None:
            x, v = (
                self.xx.value * x + self.xv.value * v + self.xi.value * given,
                self.vx.value * x + self.vv.value * v + self.vi.value * given,
            )
        else:
            x, v = self._conducting(x, v, given, conductance.value.astype(jnp.float32))
        if jump is not None:
            x = x + jump.value.astype(jnp.float32)
        fired = v > self.level.value
        self.drive.value = jnp.where(fired, np.float32(0), x).astype(self.config.dtype)
        self.potential.value = jnp.where(fired, self.after.value, v).astype(self.config.dtype)
        return {"spikes": SpikeArray(fired.astype(jnp.int8))}

    def _conducting(self, x: jax.Array, v: jax.Array, given: Numeric, opened: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The exact step of x and V while conductances `opened`, nS, stay, and a current `given`, pA.

        They turn about where they would come to rest, on an ellipse whose axes are as sqrt(omega + g / C) to
        sqrt(omega).
        """
        b, turn = self.fall.value, self.turn.value
        pulled = turn + self.capacity.value * opened
        force = self.capacity.value * given / (b * b + pulled * turn)
        x_rest, v_rest = -b * force, turn * force
        speed = jnp.sqrt(pulled * turn)
        angle = jnp.float32(self.config.dt) * speed
        along, across = self.lasting.value * jnp.cos(angle), self.lasting.value * jnp.sin(angle)
        x, v = x - x_rest, v - v_rest
        x, v = along * x - across * (pulled / speed) * v, across * (turn / speed) * x + along * v
        return x + x_rest, v + v_rest
