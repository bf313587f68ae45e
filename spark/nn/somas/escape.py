"""The leaky soma with a stochastic threshold."""

from typing import Literal

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.payloads import ConductanceArray, CurrentArray, FloatArray, PotentialArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Quantity
from spark.core.variable import RandomKey, Variable
from spark.kernels.exponential import exponential
from spark.nn.somas.chance import chance_of
from spark.nn.somas.integrate_and_fire import IntegrateAndFireSoma, IntegrateAndFireSomaConfig
from spark.nn.somas.soma import SomaOutput

# Beyond this exponent a unit fires at once; float32 overflows at 88.7.
_MOST = 60.0


class EscapeRateSomaConfig(IntegrateAndFireSomaConfig):
    """A leaky unit, and how its readiness to fire follows from its potential."""

    scheme: Literal["exponential_euler", "euler"] = field(
        "exponential_euler",
        description="How a step is taken: exponential Euler, which is exact where no conductances arrive, or forward "
        "Euler.",
    )
    escape: Literal["exponential", "sigmoid"] = field(
        "exponential", description="How the rate of firing rises with the potential: without end, or up to `rate`."
    )
    rate: Quantity = field(
        100.0, unit="Hz", above=0, description="Rate at threshold if exponential; the greatest rate if sigmoid."
    )
    width: Quantity = field(
        2.0, unit="mV", above=0, description="Potential over which the rate rises by a factor of e."
    )


class EscapeRateSoma(IntegrateAndFireSoma):
    """Leaky integrate-and-fire units with escape noise: they fire at random, the sooner the higher their potential.

        dV/dt = (-V + R (I + I_background - g V)) / tau     plus jumps          as in `IntegrateAndFireSoma`
        rho(V) = rate exp((V - threshold) / width)                  exponential
        rho(V) = rate / (1 + exp(-(V - threshold) / width))         sigmoid
        P(spike in a step) = 1 - exp(-rho dt)

    Order of update in a step: V is integrated as in `IntegrateAndFireSoma`; with the new V the probability is computed,
    and each unit draws; those that fire are reset and refractory, when V is held and the probability is 0.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: `potential` (mV above rest), `refractory` (int16, steps left), `probability` (of this step's spike).
    Source: Gerstner 2000, doi:10.1162/089976600300015899, section 2.2 (escape noise); Jolivet, Rauch, Luscher &
    Gerstner 2006, doi:10.1007/s10827-006-7074-5 (exponential).
    """

    config: EscapeRateSomaConfig
    unit_ports = ("current", "conductance", "jump", "spikes")
    exposes = {"potential": PotentialArray, "probability": FloatArray}

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Variables of the shape of what arrives."""
        super().build(current, conductance, jump)
        config, shape = self.config, self.potential.shape
        self.expected = self.make("rate", np.multiply(config.rate, config.dt / 1000.0), shape)
        self.steepness = self.make("width", 1.0 / np.asarray(config.width), shape)
        self.probability = Variable(
            np.zeros(shape, config.dtype), description="Probability of a spike in this step.", bounds=(0, 1)
        )
        self.key = RandomKey()

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        ready, now = self.held(self.integrated(current, conductance, jump))
        height = (now - self.level.value) * self.steepness.value
        if self.config.escape == "exponential":
            expected = self.expected.value * exponential(jnp.minimum(height, np.float32(_MOST)))
        else:
            expected = self.expected.value / (1.0 + exponential(jnp.minimum(-height, np.float32(_MOST))))
        probability = jnp.where(ready, chance_of(expected), np.float32(0))
        self.probability.value = probability.astype(self.config.dtype)
        drawn: SpikeArray = self.settle(ready, now, self.key.uniform(probability.shape) < probability)
        return {"spikes": drawn}
