"""`WeightRule`: what all rules have in common that change weights through spikes, dense or along a list."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.delayed import DelayedSpikes
from spark.core.errors import ConfigError, InputError, Problem
from spark.core.ports import PortSpec
from spark.core.variable import Constant, Variable
from spark.kernels import RuleTable
from spark.nn.edge_weights import EdgeWeights
from spark.nn.plasticity.rule import Rule
from spark.nn.plasticity.third_factor import ThirdFactor, refuse_unmodulated


class WeightRule(Rule):
    """What a rule knows of its connections.

    Attributes:
        delayed: Whether presynaptic spikes come as a history, through delays.
        listed: Whether there is a list of connections; else every pair of units is connected.
        slots: Steps of which presynaptic values are kept.
        pre_units, post_units: Numbers of units.
        known: Whether the connections are those of a component beside it; a view of a brain has no such origins any
            more.
        third: The third factor of a modulated rule, or None.
    """

    config: Any
    third: ThirdFactor | None
    coefficients: Constant
    post_units: int
    listed: bool
    # Of a modulated rule.
    kept_eligibility: Variable
    pending: Variable
    moved: Variable
    waiting: Variable

    def take_wires(self, pre_spikes: PortSpec, post_spikes: PortSpec, weights: PortSpec) -> None:
        """Look at what is wired.

        Raises:
            InputError: Weights are not of shape (pre, post).
        """
        self.delayed = issubclass(pre_spikes.payload_type, DelayedSpikes)
        self.listed = issubclass(weights.payload_type, EdgeWeights)
        self.slots = pre_spikes.source.longest + 1 if self.delayed else 1
        self.pre_units = pre_spikes.source.history.shape[2] if self.delayed else pre_spikes.size
        self.post_units = post_spikes.size
        self.known = weights.source is not None
        expected = (self.pre_units, self.post_units)
        if not self.listed and weights.shape != expected:
            # Another shape would broadcast to a wrong result without a word.
            raise InputError(
                Problem(
                    f"{self.path or type(self).__name__}.weights",
                    f"has the wrong shape, got {weights.shape}; expected {expected}",
                    "Give one weight for every pair of units, shape (pre, post)",
                    "shape",
                )
            )

    def prepare_third(self, weights: PortSpec, modulation: PortSpec | None) -> None:
        """What a modulated rule needs; its variables come behind those of the rule."""
        self.third = ThirdFactor(self, weights, modulation) if self.config.modulated else None
        refuse_unmodulated(self, modulation)

    def of_each_connection(self) -> list[Variable]:
        """Variables that have one number for each connection, (connections,), which is 0 where one begins.

        A rule that keeps others adds them, so that they move with the connections where a projection is rewired. One
        with a variable of that shape that neither this nor `first_weights` returns is refused there.
        """
        if self.third is None:
            return []
        return [self.kept_eligibility, *([self.pending] if self.third.interval > 1 else [])]

    def first_weights(self) -> list[Variable]:
        """Likewise those that are the weight with which a connection began."""
        return []


def require_within(
    address: str, first: np.ndarray, minimum: float, maximum: float, dtype: str, unit: float = 1.0
) -> None:
    """Refuse first weights that the first change would clip.

    Bounds count as weights of that dtype hold them. Example: of 123.121 float16 makes 123.125, as a first weight and as
    the greatest one.

    Args:
        address: Of the config, for errors.
        first: First weights.
        minimum: Least weight, in the unit of `first`, as is `maximum`.
        maximum: Greatest weight.
        dtype: In which weights are held.
        unit: Weight that counts as 1 in the numbers of errors; 1 says that they are in the receptor's unit.

    Raises:
        ConfigError: A first weight lies outside of the bounds.
    """
    if not first.size:
        return
    bounds = (("minimum", "least", float(first.min()), minimum), ("maximum", "greatest", float(first.max()), maximum))
    for name, which, weight, bound in bounds:
        held = float(np.asarray(bound, np.float32).astype(np.dtype(dtype)))
        inner, outer = (held, weight) if name == "minimum" else (weight, held)
        if outer >= inner:
            continue
        units = "the receptor's unit" if unit == 1 else f"units of {unit:.6g}, the `weight_unit`"
        raise ConfigError(
            Problem(
                f"{address}.{name}",
                f"the {which} first weight lies outside, got {weight / unit:.6g}; the bound is {bound / unit:.6g}, "
                f"in {units}",
                "Change the bound, or draw other first weights",
                "bounds",
            )
        )


def require_moving(address: str, first: np.ndarray, table: RuleTable, dtype: str) -> None:
    """Refuse changes that would be lost where they are added to a weight.

    Half of the spacing of a dtype's numbers around the median of the first weights must be less than the greatest
    change that one spike makes. Example: around 20 pA numbers in float16 lie 2^-6 = 0.0156 pA apart, and 20 pA stays
    20 pA, however many spikes add 0.007 pA each.

    Args:
        address: Of what says how much a spike changes, for errors.
        first: First weights, float32.
        table: What spikes change, in the unit of `first`.
        dtype: In which weights are held.

    Raises:
        ConfigError: All changes would be lost.
    """
    sizes = np.abs(first[first != 0])
    if dtype == "float32" or not sizes.size:
        return
    weight = float(np.median(sizes))
    spacing = float(jnp.finfo(dtype).eps) * 2.0 ** np.floor(np.log2(weight))
    most = table.largest(weight)
    if most >= spacing / 2:
        return
    text = (
        f"moves no weight in {dtype}, got changes of at most {most:.3g} by a spike; expected at least "
        f"{spacing / 2:.3g}, half of what lies between its numbers around a weight of {weight:.3g}"
    )
    raise ConfigError(Problem(address, text, "Learn faster, or give the pool `dtype='float32'`", "rounding"))
