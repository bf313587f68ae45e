"""The leaky soma with an adaptive threshold."""

import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.parameter import decay
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.nn.somas.leaky import LeakySoma, LeakySomaConfig
from spark.nn.somas.soma import SomaOutput


class AdaptiveLeakySomaConfig(LeakySomaConfig):
    """A leaky soma whose threshold jumps at each spike and decays back."""

    threshold_tau: Quantity = field(
        20.0,
        unit="ms",
        above=0,
        time_constant="stored",
        description="Time constant with which the threshold falls back.",
    )
    threshold_delta: Quantity = field(100.0, unit="mV", least=0, description="Rise of the threshold at each spike.")


class AdaptiveLeakySoma(LeakySoma):
    """Leaky integrate-and-fire units with an adaptive threshold (ALIF).

        V as in `LeakySoma`; V > threshold + theta:  spike, theta <- theta + threshold_delta
        threshold_tau dtheta/dt = -theta

    Order of update in a step: the rise of the threshold decays exactly; the potential is integrated and
    compared as in `LeakySoma`; the threshold of those that fired rises by `threshold_delta`.

    Ports and variables as in `LeakySoma`; and `threshold` (mV above its base).
    Source: Bellec et al. 2018, doi:10.48550/arXiv.1803.09574, section 2 (ALIF neurons).
    """

    config: AdaptiveLeakySomaConfig
    exposes = {"potential": PotentialArray, "threshold": PotentialArray}
    unit_ports = ("current", "conductance", "jump", "spikes")

    @classmethod
    def zero_of(cls, name: str, config: AdaptiveLeakySomaConfig) -> Numeric:
        """The threshold rises above its base."""
        return config.threshold if name == "threshold" else super().zero_of(name, config)

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Variables of the shape of what arrives."""
        super().build(current, conductance, jump)
        config, shape = self.config, self.potential.shape
        self.fall = self.make("threshold_tau", decay(config.dt, config.threshold_tau), shape)
        self.rise = self.make("threshold_delta", config.threshold_delta, shape)
        self.threshold = Variable(
            np.zeros(shape, config.dtype),
            unit="mV",
            description="Rise of the threshold above its base.",
        )

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        risen = self.threshold.value.astype(jnp.float32) * self.fall.value
        fired = self.fire(current, conductance, jump, self.level.value + risen)
        after = jnp.where(fired, risen + self.rise.value, risen)
        self.threshold.value = after.astype(self.config.dtype)
        return {"spikes": SpikeArray(fired.astype(jnp.int8))}
