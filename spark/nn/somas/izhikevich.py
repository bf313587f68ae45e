"""Izhikevich's simple model of 2003, without units of current."""

from typing import Literal

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.parameter import require_shapes
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.nn.equations.functions import exprel
from spark.nn.somas.single_precision import SinglePrecisionSomaConfig
from spark.nn.somas.soma import Soma, SomaOutput


class IzhikevichSomaConfig(SinglePrecisionSomaConfig):
    """Parameters of Izhikevich's model of 2003; the defaults are a regular spiking neuron."""

    a: Quantity = field(0.02, unit="1/ms", above=0, description="Speed of the recovery u.")
    b: Quantity = field(0.2, unit="1/ms", description="How the recovery follows the potential.")
    c: Quantity = field(-65.0, unit="mV", description="Potential after a spike.")
    d: Quantity = field(8.0, unit="mV/ms", description="Jump of the recovery at a spike.")
    peak: Quantity = field(30.0, unit="mV", description="Potential at which a spike is cut off.")
    potential_first: Quantity = field(
        -65.0, unit="mV", description="Potential at the start; the recovery is b times it."
    )
    background: Quantity = field(0.0, unit="pA", description="Constant current.")
    scheme: Literal["published", "euler"] = field(
        "published",
        description="The scheme of the paper's own code (V in two half steps, then u from the new V), or Euler's "
        "method with both from the old values; they give other rates.",
    )


class IzhikevichSoma(Soma):
    """Izhikevich's simple model of spiking neurons (2003).

        dV/dt = 0.04 V^2 + 5 V + 140 - u + I - g V      du/dt = a (b V - u)      V in mV, u and I in mV/ms, g in 1/ms
        V >= peak:  spike,  V <- c,  u <- u + d

    A current of 1 pA counts as I = 1, a conductance of 1 nS as g = 1, by which a reversal potential is reached within
    1 ms; what conductances bring at 0 mV is part of I. They stay during a step, and V follows them exactly in it, or in
    each half of it, however large they are.

    Order of update in a step of the scheme `published`: V in two half steps with the old u; u from the new V; units at
    the peak fire and are reset. Of the scheme `euler`: V and u from the old values. Jumps come on top of V. The code in
    the paper resets at the beginning of the next step, which is the same.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: `potential` (mV), `recovery` (mV/ms).
    Source: Izhikevich 2003, doi:10.1109/TNN.2003.820440; on the two schemes Pauli et al. 2018,
    doi:10.3389/fninf.2018.00046.
    """

    config: IzhikevichSomaConfig
    exposes = {"potential": PotentialArray}
    unit_ports = ("current", "conductance", "jump", "spikes")
    any_of = ("current",)

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Variables of the shape of what arrives."""
        config, shape = self.config, self.shape_of_units() if current is None else current.shape
        require_shapes(f"{self.path or type(self).__name__}.config", config, shape)
        self.speed = self.make("a", np.multiply(config.a, config.dt), shape)
        self.follows = self.make("b", config.b, shape)
        self.after = self.make("c", config.c, shape)
        self.added = self.make("d", config.d, shape)
        self.level = self.make("peak", config.peak, shape)
        self.background = self.make("background", config.background, shape)
        first = np.broadcast_to(np.asarray(config.potential_first, np.float64), shape)
        self.potential = Variable(np.array(first, config.dtype), unit="mV", description="Membrane potential.")
        self.recovery = Variable(
            np.array(np.asarray(config.b) * first, config.dtype), unit="mV/ms", description="Recovery u."
        )

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        v, u = (kept.value.astype(jnp.float32) for kept in (self.potential, self.recovery))
        given = self.background.value if current is None else current.value.astype(jnp.float32) + self.background.value
        dt, published = self.config.dt, self.config.scheme == "published"
        before, step = v, 0.5 * dt if published else dt
        # How far conductances draw V within one of these steps; see `stepping.advanced`.
        drawn = None if conductance is None else step * conductance.value.astype(jnp.float32)
        for _ in range(2 if published else 1):
            moved = step * (0.04 * v * v + 5.0 * v + 140.0 - u + given)
            v = v + (moved if drawn is None else exprel(-drawn) * (moved - drawn * v))
        u = u + self.speed.value * (self.follows.value * (v if published else before) - u)
        if jump is not None:
            v = v + jump.value.astype(jnp.float32)
        fired = v >= self.level.value
        self.potential.value = jnp.where(fired, self.after.value, v).astype(self.config.dtype)
        self.recovery.value = jnp.where(fired, u + self.added.value, u).astype(self.config.dtype)
        return {"spikes": SpikeArray(fired.astype(jnp.int8))}
