"""Somas: from current to spikes."""

from spark.nn.somas.adaptive import AdaptiveLeakySoma as AdaptiveLeakySoma
from spark.nn.somas.adaptive import AdaptiveLeakySomaConfig as AdaptiveLeakySomaConfig
from spark.nn.somas.adaptive_exponential import AdaptiveExponentialSoma as AdaptiveExponentialSoma
from spark.nn.somas.adaptive_exponential import AdaptiveExponentialSomaConfig as AdaptiveExponentialSomaConfig
from spark.nn.somas.integrate_and_fire import ConductanceSomaConfig as ConductanceSomaConfig
from spark.nn.somas.integrate_and_fire import IntegrateAndFireSoma as IntegrateAndFireSoma
from spark.nn.somas.integrate_and_fire import IntegrateAndFireSomaConfig as IntegrateAndFireSomaConfig
from spark.nn.somas.leaky import LeakySoma as LeakySoma
from spark.nn.somas.leaky import LeakySomaConfig as LeakySomaConfig
from spark.nn.somas.soma import Soma as Soma
from spark.nn.somas.soma import SomaConfig as SomaConfig
from spark.nn.somas.soma import SomaOutput as SomaOutput
