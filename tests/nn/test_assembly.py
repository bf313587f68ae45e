"""A brain whose module does not put out what another waits for is refused in words."""

from builders import NoConfig, Relay, refused, relay, spikes, spiking_brain

import spark
from spark import ModuleSpecs, PortMap, PortSpec


class Silent(Relay):
    """A relay that puts out nothing at build."""

    config: NoConfig

    def prepare(self, inputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Build, and say of no port what it will put out."""
        super().prepare(inputs)
        return {}


def test_a_port_that_a_built_module_did_not_put_out_is_named() -> None:
    silent = ModuleSpecs("silent", Silent, {"spikes": [PortMap("__call__", "spikes")]})
    text = (
        "next.spikes: waits for 'silent.spikes', which 'silent' did not put out when it was built. "
        "Put it out, or wire another port"
    )
    with refused(spark.WiringError, text):
        spiking_brain([silent, relay("next", ("silent", "spikes"))])(spikes=spikes([0] * 4))
