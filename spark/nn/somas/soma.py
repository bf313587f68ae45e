"""What all somas have in common."""

from typing import TypedDict

import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.errors import ConfigError, Problem
from spark.core.payloads import SpikeArray
from spark.core.ports import Decays
from spark.core.values import Shape
from spark.nn.component import Component, ComponentConfig


class SomaConfig(ComponentConfig):
    """Base of the configs of somas."""

    tag = "soma"
    usual = "LeakySomaConfig"
    units: Shape | None = field(None, description="Shape of the pool; a neuron hands it down.")


class SomaOutput(TypedDict):
    """What every soma puts out."""

    spikes: SpikeArray


class Soma(Component):
    """Base of somas: from what receptors bring to spikes.

    A pool feeds the input ports that a soma declares, all optional or not: `current` (pA), the sum of all currents;
    `conductance` (nS), the sum of all conductances, whose current at rest is part of `current`; `jump` (mV), by which
    the potential jumps. For a soma without `conductance` the pool makes a current of it, by the property `potential` as
    the last step left it: dt must then stay well below capacitance / conductance.

    Output ports: `spikes`, int8, shape of the units.
    """

    config: SomaConfig

    @classmethod
    def rest(cls, config: SomaConfig) -> Numeric:
        """What `potential` is measured from by its `config`, mV: one number, or one for each unit; 0 if nothing."""
        return 0.0

    @classmethod
    def zero_of(cls, name: str, config: SomaConfig) -> Numeric:
        """What an exposed property in mV, `name`, is measured from by its `config`: as the potential, unless said.

        One number, or one for each unit.
        """
        return cls.rest(config)

    @classmethod
    def fires_alone(cls, config: SomaConfig) -> bool:
        """Whether its units may fire by its `config` without anything that arrives, so that a pool needs no wire."""
        background = config.field_or_none("background")
        return background is not None and bool(np.any(background))

    @classmethod
    def ignores(cls, config: SomaConfig) -> dict[str, str]:
        """Input ports of which it makes no use by its `config`, and how to mend that: what arrives would vanish."""
        return {}

    @classmethod
    def acting(cls, config: SomaConfig, current: Decays) -> Numeric:
        """How much of a current that decays within the step acts as a current that is constant would: 1 is all.

        A soma that integrates exactly says what makes it so; a number, or one for each unit.

        Args:
            config: Config of the soma.
            current: How the current decays.
        """
        return 1.0

    def shape_of_units(self) -> tuple[int, ...]:
        """Shape of the pool.

        Raises:
            ConfigError: The config does not say it.
        """
        if self.config.units is None:
            address = f"{self.path or type(self).__name__}.config.units"
            raise ConfigError(Problem(address, "is missing", "Give `units=(...)`: the shape of the pool", "missing"))
        return self.config.units
