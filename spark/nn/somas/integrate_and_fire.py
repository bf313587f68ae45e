"""The leaky integrate-and-fire soma of the field's standard networks, for any receptors."""

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.parameter import decay
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray, SpikeArray
from spark.core.ports import Decays, PortSpec
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.kernels.exponential import exponential
from spark.nn.integration import acting_share
from spark.nn.somas.point import PointSoma, PointSomaConfig
from spark.nn.somas.soma import SomaOutput

Scheme = Literal["exponential_euler", "euler", "precise"]
_SCHEME = (
    "How a step is taken: exponential Euler, which is exact where no conductances arrive; forward Euler; or precise, "
    "exponential Euler up to the time within the step at which a unit fires, and from where its refractory period ends."
)


class IntegrateAndFireSomaConfig(PointSomaConfig):
    """Parameters of `IntegrateAndFireSoma`; each one number, or one for every unit."""

    scheme: Scheme = field("exponential_euler", description=_SCHEME)

    resistance: Quantity = field(100.0, unit="MOhm", above=0, description="Membrane resistance.")
    background: Quantity = field(0.0, unit="pA", description="Constant current.")


# With this resistance, MOhm, the leak's conductance is 1 nS, and a current of 1 pA moves the potential by 1 mV.
_RELATIVE = 1000.0


class ConductanceSomaConfig(PointSomaConfig):
    """Parameters of a membrane where conductances are given relative to the leak's, with their reversal potentials."""

    scheme: Scheme = field("exponential_euler", description=_SCHEME)
    reversal_excitation: Quantity = field(0.0, unit="mV", description="Reversal potential of excitation.")
    reversal_inhibition: Quantity = field(-80.0, unit="mV", description="Reversal potential of inhibition.")
    drive: Quantity = field(0.0, unit="mV", description="Constant current times the leak's resistance.")

    def relative_to_leak(self) -> IntegrateAndFireSomaConfig:
        """The same membrane where conductances are in nS, and the leak's is 1 nS."""
        shared = {name: value for name, value in self.explicit().items() if name in PointSomaConfig.model_fields}
        return IntegrateAndFireSomaConfig(**shared, scheme=self.scheme, resistance=_RELATIVE, background=self.drive)


