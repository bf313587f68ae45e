"""Pools of point neurons with sparse synapses: the neurons of the field's standard networks."""

from typing import Any, ClassVar

from spark.core.config import field
from spark.core.payloads import SpikeArray
from spark.graph.specs import CALL, ModuleSpecs, PortMap
from spark.nn.connections import FixedProbability
from spark.nn.initializers import ConstantInitializer
from spark.nn.neurons.neuron import Neuron, NeuronConfig, NeuronOutput
from spark.nn.somas.adaptive_exponential import AdaptiveExponentialSoma, AdaptiveExponentialSomaConfig
from spark.nn.somas.point import ConductanceSoma, ConductanceSomaConfig, CurrentSoma, CurrentSomaConfig, DeltaSoma
from spark.nn.synapses.background import PoissonBackground, PoissonBackgroundConfig
from spark.nn.synapses.silence import Silence
from spark.nn.synapses.static import (
    DeltaSynapses,
    ExponentialSynapses,
    ExponentialSynapsesConfig,
    InhibitoryDeltaSynapses,
    InhibitoryExponentialSynapses,
    StaticSynapsesConfig,
)

GROUPS = {"excitatory": "excitation", "inhibitory": "inhibition"}
PORTS = tuple(GROUPS.values())


class PointNeuronConfig(NeuronConfig):
    """Two groups of synapses, each with an input port, and a soma."""

    parts: ClassVar[tuple[Any, Any, str, Any]]
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
        return self.parts_for(frozenset(PORTS))

    def parts_for(self, fed: frozenset[str]) -> tuple[ModuleSpecs, ...]:
        """The components for the ports that are fed: without inhibition, no inhibitory synapses.

        Without excitation its synapses have no connections: the background comes in through them, and the soma takes
        its shape from them.
        """
        excites, inhibits, port, soma = self.parts
        classes = {"excitatory": excites, "inhibitory": inhibits}
        groups = {group: own for group, own in GROUPS.items() if own in fed or group == "excitatory"}
        inputs = {group: {"spikes": [PortMap(CALL, own)]} for group, own in groups.items()}
        configs = {group: getattr(self, group) for group in groups}
        parts = []
        if "excitation" not in fed:
            inputs["excitatory"] = {"spikes": [PortMap("silence", "spikes")]}
            nothing = {"connections": FixedProbability(probability=0.0), "kernel": ConstantInitializer(value=0.0)}
            nothing["delay"] = ConstantInitializer(value=self.dt)
            handed = {name: getattr(self, name) for name in self.handed_down}
            configs["excitatory"] = configs["excitatory"].updated(**handed, **nothing)
            parts.append(ModuleSpecs("silence", Silence))
        if self.background.rate > 0:
            inputs["excitatory"]["arrivals"] = [PortMap("background", "arrivals")]
            parts.append(ModuleSpecs("background", PoissonBackground, {}, self.background))
        parts += [ModuleSpecs(group, classes[group], inputs[group], configs[group]) for group in groups]
        return (*parts, ModuleSpecs("soma", soma, {p: [PortMap(g, port)] for g, p in groups.items()}, self.soma))


class PointNeuron(Neuron):
    """A pool with an input port for excitation and one for inhibition; one of them may stay without a wire.

    What comes through `inhibition` lowers the potential (with conductances: draws it to the reversal potential of
    inhibition), whatever signs its spikes and weights have. Through `excitation`, spikes of inhibitory units count as
    -1.
    """

    config: PointNeuronConfig
    blueprint_lowers = True
    own_ports = {"excitation": SpikeArray, "inhibition": SpikeArray}
    any_of = PORTS

    def parts_for(self, fed: frozenset[str]) -> tuple[ModuleSpecs, ...]:
        """The components for the ports that are fed."""
        return self.config.parts_for(fed)

    def __call__(self, excitation: SpikeArray | None = None, inhibition: SpikeArray | None = None) -> NeuronOutput:
        """Advance one step."""
        given = {"excitation": excitation, "inhibition": inhibition}
        return self.advance(**{port: spikes for port, spikes in given.items() if spikes is not None})


class CurrentLIFNeuronConfig(PointNeuronConfig):
    """Exponentially decaying currents into leaky integrate-and-fire units."""

    parts = (ExponentialSynapses, InhibitoryExponentialSynapses, "current", CurrentSoma)
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

    parts = (ExponentialSynapses, ExponentialSynapses, "current", ConductanceSoma)
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

    parts = (DeltaSynapses, InhibitoryDeltaSynapses, "jump", DeltaSoma)
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

    parts = (ExponentialSynapses, InhibitoryExponentialSynapses, "current", AdaptiveExponentialSoma)
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
