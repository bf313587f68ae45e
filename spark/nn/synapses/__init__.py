"""Synapses: from spikes to current."""

from spark.nn.synapses.linear import LinearSynapses as LinearSynapses
from spark.nn.synapses.linear import LinearSynapsesConfig as LinearSynapsesConfig
from spark.nn.synapses.linear import SynapsesOutput as SynapsesOutput
