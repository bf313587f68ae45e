"""A projection as its connections are drawn: with its name, its sign, and addresses for errors."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.ports import PortSpec
from spark.nn.connections import AllToAll
from spark.nn.initializers import ArrayInitializer, ConstantInitializer, Initializer
from spark.nn.initializers.base import held
from spark.nn.projections.projection import RULE, SHORT_TERM, ProjectionConfig
from spark.nn.projections.rewiring import Rewiring
from spark.nn.synapses.drawn import WireDraw, draw_wire, refuse_without_effect

_UNUSED = "has no effect beside connections that bring their own weights"


class Made(NamedTuple):
    """Connections as they were drawn.

    Attributes:
        pre: Source of each; None for the matrix of all pairs.
        post: Target of each; None for the matrix.
        left: Steps that are left of the delay of each when its spike comes in; None for the matrix.
        values: First weight of each, or the matrix (pre, post), in the dtype in which they are kept.
        longest: Greatest number of steps that may be left.
    """

    pre: np.ndarray | None
    post: np.ndarray | None
    left: np.ndarray | None
    values: np.ndarray
    longest: int


@dataclass(frozen=True)
class Drawn:
    """A projection of a pool.

    Attributes:
        name: Its name in the pool.
        settings: What it asks for.
        signed: Whether spikes of inhibitory units count as -1.
        inhibits: Whether it ends at an inhibitory receptor: of its weights only the size counts.
        addresses: Of its connections, weights and delays, for errors.
        weighed: Whether weights were given for it alone, for all wires of the port together, or not at all.
        usual: What to write in the place of its weights to give none.
        seed: Seed of its draws, where it has one of its own.
        opens: Whether it ends at a conductance: no weight is negative.
        unit: Unit in which the receptor takes weights.
    """

    name: str
    settings: ProjectionConfig
    signed: bool
    inhibits: bool
    addresses: tuple[str, str, str]
    weighed: Literal["alone", "together", "not"] = "not"
    usual: str = ""
    seed: int | None = None
    opens: bool = False
    unit: str = ""

    together = False

    @property
    def rule(self) -> Any:
        """How its weights change; None if they stay."""
        return self.settings.rule

    @property
    def rewiring(self) -> Rewiring | None:
        """How its connections change; None if they stay."""
        return self.settings.rewiring

    @property
    def loops(self) -> bool:
        """Whether a rewiring may connect unit i with source i."""
        asked = None if self.rewiring is None else self.rewiring.self_connections
        own = self.settings.pattern.field_or_none("self_connections") if asked is None else asked
        return True if own is None else bool(own)

    @property
    def rule_name(self) -> str:
        """Name of its rule in the pool."""
        return f"{self.name}{RULE}"

    @property
    def short_term_name(self) -> str:
        """Name of its short-term plasticity in the pool."""
        return f"{self.name}{SHORT_TERM}"

    @property
    def modulator(self) -> str | None:
        """Input port of the pool that modulates the rule."""
        return self.settings.modulator

    @property
    def stays(self) -> bool:
        """Whether its weights stay."""
        return self.settings.rule is None

    @property
    def delayed(self) -> bool:
        """Whether connections have delays beyond the wire's."""
        return self.settings.delay is not None

    def connect(self, module: Module, spikes: PortSpec) -> Made:
        """Draw connections, weights that a rule may change, and delays; `module` holds them.

        Raises:
            ConfigError: They cannot be drawn, or its dtype cannot hold the weights.
        """
        config: Any = module.config
        pre, post = spikes.size, int(np.prod(config.units))
        found, weights, left = draw_wire(module.generator, self.wire(spikes), config.units, config.dt, "float32")
        values = np.broadcast_to(np.asarray(weights, np.float32), found.post.shape)
        self.require_sign(values)
        values = np.abs(values) if self.inhibits else values
        try:
            values = held(values, np.dtype(config.dtype))
        except ConfigError as error:
            raise error.under(self.addresses[1]) from error
        refuse_unused_weights((self,), [found.values is not None])
        every = isinstance(self.settings.pattern, AllToAll) and found.post.size == pre * post
        if every and not self.delayed:
            return Made(None, None, None, values.reshape(pre, post).copy(), 0)
        before = np.repeat(np.arange(pre), np.diff(found.starts))
        steps = np.broadcast_to(np.asarray(left, np.int64), before.shape)
        return Made(before, found.post, steps, values, int(np.max(left, initial=0)))

    def require_sign(self, weights: np.ndarray) -> None:
        """See that weights into a conductance, (connections,), are such.

        Raises:
            ConfigError: One is negative.
        """
        if self.opens:
            require_opening(self.addresses[1], self.settings.weights, weights)

    def wire(self, part: PortSpec) -> WireDraw:
        """What is to be drawn for it, where the wire brings `part`.

        Raises:
            ConfigError: A setting has no effect where connections are drawn apart.
        """
        pattern, weights, delay = self.addresses
        addresses = {"connections": pattern, "kernel": weights, "delay": delay}
        settings = self.settings
        made = WireDraw(part, settings.pattern, settings.weights, settings.delay, addresses)
        refuse_without_effect([made])
        return made


def require_opening(address: str, drawn: Initializer, weights: np.ndarray) -> None:
    """See that weights into a conductance, at the address, are such.

    Args:
        address: For errors.
        drawn: What they were drawn from.
        weights: Of any shape.

    Raises:
        ConfigError: One is negative.
    """
    if not weights.size or weights.min() >= 0:
        return
    mend = "Give the size alone"
    if not isinstance(drawn, ArrayInitializer | ConstantInitializer):
        mend = f"Give `minimum=0` to {type(drawn).__name__}, or draw from a distribution without negative numbers"
    raise ConfigError(
        Problem(
            address,
            f"must be at least 0 at a conductance, got {float(weights.min()):g}",
            f"{mend}: the receptor's reversal potential says whether it excites or inhibits",
            "bounds",
        )
    )


def refuse_unused_weights(drawn: tuple[Drawn, ...], bring: list[bool]) -> None:
    """Refuse weights for projections whose connections bring weights of their own, as those of a matrix do.

    Weights that are for all wires together are for the others, if there are any.

    Raises:
        ConfigError: Nothing would be drawn from them.
    """
    mend = "Leave it out and scale the matrix itself, or give connections without weights"
    problems = []
    for one, brings in zip(drawn, bring, strict=True):
        if not brings or one.weighed == "not" or (one.weighed == "together" and not all(bring)):
            continue
        fix = f"Write {one.usual} in its place, the default, or give connections without weights" if one.usual else mend
        got = type(one.settings.weights).__name__
        problems.append(Problem(one.addresses[1], f"{_UNUSED}, got {got}", fix, "setting"))
    if problems:
        raise ConfigError(dict.fromkeys(problems))
