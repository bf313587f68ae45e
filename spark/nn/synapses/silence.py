"""What stands where a neuron's port has no wire and its synapses are still needed."""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np

from spark.core.config import ModuleConfig
from spark.core.module import Module
from spark.core.payloads import SpikeArray
from spark.core.share import Cut, Share
from spark.core.variable import Constant
from spark.kernels.program import Place
from spark.nn.lowering import Lowering


class SilenceConfig(ModuleConfig):
    """Nothing to set."""


class SilenceOutput(TypedDict):
    """What silence puts out."""

    spikes: SpikeArray


class Silence(Module):
    """One unit that never fires.

    Output ports: `spikes`, int8, shape (1,), always 0.
    """

    config: SilenceConfig
    lowers = True
    unit_ports = ()

    def build(self) -> None:
        """The zero."""
        self.nothing = Constant(np.zeros(1, np.int8))

    def __call__(self) -> SilenceOutput:
        """Advance one step."""
        return {"spikes": SpikeArray(self.nothing.value)}

    def lower(self, lowering: Lowering) -> dict[str, Place]:
        """No instruction: where the zero lies."""
        return {"spikes": lowering.constant(self.nothing)}

    def cut(self, share: Share, sources: Mapping[str, Any]) -> Cut:
        """The same for every share."""
        return Cut()
