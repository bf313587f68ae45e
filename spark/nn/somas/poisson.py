"""The soma that fires at random, at a rate that follows its current."""

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.parameter import require_shapes
from spark.core.payloads import CurrentArray, FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Quantity
from spark.core.variable import RandomKey, Variable
from spark.nn.somas.chance import chance_of
from spark.nn.somas.soma import Soma, SomaConfig, SomaOutput


class PoissonSomaConfig(SomaConfig):
    """Parameters of a Poisson unit."""

    rate: Quantity = field(10.0, unit="Hz", description="Rate without current.")
    gain: Quantity = field(0.1, unit="Hz/pA", description="Rise of the rate with the current.")
    ceiling: Quantity = field(1000.0, unit="Hz", above=0, description="Greatest rate.")


class PoissonSoma(Soma):
    """Linear-nonlinear Poisson units: no membrane, spikes at random at a rate that follows the current.

        lambda = min(max(0, rate + gain I), ceiling)          P(spike in a step) = 1 - exp(-lambda dt)

    A unit fires at most once in a step. Order of update in a step: the probability follows from this step's current,
    then each unit draws.

    Input ports: `current` (pA), shape of the units. Output ports: `spikes`, int8, same shape: 1 where a unit fired.
    Variables: `probability` (of this step's spike).
    Source: Chichilnisky 2001, doi:10.1080/713663221 (linear-nonlinear Poisson models).
    """

    config: PoissonSomaConfig
    exposes = {"probability": FloatArray}
    unit_ports = ("current", "spikes")
    any_of = ("current",)

    @classmethod
    def fires_alone(cls, config: PoissonSomaConfig) -> bool:
        """Units of a rate above 0 do."""
        return not isinstance(config.rate, (int, float)) or config.rate > 0

    def build(self, current: PortSpec | None = None) -> None:
        """A key, and the probability."""
        config, shape = self.config, self.shape_of_units() if current is None else current.shape
        require_shapes(f"{self.path or type(self).__name__}.config", config, shape)
        step = config.dt / 1000.0
        self.spontaneous = self.make("rate", np.multiply(config.rate, step), shape)
        self.slope = self.make("gain", np.multiply(config.gain, step), shape)
        self.most = self.make("ceiling", np.multiply(config.ceiling, step), shape)
        self.probability = Variable(
            np.zeros(shape, config.dtype), description="Probability of a spike in this step.", bounds=(0, 1)
        )
        self.key = RandomKey()

    def __call__(self, current: CurrentArray | None = None) -> SomaOutput:
        """Advance one step."""
        given = jnp.float32(0) if current is None else current.value.astype(jnp.float32)
        expected = jnp.clip(self.spontaneous.value + self.slope.value * given, np.float32(0), self.most.value)
        probability = jnp.broadcast_to(chance_of(expected), self.probability.shape)
        self.probability.value = probability.astype(self.config.dtype)
        fired = self.key.uniform(probability.shape) < probability
        return {"spikes": SpikeArray(fired.astype(jnp.int8))}
