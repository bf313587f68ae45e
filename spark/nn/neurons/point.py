"""Presets of pools: the point neurons of the field's standard networks."""

from functools import partial
from typing import Any

from spark.core.config import Config, field
from spark.core.parameter import require_shapes
from spark.core.payloads import SpikeArray
from spark.core.ports import Ports, PortSpec
from spark.graph.specs import ModuleSpecs
from spark.nn.neurons.group import ExponentialSynapsesConfig, StaticSynapsesConfig
from spark.nn.neurons.neuron import INHIBITORY_RATE, NeuronConfig
from spark.nn.pools.blueprint import fires_alone, parts_of
from spark.nn.pools.feeds import Usual
from spark.nn.pools.pool import Pool, PoolConfig
from spark.nn.projections.draws import Drawn
from spark.nn.receptors import ExponentialConductanceConfig, ExponentialCurrentConfig, JumpConfig, ReceptorConfig
from spark.nn.somas.adaptive_exponential import AdaptiveExponentialSomaConfig
from spark.nn.somas.integrate_and_fire import ConductanceSomaConfig, IntegrateAndFireSomaConfig
from spark.nn.somas.soma import SomaConfig
from spark.nn.synapses.background import PoissonBackgroundConfig

GROUPS = {"excitation": "excitatory", "inhibition": "inhibitory"}


class PointNeuronConfig(NeuronConfig):
    """Two receptors, what bare wires into each of them mean, and a soma."""

    inhibitory_rate: float = field(0.0, least=0, most=1, description=INHIBITORY_RATE)
    background: PoissonBackgroundConfig = field(
        factory=PoissonBackgroundConfig,
        description="Random events onto every unit, which come in through the excitatory synapses; at 0 Hz none.",
    )
    excitatory: Any
    inhibitory: Any
    soma: Any

    def receptors(self) -> dict[str, ReceptorConfig]:
        """The receptors of the ports `excitation` and `inhibition`; a subclass writes it."""
        raise NotImplementedError

    def membrane(self) -> SomaConfig:
        """The soma of the pool."""
        return self.soma

    def pool(self) -> PoolConfig:
        """The pool that this is a preset of."""
        background = {"excitation": self.background} if self.background.rate > 0 else {}
        shared = {"units": self.units, "dt": self.dt, "dtype": self.dtype, "seed": self.seed}
        return PoolConfig(
            **shared,
            inhibitory_rate=self.inhibitory_rate,
            soma=self.membrane(),
            receptors=self.receptors(),
            background=background,
        )

    def blueprint(self) -> tuple[ModuleSpecs, ...]:
        """The components without any wire."""
        return parts_of(self.pool(), ())


class PointNeuron(Pool):
    """A pool with the receptors `excitation` and `inhibition`; one of them may stay without a wire.

    What comes through `inhibition` lowers the potential (with conductances: draws it to the reversal potential of
    inhibition), whatever signs its spikes and weights have. Through `excitation`, spikes of inhibitory units count as
    -1. A bare wire means what the config's `excitatory` and `inhibitory` say; a `Projection` says itself what it is.
    """

    config: PointNeuronConfig
    preset_ports = tuple(GROUPS)
    set_by = {**GROUPS, "excitation_background": "background"}

    @classmethod
    def ports_from(cls, config: Config | None) -> Ports:
        """Two receptors of spikes; one is wired, unless random events or the soma let units fire."""
        ports = tuple(GROUPS)
        alone = isinstance(config, PointNeuronConfig) and (config.background.rate > 0 or fires_alone(config.membrane()))
        needed = () if alone else ports
        return Ports({}, dict.fromkeys(ports, SpikeArray), {"out_spikes": SpikeArray}, needed, projected=ports)

    @classmethod
    def ports(cls) -> Ports:
        """The same for every config."""
        return cls.ports_from(None)

    def build(self, **inputs: PortSpec) -> None:
        """Refuse parameters for other numbers of units by their own names, then build the pool."""
        address = f"{self.path or type(self).__name__}.soma.config"
        require_shapes(address, self.config.soma, self.config.units)
        super().build(**inputs)

    def described(self) -> PoolConfig:
        """The pool that the config is a preset of."""
        return self.config.pool()

    def unread(self, port: str) -> dict[str, str]:
        """Connections, weights, delays and signs of its group; the receptor's time constant counts for all wires."""
        group = GROUPS[port]
        given, ours = self.config.set_apart(group), StaticSynapsesConfig.model_fields
        return {address: value for address, value in given.items() if address.split(".")[1] in ours}

    def usual(self) -> Usual:
        """What bare wires mean."""
        return partial(_usual, self.config, self.path)


