"""Izhikevich's simple model of 2007, with units."""

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
from spark.nn.somas.single_precision import SinglePrecisionSomaConfig
from spark.nn.somas.soma import Soma, SomaOutput
from spark.nn.stepping import DESCRIPTION, Scheme, advanced


class IzhikevichCorticalSomaConfig(SinglePrecisionSomaConfig):
    """Parameters of Izhikevich's model of 2007; the defaults are a regular spiking neuron of layer 5."""

    capacitance: Quantity = field(100.0, unit="pF", above=0, description="Membrane capacitance C.")
    k: Quantity = field(0.7, unit="nS/mV", above=0, description="Steepness k of the spike's onset.")
    potential_rest: Quantity = field(-60.0, unit="mV", description="Resting potential V_r.")
    onset: Quantity = field(-40.0, unit="mV", description="Potential V_t of the spike's onset.")
    peak: Quantity = field(35.0, unit="mV", description="Potential at which a spike is cut off.")
    a: Quantity = field(0.03, unit="1/ms", above=0, description="Speed of the recovery U.")
    b: Quantity = field(-2.0, unit="nS", description="How the recovery follows the potential.")
    c: Quantity = field(-50.0, unit="mV", description="Potential after a spike.")
    d: Quantity = field(100.0, unit="pA", description="Jump of the recovery at a spike.")
    background: Quantity = field(0.0, unit="pA", description="Constant current.")
    scheme: Scheme = field("euler", description=DESCRIPTION)


class IzhikevichCorticalSoma(Soma):
    """Izhikevich's simple model of cortical neurons (2007).

        C dV/dt = k V (V - V_t) - U + I - g V      dU/dt = a (b V - U)      V, V_t in mV above rest, U, I in pA, g in nS
        V >= peak:  spike,  V <- c,  U <- U + d

    Order of update in a step: V and U take one step of the `scheme` together; jumps come on top of V; units at the peak
    fire and are reset. Beyond the peak the slope is that at it. The conductances' current at rest is part of I; they
    stay during a step, in which V follows them exactly, however large they are.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: `potential` (mV above rest), `recovery` (pA).
    Source: Izhikevich 2007, doi:10.7551/mitpress/2526.001.0001, equations 8.5 and 8.6; the same model with units in
    Izhikevich & Edelman 2008, doi:10.1073/pnas.0712231105.
    """

    config: IzhikevichCorticalSomaConfig
    exposes = {"potential": PotentialArray}
    unit_ports = ("current", "conductance", "jump", "spikes")
    any_of = ("current",)

    @classmethod
    def rest(cls, config: IzhikevichCorticalSomaConfig) -> Numeric:
        """The resting potential."""
        return config.potential_rest

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """All units begin at rest."""
        config, shape = self.config, self.shape_of_units() if current is None else current.shape
        require_shapes(f"{self.path or type(self).__name__}.config", config, shape)
        self.gain = self.make("capacitance", config.dt / np.asarray(config.capacitance), shape)
        self.steepness = self.make("k", config.k, shape)
        rest = config.potential_rest
        self.onset = self.make("onset", np.subtract(config.onset, rest), shape)
        self.level = self.make("peak", np.subtract(config.peak, rest), shape)
        self.speed = self.make("a", np.multiply(config.a, config.dt), shape)
        self.follows = self.make("b", config.b, shape)
        self.after = self.make("c", np.subtract(config.c, rest), shape)
        self.added = self.make("d", config.d, shape)
        self.background = self.make("background", config.background, shape)
        self.potential = Variable(
            np.zeros(shape, config.dtype), unit="mV", description="Membrane potential above rest."
        )
        self.recovery = Variable(np.zeros(shape, config.dtype), unit="pA", description="Recovery current U.")

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        given = self.background.value if current is None else current.value.astype(jnp.float32) + self.background.value

        def change(potential: jax.Array, recovery: jax.Array) -> tuple[jax.Array, ...]:
            v = jnp.minimum(potential, self.level.value)
            onset = self.steepness.value * v * (v - self.onset.value)
            return (
                self.gain.value * (onset - recovery + given),
                self.speed.value * (self.follows.value * v - recovery),
            )

        state = (self.potential.value.astype(jnp.float32), self.recovery.value.astype(jnp.float32))
        drawn = None if conductance is None else self.gain.value * conductance.value.astype(jnp.float32)
        v, u = advanced(self.config.scheme, change, state, drawn)
        if jump is not None:
            v = v + jump.value.astype(jnp.float32)
        fired = v >= self.level.value
        self.potential.value = jnp.where(fired, self.after.value, v).astype(self.config.dtype)
        self.recovery.value = jnp.where(fired, u + self.added.value, u).astype(self.config.dtype)
        return {"spikes": SpikeArray(fired.astype(jnp.int8))}
