"""The leaky integrate-and-fire soma."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.errors import Problem
from spark.core.parameter import counted, decay, require_shapes
from spark.core.payloads import ConductanceArray, CurrentArray, Payload, PotentialArray, SpikeArray
from spark.core.ports import Decays, PortSpec
from spark.core.values import Quantity, at_wrong, first_wrong
from spark.core.variable import Variable
from spark.kernels.exponential import exponential
from spark.nn.integration import acting_share
from spark.nn.somas.soma import Soma, SomaConfig, SomaOutput

_MOST_BLOCKED = np.iinfo(np.int32).max


class LeakySomaConfig(SomaConfig):
    """Parameters of a leaky integrate-and-fire soma; each one number, or one for every unit."""

    potential_rest: Quantity = field(-60.0, unit="mV", description="Resting potential.")
    potential_reset: Quantity = field(-50.0, unit="mV", description="Potential after a spike.")
    potential_tau: Quantity = field(
        20.0, unit="ms", above=0, time_constant="stored", description="Membrane time constant."
    )
    resistance: Quantity = field(100.0, unit="MOhm", above=0, description="Membrane resistance.")
    threshold: Quantity = field(-40.0, unit="mV", description="Potential at which a unit fires.")
    cooldown: Quantity = field(
        2.0, unit="ms", least=0, description="Refractory period: input is ignored for this long."
    )

    def problems(self) -> list[Problem]:
        """A threshold at or below rest would fire forever."""
        right = np.asarray(self.threshold) > np.asarray(self.potential_rest)
        if np.all(right):
            return []
        rest, got = first_wrong(self.potential_rest, right), first_wrong(self.threshold, right)
        return [
            Problem(
                "threshold",
                f"must be above potential_rest ({rest} mV), got {got}{at_wrong(right)}",
                "Raise the threshold, typically 10-20 mV above rest",
                "bounds",
            )
        ]

    def step_problems(self) -> list[Problem]:
        """Refractory steps are counted in 32 bits."""
        found = super().step_problems()
        longest = float(np.max(self.cooldown))
        if longest / self.dt > _MOST_BLOCKED:
            text = f"is longer than {_MOST_BLOCKED:,} steps, got {longest:g} ms with dt={self.dt:g} ms"
            found.append(Problem("cooldown", text, "Shorten it, or lengthen dt", "bounds"))
        return found


class LeakySoma(Soma):
    """Leaky integrate-and-fire units, integrated exactly for a current that is constant during a step.

    Order of update in a step: the potential decays and takes the current (units in their refractory period
    take none); units above threshold fire; those are set to `potential_reset` and become refractory for
    `ceil(cooldown / dt)` steps.

        V <- V + (1 - exp(-dt/tau)) * (R*I - V)        V in mV above rest, I in pA, R in MOhm (1 MOhm*pA = 1e-3 mV)

    With conductances the step is that of exponential Euler: they are constant during a step. Jumps come on top.

    Input ports: `current` (pA), `conductance` (nS) and `jump` (mV), shape of the units. Output ports: `spikes`, int8,
    same shape: 1 where a unit fired.
    Variables: `potential` (mV above rest), `refractory` (steps left).
    Source: Rotter & Diesmann 1999, doi:10.1007/s004220050570 (exact integration).
    """

    config: LeakySomaConfig
    exposes = {"potential": PotentialArray}
    unit_ports = ("current", "conductance", "jump", "spikes")
    any_of = ("current",)

    @classmethod
    def rest(cls, config: LeakySomaConfig) -> Numeric:
        """The resting potential."""
        return config.potential_rest

    @classmethod
    def acting(cls, config: LeakySomaConfig, current: Decays) -> Numeric:
        """What makes the step exact."""
        return acting_share(config.dt, config.potential_tau, current.tau)

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Variables of the shape of what arrives."""
        config, shape = self.config, self.shape_of_units() if current is None else current.shape
        require_shapes(f"{self.path or type(self).__name__}.config", config, shape)
        self.gain = self.make("potential_tau", 1 - decay(config.dt, config.potential_tau), shape)
        self.resistance = self.make("resistance", np.multiply(config.resistance, 1e-3), shape)
        self.level = self.make("threshold", np.subtract(config.threshold, config.potential_rest), shape)
        self.after = self.make("potential_reset", np.subtract(config.potential_reset, config.potential_rest), shape)
        address = f"{self.path or type(self).__name__}.config.cooldown"
        self.blocked = counted(address, config.cooldown, config.dt, shape, "int32")
        if conductance is not None:
            self.rate = self.make("potential_tau", config.dt / np.asarray(config.potential_tau), shape)
        self.potential = Variable(
            np.zeros(shape, config.dtype), unit="mV", description="Membrane potential above rest."
        )
        self.refractory = Variable(
            np.zeros(shape, np.int32), unit="steps", description="Refractory steps left.", bounds=(0, None)
        )

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        fired = self.fire(current, conductance, jump, self.level.value)
        return {"spikes": SpikeArray(fired.astype(jnp.int8))}

    def fire(
        self,
        current: CurrentArray | None,
        conductance: ConductanceArray | None,
        jump: PotentialArray | None,
        level: Numeric,
    ) -> jax.Array:
        """Integrate, compare, reset; returns booleans, shape of the units.

        Args:
            current: pA; None where none arrives.
            conductance: nS; likewise.
            jump: mV; likewise.
            level: The threshold, mV above rest: one number, or one for each unit.
        """
        ready = self.refractory.value == 0
        before = self.potential.value.astype(jnp.float32)

        def taken(arriving: Payload | None) -> jax.Array:
            return jnp.where(ready, 0.0 if arriving is None else arriving.value.astype(jnp.float32), 0.0)

        target = taken(current) * self.resistance.value
        if conductance is None:
            potential = before + self.gain.value * (target - before)
        else:
            total = 1.0 + taken(conductance) * self.resistance.value
            target = target / total
            potential = target + exponential(-self.rate.value * total) * (before - target)
        if jump is not None:
            potential = potential + taken(jump)
        fired = ready & (potential > level)
        self.potential.value = jnp.where(fired, self.after.value, potential).astype(self.config.dtype)
        left = jnp.maximum(self.refractory.value - 1, 0)
        self.refractory.value = jnp.where(fired, self.blocked.value, left)
        return fired
