"""Delays: when a spike arrives."""

from spark.core.delayed import DelayedSpikes as DelayedSpikes
from spark.nn.delays.input_delays import NDelays as NDelays
from spark.nn.delays.input_delays import NDelaysConfig as NDelaysConfig
from spark.nn.delays.pair_delays import N2NDelays as N2NDelays
from spark.nn.delays.pair_delays import N2NDelaysConfig as N2NDelaysConfig
