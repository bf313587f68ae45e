"""A projection as its connections are drawn: with its name, its sign, and addresses for errors."""

from dataclasses import dataclass

from spark.core.ports import PortSpec
from spark.nn.projections.projection import ProjectionConfig
from spark.nn.synapses.drawn import WireDraw, refuse_without_effect


@dataclass(frozen=True)
class Drawn:
    """A projection of a pool.

    Attributes:
        name: Its name in the pool.
        address: `pool.name`, for errors.
        settings: What it asks for.
        signed: Whether spikes of inhibitory units count as -1.
    """

    name: str
    address: str
    settings: ProjectionConfig
    signed: bool

    def wire(self, part: PortSpec) -> WireDraw:
        """What is to be drawn for it, where the wire brings `part`.

        Raises:
            ConfigError: A setting has no effect where connections are drawn apart.
        """
        names = {"connections": "pattern", "kernel": "weights", "delay": "delay"}
        addresses = {name: f"{self.address}.{own}" for name, own in names.items()}
        settings = self.settings
        made = WireDraw(part, settings.pattern, settings.weights, settings.delay, addresses)
        refuse_without_effect([made])
        return made
