"""Somas that hold their potential at the reset value while they are refractory, as the field's standard networks do."""

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.errors import Problem
from spark.core.parameter import counted, require_shapes
from spark.core.payloads import PotentialArray, SpikeArray
from spark.core.values import Quantity, at_wrong, first_wrong
from spark.core.variable import Variable
from spark.nn.somas.soma import Soma, SomaConfig

_MOST_BLOCKED = np.iinfo(np.int16).max


class PointSomaConfig(SomaConfig):
    """Parameters of a leaky integrate-and-fire point neuron; each one number, or one for every unit."""

    potential_rest: Quantity = field(-60.0, unit="mV", description="Resting potential.")
    potential_reset: Quantity = field(-60.0, unit="mV", description="Potential after a spike.")
    potential_first: Quantity = field(-60.0, unit="mV", description="Potential at the start and after a reset.")
    potential_tau: Quantity = field(
        20.0, unit="ms", above=0, time_constant="stored", description="Membrane time constant."
    )
    threshold: Quantity = field(-50.0, unit="mV", description="Potential at which a unit fires.")
    cooldown: Quantity = field(
        5.0, unit="ms", least=0, description="Refractory period: the potential is held at the reset value."
    )

    def problems(self) -> list[Problem]:
        """A reset at or above threshold would fire forever."""
        found = super().problems()
        right = np.asarray(self.potential_reset) < np.asarray(self.threshold)
        if not np.all(right):
            level, got = first_wrong(self.threshold, right), first_wrong(self.potential_reset, right)
            found.append(
                Problem(
                    "potential_reset",
                    f"must be below threshold ({level} mV), got {got}{at_wrong(right)}",
                    "Lower the reset or raise the threshold",
                    "bounds",
                )
            )
        return found

    def step_problems(self) -> list[Problem]:
        """The refractory period has a longest."""
        found = super().step_problems()
        longest = float(np.max(self.cooldown))
        if longest / self.dt > _MOST_BLOCKED:
            found.append(
                Problem(
                    "cooldown",
                    f"is longer than {_MOST_BLOCKED} steps, got {longest:g} ms with dt={self.dt:g} ms",
                    "Shorten it, or lengthen dt",
                    "bounds",
                )
            )
        return found


class PointSoma(Soma):
    """What point neurons have in common: threshold, reset, and a refractory period in which the potential is held.

    Order of update in a step: the potential integrates what arrives, unless the unit is refractory; units above
    threshold fire, are set to `potential_reset` and are refractory for `ceil(cooldown / dt)` steps, this one counted
    as the first after the spike.
    """

    config: PointSomaConfig
    exposes = {"potential": PotentialArray}
    unit_ports = ("current", "conductance", "jump", "spikes")
    any_of = ("current",)

    @classmethod
    def rest(cls, config: PointSomaConfig) -> Numeric:
        """The resting potential."""
        return config.potential_rest

    def prepare_point(self, shape: tuple[int, ...]) -> None:
        """Variables and parameters of this shape."""
        config = self.config
        require_shapes(f"{self.path or type(self).__name__}.config", config, shape)
        rest = np.asarray(config.potential_rest)
        self.level = self.make("threshold", np.subtract(config.threshold, rest), shape)
        self.after = self.make("potential_reset", np.subtract(config.potential_reset, rest), shape)
        address = f"{self.path or type(self).__name__}.config.cooldown"
        self.blocked = counted(address, config.cooldown, config.dt, shape, "int16")
        first = np.broadcast_to(np.subtract(config.potential_first, rest), shape)
        self.potential = Variable(
            np.array(first, config.dtype), unit="mV", description="Membrane potential above rest."
        )
        self.refractory = Variable(
            np.zeros(shape, np.int16), unit="steps", description="Refractory steps left.", bounds=(0, None)
        )

    def fire(self, integrated: jax.Array) -> SpikeArray:
        """Compare with the threshold, reset, count the refractory steps."""
        ready, now = self.held(integrated)
        return self.settle(ready, now, ready & (now > self.level.value))

    def held(self, integrated: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Which units are not refractory, and the potential, which in those that are is held."""
        ready = self.refractory.value == 0
        return ready, jnp.where(ready, integrated, self.potential.value.astype(jnp.float32))

    def settle(self, ready: jax.Array, now: jax.Array, fired: jax.Array) -> SpikeArray:
        """Reset those that fired, and count the refractory steps."""
        self.potential.value = jnp.where(fired, self.after.value, now).astype(self.config.dtype)
        left = self.refractory.value - jnp.where(ready, np.int16(0), np.int16(1))
        self.refractory.value = jnp.where(fired, self.blocked.value, left)
        return SpikeArray(fired.astype(jnp.int8))
