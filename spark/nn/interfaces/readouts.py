"""Numbers from spikes: the direction of a population, and who fired first."""

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.module import Module
from spark.core.parameter import decay, steps
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.core.variable import Constant, Variable
from spark.nn.interfaces.integrator import IntegratorOutput


class PopulationVectorConfig(ModuleConfig):
    """How rates are averaged."""

    tau: Number = field(50.0, unit="ms", above=0, time_constant="exact", description="Time constant of the average.")


class PopulationVector(Module):
    """The vector to which units vote, each in its preferred direction, evenly spread over a circle from 0 on.

        r <- r exp(-dt/tau) + (1 - exp(-dt/tau)) 1000 |spike| / dt        (x, y) = 2/n sum r_k (cos phi_k, sin phi_k)

    phi_k = 2 pi k / n. For rates a + b cos(phi - phi_k) with n of at least 3 it is b (cos phi, sin phi), Hz.

    Input ports: `spikes`, n units of any shape. Output ports: `signal`, float32, (2,).
    Variables: `rate` (Hz), float32, (n,).
    Source: Georgopoulos, Schwartz & Kettner 1986, doi:10.1126/science.3749885.
    """

    config: PopulationVectorConfig

    def build(self, spikes: PortSpec) -> None:
        """Rates, and a direction for each unit."""
        config, units = self.config, spikes.size
        self.kept = float(decay(config.dt, config.tau))
        angles = 2 * np.pi * np.arange(units) / units
        self.across = Constant((2.0 / units * np.cos(angles)).astype(np.float32))
        self.along = Constant((2.0 / units * np.sin(angles)).astype(np.float32))
        self.rate = Variable(np.zeros(units, np.float32), unit="Hz", description="Average rate of each unit.")

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """Two numbers, whatever comes in, so they may come back to what they come from."""
        return {"signal": PortSpec(FloatArray, (2,), "float32")}

    def __call__(self, spikes: SpikeArray) -> IntegratorOutput:
        """Advance one step."""
        fired = (spikes.value.reshape(-1) != 0).astype(jnp.float32)
        rise = np.float32((1 - self.kept) * 1000.0 / self.config.dt)
        rate = self.rate.value * np.float32(self.kept) + rise * fired
        self.rate.value = rate
        across, along = (rate * jnp.asarray(c.value) for c in (self.across, self.along))
        return {"signal": FloatArray(jnp.stack([across.sum(), along.sum()]))}


class FirstToSpikeConfig(ModuleConfig):
    """How long a window is."""

    window: Number = field(100.0, unit="ms", above=0, description="Time after which the next race begins.")


class FirstToSpike(Module):
    """Which unit fired first in a window: 1 for it, or for those of its step, from then to the window's end, else 0.

        open: nobody fired yet in this window        open and unit fires:  its output is 1 up to the window's end

    Windows follow each other from step 0 on.

    Input ports: `spikes`, any shape. Output ports: `signal`, float32, same shape.
    Variables: `first`, as `signal`.
    Source: Thorpe, Delorme & Van Rullen 2001, doi:10.1016/S0893-6080(01)00083-1.
    """

    config: FirstToSpikeConfig

    def build(self, spikes: PortSpec) -> None:
        """Nobody yet."""
        self.length = max(1, steps(self.config.window, self.config.dt))
        self.first = Variable(np.zeros(spikes.shape, np.float32), description="1 for who fired first.", bounds=(0, 1))

    def __call__(self, spikes: SpikeArray) -> IntegratorOutput:
        """Advance one step."""
        fresh = self.step % self.length == 0
        kept = jnp.where(fresh, np.float32(0), self.first.value)
        fired = (spikes.value != 0).astype(jnp.float32)
        first = jnp.where(kept.max() > 0, kept, fired)
        self.first.value = first
        return {"signal": FloatArray(first)}
