"""The soma with a dendrite."""

from typing import Literal

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray
from spark.core.ports import PortSpec
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.nn.somas.conducting import Conducted, mean_share, steady_current
from spark.nn.somas.linear import propagator
from spark.nn.somas.point import PointSoma, PointSomaConfig
from spark.nn.somas.soma import SomaOutput


class TwoCompartmentSomaConfig(PointSomaConfig):
    """Parameters of a leaky soma with a passive dendrite."""

    resistance: Quantity = field(100.0, unit="MOhm", above=0, description="Membrane resistance of the soma.")
    background: Quantity = field(0.0, unit="pA", description="Constant current into the soma.")
    dendrite_tau: Quantity = field(
        20.0, unit="ms", above=0, time_constant="stored", description="Membrane time constant of the dendrite."
    )
    dendrite_resistance: Quantity = field(
        100.0, unit="MOhm", above=0, description="Membrane resistance of the dendrite."
    )
    coupling: Quantity = field(20.0, unit="nS", least=0, description="Conductance between soma and dendrite.")
    target: Literal["dendrite", "soma"] = field(
        "dendrite", description="Which of the two currents and jumps of the receptors reach."
    )


class TwoCompartmentSoma(PointSoma):
    """Leaky integrate-and-fire units with a passive dendrite.

        tau dV/dt = -V + R (I_background + I_s + g_c (V_d - V))
        tau_d dV_d/dt = -V_d + R_d (I_d + g_c (V - V_d))              V and V_d in mV above rest, I in pA, g_c in nS

    What receptors bring goes to the `target`: conductances bring I_d - g V_d, or I_s - g V. They stay during a step, in
    which that potential follows them exactly beside the other, however large they are.

    Order of update in a step: both potentials take the exact step for currents that are constant during it; jumps come
    on top; units whose soma is above threshold fire, and the soma is held at its reset value while they are refractory,
    when the dendrite takes the exact step beside it.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: `potential` (mV above rest), `dendrite` (mV above rest), `refractory` (int16, steps left).
    Source: Gerstner, Kistler, Naud & Paninski 2014, doi:10.1017/CBO9781107447615, section 3.2 (compartments).
    """

    config: TwoCompartmentSomaConfig
    exposes = {"potential": PotentialArray, "dendrite": PotentialArray}
    unit_ports = ("current", "conductance", "jump", "spikes")

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Both exact steps, and the potentials."""
        c, shape = self.config, self.shape_of_units() if current is None else current.shape
        self.prepare_point(shape)
        leak, leak_d = 1.0 / np.asarray(c.potential_tau), 1.0 / np.asarray(c.dendrite_tau)
        flow, flow_d = np.multiply(c.resistance, 1e-3) * leak, np.multiply(c.dendrite_resistance, 1e-3) * leak_d
        pull, pull_d = flow * np.asarray(c.coupling), flow_d * np.asarray(c.coupling)
        free = propagator(
            [
                [-leak - pull, pull, flow, 0.0],
                [pull_d, -leak_d - pull_d, 0.0, flow_d],
                [0.0, 0.0, 0.0, 0.0],
                [0.0, 0.0, 0.0, 0.0],
            ],
            c.dt,
        )
        beside = propagator([[0.0, 0.0, 0.0], [pull_d, -leak_d - pull_d, flow_d], [0.0, 0.0, 0.0]], c.dt)
        # From V, V_d, the current into the soma and that into the dendrite to V, to V_d, and to V_d beside a held V.
        names = ("potential_tau", "dendrite_tau", "resistance", "dendrite_resistance")
        self.vv, self.vd, self.vi, self.vj = (self.make(name, free[0, n], shape) for n, name in enumerate(names))
        self.dv, self.dd, self.di, self.dj = (self.make(name, free[1, n], shape) for n, name in enumerate(names))
        self.hv, self.hd, self.hj = (self.make("dendrite_tau", beside[1, n], shape) for n in range(3))
        self.background = self.make("background", c.background, shape)
        to_dendrite = c.target == "dendrite"
        if conductance is not None:
            fall, reached = (leak_d + pull_d, flow_d) if to_dendrite else (leak + pull, flow)
            tau, resistance = (
                ("dendrite_tau", "dendrite_resistance") if to_dendrite else ("potential_tau", "resistance")
            )
            self.rate = self.make(tau, c.dt * fall, shape)
            self.share = self.make(tau, mean_share(c.dt, 1.0 / fall), shape)
            # To where a current draws the potential beside a held other one, GOhm, and how much of that one counts.
            self.relative = self.make(resistance, reached / fall, shape)
            self.other = self.make("coupling", (pull_d if to_dendrite else pull) / fall, shape)
        self.dendrite = Variable(
            np.array(self.potential.reset_value, c.dtype),
            unit="mV",
            description="Potential of the dendrite above rest.",
        )

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        to_dendrite = self.config.target == "dendrite"
        arriving = jnp.float32(0) if current is None else current.value.astype(jnp.float32)
        jumped = jnp.float32(0) if jump is None else jump.value.astype(jnp.float32)
        into, into_d = self.background.value, jnp.float32(0)
        if to_dendrite:
            into_d = arriving
        else:
            into = into + arriving
        v, d = (kept.value.astype(jnp.float32) for kept in (self.potential, self.dendrite))
        if conductance is not None:
            membrane = Conducted(self.rate.value, self.share.value, self.relative.value)
            here, other, flowing = (d, v, into_d) if to_dendrite else (v, d, into)
            drawn = steady_current(flowing, conductance, here, self.other.value * other, membrane)
            into, into_d = (into, drawn) if to_dendrite else (drawn, into_d)
        ready = self.refractory.value == 0
        free = self.dv.value * v + self.dd.value * d + self.di.value * into + self.dj.value * into_d
        beside = self.hv.value * v + self.hd.value * d + self.hj.value * into_d
        dendrite = jnp.where(ready, free, beside)
        self.dendrite.value = (dendrite + jumped if to_dendrite else dendrite).astype(self.config.dtype)
        now = self.vv.value * v + self.vd.value * d + self.vi.value * into + self.vj.value * into_d
        return {"spikes": self.fire(now if to_dendrite else now + jumped)}
