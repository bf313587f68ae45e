"""Interfaces: between numbers and spikes."""

from spark.nn.interfaces.codes import DeltaSpiker as DeltaSpiker
from spark.nn.interfaces.codes import DeltaSpikerConfig as DeltaSpikerConfig
from spark.nn.interfaces.codes import LatencySpiker as LatencySpiker
from spark.nn.interfaces.codes import LatencySpikerConfig as LatencySpikerConfig
from spark.nn.interfaces.codes import PhaseSpiker as PhaseSpiker
from spark.nn.interfaces.codes import PhaseSpikerConfig as PhaseSpikerConfig
from spark.nn.interfaces.control import Accumulator as Accumulator
from spark.nn.interfaces.control import AccumulatorConfig as AccumulatorConfig
from spark.nn.interfaces.control import Average as Average
from spark.nn.interfaces.control import AverageConfig as AverageConfig
from spark.nn.interfaces.control import DelayLine as DelayLine
from spark.nn.interfaces.control import DelayLineConfig as DelayLineConfig
from spark.nn.interfaces.control import Gain as Gain
from spark.nn.interfaces.control import GainConfig as GainConfig
from spark.nn.interfaces.control import Gate as Gate
from spark.nn.interfaces.control import GateConfig as GateConfig
from spark.nn.interfaces.control import SoftmaxChoice as SoftmaxChoice
from spark.nn.interfaces.control import SoftmaxChoiceConfig as SoftmaxChoiceConfig
from spark.nn.interfaces.control import WinnerTakeAll as WinnerTakeAll
from spark.nn.interfaces.control import WinnerTakeAllConfig as WinnerTakeAllConfig
from spark.nn.interfaces.integrator import ExponentialIntegrator as ExponentialIntegrator
from spark.nn.interfaces.integrator import ExponentialIntegratorConfig as ExponentialIntegratorConfig
from spark.nn.interfaces.integrator import IntegratorOutput as IntegratorOutput
from spark.nn.interfaces.linear import LinearSpiker as LinearSpiker
from spark.nn.interfaces.linear import LinearSpikerConfig as LinearSpikerConfig
from spark.nn.interfaces.linear import SpikerOutput as SpikerOutput
from spark.nn.interfaces.poisson import PoissonSpiker as PoissonSpiker
from spark.nn.interfaces.poisson import PoissonSpikerConfig as PoissonSpikerConfig
from spark.nn.interfaces.population import PopulationEncoder as PopulationEncoder
from spark.nn.interfaces.population import PopulationEncoderConfig as PopulationEncoderConfig
from spark.nn.interfaces.readouts import FirstToSpike as FirstToSpike
from spark.nn.interfaces.readouts import FirstToSpikeConfig as FirstToSpikeConfig
from spark.nn.interfaces.readouts import PopulationVector as PopulationVector
from spark.nn.interfaces.readouts import PopulationVectorConfig as PopulationVectorConfig
from spark.nn.interfaces.topological import TopologicalLinearSpiker as TopologicalLinearSpiker
from spark.nn.interfaces.topological import (
    TopologicalLinearSpikerConfig as TopologicalLinearSpikerConfig,
)
from spark.nn.interfaces.topological import TopologicalPoissonSpiker as TopologicalPoissonSpiker
from spark.nn.interfaces.topological import (
    TopologicalPoissonSpikerConfig as TopologicalPoissonSpikerConfig,
)
