"""Which units are connected: drawn as lists, never as a matrix of all pairs."""

from spark.nn.connections.base import AnyConnectivity as AnyConnectivity
from spark.nn.connections.base import ConnectionList as ConnectionList
from spark.nn.connections.base import Connectivity as Connectivity
from spark.nn.connections.distance import DistanceDependent as DistanceDependent
from spark.nn.connections.random import AtLeastOnce as AtLeastOnce
from spark.nn.connections.random import FixedInDegree as FixedInDegree
from spark.nn.connections.random import FixedOutDegree as FixedOutDegree
from spark.nn.connections.random import FixedProbability as FixedProbability
from spark.nn.connections.random import FixedTotalNumber as FixedTotalNumber
from spark.nn.connections.regular import AllToAll as AllToAll
from spark.nn.connections.regular import FromMatrix as FromMatrix
from spark.nn.connections.regular import OneToOne as OneToOne
