"""The standard blueprint: delays, synapses, soma, and a rule that writes the weights."""

import math
from typing import Any, ClassVar

from spark.core.config import field
from spark.core.errors import Problem, WiringError
from spark.core.payloads import FloatArray, Payload, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.graph.specs import CALL, ModuleSpecs, PortMap
from spark.nn.delays import N2NDelays, N2NDelaysConfig
from spark.nn.neurons.neuron import Neuron, NeuronConfig, NeuronOutput
from spark.nn.plasticity import RuleConfig, ZenkeRuleConfig
from spark.nn.synapses import LinearSynapses, LinearSynapsesConfig, require_room


class StandardNeuronConfig(NeuronConfig):
    """Fields that the built-in neurons share."""

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
    synapses: LinearSynapsesConfig = field(factory=LinearSynapsesConfig, description="Connections and first weights.")
    delays: N2NDelaysConfig = field(
        factory=N2NDelaysConfig, only_with="async_spikes", description="Delays between pairs."
    )
    learning_rule: RuleConfig = field(
        factory=ZenkeRuleConfig,
        description="How weights change: the config of any rule; for the default, gamma=0 keeps them.",
    )

    def problems(self) -> list[Problem]:
        """One longest delay only."""
        inner = self.delays.explicit().get("max_delay")
        if self.max_delay is None or inner is None or inner == self.max_delay:
            return []
        return [
            Problem(
                "max_delay",
                f"differs from delays.max_delay, got {self.max_delay} and {inner} ms",
                "Give one of them",
                "clash",
            )
        ]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, in which the longest delay stands the same in both places."""
        data = super().to_dict()
        if self.max_delay is not None:
            data["delays"]["max_delay"] = self.max_delay
        return data

    def around(self, soma: ModuleSpecs) -> tuple[ModuleSpecs, ...]:
        """The blueprint around this soma."""
        arriving = PortMap(CALL, "in_spikes")
        parts = []
        if self.async_spikes:
            delays = self.delays
            if self.max_delay is not None:
                delays = delays.updated(max_delay=self.max_delay, units=self.units, dt=self.dt)
            parts.append(ModuleSpecs("delays", N2NDelays, {"in_spikes": [arriving]}, delays))
            arriving = PortMap("delays", "out_spikes")
        parts.append(ModuleSpecs("synapses", LinearSynapses, {"spikes": [arriving]}, self.synapses))
        parts.append(soma)
        if self.learning_rule.active:
            inputs = {
                "pre_spikes": [arriving],
                "post_spikes": [PortMap("soma", "spikes")],
                "weights": [PortMap("synapses", "weights")],
            }
            if self.learning_rule.modulated:
                inputs["modulation"] = [PortMap(CALL, "modulation")]
            effects = {"weights": "synapses.weights"}
            rule = self.learning_rule.made()
            parts.append(ModuleSpecs("learning_rule", rule, inputs, self.learning_rule, effects=effects))
        return tuple(parts)


class StandardNeuron(Neuron):
    """Base of the built-in plastic neurons.

    Input ports: `in_spikes`, and `modulation` if the rule is modulated: one number, or one for each unit.
    """

    config: StandardNeuronConfig
    blueprint_lowers = True
    own_ports: ClassVar[dict[str, type[Payload]]] = {"in_spikes": SpikeArray, "modulation": FloatArray}

    def build(self, **inputs: PortSpec) -> None:
        """Build the components in the order of their wires."""
        wired, modulated = "modulation" in inputs, self.config.learning_rule.modulated
        if wired != modulated:
            message, fix = (
                ("is not wired, but the rule is modulated", "Wire a FloatArray to it")
                if modulated
                else ("is wired, but the rule is not modulated", "Give the rule an `eligibility_tau`, or unwire it")
            )
            raise WiringError(Problem(f"{self.path or type(self).__name__}.modulation", message, fix, "modulation"))
        # Before delays are drawn for pairs whose connections have no room.
        address = f"{self.path or type(self).__name__}.synapses.config.kernel"
        post = math.prod(self.config.units)
        require_room(address, self.config.synapses, inputs["in_spikes"].size, post, self.config.async_spikes)
        super().build(**inputs)

    def __call__(self, in_spikes: SpikeArray, modulation: FloatArray | None = None) -> NeuronOutput:
        """Advance one step."""
        if modulation is None:
            return self.advance(in_spikes=in_spikes)
        return self.advance(in_spikes=in_spikes, modulation=modulation)