class IntegrateAndFireSoma(PointSoma):
    """Leaky integrate-and-fire units that hold their potential while they are refractory.

        dV/dt = (-V + R (I + I_background - g V)) / tau     plus jumps
        V in mV above rest, I in pA, g in nS, R in MOhm

    The conductances' current at rest is part of I. Of the scheme `exponential_euler` the step is exact without
    conductances, also for currents that decay within the step; with them, they and the currents are constant during a
    step. Of the scheme `euler` it is V + dt dV/dt: of the first order too, in less time where conductances arrive, but
    dt (1 + R g) must stay well below tau.
    Of the scheme `precise` a unit that fires in a step is reset at the time at which V reached the threshold, t ln((V0
    - V) / (V0 - threshold)) after the begin, V0 where V was drawn to with the time constant t; its refractory period
    ends within a step too. So intervals do not depend on dt while the current stays; others hear of a spike by steps,
    as of any. A unit fires at most once in a step; a jump that crosses the threshold does so at the step's end.
    What arrives while a unit is refractory is lost. Order of update in a step: V takes the step, jumps come on top;
    units above `threshold` fire, are set to `potential_reset` and are refractory.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: `potential` (mV above rest), `refractory` (int16, steps left; of the scheme `precise` float32, ms left).
    Source: Rotter & Diesmann 1999, doi:10.1007/s004220050570 (exact integration); Brette et al. 2007,
    doi:10.1007/s10827-007-0038-6, benchmark 1 (conductances); Morrison et al. 2007, doi:10.1162/neco.2007.19.1.47
    (spikes within a step).
    """

    config: IntegrateAndFireSomaConfig
    unit_ports = ("current", "conductance", "jump", "spikes")

    @classmethod
    def acting(cls, config: IntegrateAndFireSomaConfig, current: Decays) -> Numeric:
        """What makes the step exact; to forward Euler a current is constant during the step."""
        if config.scheme == "euler":
            return 1.0
        return acting_share(config.dt, config.potential_tau, current.tau)

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Variables of the shape of what arrives."""
        config, shape = self.config, self.shape_of_units() if current is None else current.shape
        self.prepare_point(shape)
        membrane = np.asarray(config.potential_tau)
        self.precise = config.scheme == "precise"
        if self.precise:
            self.cooldown = self.make("cooldown", config.cooldown, shape)
            self.refractory = Variable(
                np.zeros(shape, np.float32), unit="ms", description="Refractory time left.", bounds=(0, None)
            )
        if conductance is None and config.scheme == "exponential_euler":
            self.rate = self.make("potential_tau", 1 - decay(config.dt, membrane), shape)
        else:
            self.rate = self.make("potential_tau", config.dt / membrane, shape)
        self.resistance = self.make("resistance", np.multiply(config.resistance, 1e-3), shape)
        self.background = self.make("background", config.background, shape)

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        if self.precise:
            return {"spikes": self.fire_within(current, conductance, jump)}
        return {"spikes": self.fire(self.integrated(current, conductance, jump))}

    def fire_within(
        self, current: CurrentArray | None, conductance: ConductanceArray | None, jump: PotentialArray | None
    ) -> SpikeArray:
        """Integrate what of the step is not refractory, and go on after a spike from its time; times are in steps.

        Args:
            current: pA; None where none arrives.
            conductance: nS; likewise.
            jump: mV; likewise.
        """
        dt, before = self.config.dt, self.potential.value.astype(jnp.float32)
        target, rate = self._drawn_to(current, conductance)
        left = self.refractory.value * jnp.float32(1.0 / dt)
        free = 1.0 - jnp.minimum(left, 1.0)
        flowed = target + exponential(-rate * free) * (before - target)
        now = flowed if jump is None else flowed + jump.value.astype(jnp.float32)
        now = jnp.where(free > 0, now, before)
        level, after = self.level.value, self.after.value
        fired = (free > 0) & (now > level)
        # Elsewhere 1, of which the logarithm is finite and has a derivative.
        crossed = fired & (flowed > level)
        ratio = jnp.where(crossed, target - before, 1.0) / jnp.where(crossed, target - level, 1.0)
        at = jnp.where(crossed, jnp.clip(jnp.log(jnp.maximum(ratio, 1.0)) / rate, 0.0, free), free)
        # One that begins above the threshold crosses it on no way down.
        at = jnp.where(crossed & (before > level), 0.0, at)
        held = self.cooldown.value * jnp.float32(1.0 / dt) - (free - at)
        again = target + exponential(-rate * jnp.maximum(-held, 0.0)) * (after - target)
        self.potential.value = jnp.where(fired, jnp.where(held < 0, again, after), now).astype(self.config.dtype)
        waits = jnp.where(fired, held, left - 1.0)
        self.refractory.value = jnp.maximum(waits, 0.0) * jnp.float32(dt)
        return SpikeArray(fired.astype(jnp.int8))

    def _drawn_to(self, current: CurrentArray | None, conductance: ConductanceArray | None) -> tuple[Numeric, Numeric]:
        """Where the potential is drawn to, mV above rest, and how fast, a step."""
        arriving = (
            self.background.value if current is None else current.value.astype(jnp.float32) + self.background.value
        )
        target = self.resistance.value * arriving
        if conductance is None:
            return target, self.rate.value
        total = 1.0 + self.resistance.value * conductance.value.astype(jnp.float32)
        return target / total, self.rate.value * total

    def integrated(
        self, current: CurrentArray | None, conductance: ConductanceArray | None, jump: PotentialArray | None
    ) -> jax.Array:
        """The potential after this step of units that do not fire, mV above rest, shape of the units.

        Args:
            current: pA; None where none arrives.
            conductance: nS; likewise.
            jump: mV; likewise.
        """
        before = self.potential.value.astype(jnp.float32)
        arriving = (
            self.background.value if current is None else current.value.astype(jnp.float32) + self.background.value
        )
        target = self.resistance.value * arriving
        if conductance is None:
            now = before + self.rate.value * (target - before)
            return now if jump is None else now + jump.value.astype(jnp.float32)
        total = 1.0 + self.resistance.value * conductance.value.astype(jnp.float32)
        if self.config.scheme == "euler":
            now = before + self.rate.value * (target - total * before)
        else:
            target = target / total
            now = target + exponential(-self.rate.value * total) * (before - target)
        return now if jump is None else now + jump.value.astype(jnp.float32)
