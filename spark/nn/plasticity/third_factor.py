"""The third factor: spikes mark connections as eligible, and modulation moves the weights of those that are."""

from collections.abc import Callable
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.counter import Counter
from spark.core.decaying import Decaying
from spark.core.errors import InputError, Problem, WiringError
from spark.core.payloads import FloatArray
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.core.variable import Constant, Variable
from spark.kernels import Plastic, RuleTable, Third, consolidate
from spark.nn.edge_weights import EdgeWeights
from spark.nn.plasticity.rule import RuleConfig


class ModulatedRuleConfig(RuleConfig):
    """What the configs of all rules of traces and events share: a third factor, if there is one."""

    eligibility_tau: Number | None = field(
        None,
        unit="ms",
        above=0,
        time_constant="exact",
        description="Given, spikes change an eligibility that decays with it, and weights only move with `modulation`.",
    )
    consolidation: Number | None = field(
        None,
        unit="ms",
        above=0,
        only_with="eligibility_tau",
        description="Time between two moves of modulated weights; left out, every step.",
    )

    @property
    def modulated(self) -> bool:
        """Whether the rule has a port `modulation`."""
        return self.eligibility_tau is not None

    def problems(self) -> list[Problem]:
        """Weights that move before eligibility is gone."""
        longest = self.eligibility_tau
        if self.consolidation is None or longest is None or self.consolidation <= longest:
            return []
        return [
            Problem(
                "consolidation",
                f"must be at most eligibility_tau ({self.eligibility_tau} ms), got {self.consolidation}",
                "Move the weights more often: what is kept for longer loses its digits",
                "bounds",
            )
        ]

    def table(self) -> RuleTable:
        """The rule, with amplitudes in units of weight, before its learning rate; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__}.table is not written")

    def numbers(self, address: str, first: np.ndarray, dtype: str) -> np.ndarray:
        """The table for the kernels, in the receptor's unit; see `EventRuleConfig.numbers`."""
        raise NotImplementedError(f"{type(self).__name__}.numbers is not written")


# Eligibilities are kept times exp(rate * phase); before that grows beyond e^20 they are renewed.
_MOST_GROWTH = 20.0
_MOST_RENEWAL = 1 << 30  # Steps.


class Modulated(Protocol):
    """A rule with a third factor; its arrays are made by `ThirdFactor`."""

    config: Any
    post_units: int
    listed: bool
    coefficients: Constant
    kept_eligibility: Variable
    pending: Variable
    moved: Variable
    waiting: Variable

    @property
    def path(self) -> str:
        """Where it stands in the brain."""
        ...

    @property
    def step(self) -> Counter:
        """Number of steps done."""
        ...

    @property
    def is_learning(self) -> jax.Array | bool:
        """Whether weights may change."""
        ...


