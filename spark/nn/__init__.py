"""Neural building blocks: components, neurons, interfaces, and the brain that wires them."""

from spark.nn import connections as connections
from spark.nn import initializers as initializers
from spark.nn import interfaces as interfaces
from spark.nn import neurons as neurons
from spark.nn import plasticity as plasticity
from spark.nn import pools as pools
from spark.nn import projections as projections
from spark.nn import receptors as receptors
from spark.nn import somas as somas
from spark.nn import synapses as synapses
from spark.nn.brain import Brain as Brain
from spark.nn.brain_config import BrainConfig as BrainConfig
from spark.nn.neurons import Neuron as Neuron
from spark.nn.neurons import NeuronConfig as NeuronConfig
from spark.nn.pools import Pool as Pool
from spark.nn.pools import PoolConfig as PoolConfig
from spark.nn.projections import Projection as Projection
