"""Where synaptic input comes from: drawn connections, and random events from outside."""

from spark.nn.synapses.background import PoissonBackground as PoissonBackground
from spark.nn.synapses.background import PoissonBackgroundConfig as PoissonBackgroundConfig
from spark.nn.synapses.background import poisson_bounds as poisson_bounds
