"""The generalised leaky soma: five levels of one model."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.parameter import decay
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray
from spark.core.ports import Decays, PortSpec
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.nn.integration import acting_share
from spark.nn.somas.conducting import Conducted, mean_share, steady_current
from spark.nn.somas.linear import propagator
from spark.nn.somas.point import PointSoma, PointSomaConfig
from spark.nn.somas.soma import SomaOutput


class GeneralizedLeakySomaConfig(PointSomaConfig):
    """Parameters of `GeneralizedLeakySoma`; the defaults are those of NEST's `glif_psc`.

    GLIF1 has none of the three options, GLIF2 `reset_rules`, GLIF3 `afterspike_currents`, GLIF4 both, GLIF5 all three.
    """

    potential_rest: Quantity = field(-78.85, unit="mV", description="Resting potential E_L.")
    potential_first: Quantity = field(-78.85, unit="mV", description="Potential at the start and after a reset.")
    potential_reset: Quantity = field(
        -60.34,
        unit="mV",
        description="Potential after a spike; with `reset_rules` a share of the old one comes on top.",
    )
    potential_tau: Quantity = field(
        6.22694, unit="ms", above=0, time_constant="stored", description="Membrane time constant R C."
    )
    threshold: Quantity = field(-51.68, unit="mV", description="Threshold that the others add to, Theta_inf.")
    cooldown: Quantity = field(3.75, unit="ms", least=0, description="Refractory period, in which everything is held.")
    resistance: Quantity = field(106.0445, unit="MOhm", above=0, description="Membrane resistance.")
    background: Quantity = field(0.0, unit="pA", description="Constant current.")
    reset_rules: bool = field(True, description="Whether potential and threshold remember spikes (GLIF2, 4, 5).")
    reset_fraction: Quantity = field(
        0.2, least=0, most=1, only_with="reset_rules", description="Share of the potential that a spike leaves, f_v."
    )
    threshold_spike_tau: Quantity = field(
        111.1,
        unit="ms",
        above=0,
        time_constant="stored",
        only_with="reset_rules",
        description="Time constant of the threshold that spikes raise, 1 / b_s.",
    )
    threshold_spike_jump: Quantity = field(
        0.37, unit="mV", only_with="reset_rules", description="Rise of that threshold at a spike."
    )
    afterspike_currents: bool = field(True, description="Whether spikes leave two currents (GLIF3, 4, 5).")
    afterspike_1_tau: Quantity = field(
        333.3,
        unit="ms",
        above=0,
        time_constant="stored",
        only_with="afterspike_currents",
        description="Time constant of the first current, 1 / k_1.",
    )
    afterspike_1_jump: Quantity = field(
        -9.18, unit="pA", only_with="afterspike_currents", description="What a spike adds to the first current."
    )
    afterspike_1_kept: Quantity = field(
        1.0, least=0, most=1, only_with="afterspike_currents", description="Share of it that a spike leaves."
    )
    afterspike_2_tau: Quantity = field(
        10.0,
        unit="ms",
        above=0,
        time_constant="stored",
        only_with="afterspike_currents",
        description="Time constant of the second current, 1 / k_2.",
    )
    afterspike_2_jump: Quantity = field(
        -198.94, unit="pA", only_with="afterspike_currents", description="What a spike adds to the second current."
    )
    afterspike_2_kept: Quantity = field(
        1.0, least=0, most=1, only_with="afterspike_currents", description="Share of it that a spike leaves."
    )
    adapting_threshold: bool = field(True, description="Whether the threshold follows the potential (GLIF5).")
    threshold_potential_tau: Quantity = field(
        11.11,
        unit="ms",
        above=0,
        time_constant="stored",
        only_with="adapting_threshold",
        description="Time constant of the threshold that follows the potential, 1 / b_v.",
    )
    threshold_potential_rate: Quantity = field(
        0.005, unit="1/ms", only_with="adapting_threshold", description="How fast it follows, a_v."
    )


class GeneralizedLeakySoma(PointSoma):
    """Generalised leaky integrate-and-fire units (GLIF), of the five levels of the Allen Cell Types Database.

        tau dV/dt = -V + R (I + I_background + I_1 + I_2 - g V)     dI_j/dt = -k_j I_j
        dTheta_s/dt = -b_s Theta_s                            dTheta_v/dt = a_v V - b_v Theta_v       V in mV above rest
        V > threshold + Theta_s + Theta_v:  spike, and with refractory period T
            V <- potential_reset + f_v V                      Theta_s <- Theta_s exp(-b_s T) + jump
            I_j <- kept_j I_j exp(-k_j T) + jump_j

    `reset_rules` bring Theta_s and f_v, `afterspike_currents` I_1 and I_2, `adapting_threshold` Theta_v; without them
    these are 0. Order of update in a step: V, I_j, Theta_v take the exact step for a current that is constant during
    it, and Theta_s; jumps come on top of V; units above threshold fire, and everything is as after the refractory
    period, through which it is held. The conductances' current at rest is part of I; they stay during a step, in which
    V follows them exactly while I_j act with their means, however large they are.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: `potential` (mV above rest), `refractory` (int16, steps left), and what the options bring:
    `threshold_spike`, `threshold_potential` (mV), `afterspike_1`, `afterspike_2` (pA).
    Source: Teeter et al. 2018, doi:10.1038/s41467-017-02717-4, table 1. The defaults are those of NEST's `glif_psc`:
    58.72 pF, 9.43 nS, a threshold 27.17 mV above rest.
    """

    config: GeneralizedLeakySomaConfig
    unit_ports = ("current", "conductance", "jump", "spikes")

    @classmethod
    def acting(cls, config: GeneralizedLeakySomaConfig, current: Decays) -> Numeric:
        """What makes the step exact."""
        return acting_share(config.dt, config.potential_tau, current.tau)

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """The exact step, and a variable for everything that the options bring."""
        c, shape = self.config, self.shape_of_units() if current is None else current.shape
        self.prepare_point(shape)
        self.background = self.make("background", c.background, shape)
        leak = 1.0 / np.asarray(c.potential_tau)
        flow = np.multiply(c.resistance, 1e-3) * leak
        slow = [1.0 / np.asarray(tau) for tau in (c.afterspike_1_tau, c.afterspike_2_tau)]
        fall = 1.0 / np.asarray(c.threshold_potential_tau)
        step = propagator(
            [
                [-leak, flow, flow, flow, 0.0],
                [0.0, -slow[0], 0.0, 0.0, 0.0],
                [0.0, 0.0, -slow[1], 0.0, 0.0],
                [0.0, 0.0, 0.0, 0.0, 0.0],
                [np.asarray(c.threshold_potential_rate), 0.0, 0.0, 0.0, -fall],
            ],
            c.dt,
        )
        self.conducting = conductance is not None
        if self.conducting:
            self.rate = self.make("potential_tau", c.dt / np.asarray(c.potential_tau), shape)
            self.share = self.make("potential_tau", mean_share(c.dt, c.potential_tau), shape)
            self.relative = self.make("resistance", np.multiply(c.resistance, 1e-3), shape)
        # From V, I_1, I_2 and the current that is given to V; and to Theta_v, which stands last.
        names = ("potential_tau", "afterspike_1_tau", "afterspike_2_tau", "resistance")
        self.vv, self.v1, self.v2, self.vi = (self.make(name, step[0, n], shape) for n, name in enumerate(names))
        if c.adapting_threshold:
            self.tv, self.t1, self.t2, self.ti = (self.make(name, step[4, n], shape) for n, name in enumerate(names))
            self.tt = self.make("threshold_potential_tau", step[4, 4], shape)
        held = np.asarray(c.cooldown, np.float64)
        if c.reset_rules:
            self.fraction = self.make("reset_fraction", c.reset_fraction, shape)
            self.spike_fall = self.make("threshold_spike_tau", decay(c.dt, c.threshold_spike_tau), shape)
            self.spike_left = self.make("threshold_spike_tau", np.exp(-held / np.asarray(c.threshold_spike_tau)), shape)
            self.spike_jump = self.make("threshold_spike_jump", c.threshold_spike_jump, shape)
            self.threshold_spike = Variable(
                np.zeros(shape, c.dtype), unit="mV", description="What spikes raised the threshold by."
            )
        if c.afterspike_currents:
            self.fall_1 = self.make("afterspike_1_tau", step[1, 1], shape)
            self.fall_2 = self.make("afterspike_2_tau", step[2, 2], shape)
            left_1 = np.multiply(c.afterspike_1_kept, np.exp(-held / np.asarray(c.afterspike_1_tau)))
            left_2 = np.multiply(c.afterspike_2_kept, np.exp(-held / np.asarray(c.afterspike_2_tau)))
            self.left_1 = self.make("afterspike_1_kept", left_1, shape)
            self.left_2 = self.make("afterspike_2_kept", left_2, shape)
            self.jump_1 = self.make("afterspike_1_jump", c.afterspike_1_jump, shape)
            self.jump_2 = self.make("afterspike_2_jump", c.afterspike_2_jump, shape)
            self.afterspike_1, self.afterspike_2 = (
                Variable(np.zeros(shape, c.dtype), unit="pA", description=f"{which} current that spikes leave.")
                for which in ("First", "Second")
            )
        if c.adapting_threshold:
            self.threshold_potential = Variable(
                np.zeros(shape, c.dtype), unit="mV", description="What the potential raised the threshold by."
            )

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        c = self.config
        given = self.background.value if current is None else current.value.astype(jnp.float32) + self.background.value
        before = self.potential.value.astype(jnp.float32)
        first = second = jnp.float32(0)
        # What V gains by the currents that spikes leave.
        left: Any = None
        if c.afterspike_currents:
            first, second = (kept.value.astype(jnp.float32) for kept in (self.afterspike_1, self.afterspike_2))
            left = self.v1.value * first + self.v2.value * second
        if conductance is not None:
            membrane = Conducted(self.rate.value, self.share.value, self.relative.value)
            # Currents that spikes leave draw V as this one would that stays.
            steady = 0.0 if left is None else self.relative.value * (left / self.vi.value)
            given = steady_current(given, conductance, before, steady, membrane)
        now = self.vv.value * before + self.vi.value * given
        if left is not None:
            now = now + left
        ready, now = self.held(now if jump is None else now + jump.value.astype(jnp.float32))
        level: Any = self.level.value
        raised: Any = None
        if c.reset_rules:
            old = self.threshold_spike.value.astype(jnp.float32)
            raised = jnp.where(ready, old * self.spike_fall.value, old)
            level = level + raised
        if c.adapting_threshold:
            old = self.threshold_potential.value.astype(jnp.float32)
            moved = self.tt.value * old + self.tv.value * before + self.ti.value * given
            if c.afterspike_currents:
                moved = moved + self.t1.value * first + self.t2.value * second
            followed = jnp.where(ready, moved, old)
            self.threshold_potential.value = followed.astype(c.dtype)
            level = level + followed
        fired = ready & (now > level)
        spikes = self.settle(ready, now, fired)
        if c.reset_rules:
            after = jnp.where(fired, self.after.value + self.fraction.value * now, now)
            self.potential.value = after.astype(c.dtype)
            risen = raised * self.spike_left.value + self.spike_jump.value
            self.threshold_spike.value = jnp.where(fired, risen, raised).astype(c.dtype)
        if c.afterspike_currents:
            first = jnp.where(ready, self.fall_1.value * first, first)
            second = jnp.where(ready, self.fall_2.value * second, second)
            after = jnp.where(fired, self.left_1.value * first + self.jump_1.value, first)
            self.afterspike_1.value = after.astype(c.dtype)
            after = jnp.where(fired, self.left_2.value * second + self.jump_2.value, second)
            self.afterspike_2.value = after.astype(c.dtype)
        return {"spikes": spikes}
