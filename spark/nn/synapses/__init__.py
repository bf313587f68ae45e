"""Synapses: from spikes to current."""

from spark.nn.synapses.background import PoissonBackground as PoissonBackground
from spark.nn.synapses.background import PoissonBackgroundConfig as PoissonBackgroundConfig
from spark.nn.synapses.background import poisson_bounds as poisson_bounds
from spark.nn.synapses.linear import LinearSynapses as LinearSynapses
from spark.nn.synapses.linear import LinearSynapsesConfig as LinearSynapsesConfig
from spark.nn.synapses.linear import SynapsesOutput as SynapsesOutput
from spark.nn.synapses.linear import require_room as require_room
