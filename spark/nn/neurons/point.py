"""Pools of point neurons with sparse synapses: the neurons of the field's standard networks."""

from typing import Any, ClassVar

from spark.core.config import field
from spark.core.payloads import SpikeArray
from spark.graph.specs import CALL, ModuleSpecs, PortMap
from spark.nn.neurons.neuron import Neuron, NeuronConfig, NeuronOutput
from spark.nn.somas.adaptive_exponential import AdaptiveExponentialSoma, AdaptiveExponentialSomaConfig
from spark.nn.somas.point import ConductanceSoma, ConductanceSomaConfig, CurrentSoma, CurrentSomaConfig, DeltaSoma
from spark.nn.synapses.background import PoissonBackground, PoissonBackgroundConfig
from spark.nn.synapses.static import (
    DeltaSynapses,
    ExponentialSynapses,
    ExponentialSynapsesConfig,
    StaticSynapsesConfig,
)


class PointNeuronConfig(NeuronConfig):
    """Two groups of synapses, each with an input port, and a soma."""

    parts: ClassVar[tuple[Any, str, Any]]
    inhibitory_rate: float = field(0.0, least=0, most=1, description="Fraction of units whose spikes are negative.")
    background: PoissonBackgroundConfig = field(
        factory=PoissonBackgroundConfig,
        description="Random events onto every unit, which come in through the excitatory synapses; at 0 Hz none.",
    )
    excitatory: Any
    inhibitory: Any
    soma: Any

    def blueprint(self) -> tuple[ModuleSpecs, ...]:
        """Both groups of synapses feed the soma."""
        synapses, port, soma = self.parts
        groups = {"excitatory": "excitation", "inhibitory": "inhibition"}
        inputs = {group: {"spikes": [PortMap(CALL, own)]} for group, own in groups.items()}
        parts = []
        if self.background.rate > 0:
            inputs["excitatory"]["arrivals"] = [PortMap("background", "arrivals")]
            parts.append(ModuleSpecs("background", PoissonBackground, {}, self.background))
        parts += [ModuleSpecs(group, synapses, inputs[group], getattr(self, group)) for group in groups]
        return (*parts, ModuleSpecs("soma", soma, {p: [PortMap(g, port)] for g, p in groups.items()}, self.soma))


class PointNeuron(Neuron):
    """A pool with an input port for excitation and one for inhibition."""

    config: PointNeuronConfig
    blueprint_lowers = True
    own_ports = {"excitation": SpikeArray, "inhibition": SpikeArray}

    def __call__(self, excitation: SpikeArray, inhibition: SpikeArray) -> NeuronOutput:
        """Advance one step."""
        return self.advance(excitation=excitation, inhibition=inhibition)


class CurrentLIFNeuronConfig(PointNeuronConfig):
    """Exponentially decaying currents into leaky integrate-and-fire units."""

    parts = (ExponentialSynapses, "current", CurrentSoma)
    excitatory: ExponentialSynapsesConfig = field(
        factory=ExponentialSynapsesConfig, description="Synapses of the port `excitation`."
    )
    inhibitory: ExponentialSynapsesConfig = field(
        factory=lambda: ExponentialSynapsesConfig(tau=10.0), description="Synapses of the port `inhibition`."
    )
    soma: CurrentSomaConfig = field(factory=CurrentSomaConfig, description="The soma.")


class CurrentLIFNeuron(PointNeuron):
    """Leaky integrate-and-fire units with exponential currents; see `ExponentialSynapses` and `CurrentSoma`."""

    config: CurrentLIFNeuronConfig


class ConductanceLIFNeuronConfig(PointNeuronConfig):
    """Exponentially decaying conductances into leaky integrate-and-fire units."""

    parts = (ExponentialSynapses, "current", ConductanceSoma)
    excitatory: ExponentialSynapsesConfig = field(
        factory=lambda: ExponentialSynapsesConfig(signed=False), description="Synapses of the port `excitation`."
    )
    inhibitory: ExponentialSynapsesConfig = field(
        factory=lambda: ExponentialSynapsesConfig(tau=10.0, signed=False),
        description="Synapses of the port `inhibition`.",
    )
    soma: ConductanceSomaConfig = field(factory=ConductanceSomaConfig, description="The soma.")


class ConductanceLIFNeuron(PointNeuron):
    """Leaky integrate-and-fire units with conductances; see `ExponentialSynapses` and `ConductanceSoma`."""

    config: ConductanceLIFNeuronConfig


class DeltaLIFNeuronConfig(PointNeuronConfig):
    """Delta synapses onto leaky integrate-and-fire units."""

    parts = (DeltaSynapses, "jump", DeltaSoma)
    excitatory: StaticSynapsesConfig = field(
        factory=StaticSynapsesConfig, description="Synapses of the port `excitation`."
    )
    inhibitory: StaticSynapsesConfig = field(
        factory=StaticSynapsesConfig, description="Synapses of the port `inhibition`."
    )
    soma: CurrentSomaConfig = field(factory=CurrentSomaConfig, description="The soma.")


class DeltaLIFNeuron(PointNeuron):
    """Leaky integrate-and-fire units with delta synapses; see `DeltaSynapses` and `DeltaSoma`."""

    config: DeltaLIFNeuronConfig


class AdExNeuronConfig(PointNeuronConfig):
    """Exponentially decaying currents into adaptive exponential units."""

    parts = (ExponentialSynapses, "current", AdaptiveExponentialSoma)
    excitatory: ExponentialSynapsesConfig = field(
        factory=ExponentialSynapsesConfig, description="Synapses of the port `excitation`."
    )
    inhibitory: ExponentialSynapsesConfig = field(
        factory=lambda: ExponentialSynapsesConfig(tau=10.0), description="Synapses of the port `inhibition`."
    )
    soma: AdaptiveExponentialSomaConfig = field(factory=AdaptiveExponentialSomaConfig, description="The soma.")


class AdExNeuron(PointNeuron):
    """Adaptive exponential units with exponential currents; see `ExponentialSynapses` and `AdaptiveExponentialSoma`."""

    config: AdExNeuronConfig
