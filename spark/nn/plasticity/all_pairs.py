"""What rules have in common that are array code on the weights of all pairs."""

from typing import Any, TypedDict

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.errors import Problem
from spark.core.parameter import decay
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.core.variable import Variable
from spark.nn.plasticity.rule import Rule, RuleConfig


class AllPairsRuleConfig(RuleConfig):
    """Bounds of the weights, in the receptor's unit."""

    minimum: Number = field(0.0, description="Least weight, in the receptor's unit.")
    maximum: Number = field(1.0, description="Greatest weight, in the receptor's unit.")

    def problems(self) -> list[Problem]:
        """Bounds in order."""
        found = super().problems()
        if self.minimum >= self.maximum:
            text = f"must be above minimum ({self.minimum:g}), got {self.maximum:g}"
            found.append(Problem("maximum", text, "Swap them", "bounds"))
        return found


class KernelOutput(TypedDict):
    """The changed weights of all pairs."""

    kernel: FloatArray


class AllPairsRule(Rule):
    """Base of rules that compute with the weights of all pairs, (post, pre), in every step; the work is post times pre.

    Connections that do not exist never appear, whatever the rule computes for them.
    """

    config: Any

    def trace(self, spikes: PortSpec) -> Variable:
        """A trace of these spikes."""
        return Variable(np.zeros(spikes.shape, np.float32), description="A trace of spikes.")

    def factor(self, tau: float) -> np.float32:
        """Decay of a trace in a step."""
        return np.float32(decay(self.config.dt, tau))

    def bounded(self, kernel: Any) -> Any:
        """Within the bounds."""
        return jnp.clip(kernel, np.float32(self.config.minimum), np.float32(self.config.maximum))


def fired(spikes: SpikeArray) -> Any:
    """1 where a spike is, of whatever sign, float32: of shape (pre,), or (post, pre) where connections have delays."""
    return (spikes.value != 0).astype(jnp.float32)


def rows(values: Any) -> Any:
    """One number for each postsynaptic unit, as a column; what is one for each pair stays."""
    return values.reshape(-1)[:, None]
