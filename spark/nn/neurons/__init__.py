"""Neurons: pools of units of one kind, built from components."""

from spark.nn.neurons.alif import ALIFNeuron as ALIFNeuron
from spark.nn.neurons.alif import ALIFNeuronConfig as ALIFNeuronConfig
from spark.nn.neurons.group import ExponentialSynapsesConfig as ExponentialSynapsesConfig
from spark.nn.neurons.group import StaticSynapsesConfig as StaticSynapsesConfig
from spark.nn.neurons.lif import LIFNeuron as LIFNeuron
from spark.nn.neurons.lif import LIFNeuronConfig as LIFNeuronConfig
from spark.nn.neurons.neuron import Neuron as Neuron
from spark.nn.neurons.neuron import NeuronConfig as NeuronConfig
from spark.nn.neurons.neuron import NeuronOutput as NeuronOutput
from spark.nn.neurons.plastic import PlasticNeuron as PlasticNeuron
from spark.nn.neurons.plastic import PlasticNeuronConfig as PlasticNeuronConfig
from spark.nn.neurons.point import AdExNeuron as AdExNeuron
from spark.nn.neurons.point import AdExNeuronConfig as AdExNeuronConfig
from spark.nn.neurons.point import ConductanceLIFNeuron as ConductanceLIFNeuron
from spark.nn.neurons.point import ConductanceLIFNeuronConfig as ConductanceLIFNeuronConfig
from spark.nn.neurons.point import CurrentLIFNeuron as CurrentLIFNeuron
from spark.nn.neurons.point import CurrentLIFNeuronConfig as CurrentLIFNeuronConfig
from spark.nn.neurons.point import DeltaLIFNeuron as DeltaLIFNeuron
from spark.nn.neurons.point import DeltaLIFNeuronConfig as DeltaLIFNeuronConfig
