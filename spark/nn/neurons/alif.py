"""A pool of leaky integrate-and-fire units with an adaptive threshold."""

from spark.core.config import field
from spark.graph.specs import ModuleSpecs, PortMap
from spark.nn.neurons.standard import StandardNeuron, StandardNeuronConfig
from spark.nn.somas import AdaptiveLeakySoma, AdaptiveLeakySomaConfig


class ALIFNeuronConfig(StandardNeuronConfig):
    """Delays, linear synapses, an adaptive leaky soma and the default rule."""

    soma: AdaptiveLeakySomaConfig = field(factory=AdaptiveLeakySomaConfig, description="The soma.")

    def blueprint(self) -> tuple[ModuleSpecs, ...]:
        """The standard blueprint around an `AdaptiveLeakySoma`."""
        current = {"current": [PortMap("synapses", "current")]}
        return self.around(ModuleSpecs("soma", AdaptiveLeakySoma, current, self.soma))


class ALIFNeuron(StandardNeuron):
    """A pool of adaptive units with plastic synapses; see `AdaptiveLeakySoma` and `ZenkeRule`."""

    config: ALIFNeuronConfig
