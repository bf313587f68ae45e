"""The loop between one brain and one Gymnasium environment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from spark.core.arguments import checked
from spark.core.errors import LoopError, Problem
from spark.core.keeper import Claim
from spark.core.numerics import raise_faults
from spark.core.part import graph_of, keeper_of
from spark.core.state import State
from spark.envs.spaces import TOLD, Decoder, Encoder, action_decoder, observation_encoder
from spark.nn import Brain
from spark.sim import advance
from spark.sim.interrupt import NoneLost
from spark.sim.run import MOST_STEPS, build

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
        """Spikes of all modules side by side, (brain steps, units), -1, 0 or 1, modules in wiring order."""
        parts = [np.concatenate(rows) for rows in self.spikes.values()]
        return np.concatenate([p.reshape(len(p), -1) for p in parts], axis=1)

    def returns(self) -> list[float]:
        """Sum of rewards of every finished episode."""
        ends = np.flatnonzero(np.logical_or(self.terminated, self.truncated)) + 1
        return [float(np.sum(part)) for part in np.split(np.asarray(self.rewards), ends)[: len(ends)]]


class Loop:
    """A brain in an environment: observe, run the brain for some steps, act, again.

    What its last action brought a brain is told if it has inputs for it: `reward`, in the environment's unit, and
    `terminated` and `truncated`, whether that ended the episode. They stay so until it acts again, also while it rests;
    all are 0 before the first action, and in an episode that begins after a rest.

    Args:
        brain: A built or unbuilt brain. After `run`, it has the state that the loop left.
        environment: A Gymnasium environment.
        observe: From an observation to the brain's inputs (payloads by port), of which those that tell what the last
            action brought may be left out; left out, `observation_encoder`.
        act: From the brain's outputs of one step to an action; left out, `action_decoder`.
        steps_per_action: Brain steps for each environment step.
        rest_steps: Brain steps after the end of an episode, on zero input but for what the last action brought.
    """

    @checked
    def __init__(
        self,
        brain: Brain,
        environment: gym.Env,
        *,
        observe: Encoder | None = None,
        act: Decoder | None = None,
        steps_per_action: int = 16,
        rest_steps: int = 16,
    ) -> None:
        for name, value, least in (("steps_per_action", steps_per_action, 1), ("rest_steps", rest_steps, 0)):
            _check_bounds(name, value, least, MOST_BRAIN_STEPS)
        self.brain, self.environment = brain, environment
        self.observe = observe or observation_encoder(environment.observation_space, brain)
        self.act = act or action_decoder(environment.action_space, brain)
        self.steps_per_action, self.rest_steps = steps_per_action, rest_steps
        self._zeros = {
            name: spec.payload_type(jnp.zeros(spec.shape, spec.dtype)) for name, spec in brain.declared_inputs().items()
        }
        self._started = False
        self._observation: Any = None
        self._brought = dict.fromkeys(TOLD, 0.0)

    @checked
    def run(
        self,
        steps: int,
        *,
        seed: int | None = None,
        spikes: bool = False,
        learning: bool = True,
        progress: bool = False,
        each: Callable[[Log], None] | None = None,
    ) -> Log:
        """Run for a number of environment steps; goes on where the last run ended.

        Whatever interrupts it, Ctrl-C or an error, the brain has the state of the last action that it took, or of the
        end of the rest after an episode.

        Args:
            steps: Environment steps, at least 1.
            seed: Resets the environment with this seed first. Later episodes follow from the environment's own
                generator. The brain's seed is in its config.
            spikes: Whether to keep all spikes.
            learning: Whether anything is learned; see `spark.run`.
            progress: Whether to show a progress bar with iterations per second.
            each: Called with the log after every environment step.

        Raises:
            LoopError: Fewer than 1 step.
            RunError: The brain is being run by another thread.
            NumericsError: The brain checks numbers and met a NaN or an infinity.
        """
        _check_bounds("steps", steps, 1, MOST_STEPS)
        _check_bounds("seed", seed or 0, 0, MOST_STEPS)
        build(self.brain)
        log = Log(steps_per_action=self.steps_per_action)
        keeper = keeper_of(self.brain)
        with Claim(keeper), NoneLost() as interrupts:
            if seed is not None or not self._started:
                self._observation, _ = self.environment.reset(seed=seed)
                self._brought = dict.fromkeys(TOLD, 0.0)
                self._started = True
            for _ in tqdm(range(steps), disable=not progress):
                seen = self.observe(self._observation)
                inputs = {**self._told(), **seen}
                self._act(log, learning, self._advance(inputs, self.steps_per_action, spikes, learning), set(seen))
                if each is not None:
                    each(log)
                interrupts.again()
            if self.brain.config.looks_at_numbers:
                raise_faults(graph_of(self.brain), keeper.peek())
        return log

    def _told(self) -> dict[str, Any]:
        """What the last action brought, for those inputs that tell it."""
        found = {}
        for name, spec in self.brain.declared_inputs().items():
            if name in TOLD:
                found[name] = spec.payload_type(jnp.full(spec.shape, self._brought[name]).astype(spec.dtype))
        return found

    def _advance(self, inputs: Any, steps: int, spikes: bool, learning: bool) -> list[tuple[Any, Any]]:
        """Outputs and spikes of the brain's next steps, in pieces where it pauses in between."""
        graph = graph_of(self.brain)

        def call(state: State, steps: int) -> tuple[State, tuple[Any, Any]]:
            outputs, fired, after = advance(graph, state, inputs, learning, steps=steps, spikes=spikes)
            return after, (outputs, fired)

        return keeper_of(self.brain).advance_in_pieces(call, steps, learning)

    def _act(self, log: Log, learning: bool, pieces: list[tuple[Any, Any]], observed: set[str]) -> None:
        """Act as the brain says; after an episode begin another, and rest on zeros where inputs are `observed`."""
        host = jax.device_get(pieces[-1][0])
        last = {n: type(p)(p.value[-1]) for n, p in host.items()}
        action = self.act(last)
        seen = self._observation
        log.observations.append(seen if isinstance(seen, (dict, tuple)) else np.asarray(seen))
        log.actions.append(action)
        spikes = [jax.device_get(fired) for _, fired in pieces]
        for name in spikes[0]:
            rows = [fired[name].value for fired in spikes]
            log.spikes.setdefault(name, []).append(rows[0] if len(rows) == 1 else np.concatenate(rows))
        self._observation, reward, terminated, truncated, _ = self.environment.step(action)
        log.rewards.append(float(reward))
        log.terminated.append(bool(terminated))
        log.truncated.append(bool(truncated))
        self._brought = dict(zip(TOLD, map(float, (reward, terminated, truncated)), strict=True))
        if terminated or truncated:
            # Should the reset be interrupted, the next run begins with one.
            self._started = False
            self._observation, _ = self.environment.reset()
            self._started = True
            if self.rest_steps:
                told = {name: payload for name, payload in self._told().items() if name not in observed}
                self._advance({**self._zeros, **told}, self.rest_steps, False, learning)
                self._brought = dict.fromkeys(TOLD, 0.0)


def _check_bounds(name: str, value: int, least: int, most: int) -> None:
    if value < least:
        raise LoopError(Problem(name, f"must be at least {least}, got {value}", "", "bounds"))
    if value > most:
        raise LoopError(Problem(name, f"must be at most {most:,}, got {value}", "", "bounds"))
