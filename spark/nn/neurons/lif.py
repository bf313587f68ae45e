"""A pool of leaky integrate-and-fire units."""

from spark.core.config import field
from spark.nn.neurons.plastic import PlasticNeuron, PlasticNeuronConfig
from spark.nn.somas import LeakySomaConfig


class LIFNeuronConfig(PlasticNeuronConfig):
    """A leaky soma; connections, delays and the default rule of bare wires."""

    soma: LeakySomaConfig = field(factory=LeakySomaConfig, description="The soma.")


class LIFNeuron(PlasticNeuron):
    """A pool of leaky integrate-and-fire units with plastic synapses; see `LeakySoma` and `ZenkeRule`."""

    config: LIFNeuronConfig
