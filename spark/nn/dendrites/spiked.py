"""The soma's spikes, kept for a step, for what they run back to."""

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig
from spark.core.module import Module
from spark.core.payloads import Payload, SpikeArray
from spark.core.ports import PortSpec
from spark.core.variable import Variable


class SpikedConfig(ModuleConfig):
    """Nothing to set."""


class Spiked(Module):
    """Keeps which units fired in the last step.

    Input ports: `spikes`, shape of the units. Variables: `fired`, int8, which a pool's dendrites read before the soma
    computes.
    """

    config: SpikedConfig
    exposes = {"fired": SpikeArray}
    unit_ports = ("spikes",)

    def build(self, spikes: PortSpec) -> None:
        """No unit has fired."""
        self.fired = Variable(np.zeros(spikes.shape, np.int8), description="1 where a unit fired in the last step.")

    def __call__(self, spikes: SpikeArray) -> dict[str, Payload]:
        """Keep them."""
        self.fired.value = (spikes.value != 0).astype(jnp.int8)
        return {}
