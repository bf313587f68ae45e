"""The loop between one brain and one Gymnasium environment."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
from tqdm import tqdm

from spark.core.arguments import checked
from spark.envs import received
from spark.envs.acting import Acting, Log, check_bounds
from spark.envs.spaces import Decoder, Encoder
from spark.nn import Brain
from spark.sim.interrupt import NoneLost
from spark.sim.run import MOST_STEPS


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
        steps_per_action: Brain steps for each environment step. A brain whose modules keep rounds, as an actor or a
            critic of `spark.learn` does, needs as many as a round has: their `every`.
        rest_steps: Brain steps after the end of an episode, on zero input but for what the last action brought; whole
            rounds of such a brain, or 0.
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
        self.environment = environment
        spaces = environment.observation_space, environment.action_space
        self._acting = Acting(brain, *spaces, observe, act, steps_per_action, rest_steps)
        self._started = False
        self._observation: Any = None

    @property
    def brain(self) -> Brain:
        """The brain; another one takes a loop of its own."""
        return self._acting.brain

    @property
    def steps_per_action(self) -> int:
        """Brain steps for each environment step."""
        return self._acting.steps_per_action

    @property
    def rest_steps(self) -> int:
        """Brain steps after the end of an episode."""
        return self._acting.rest_steps

    @property
    def observe(self) -> Encoder:
        """From an observation to the brain's inputs."""
        return self._acting.observe

    @property
    def act(self) -> Decoder:
        """From the brain's outputs of one step to an action."""
        return self._acting.act

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
            LoopError: Fewer than 1 step; or the brain keeps rounds of other steps than the loop, or stands within one.
            RunError: The brain is being run by another thread.
            NumericsError: The brain checks numbers and met a NaN or an infinity.
        """
        check_bounds("steps", steps, 1, MOST_STEPS)
        check_bounds("seed", seed or 0, 0, MOST_STEPS)
        self._acting.build()
        log = Log(steps_per_action=self.steps_per_action)
        with self._acting.claim(), NoneLost() as interrupts:
            if seed is not None or not self._started:
                self._begin(seed)
                self._acting.begin()
                self._started = True
            for _ in tqdm(range(steps), disable=not progress):
                self._step(log, spikes, learning)
                if each is not None:
                    each(log)
                interrupts.again()
            self._acting.look_at_numbers()
        return log

    def _step(self, log: Log, spikes: bool, learning: bool) -> None:
        acting = self._acting
        action = acting.choose(self._observation, log, spikes, learning)
        brought = self.environment.step(action)
        received.require_step(brought)
        self._observation, reward, terminated, truncated, _ = brought
        if acting.feel(log, reward, terminated, truncated):
            # Should the reset be interrupted, the next run begins with one.
            self._started = False
            self._begin(None)
            self._started = True
            acting.rest(learning)

    def _begin(self, seed: int | None) -> None:
        begun = self.environment.reset(seed=seed)
        received.require_reset(begun)
        self._observation, _ = begun
