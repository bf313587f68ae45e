"""What the presets of plastic neurons share: one receptor, and a rule for all bare wires into it."""

from typing import Any

from spark.core.config import field
from spark.core.errors import Problem, WiringError
from spark.core.parameter import require_shapes
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import Ports, PortSpec
from spark.core.values import Number
from spark.graph.specs import ModuleSpecs
from spark.nn.neurons.neuron import INHIBITORY_RATE
from spark.nn.plasticity import RuleConfig, ZenkeRuleConfig
from spark.nn.pools.blueprint import parts_of
from spark.nn.pools.feeds import Feed, Usual
from spark.nn.pools.pool import Pool, PoolConfig, Receptors
from spark.nn.projections.pairs import PairDelaysConfig, Pairs, PairSynapsesConfig
from spark.nn.receptors import PulseCurrentConfig

PORT, MODULATION = "in_spikes", "modulation"


class PlasticNeuronConfig(PoolConfig):
    """A pool with the receptor `in_spikes`; what bare wires into it are together, and a soma."""

    inhibitory_rate: Number = field(0.2, least=0, most=1, description=INHIBITORY_RATE)
    receptors: Receptors = field(
        factory=lambda: {PORT: PulseCurrentConfig()},
        description="The receptors by name, each the config of any; in the order of their names they are input ports.",
    )
    modulators: tuple[str, ...] = field(
        (MODULATION,), description="Further input ports, which modulate rules of projections."
    )
    async_spikes: bool = field(
        description="Whether every pair of units has a delay of its own; else spikes arrive at once."
    )
    max_delay: Number | None = field(
        None,
        unit="ms",
        above=0,
        only_with="async_spikes",
        description="Longest delay; the same as `delays__max_delay`.",
    )
    synapses: PairSynapsesConfig = field(
        factory=PairSynapsesConfig, description="Connections and first weights of bare wires, all together."
    )
    delays: PairDelaysConfig = field(
        factory=PairDelaysConfig, only_with="async_spikes", description="Delays between pairs."
    )
    learning_rule: RuleConfig = field(
        factory=ZenkeRuleConfig,
        description="How weights change: the config of any rule; for the default, gamma=0 keeps them.",
    )

    def problems(self) -> list[Problem]:
        """One longest delay only."""
        inner = self.delays.explicit().get("max_delay")
        if self.max_delay is None or inner is None or inner == self.max_delay:
            return super().problems()
        text = f"differs from delays.max_delay, got {self.max_delay} and {inner} ms"
        return [*super().problems(), Problem("max_delay", text, "Give one of them", "clash")]

    def to_dict(self) -> dict[str, object]:
        """Plain data, in which the longest delay stands the same in both places."""
        data: dict[str, Any] = super().to_dict()
        if self.max_delay is not None:
            data["delays"]["max_delay"] = self.max_delay
        return data

    def pairs(self, owner: str) -> Pairs:
        """What all bare wires into `in_spikes` are together, in a pool at the path `owner`."""
        delays = self.delays if self.async_spikes else None
        if delays is not None and self.max_delay is not None:
            delays = delays.updated(max_delay=self.max_delay, units=self.units, dt=self.dt)
        modulator = MODULATION if self.learning_rule.modulated else None
        return Pairs(owner, self.synapses, delays, self.learning_rule, modulator)

    def blueprint(self) -> tuple[ModuleSpecs, ...]:
        """The components with bare wires, and no other."""
        pairs = self.pairs("")
        return parts_of(self, (Feed(pairs.name, PORT, (pairs,), ((0, 1),), True),) if PORT in self.receptors else ())


class PlasticNeuron(Pool):
    """A pool whose bare wires into `in_spikes` are one projection together, `synapses`, with the rule `learning_rule`.

    A `Projection` into `in_spikes` or any other receptor says itself what it is.

    Input ports: the receptors; `modulation`, one number or one for each unit, if the rule is modulated.

    Raises:
        WiringError: Nothing is wired to the `modulation` of a modulated rule, or another wire is wrong.
    """

    config: PlasticNeuronConfig
    preset_ports = (PORT,)

    @classmethod
    def ports(cls) -> Ports:
        """Those of the defaults."""
        return Ports({PORT: SpikeArray}, {MODULATION: FloatArray}, {"out_spikes": SpikeArray}, projected=(PORT,))

    def build(self, **inputs: PortSpec) -> None:
        """Refuse a modulation without a rule that takes it, and parameters for other numbers of units."""
        owner = self.path or type(self).__name__
        require_shapes(f"{owner}.soma.config", self.config.soma, self.config.units)
        wired, modulated = MODULATION in inputs, self.config.learning_rule.modulated
        if modulated and not wired:
            text, fix = "is not wired, but the rule is modulated", "Wire a FloatArray to it"
            raise WiringError(Problem(f"{owner}.{MODULATION}", text, fix, "modulation"))
        super().build(**inputs)

    def unread(self, port: str) -> dict[str, str]:
        """Connections, first weights and delays of all pairs, and their rule."""
        given = [self.config.set_apart(name) for name in ("synapses", "delays", "max_delay", "learning_rule")]
        return {address: value for one in given for address, value in one.items()}

    def usual(self) -> Usual:
        """Bare wires into `in_spikes` are one projection together."""
        pairs = self.config.pairs(self.path)
        return lambda receptor, name, number, wires: pairs if receptor == PORT else None
