"""The loop between many brains and a vector environment of Gymnasium, one brain in each of its environments."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import concatenate, create_empty_array, iterate
from tqdm import tqdm

from spark.core.arguments import checked
from spark.core.errors import LoopError, Problem
from spark.envs import received
from spark.envs.acting import Acting, Log, check_bounds
from spark.envs.spaces import Decoder, Encoder
from spark.nn import Brain
from spark.sim.interrupt import NoneLost
from spark.sim.run import MOST_STEPS


class VectorLoop:
    """Brains in a vector environment: in each step all observe, run and act; see `Loop`.

    However the environment begins episodes anew (its autoreset mode), a brain sees the first observation of the next
    episode after it has rested. Where it takes a step of the environment to begin one, the brain does nothing in it,
    and nothing is logged of it.

    Args:
        brains: One for each of its environments, each once; `spark.replicas` makes many of one.
        environment: A vector environment of Gymnasium.
        observe: As of `Loop`, from the observation of one environment.
        act: As of `Loop`, to the action in one environment.
        steps_per_action: As of `Loop`.
        rest_steps: As of `Loop`.
    """

    @checked
    def __init__(
        self,
        brains: Sequence[Brain],
        environment: gym.vector.VectorEnv,
        *,
        observe: Encoder | None = None,
        act: Decoder | None = None,
        steps_per_action: int = 16,
        rest_steps: int = 16,
    ) -> None:
        self.environment = environment
        self._mode = environment.metadata.get("autoreset_mode")
        self._check(brains)
        spaces = environment.single_observation_space, environment.single_action_space
        options = observe, act, steps_per_action, rest_steps
        self._acting = [Acting(brain, *spaces, *options) for brain in brains]
        self._started = False
        self._observations: list[Any] = []
        self._actions: list[Any] = []
        # Of each environment whether the next step begins an episode.
        self._begins = np.zeros(len(brains), np.bool_)

    @property
    def brains(self) -> list[Brain]:
        """The brains, in the order of their environments; others take a loop of their own."""
        return [acting.brain for acting in self._acting]

    @property
    def steps_per_action(self) -> int:
        """Brain steps for each environment step."""
        return self._acting[0].steps_per_action

    @property
    def rest_steps(self) -> int:
        """Brain steps after the end of an episode."""
        return self._acting[0].rest_steps

    def _check(self, brains: Sequence[Brain]) -> None:
        number, problems = self.environment.num_envs, []
        if len(brains) != number:
            text = f"must be one for each environment, got {len(brains)}; expected {number}"
            problems.append(Problem("brains", text, f"Make them: `spark.replicas(brain, {number})`", "length"))
        for at, brain in enumerate(brains):
            if not isinstance(brain, Brain):
                text, fix = (
                    f"is no brain, got {type(brain).__name__}; expected Brain",
                    "Make it: `spark.nn.Brain(config)`",
                )
                problems.append(Problem(f"brains[{at}]", text, fix, "type"))
        if len({id(brain) for brain in brains}) != len(brains):
            fix = "Make copies: `spark.replicas(brain, n)`"
            problems.append(Problem("brains", "lists a brain twice; expected each once", fix, "twice"))
        if not isinstance(self._mode, AutoresetMode):
            text = f"does not say how episodes begin anew, got {self._mode!r}; expected one of AutoresetMode"
            fix = "Set `environment.metadata['autoreset_mode']`"
            problems.append(Problem("environment.metadata['autoreset_mode']", text, fix, "mode"))
        if problems:
            raise LoopError(problems)

    @checked
    def run(
        self,
        steps: int,
        *,
        seed: int | None = None,
        spikes: bool = False,
        learning: bool = True,
        progress: bool = False,
    ) -> list[Log]:
        """Run for a number of steps of the vector environment; goes on where the last run ended.

        After an error, or Ctrl-C within a step, each brain has the state of its last action or rest, and the next run
        begins with new episodes.

        Args:
            steps: At least 1.
            seed: Resets the environments with this seed first, each with another that follows from it.
            spikes: As of `Loop.run`.
            learning: As of `Loop.run`, for all brains.
            progress: Whether to show a progress bar.

        Returns:
            What happened, of each environment.

        Raises:
            LoopError: Fewer than 1 step; or a brain keeps rounds of other steps than the loop, or stands within one.
            RunError: A brain is being run by another thread.
            NumericsError: A brain checks numbers and met a NaN or an infinity.
        """
        check_bounds("steps", steps, 1, MOST_STEPS)
        check_bounds("seed", seed or 0, 0, MOST_STEPS)
        for acting in self._acting:
            acting.build()
        logs = [Log(steps_per_action=self.steps_per_action) for _ in self._acting]
        with ExitStack() as held, NoneLost() as interrupts:
            for acting in self._acting:
                held.enter_context(acting.claim())
            if seed is not None or not self._started:
                self._begin(seed)
            for _ in tqdm(range(steps), disable=not progress):
                # Should it be interrupted, brains and environments are no longer at the same step.
                self._started = False
                self._step(logs, spikes, learning)
                self._started = True
                interrupts.again()
            for acting in self._acting:
                acting.look_at_numbers()
        return logs

    def _begin(self, seed: int | None) -> None:
        begun = self.environment.reset(seed=seed)
        received.require_reset(begun)
        self._observations = self._each(begun[0])
        self._begins[:] = False
        for acting in self._acting:
            acting.begin()
        self._started = True

    def _step(self, logs: list[Log], spikes: bool, learning: bool) -> None:
        # What is done in an environment that begins an episode does not count: the last action again.
        self._actions = [
            self._actions[n] if self._begins[n] else acting.choose(self._observations[n], logs[n], spikes, learning)
            for n, acting in enumerate(self._acting)
        ]
        space = self.environment.single_action_space
        taken = concatenate(space, self._actions, create_empty_array(space, n=len(self._actions)))
        given = self.environment.step(taken)
        received.require_step(given)
        seen, *brought, _ = given
        acted, self._begins = ~self._begins, np.zeros(len(self._acting), np.bool_)
        for n in np.flatnonzero(acted):
            if self._acting[n].feel(logs[n], *(of[n] for of in brought)):
                self._acting[n].rest(learning)
                self._begins[n] = True
        if self._mode is AutoresetMode.DISABLED and self._begins.any():
            begun = self.environment.reset(options={"reset_mask": self._begins.copy()})
            received.require_reset(begun)
            seen, _ = begun
        if self._mode is not AutoresetMode.NEXT_STEP:
            self._begins[:] = False
        self._observations = self._each(seen)

    def _each(self, observations: Any) -> list[Any]:
        """What each environment shows; a brain sees it, and its log copies it, before the next step is taken."""
        return list(iterate(self.environment.observation_space, observations))
