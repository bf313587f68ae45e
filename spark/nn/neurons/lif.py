"""A pool of leaky integrate-and-fire units."""

from spark.core.config import field
from spark.graph.specs import ModuleSpecs, PortMap
from spark.nn.neurons.standard import StandardNeuron, StandardNeuronConfig
from spark.nn.somas import LeakySoma, LeakySomaConfig


class LIFNeuronConfig(StandardNeuronConfig):
    """Delays, linear synapses, a leaky soma and the default rule."""

    soma: LeakySomaConfig = field(factory=LeakySomaConfig, description="The soma.")

    def blueprint(self) -> tuple[ModuleSpecs, ...]:
        """The standard blueprint around a `LeakySoma`."""
        current = {"current": [PortMap("synapses", "current")]}
        return self.around(ModuleSpecs("soma", LeakySoma, current, self.soma))


class LIFNeuron(StandardNeuron):
    """A pool of leaky integrate-and-fire units with plastic synapses; see `LeakySoma` and `ZenkeRule`."""

    config: LIFNeuronConfig
