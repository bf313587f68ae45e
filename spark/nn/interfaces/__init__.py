"""Interfaces: between numbers and spikes."""

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
from spark.nn.interfaces.topological import TopologicalLinearSpiker as TopologicalLinearSpiker
from spark.nn.interfaces.topological import (
    TopologicalLinearSpikerConfig as TopologicalLinearSpikerConfig,
)
from spark.nn.interfaces.topological import TopologicalPoissonSpiker as TopologicalPoissonSpiker
from spark.nn.interfaces.topological import (
    TopologicalPoissonSpikerConfig as TopologicalPoissonSpikerConfig,
)
