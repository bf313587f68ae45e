"""What every world is: a module that takes an action every so many steps, and begins and ends episodes itself."""

from typing import Any, ClassVar, TypedDict

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.errors import Problem, WiringError
from spark.core.module import Module
from spark.core.payloads import BooleanMask, FloatArray, IntegerArray
from spark.core.ports import PortSpec
from spark.core.rounds import in_rounds, require_same_rounds
from spark.core.values import Whole
from spark.core.variable import RandomKey, Variable
from spark.worlds.written import an_array, require_described, three

# More episodes than anybody runs.
ENDLESS = 2**31 - 1
# Methods that every world writes.
WRITTEN = ("first", "after", "observed")


class WorldConfig(ModuleConfig):
    """What every world is told."""

    every: Whole = field(20, least=4, most=ENDLESS, description="Steps of the brain for each step of the world.")
    limit: Whole = field(
        500, least=1, most=ENDLESS, description="Steps of the world after which an episode is cut off."
    )


class WorldOutput(TypedDict):
    """What a world puts out."""

    observation: FloatArray
    reward: FloatArray
    terminated: BooleanMask
    truncated: BooleanMask
    started: BooleanMask
    episode_return: FloatArray


class World(Module):
    """Base of worlds: an environment of discrete actions in JAX, as a module.

    In brain step 0, `every`, 2 `every` ... the world takes the action that it reads then and moves on; in between all
    outputs stay as they are. An episode ends where it is `terminated`, or `truncated` after `limit` steps of the world.
    Its last observation stays for one more round, so that a critic can value it; then a new one begins, with `started`,
    and the action of that round is not read. Once `most_episodes` have ended, none begins any more: the world stays
    `started`.

    A subclass says how many numbers it keeps and shows, and writes `first`, `after` and `observed`; it may write
    `skilled`, a policy to compare with. They are static, or methods of one that reads nothing but its `config`.

    Input ports: `action`, whole numbers, shape (1,): 0 to `actions - 1`; others are brought into that range.
    Output ports: `observation`, float32, (observations,); `reward`, float32, (1,): of the last step of the world;
    `terminated`, `truncated`, `started`, booleans, (1,); `episode_return`, float32, (1,): the sum of what its steps
    counted, which are the rewards unless a subclass says otherwise.
    Variables: `physical`, float32, (numbers,); `age`, steps of the world in this episode; `phase`, steps of the brain
    since the world's last; `faults`, moves whose reward or observation was no number; `episodes`, how many have ended;
    `last_return`, of the last that ended; `most_episodes`.

    Class attributes:
        actions: How many there are.
        numbers: How many the world keeps.
        observations: How many it shows.
        spans: Greatest size of each observation that matters, for whoever encodes them.
        best_return: The most that an episode can bring.
        worst_return: The least.
        solved_return: From this mean of ten episodes on it counts as solved.
        best_value: The most that a step of the world can bring on average, with which a hopeful critic begins.
    """

    actions: ClassVar[int]
    numbers: ClassVar[int]
    observations: ClassVar[int]
    spans: ClassVar[tuple[float, ...]]
    best_return: ClassVar[float]
    worst_return: ClassVar[float]
    solved_return: ClassVar[float]
    best_value: ClassVar[float]

    config: WorldConfig

    @staticmethod
    def first(drawn: Any) -> Any:
        """What a world keeps when an episode begins, float32 (numbers,).

        Args:
            drawn: Random numbers between 0 and 1, float32 (numbers,).
        """
        raise NotImplementedError

    @staticmethod
    def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
        """What it keeps after an action, float32 (numbers,), the reward, and whether that ends the episode.

        Args:
            physical: What it kept before, float32 (numbers,).
            action: Number of the action, int32.
        """
        raise NotImplementedError

    @staticmethod
    def observed(physical: Any) -> Any:
        """What it shows of `physical`, what it keeps: float32 (observations,)."""
        raise NotImplementedError

    @staticmethod
    def counted(physical: Any, reward: Any, terminated: Any) -> Any:
        """What a step adds to the return of its episode: the reward, unless a subclass says otherwise.

        Args:
            physical: What the world keeps after the step, float32 (numbers,).
            reward: What the step brought.
            terminated: Whether it ended the episode.
        """
        return reward

    @staticmethod
    def skilled(observed: Any) -> Any:
        """The action of a policy that somebody wrote by hand, to compare with; None where nobody did.

        Args:
            observed: What the world shows, float32 (observations,).
        """
        return None

    @staticmethod
    def drawn(physical: np.ndarray) -> str:
        """What it keeps as a line of text; a subclass may draw something better than its numbers.

        Args:
            physical: float32 (numbers,).
        """
        return " ".join(f"{number:8.3f}" for number in physical)

    def build(self, action: PortSpec) -> None:
        """Variables of a world whose first episode is about to begin.

        Raises:
            WiringError: The action is not one number, or belongs to rounds of other steps.
            ModuleError: The class lacks something that every world has.
        """
        require_described(type(self), World, WRITTEN)
        if action.size != 1:
            raise WiringError(
                Problem(
                    f"{self.path or type(self).__name__}.action",
                    f"has the wrong shape, got {action.shape}; expected (1,)",
                    "Wire one whole number: which action is taken",
                    "shape",
                )
            )
        require_same_rounds(self.path or type(self).__name__, self.config.every, {"action": action})
        self.physical = Variable(np.zeros(self.numbers, np.float32), description="What the world keeps.")
        self.age = Variable(np.zeros((), np.int32), description="Steps of the world in this episode.")
        self.phase = Variable(np.zeros((), np.int32), description="Steps of the brain since the world's last.")
        self.reward = Variable(np.zeros(1, np.float32), description="Of the world's last step.")
        self.gained = Variable(np.zeros(1, np.float32), description="Return of this episode so far.")
        self.terminated = Variable(np.zeros(1, np.bool_), description="Whether the last step ended the episode.")
        self.truncated = Variable(np.ones(1, np.bool_), description="Whether the episode was cut off.")
        self.started = Variable(np.zeros(1, np.bool_), description="Whether an episode has just begun.")
        self.episodes = Variable(np.zeros((), np.int32), description="Episodes that have ended.")
        self.last_return = Variable(np.zeros((), np.float32), description="Of the last episode that ended.")
        self.faults = Variable(np.zeros((), np.int32), description="Moves whose reward or observation was no number.")
        self.most_episodes = Variable(np.full((), ENDLESS, np.int32), description="After so many none begins.")
        self.key = RandomKey()

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """A world's outputs are known before its action is: the loop is closed through it."""
        flags = {name: PortSpec(BooleanMask, (1,), "bool") for name in ("terminated", "truncated", "started")}
        numbers = {name: PortSpec(FloatArray, (1,), "float32") for name in ("reward", "episode_return")}
        shown = {"observation": PortSpec(FloatArray, (self.observations,), "float32"), **numbers, **flags}
        return self.describe_outputs(shown)

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """How often the world moves, for whoever keeps time with it."""
        return in_rounds(outputs, self.config.every)

    def _of(self, method: str) -> str:
        return f"{self.path or type(self).__name__}.{method}"

    def _kept(self, method: str, physical: object) -> jax.Array:
        """What a method says that the world keeps."""
        return an_array(self._of(method), physical, (self.numbers,), "as many numbers as `numbers` says")

    def _moved(self, action: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        address = self._of("after")
        moved, reward, terminated = three(address, self.after(self.physical.value, action))
        brought = an_array(f"{address}.reward", reward, (), "one number").astype(jnp.float32)
        ended = an_array(f"{address}.terminated", terminated, (), "one truth value").astype(jnp.bool_)
        return self._kept("after", moved), brought, ended

    def __call__(self, action: IntegerArray) -> WorldOutput:
        """Advance one step of the brain."""
        acts = self.phase.value == 0
        ended = (self.terminated.value | self.truncated.value)[0]
        waits = self.started.value[0] & (self.episodes.value >= self.most_episodes.value)
        begins = ended | waits
        chosen = jnp.clip(action.value.reshape(()).astype(jnp.int32), 0, self.actions - 1)
        moved, reward, terminated = self._moved(chosen)
        fresh = self._kept("first", self.first(self.key.uniform((self.numbers,))))
        age = jnp.where(begins, 0, self.age.value + 1)
        truncated = ~begins & ~terminated & (age >= self.config.limit)
        terminated = ~begins & terminated
        reward = jnp.where(begins, 0.0, reward)
        counted = an_array(self._of("counted"), self.counted(moved, reward, terminated), (), "one number")
        gained = jnp.where(begins, 0.0, self.gained.value[0] + counted.astype(jnp.float32))
        ends = acts & (terminated | truncated)

        def update(variable: Variable, value: jax.Array) -> None:
            variable.value = jnp.where(acts, value.reshape(variable.shape), variable.value)

        update(self.physical, jnp.where(begins, fresh, moved))
        update(self.age, age)
        update(self.reward, reward)
        update(self.gained, gained)
        update(self.terminated, terminated)
        update(self.truncated, truncated)
        update(self.started, begins)
        meaning = "as many numbers as `observations` says"
        shown = an_array(self._of("observed"), self.observed(self.physical.value), (self.observations,), meaning)
        shown = shown.astype(jnp.float32)
        sound = jnp.isfinite(reward) & jnp.isfinite(shown).all()
        self.faults.value = self.faults.value + (acts & ~sound).astype(jnp.int32)
        self.episodes.value = self.episodes.value + ends.astype(jnp.int32)
        self.last_return.value = jnp.where(ends, gained, self.last_return.value)
        self.phase.value = (self.phase.value + 1) % self.config.every
        return {
            "observation": FloatArray(shown),
            "reward": FloatArray(self.reward.value),
            "terminated": BooleanMask(self.terminated.value),
            "truncated": BooleanMask(self.truncated.value),
            "started": BooleanMask(self.started.value),
            "episode_return": FloatArray(self.gained.value),
        }
