"""Dendrites: between receptors and the soma."""

from spark.nn.dendrites.active import BackpropagatingDendrite as BackpropagatingDendrite
from spark.nn.dendrites.active import BackpropagatingDendriteConfig as BackpropagatingDendriteConfig
from spark.nn.dendrites.active import PlateauDendrite as PlateauDendrite
from spark.nn.dendrites.active import PlateauDendriteConfig as PlateauDendriteConfig
from spark.nn.dendrites.dendrite import Dendrite as Dendrite
from spark.nn.dendrites.dendrite import DendriteConfig as DendriteConfig
from spark.nn.dendrites.leaky import LeakyDendrite as LeakyDendrite
from spark.nn.dendrites.leaky import LeakyDendriteConfig as LeakyDendriteConfig
from spark.nn.dendrites.spiked import Spiked as Spiked
from spark.nn.dendrites.spiked import SpikedConfig as SpikedConfig
