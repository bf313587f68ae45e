"""Somas: from current to spikes."""

from spark.nn.somas.adaptive import AdaptiveLeakySoma as AdaptiveLeakySoma
from spark.nn.somas.adaptive import AdaptiveLeakySomaConfig as AdaptiveLeakySomaConfig
from spark.nn.somas.leaky import LeakySoma as LeakySoma
from spark.nn.somas.leaky import LeakySomaConfig as LeakySomaConfig
from spark.nn.somas.leaky import SomaOutput as SomaOutput
