"""Initializers: which connections there are, and their first weights."""

from spark.nn.initializers.base import AllPairs as AllPairs
from spark.nn.initializers.base import AnyInitializer as AnyInitializer
from spark.nn.initializers.base import Connections as Connections
from spark.nn.initializers.base import Initializer as Initializer
from spark.nn.initializers.distance import ByDistance as ByDistance
from spark.nn.initializers.distance import ConductionInitializer as ConductionInitializer
from spark.nn.initializers.distance import DistanceInitializer as DistanceInitializer
from spark.nn.initializers.distributions import ConstantInitializer as ConstantInitializer
from spark.nn.initializers.distributions import ExponentialInitializer as ExponentialInitializer
from spark.nn.initializers.distributions import GammaInitializer as GammaInitializer
from spark.nn.initializers.distributions import LogNormalInitializer as LogNormalInitializer
from spark.nn.initializers.distributions import NormalInitializer as NormalInitializer
from spark.nn.initializers.distributions import TruncatedNormalInitializer as TruncatedNormalInitializer
from spark.nn.initializers.distributions import UniformInitializer as UniformInitializer
from spark.nn.initializers.explicit import ArrayInitializer as ArrayInitializer
