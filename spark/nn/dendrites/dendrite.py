"""What all dendrites have in common."""

from typing import Any, TypedDict

import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.parameter import require_shapes
from spark.core.payloads import CurrentArray, PotentialArray
from spark.core.ports import Decays, PortSpec
from spark.core.values import Quantity, Shape
from spark.core.variable import Variable
from spark.nn.component import Component, ComponentConfig
from spark.nn.integration import acting_share


class DendriteConfig(ComponentConfig):
    """Base of the configs of dendrites."""

    tag = "dendrite"
    units: Shape | None = field(None, description="Shape of the pool, which hands it down.")
    potential_rest: Quantity = field(-60.0, unit="mV", description="Resting potential.")
    potential_tau: Quantity = field(
        20.0, unit="ms", above=0, time_constant="stored", description="Membrane time constant."
    )
    resistance: Quantity = field(100.0, unit="MOhm", above=0, description="Membrane resistance.")


class DendriteOutput(TypedDict):
    """What every dendrite puts out."""

    current: CurrentArray


class Dendrite(Component):
    """Base of dendrites: from what their receptors bring to a current into the soma.

    To its receptors a dendrite is what a soma is: its pool feeds the input ports that it declares of `current` (pA),
    `conductance` (nS) and `jump` (mV), and receptors that read a potential read its own. To the soma it is what a
    receptor is: it has one output port, `current` (pA). It declares the input port `potential` to read the soma's, and
    `spikes` to read the soma's spikes, both as the last step left them.
    """

    config: Any
    exposes = {"potential": PotentialArray}

    @classmethod
    def rest(cls, config: DendriteConfig) -> Numeric:
        """What its potential is measured from, mV, by its `config`: one number, or one for each unit."""
        return config.potential_rest

    @classmethod
    def acting(cls, config: DendriteConfig, current: Decays) -> Numeric:
        """How much of a decaying `current` acts, by its `config`: the step is exact where no conductance is open.

        A number, or one for each unit; see `spark.Soma.acting`.
        """
        return acting_share(config.dt, config.potential_tau, current.tau)

    def prepare_membrane(self, shape: tuple[int, ...]) -> None:
        """Make the potential, at rest, for units of this `shape`."""
        require_shapes(f"{self.path or type(self).__name__}.config", self.config, shape)
        self.potential = Variable(
            np.zeros(shape, self.config.dtype), unit="mV", description="Potential of the dendrite above rest."
        )


def shape_of(config: Any, *specs: PortSpec | None) -> tuple[int, ...]:
    """Shape of the pool: that of what arrives, or what the config says."""
    return next((spec.shape for spec in specs if spec is not None), config.units)