class ThirdFactor:
    """What a modulated rule needs beside its table; its variables belong to the rule.

    An eligibility e jumps by what an unmodulated rule would do, and decays with tau; modulation m moves the weight:

        w(n + 1) = clip(w(n) + e(n) * m(n))          e(n) holds this step's spikes

    All eligibilities decay at once: kept is e(n) * exp(phase * dt / tau), phase = n modulo `renewal`, which no step
    without spikes changes. Likewise the modulation of several steps is summed as one number, `moved`, and weights move
    every `interval` steps, if there was any modulation; what spikes in between changed waits in `pending`.

    Attributes:
        interval: Steps between two moves of the weights.
        renewal: Steps between two renewals, a multiple of the interval.
        rate: dt / tau.
        size: 1, or the number of postsynaptic units, if each has a modulation of its own.
    """

    def __init__(self, rule: Modulated, weights: PortSpec, modulation: PortSpec | None) -> None:
        config, address = rule.config, rule.path or type(rule).__name__
        if modulation is None:
            raise WiringError(
                Problem(
                    f"{address}.modulation",
                    "is not wired, got an `eligibility_tau`; expected a modulation to go with it",
                    "Wire it, or leave out `eligibility_tau`",
                    "missing",
                )
            )
        require_modulation(rule, modulation, rule.post_units)
        self.size = modulation.size
        self.rate = float(config.dt / config.eligibility_tau)
        self.interval = max(1, round((config.consolidation or config.dt) / config.dt))
        self.renewal = self.interval * max(1, int(min(_MOST_GROWTH / self.rate, _MOST_RENEWAL) / self.interval))
        shape = (weights.size,) if rule.listed else weights.shape
        unit = "" if weights.source is None else weights.source.weights.unit
        rule.kept_eligibility = Variable(
            np.zeros(shape, np.float32),
            unit=unit,
            description="Eligibility times exp(phase * dt / tau), which no decay changes; read it as `eligibility`.",
            shown_as=("eligibility", Decaying(self.rate, self.renewal)),
        )
        if self.interval > 1:
            rule.pending = Variable(np.zeros(shape, np.float32), unit=unit, description="Change since weights moved.")
        rule.moved = Variable(
            np.zeros(self.size, np.float32),
            description="Modulation since weights moved, that of each step times exp(-phase * dt / tau).",
        )
        rule.waiting = Variable(np.zeros((), np.int32), description="Whether there was any.", bounds=(0, 1))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ThirdFactor) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.interval, self.renewal, self.rate, self.size))

    def step(
        self,
        rule: Modulated,
        weights: FloatArray,
        modulation: FloatArray,
        at_spikes: Callable[[Plastic, Third], Plastic],
    ) -> jax.Array:
        """The new weights; `at_spikes(plastic, third)` does what this step's spikes do."""
        phase = (rule.step % self.renewal).astype(jnp.float32)
        rate = jnp.float32(self.rate)
        renewed = (rule.step % self.renewal == 0) & (rule.step > 0)
        renewing = jnp.where(renewed, jnp.exp(-rate * jnp.float32(self.renewal)), jnp.float32(1))
        learns = jnp.asarray(rule.is_learning)
        # While nothing is learned, spikes mark no connection, and no modulation counts.
        third = Third(jnp.stack([jnp.where(learns, jnp.exp(rate * phase), 0), renewing]), rule.moved.value)
        pending = rule.pending.value if self.interval > 1 else jnp.zeros(0, jnp.float32)
        plastic = at_spikes(Plastic(weights.value.astype(jnp.float32), rule.kept_eligibility.value, pending), third)
        arriving = jnp.broadcast_to(modulation.value.astype(jnp.float32).reshape(-1), (self.size,))
        arriving = jnp.where(learns, arriving, jnp.float32(0))
        moved = rule.moved.value + arriving * jnp.exp(-rate * phase)
        waiting = jnp.where((arriving != 0).any(), np.int32(1), rule.waiting.value)
        due = jnp.where(((rule.step + 1) % self.interval == 0) & learns, waiting, np.int32(0))
        post = weights.edges.post if isinstance(weights, EdgeWeights) else jnp.zeros(0, jnp.int32)
        if self.interval > 1 and rule.is_learning is not True:
            plastic, moved = self._kept_waiting(learns, plastic, moved, post)
        plastic = consolidate(plastic, moved, due, post, jnp.asarray(rule.coefficients.value))
        rule.kept_eligibility.value = plastic.eligibility
        if self.interval > 1:
            rule.pending.value = plastic.pending
        rule.moved.value = jnp.where(due != 0, jnp.float32(0), moved)
        rule.waiting.value = jnp.where(due != 0, np.int32(0), waiting)
        return plastic.weights

    def _kept_waiting(
        self, learns: jax.Array | bool, plastic: Plastic, moved: jax.Array, post: jax.Array
    ) -> tuple[Plastic, jax.Array]:
        """What waits, once nothing is learned any more: modulation so far does what it does to eligibility as it is."""
        each = moved if self.size == 1 or not post.size else moved[post]
        waiting = plastic.pending + plastic.eligibility * each
        pending = jnp.where(learns | (moved == 0).all(), plastic.pending, waiting)
        return plastic._replace(pending=pending), jnp.where(learns, moved, jnp.float32(0))


def require_modulation(rule: Modulated, modulation: PortSpec, units: int) -> None:
    """See that a modulation is one number, or one for each of the units.

    Raises:
        InputError: It is neither.
    """
    if modulation.size not in (1, units):
        raise InputError(
            Problem(
                f"{rule.path or type(rule).__name__}.modulation",
                f"has the wrong shape, got {modulation.shape}; expected one number, or one for each of {units} units",
                "Give a scalar for all units",
                "shape",
            )
        )


def refuse_unmodulated(rule: Modulated, modulation: PortSpec | None) -> None:
    """Refuse a modulation of a rule that is not modulated.

    Raises:
        WiringError: It is wired.
    """
    if modulation is not None and not rule.config.modulated:
        raise WiringError(
            Problem(
                f"{rule.path or type(rule).__name__}.modulation",
                "is wired, but the rule is not modulated, got no `eligibility_tau`",
                "Give `eligibility_tau=...` (ms), or leave out the wire",
                "unknown-port",
            )
        )
