"""What all rules have in common."""

from typing import TypedDict

from spark.core.payloads import FloatArray
from spark.nn.component import Component, ComponentConfig


class RuleConfig(ComponentConfig):
    """Base of the configs of rules; its plain data says which rule it is."""

    tag = "rule"
    usual = "ZenkeRuleConfig"

    @property
    def active(self) -> bool:
        """Whether the rule changes anything."""
        return True

    @property
    def modulated(self) -> bool:
        """Whether the rule has a port `modulation`; the config of a rule that has one says so."""
        return False

    @property
    def compartment(self) -> str:
        """The part of the pool whose potential the rule reads, if it reads one: `soma`, or a dendrite by its name."""
        return "soma"


class PlasticityOutput(TypedDict):
    """What a rule puts out: the changed weights."""

    weights: FloatArray


class KernelOutput(TypedDict):
    """What a rule puts out that takes the weights of all pairs, (post, pre): the changed ones."""

    kernel: FloatArray


class Rule(Component):
    """Base of rules: a module with ports `pre_spikes`, `post_spikes` and `weights` that puts out changed `weights`.

    In place of `weights` it may have a port `kernel`: the weights of all pairs, shape (post, pre), as plain array code
    takes them. Connections that do not exist never appear, whatever it computes for them.
    """
