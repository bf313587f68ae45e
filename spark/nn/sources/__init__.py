"""Sources: currents that are made inside of a brain, to be injected into pools."""

from spark.nn.sources.currents import RampCurrent as RampCurrent
from spark.nn.sources.currents import RampCurrentConfig as RampCurrentConfig
from spark.nn.sources.currents import SampledCurrent as SampledCurrent
from spark.nn.sources.currents import SampledCurrentConfig as SampledCurrentConfig
from spark.nn.sources.currents import SineCurrent as SineCurrent
from spark.nn.sources.currents import SineCurrentConfig as SineCurrentConfig
from spark.nn.sources.currents import SourceConfig as SourceConfig
from spark.nn.sources.currents import StepCurrent as StepCurrent
from spark.nn.sources.currents import StepCurrentConfig as StepCurrentConfig
from spark.nn.sources.noise import OrnsteinUhlenbeckCurrent as OrnsteinUhlenbeckCurrent
from spark.nn.sources.noise import OrnsteinUhlenbeckCurrentConfig as OrnsteinUhlenbeckCurrentConfig
