"""A current that wanders at random around a mean."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.parameter import parameter
from spark.core.values import Number, Quantity
from spark.core.variable import RandomKey, Variable
from spark.nn.sources.currents import CurrentOutput, Source, SourceConfig

# The draw nearest to 0 that is none, in 32 bits: a normal number follows from it, 5.4 deviations away.
_LEAST = np.float32(-1 + 2.0**-24)


class OrnsteinUhlenbeckCurrentConfig(SourceConfig):
    """Where it wanders, how far and how fast."""

    mean: Quantity = field(0.0, unit="pA", description="Its mean.")
    deviation: Quantity = field(50.0, least=0, unit="pA", description="Its standard deviation.")
    tau: Number = field(5.0, unit="ms", above=0, time_constant="exact", description="Time over which it forgets.")


class OrnsteinUhlenbeckCurrent(Source):
    """Noise with a memory, one for each unit: an Ornstein-Uhlenbeck process.

        dI = (mean - I) / tau dt + deviation sqrt(2 / tau) dW

    It is integrated exactly: I(t + dt) = mean + (I(t) - mean) e^(-dt/tau) + deviation sqrt(1 - e^(-2 dt/tau)) N(0, 1),
    so that mean, deviation and autocorrelation e^(-lag/tau) are the same for every dt. It begins with a draw of its
    own distribution. Order of update in a step: the current is put out, then it moves.

    Input ports: none. Output ports: `current`, float32, shape `units`.
    Variables: `current` (pA), as the next step puts it out.
    Source: Uhlenbeck & Ornstein 1930, doi:10.1103/PhysRev.36.823; the exact step: Gillespie 1996,
    doi:10.1103/PhysRevE.54.2084.
    """

    config: OrnsteinUhlenbeckCurrentConfig

    def build(self) -> None:
        """A draw for each unit."""
        c, address = self.config, f"{self.path or type(self).__name__}.config"
        self.mean = parameter(f"{address}.mean", c.mean, c.units)
        self.approach = float(-np.expm1(-c.dt / c.tau))
        spread = np.sqrt(-np.expm1(-2.0 * c.dt / c.tau))
        self.kick = parameter(f"{address}.deviation", np.multiply(c.deviation, spread), c.units)
        drawn = c.mean + np.asarray(c.deviation) * self.generator.standard_normal(c.units)
        self.current = Variable(np.asarray(drawn, np.float32), unit="pA", description="The current of the next step.")
        self.key = RandomKey()

    def __call__(self) -> CurrentOutput:
        """Advance one step."""
        now: Any = self.current.value
        drawn = jnp.maximum(np.float32(2) * self.key.uniform(now.shape) - np.float32(1), _LEAST)
        normal = np.float32(np.sqrt(2.0)) * jax.lax.erf_inv(drawn)
        mean, kick = jnp.asarray(self.mean.value, jnp.float32), jnp.asarray(self.kick.value, jnp.float32)
        self.current.value = now + np.float32(self.approach) * (mean - now) + kick * normal
        return self.put_out(now)
