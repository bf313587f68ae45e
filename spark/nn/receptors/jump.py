"""The receptor whose potential jumps."""

from spark.core.payloads import FloatArray, PotentialArray
from spark.nn.receptors.receptor import InhibitoryConfig, JumpOutput, Receptor, turned


class JumpConfig(InhibitoryConfig):
    """Nothing to set."""


class Jump(Receptor):
    """The potential jumps by the weights that arrive (delta synapses).

        where a spike arrives:   V <- V + weight

    Input ports: `arrivals` (mV), shape of the units. Output ports: `jump` (mV), float32, same shape.
    """

    config: JumpConfig
    unit_ports = ("arrivals", "jump")

    def __call__(self, arrivals: FloatArray) -> JumpOutput:
        """Advance one step."""
        return {"jump": PotentialArray(turned(self.config, arrivals))}
