"""The error of a critic's prediction, as a signal that teaches: dopamine."""

from typing import TypedDict

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.errors import Problem
from spark.core.module import Module
from spark.core.payloads import BooleanMask, FloatArray
from spark.core.ports import PortSpec
from spark.core.rounds import in_rounds, require_same_rounds
from spark.core.values import Number, Whole
from spark.core.variable import Variable
from spark.learn.rhythm import ERROR, decides
from spark.worlds.world import ENDLESS


class PredictionErrorConfig(ModuleConfig):
    """How far the prediction looks ahead, and how its errors are bounded and gated."""

    every: Whole = field(20, least=4, most=ENDLESS, description="Steps of the brain for each step of the world.")
    discount: Number = field(
        0.98, least=0, below=1, description="Worth of a reward one step of the world later, a factor."
    )
    reward_size: Number = field(1.0, above=0, description="A reward of this size, in the world's unit, counts as 1.")
    clip: Number | None = field(
        0.5, above=0, description="Largest size of an error, in units of `reward_size`; None for any."
    )
    best_return: Number = field(1.0, description="An episode that brings this, in the world's unit, is a full success.")
    worst_return: Number = field(0.0, description="One that brings this, in the world's unit, or less, is none.")
    memory: Number = field(0.05, above=0, most=1, description="Share of the last episode in the success so far.")
    least_rate: Number = field(0.05, least=0, most=1, description="Factor of the error that is left at full success.")

    def problems(self) -> list[Problem]:
        """A success brings more than a failure."""
        if self.best_return > self.worst_return:
            return super().problems()
        text = f"must be above worst_return, got {self.best_return:g}; expected more than {self.worst_return:g}"
        return [
            *super().problems(),
            Problem("best_return", text, "Name the returns of a success and a failure", "bounds"),
        ]


class ErrorOutput(TypedDict):
    """What the module puts out."""

    error: FloatArray


class PredictionError(Module):
    """The temporal-difference error, once for each step of the world, times how much is still to be learned.

        d = (1 - discount) r / reward_size + discount V' - V

    where V was the value of the last observation, and V' that of this one; V' counts as 0 where the episode is
    terminated, and is taken as it is where it was cut off, so that a cut is no failure. In the first round of an
    episode the error is 0. It may be clipped; then it is multiplied with max(least_rate, sqrt(1 - S)), where S is a
    running mean of how successful episodes were, from 0 to 1. While nothing is learned it is 0. It is put out in
    one step of `every`, and 0 in the others; see `spark.learn.rhythm`.

    Input ports: `value`, any shape; `reward`, `terminated`, `truncated`, `started`, `episode_return`, of that
    shape or (1,).
    Output ports: `error`, float32, shape of the value.
    Variables: `success`; `before`, V; `last`, the last error before it was gated; `phase`.

    Source: Sutton & Barto 2018, Reinforcement Learning, section 6.1; a signal of this kind in dopamine neurons:
    Schultz, Dayan & Montague 1997, doi:10.1126/science.275.5306.1593.
    """

    config: PredictionErrorConfig

    def build(self, value: PortSpec, **others: PortSpec) -> None:
        """No success yet."""
        require_same_rounds(self.path or type(self).__name__, self.config.every, {"value": value, **others})
        self.success = Variable(np.zeros((), np.float32), bounds=(0, 1), description="Of the last episodes.")
        self.before = Variable(np.zeros(value.shape, np.float32), description="Value of the observation before.")
        self.last = Variable(np.zeros(value.shape, np.float32), description="Last error, before it was gated.")
        self.phase = Variable(np.zeros((), np.int32), description="Steps since the world's last.")

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec] | None:
        """The shape of the value is that of the error."""
        if "value" not in known:
            return None
        return self.describe_outputs({"error": PortSpec(FloatArray, known["value"].shape, "float32")})

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """How often it teaches, for whoever keeps time with it."""
        return in_rounds(outputs, self.config.every)

    def __call__(
        self,
        value: FloatArray,
        reward: FloatArray,
        terminated: BooleanMask,
        truncated: BooleanMask,
        started: BooleanMask,
        episode_return: FloatArray,
    ) -> ErrorOutput:
        """Advance one step."""
        config = self.config
        now = decides(self.phase.value, config.every, ERROR)
        value_now = value.value.astype(jnp.float32)
        worth = jnp.where(terminated.value, 0.0, value_now)
        found = (
            ((1.0 - config.discount) / config.reward_size) * reward.value.astype(jnp.float32)
            + config.discount * worth
            - self.before.value
        )
        found = jnp.where(started.value, 0.0, found)
        if config.clip is not None:
            found = jnp.clip(found, -config.clip, config.clip)
        ended = now & (terminated.value | truncated.value).reshape(-1)[0]
        span = config.best_return - config.worst_return
        reached = jnp.clip(
            (episode_return.value.astype(jnp.float32).reshape(-1)[0] - config.worst_return) / span, 0.0, 1.0
        )
        rate = jnp.maximum(config.least_rate, jnp.sqrt(1.0 - self.success.value))
        taught = jnp.where(now & self.is_learning, rate * found, 0.0)
        change = config.memory * (reached - self.success.value)
        self.success.value = jnp.where(ended & self.is_learning, self.success.value + change, self.success.value)
        self.before.value = jnp.where(now, value_now, self.before.value)
        self.last.value = jnp.where(now, found, self.last.value)
        self.phase.value = (self.phase.value + 1) % config.every
        return {"error": FloatArray(taught)}
