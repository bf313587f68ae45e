"""A pool of leaky integrate-and-fire units with an adaptive threshold."""

from spark.core.config import field
from spark.nn.neurons.plastic import PlasticNeuron, PlasticNeuronConfig
from spark.nn.somas import AdaptiveLeakySomaConfig


class ALIFNeuronConfig(PlasticNeuronConfig):
    """An adaptive leaky soma; connections, delays and the default rule of bare wires."""

    soma: AdaptiveLeakySomaConfig = field(factory=AdaptiveLeakySomaConfig, description="The soma.")


class ALIFNeuron(PlasticNeuron):
    """A pool of adaptive units with plastic synapses; see `AdaptiveLeakySoma` and `ZenkeRule`."""

    config: ALIFNeuronConfig
