"""Somas: from current to spikes."""

from spark.nn.somas.adaptive import AdaptiveLeakySoma as AdaptiveLeakySoma
from spark.nn.somas.adaptive import AdaptiveLeakySomaConfig as AdaptiveLeakySomaConfig
from spark.nn.somas.adaptive_exponential import AdaptiveExponentialSoma as AdaptiveExponentialSoma
from spark.nn.somas.adaptive_exponential import AdaptiveExponentialSomaConfig as AdaptiveExponentialSomaConfig
from spark.nn.somas.leaky import LeakySoma as LeakySoma
from spark.nn.somas.leaky import LeakySomaConfig as LeakySomaConfig
from spark.nn.somas.leaky import SomaOutput as SomaOutput
from spark.nn.somas.point import ConductanceSoma as ConductanceSoma
from spark.nn.somas.point import ConductanceSomaConfig as ConductanceSomaConfig
from spark.nn.somas.point import CurrentSoma as CurrentSoma
from spark.nn.somas.point import CurrentSomaConfig as CurrentSomaConfig
from spark.nn.somas.point import DeltaSoma as DeltaSoma
