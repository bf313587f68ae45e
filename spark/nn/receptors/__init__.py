"""Receptors: from the weights that arrive to an effect on the soma."""

from spark.core.ports import Reverses as Reverses
from spark.nn.receptors.conductances import NMDA as NMDA
from spark.nn.receptors.conductances import ExponentialConductance as ExponentialConductance
from spark.nn.receptors.conductances import ExponentialConductanceConfig as ExponentialConductanceConfig
from spark.nn.receptors.conductances import NMDAConfig as NMDAConfig
from spark.nn.receptors.currents import AlphaCurrent as AlphaCurrent
from spark.nn.receptors.currents import AlphaCurrentConfig as AlphaCurrentConfig
from spark.nn.receptors.currents import Current as Current
from spark.nn.receptors.currents import CurrentConfig as CurrentConfig
from spark.nn.receptors.currents import ExponentialCurrent as ExponentialCurrent
from spark.nn.receptors.currents import ExponentialCurrentConfig as ExponentialCurrentConfig
from spark.nn.receptors.currents import PulseCurrent as PulseCurrent
from spark.nn.receptors.currents import PulseCurrentConfig as PulseCurrentConfig
from spark.nn.receptors.double_exponential import DoubleExponentialConductance as DoubleExponentialConductance
from spark.nn.receptors.double_exponential import (
    DoubleExponentialConductanceConfig as DoubleExponentialConductanceConfig,
)
from spark.nn.receptors.double_exponential import DoubleExponentialCurrent as DoubleExponentialCurrent
from spark.nn.receptors.double_exponential import DoubleExponentialCurrentConfig as DoubleExponentialCurrentConfig
from spark.nn.receptors.equations import EquationConductance as EquationConductance
from spark.nn.receptors.equations import EquationConductanceConfig as EquationConductanceConfig
from spark.nn.receptors.equations import EquationCurrent as EquationCurrent
from spark.nn.receptors.equations import EquationCurrentConfig as EquationCurrentConfig
from spark.nn.receptors.equations import from_equations as from_equations
from spark.nn.receptors.gap_junction import GapJunction as GapJunction
from spark.nn.receptors.gap_junction import GapJunctionConfig as GapJunctionConfig
from spark.nn.receptors.jump import Jump as Jump
from spark.nn.receptors.jump import JumpConfig as JumpConfig
from spark.nn.receptors.receptor import ConductanceOutput as ConductanceOutput
from spark.nn.receptors.receptor import CurrentOutput as CurrentOutput
from spark.nn.receptors.receptor import JumpOutput as JumpOutput
from spark.nn.receptors.receptor import Receptor as Receptor
from spark.nn.receptors.receptor import ReceptorConfig as ReceptorConfig
from spark.nn.receptors.slow_conductances import GABAB as GABAB
from spark.nn.receptors.slow_conductances import AlphaConductance as AlphaConductance
from spark.nn.receptors.slow_conductances import AlphaConductanceConfig as AlphaConductanceConfig
from spark.nn.receptors.slow_conductances import GABABConfig as GABABConfig
