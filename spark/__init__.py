"""Spark: build, run, teach and show spiking brains, on JAX."""

from importlib.metadata import PackageNotFoundError as _PackageNotFoundError
from importlib.metadata import version as _version

from jax import jit as jit

from spark import catalogue as catalogue
from spark import learn as learn
from spark import nn as nn
from spark import worlds as worlds
from spark.catalogue import register as register
from spark.core.check import check_module as check_module
from spark.core.config import Config as Config
from spark.core.config import ModuleConfig as ModuleConfig
from spark.core.config import field as field
from spark.core.engine import install as _install
from spark.core.errors import ArgumentError as ArgumentError
from spark.core.errors import ConfigError as ConfigError
from spark.core.errors import FormatError as FormatError
from spark.core.errors import InputError as InputError
from spark.core.errors import LearnError as LearnError
from spark.core.errors import LoopError as LoopError
from spark.core.errors import MissingError as MissingError
from spark.core.errors import ModuleError as ModuleError
from spark.core.errors import NotBuiltError as NotBuiltError
from spark.core.errors import NumericsError as NumericsError
from spark.core.errors import Problem as Problem
from spark.core.errors import RecordError as RecordError
from spark.core.errors import RegistryError as RegistryError
from spark.core.errors import RunError as RunError
from spark.core.errors import SaveError as SaveError
from spark.core.errors import ShardError as ShardError
from spark.core.errors import SparkError as SparkError
from spark.core.errors import StateError as StateError
from spark.core.errors import WiringError as WiringError
from spark.core.extras import need as _need
from spark.core.module import Module as Module
from spark.core.numerics import raise_faults as raise_faults
from spark.core.parameter import decay as decay
from spark.core.payloads import BooleanMask as BooleanMask
from spark.core.payloads import ConductanceArray as ConductanceArray
from spark.core.payloads import CurrentArray as CurrentArray
from spark.core.payloads import FloatArray as FloatArray
from spark.core.payloads import IntegerArray as IntegerArray
from spark.core.payloads import Payload as Payload
from spark.core.payloads import PotentialArray as PotentialArray
from spark.core.payloads import SpikeArray as SpikeArray
from spark.core.ports import PortSpec as PortSpec
from spark.core.ring import Ring as Ring
from spark.core.state import Graph as Graph
from spark.core.state import State as State
from spark.core.transform import merge as merge
from spark.core.transform import split as split
from spark.core.values import Number as Number
from spark.core.values import Quantity as Quantity
from spark.core.values import Shape as Shape
from spark.core.values import Whole as Whole
from spark.core.variable import Constant as Constant
from spark.core.variable import RandomKey as RandomKey
from spark.core.variable import Variable as Variable
from spark.engine.native import NativeEngine as _NativeEngine
from spark.graph.specs import InputSpec as InputSpec
from spark.graph.specs import ModuleSpecs as ModuleSpecs
from spark.graph.specs import OutputSpec as OutputSpec
from spark.graph.specs import PortMap as PortMap
from spark.io import Checkpoints as Checkpoints
from spark.io import load_checkpoint as load_checkpoint
from spark.io import load_events as load_events
from spark.io import load_model as load_model
from spark.io import save_checkpoint as save_checkpoint
from spark.io import save_events as save_events
from spark.io import save_model as save_model
from spark.kernels.cache import keep_compiled_programs as _keep_compiled_programs
from spark.nn.projections import Projection as Projection
from spark.nn.receptors import Receptor as Receptor
from spark.nn.receptors import ReceptorConfig as ReceptorConfig
from spark.nn.somas import Soma as Soma
from spark.nn.somas import SomaConfig as SomaConfig
from spark.sim.batch import batch as batch
from spark.sim.batch import replicas as replicas
from spark.sim.events import SpikeEvents as SpikeEvents
from spark.sim.explain import explain as explain
from spark.sim.network import Network as Network
from spark.sim.profile import profile as profile
from spark.sim.records import Probe as Probe
from spark.sim.records import Recording as Recording
from spark.sim.run import Report as Report
from spark.sim.run import run as run
from spark.sim.shard import ShardedBrain as ShardedBrain
from spark.sim.shard import shard as shard
from spark.sim.step import step as step
from spark.sim.surrogate import Surrogate as Surrogate
from spark.sim.unroll import Unrolled as Unrolled
from spark.sim.unroll import unroll as unroll

_keep_compiled_programs()
_install(_NativeEngine())


def __getattr__(name: str) -> object:
    """The Graph Editor, which needs packages that `import spark` does not."""
    if name in ("GraphEditor", "edit"):
        _need("editor", "starlette", "uvicorn", "websockets")
        from spark.editor import launch

        return getattr(launch, name)
    raise AttributeError(f"module 'spark' has no attribute {name!r}")


try:
    __version__ = _version("spark-brain")
except _PackageNotFoundError:  # A checkout on the path that was not installed.
    __version__ = "0.0.0"
