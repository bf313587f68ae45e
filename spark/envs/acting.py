"""What a brain does between what it sees and what it does, and what it is told of it."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import jax
import jax.numpy as jnp
import numpy as np

from spark.core.binding import look_at_numbers
from spark.core.errors import LoopError, Problem
from spark.core.keeper import Claim
from spark.core.narrowing import beyond
from spark.core.numerics import raise_faults
from spark.core.part import graph_of, keeper_of
from spark.core.payloads import Payload
from spark.core.state import State
from spark.envs import received
from spark.envs.keeping_time import require_rounds
from spark.envs.spaces import TOLD, Decoder, Encoder, action_decoder, observation_encoder
from spark.nn import Brain
from spark.sim import advance
from spark.sim.run import build

MOST_BRAIN_STEPS = 1_000_000  # Between two actions: they are one compiled scan.


@dataclass
class Log:
    """What happened, one entry for each environment step; spikes one row for each brain step.

    `terminated` and `truncated` are kept apart: a truncated episode was cut by a time limit, not by failure.

    Attributes:
        observations: What the brain saw before it acted, each of the shape that the environment shows; of a `Dict` or a
            `Tuple` as the environment gave it.
        actions: What it did.
        rewards: What that brought, in the environment's unit.
        terminated: Whether it ended the episode.
        truncated: Whether a limit of time did.
        spikes: By module the spikes of the brain's steps, each a row of shape (brain steps of an action, units...).
        steps_per_action: How many steps the brain had for each action.
    """

    observations: list[Any] = field(default_factory=list)
    actions: list[Any] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    terminated: list[bool] = field(default_factory=list)
    truncated: list[bool] = field(default_factory=list)
    spikes: dict[str, list[np.ndarray]] = field(default_factory=dict)
    steps_per_action: int = 1

    def raster(self) -> np.ndarray:
        """Spikes of all modules side by side, (brain steps, units), -1, 0 or 1, modules in wiring order.

        Raises:
            LoopError: No spikes were kept.
        """
        if not self.spikes:
            raise LoopError(Problem("log.raster", "no spikes were kept", "Run with `spikes=True`", "spikes"))
        parts = [np.concatenate(rows) for rows in self.spikes.values()]
        return np.concatenate([p.reshape(len(p), -1) for p in parts], axis=1)

    def returns(self) -> list[float]:
        """Sum of rewards of every finished episode."""
        ends = np.flatnonzero(np.logical_or(self.terminated, self.truncated)) + 1
        return [float(np.sum(part)) for part in np.split(np.asarray(self.rewards), ends)[: len(ends)]]


class Acting:
    """A brain that acts on observations of a space; see `Loop`.

    Args:
        brain: A built or unbuilt brain.
        seen: The space of what it sees.
        done: The space of what it does.
        observe: As of `Loop`.
        act: As of `Loop`.
        steps_per_action: As of `Loop`.
        rest_steps: As of `Loop`.
    """

    def __init__(
        self,
        brain: Brain,
        seen: gym.Space,
        done: gym.Space,
        observe: Encoder | None,
        act: Decoder | None,
        steps_per_action: int,
        rest_steps: int,
    ) -> None:
        for name, value, least in (("steps_per_action", steps_per_action, 1), ("rest_steps", rest_steps, 0)):
            check_bounds(name, value, least, MOST_BRAIN_STEPS)
        self.brain, self.steps_per_action, self.rest_steps = brain, steps_per_action, rest_steps
        self.observe = observe or observation_encoder(seen, brain)
        self.act = act or action_decoder(done, brain)
        self._inputs = brain.declared_inputs()
        self._observed: set[str] = set()
        self.begin()

    def build(self) -> None:
        """Build the brain, and see that it keeps time with the loop.

        Raises:
            LoopError: Its rounds have other steps.
        """
        build(self.brain)
        require_rounds(self.brain, self.steps_per_action, self.rest_steps)

    def begin(self) -> None:
        """No action has brought anything."""
        self._brought = dict.fromkeys(TOLD, 0.0)

    def claim(self) -> Claim:
        """While it is held no other thread may run the brain."""
        return Claim(keeper_of(self.brain))

    def choose(self, observation: Any, log: Log, spikes: bool, learning: bool) -> Any:
        """Run the brain on what it sees, and return what it does; both are logged."""
        seen = self.observe(observation)
        self._look_at(seen)
        self._observed = set(seen)
        pieces = self._advance({**self._told(), **seen}, self.steps_per_action, spikes, learning)
        host = jax.device_get(pieces[-1][0])
        try:
            action = self.act({n: type(p)(p.value[-1]) for n, p in host.items()})
        except LoopError:
            # A brain that checks its numbers knows where they went bad.
            self.look_at_numbers()
            raise
        # Copies: an environment may write what it shows next into the same array, or change an action that it is given.
        log.observations.append(
            deepcopy(observation) if isinstance(observation, (dict, tuple)) else np.array(observation)
        )
        log.actions.append(deepcopy(action))
        fired = [jax.device_get(spiked) for _, spiked in pieces]
        for name in fired[0]:
            rows = [piece[name].value for piece in fired]
            log.spikes.setdefault(name, []).append(rows[0] if len(rows) == 1 else np.concatenate(rows))
        return action

    def feel(self, log: Log, reward: Any, terminated: Any, truncated: Any) -> bool:
        """Log what the action brought, and tell it from now on; returns whether the episode has ended.

        Raises:
            LoopError: The reward is no number, or a flag neither true nor false.
        """
        gained = received.reward(reward)
        flags = received.ends("terminated", terminated), received.ends("truncated", truncated)
        log.rewards.append(gained)
        log.terminated.append(flags[0])
        log.truncated.append(flags[1])
        self._brought = dict(zip(TOLD, map(float, (gained, *flags)), strict=True))
        return any(flags)

    def rest(self, learning: bool) -> None:
        """Run the brain after an episode, on zeros but for what the last action brought."""
        if self.rest_steps:
            zeros = {n: s.payload_type(jnp.zeros(s.shape, s.dtype)) for n, s in self._inputs.items()}
            self._advance({**zeros, **self._told()}, self.rest_steps, False, learning)
            self.begin()

    def look_at_numbers(self) -> None:
        """Raise what a brain that checks numbers has met.

        Raises:
            NumericsError: A NaN or an infinity.
        """
        if self.brain.config.looks_at_numbers:
            raise_faults(graph_of(self.brain), keeper_of(self.brain).peek())

    def _told(self) -> dict[str, Any]:
        """What the last action brought, for those inputs that tell it and are not observed.

        Raises:
            LoopError: One does not hold it.
        """
        found, problems = {}, []
        for name, spec in self._inputs.items():
            if name in TOLD and name not in self._observed:
                told = np.full(spec.shape, self._brought[name])
                problems += beyond(f"brain.{name}", told, spec.dtype)
                with np.errstate(all="ignore"):
                    found[name] = spec.payload_type(told.astype(jnp.dtype(spec.dtype)))
        if problems:
            raise LoopError(problems)
        return found

    def _look_at(self, seen: dict[str, Payload]) -> None:
        """See that an observation's payloads are spikes where they should be, and numbers that their inputs hold.

        Raises:
            LoopError: They are no payloads by input.
            InputError: They are not.
        """
        if not isinstance(seen, dict):
            text = f"returned no payloads by input, got {type(seen).__name__}; expected a dict"
            raise LoopError(Problem("observe", text, "Return `{'input': spark.FloatArray(...)}`", "type"))
        problems = [
            Problem(
                f"observe[{name!r}]",
                f"is no payload, got {type(payload).__name__}; expected {self._inputs[name].payload_type.__name__}",
                f"Return `{{{name!r}: spark.{self._inputs[name].payload_type.__name__}(...)}}`",
                "type",
            )
            for name, payload in seen.items()
            if name in self._inputs and not isinstance(payload, Payload)
        ]
        if problems:
            raise LoopError(problems)
        look_at_numbers(self.brain, {name: payload for name, payload in seen.items() if name in self._inputs})

    def _advance(self, inputs: Any, steps: int, spikes: bool, learning: bool) -> list[tuple[Any, Any]]:
        """Outputs and spikes of the brain's next steps, in pieces where it pauses in between."""
        graph = graph_of(self.brain)

        def call(state: State, steps: int) -> tuple[State, tuple[Any, Any]]:
            outputs, fired, after = advance(graph, state, inputs, learning, steps=steps, spikes=spikes)
            return after, (outputs, fired)

        return keeper_of(self.brain).advance_in_pieces(call, steps, learning)


def check_bounds(name: str, value: int, least: int, most: int) -> None:
    """Refuse a number that is too small or too large.

    Raises:
        LoopError: It is.
    """
    if value < least:
        raise LoopError(Problem(name, f"must be at least {least}, got {value}", "", "bounds"))
    if value > most:
        raise LoopError(Problem(name, f"must be at most {most:,}, got {value}", "", "bounds"))