def _usual(config: PointNeuronConfig, owner: str, receptor: str, name: str, number: int, wires: int) -> Drawn:
    group = GROUPS[receptor]
    return config.field_or_none(group).drawn(
        f"{owner}.{group}.config" if owner else f"{group}.config", name, number, wires, config.receptors()[receptor]
    )


class CurrentLIFNeuronConfig(PointNeuronConfig):
    """Exponentially decaying currents into leaky integrate-and-fire units."""

    excitatory: ExponentialSynapsesConfig = field(
        factory=ExponentialSynapsesConfig, description="Synapses of the port `excitation`."
    )
    inhibitory: ExponentialSynapsesConfig = field(
        factory=lambda: ExponentialSynapsesConfig(tau=10.0), description="Synapses of the port `inhibition`."
    )
    soma: IntegrateAndFireSomaConfig = field(factory=IntegrateAndFireSomaConfig, description="The soma.")

    def receptors(self) -> dict[str, ReceptorConfig]:
        """Exponential currents."""
        return exponential_currents(self)


def exponential_currents(config: PointNeuronConfig) -> dict[str, ReceptorConfig]:
    """Receptors of two groups of exponential currents."""
    return {
        "excitation": ExponentialCurrentConfig(tau=config.excitatory.tau),
        "inhibition": ExponentialCurrentConfig(tau=config.inhibitory.tau, inhibitory=True),
    }


class CurrentLIFNeuron(PointNeuron):
    """Leaky integrate-and-fire units with exponential currents; see `ExponentialCurrent` and `IntegrateAndFireSoma`."""

    config: CurrentLIFNeuronConfig


class ConductanceLIFNeuronConfig(PointNeuronConfig):
    """Exponentially decaying conductances, relative to the leak, into leaky integrate-and-fire units."""

    excitatory: ExponentialSynapsesConfig = field(
        factory=ExponentialSynapsesConfig, description="Synapses of the port `excitation`."
    )
    inhibitory: ExponentialSynapsesConfig = field(
        factory=lambda: ExponentialSynapsesConfig(tau=10.0), description="Synapses of the port `inhibition`."
    )
    soma: ConductanceSomaConfig = field(factory=ConductanceSomaConfig, description="The soma.")

    def receptors(self) -> dict[str, ReceptorConfig]:
        """Exponential conductances with the reversal potentials that the soma's config says."""
        soma = self.soma
        return {
            "excitation": ExponentialConductanceConfig(tau=self.excitatory.tau, reversal=soma.reversal_excitation),
            "inhibition": ExponentialConductanceConfig(tau=self.inhibitory.tau, reversal=soma.reversal_inhibition),
        }

    def membrane(self) -> SomaConfig:
        """A soma whose leak has a conductance of 1 nS."""
        return self.soma.relative_to_leak()


class ConductanceLIFNeuron(PointNeuron):
    """Leaky integrate-and-fire units with conductances; see `ExponentialConductance` and `IntegrateAndFireSoma`."""

    config: ConductanceLIFNeuronConfig


class DeltaLIFNeuronConfig(PointNeuronConfig):
    """Delta synapses onto leaky integrate-and-fire units."""

    excitatory: StaticSynapsesConfig = field(
        factory=StaticSynapsesConfig, description="Synapses of the port `excitation`."
    )
    inhibitory: StaticSynapsesConfig = field(
        factory=StaticSynapsesConfig, description="Synapses of the port `inhibition`."
    )
    soma: IntegrateAndFireSomaConfig = field(factory=IntegrateAndFireSomaConfig, description="The soma.")

    def receptors(self) -> dict[str, ReceptorConfig]:
        """Jumps."""
        return {"excitation": JumpConfig(), "inhibition": JumpConfig(inhibitory=True)}


class DeltaLIFNeuron(PointNeuron):
    """Leaky integrate-and-fire units with delta synapses; see `Jump` and `IntegrateAndFireSoma`."""

    config: DeltaLIFNeuronConfig


class AdExNeuronConfig(PointNeuronConfig):
    """Exponentially decaying currents into adaptive exponential units."""

    excitatory: ExponentialSynapsesConfig = field(
        factory=ExponentialSynapsesConfig, description="Synapses of the port `excitation`."
    )
    inhibitory: ExponentialSynapsesConfig = field(
        factory=lambda: ExponentialSynapsesConfig(tau=10.0), description="Synapses of the port `inhibition`."
    )
    soma: AdaptiveExponentialSomaConfig = field(factory=AdaptiveExponentialSomaConfig, description="The soma.")

    def receptors(self) -> dict[str, ReceptorConfig]:
        """Exponential currents."""
        return exponential_currents(self)


class AdExNeuron(PointNeuron):
    """Adaptive exponential units with exponential currents; see `ExponentialCurrent` and `AdaptiveExponentialSoma`."""

    config: AdExNeuronConfig
