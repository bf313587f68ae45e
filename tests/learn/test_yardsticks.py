"""Policies to compare with: chance does badly, what somebody wrote by hand does well, and both by the world's rules."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from drawing import some

from spark import Number, field
from spark.learn import yardsticks
from spark.worlds import (
    Acrobot,
    Bandit,
    CartPole,
    CuedBandit,
    Maze,
    MountainCar,
    Pendulum,
    ReachingArm,
    World,
    WorldConfig,
)

WORLDS = [Acrobot, Bandit, CartPole, CuedBandit, Maze, MountainCar, Pendulum, ReachingArm]


@pytest.mark.parametrize("kind", some(WORLDS, 8, 2, thorough=2), ids=lambda kind: kind.__name__)
def test_a_policy_written_by_hand_solves_its_world_and_chance_does_not(kind: Any) -> None:
    found = yardsticks(kind(), 100)
    assert list(found) == ["random", "hand-written"]
    assert found["random"].high < kind.solved_return <= found["hand-written"].high
    assert all(one.returns.shape == (100,) for one in found.values())


class CountdownConfig(WorldConfig):
    """How long it lasts."""


class Countdown(World):
    """Each step brings the number of the action, until 5 steps are over; nobody wrote a policy for it."""

    config: CountdownConfig
    actions, numbers, observations = 3, 1, 1
    spans = (1.0,)
    best_return, worst_return, solved_return, best_value = 10.0, 0.0, 9.0, 2.0

    @staticmethod
    def first(drawn: Any) -> Any:
        return jnp.zeros(1)

    @staticmethod
    def after(physical: Any, action: Any) -> Any:
        return physical + 1.0, action.astype(jnp.float32), physical[0] >= 4.0

    @staticmethod
    def observed(physical: Any) -> Any:
        return physical


class ScaledConfig(CountdownConfig):
    """How much more each step brings."""

    scale: Number = field(1.0, description="A factor of each reward.")


class Scaled(Countdown):
    """Pays as its config says, begins and ends by it, and has a policy that follows from it."""

    config: ScaledConfig

    def first(self, drawn: Any) -> Any:
        return jnp.full(1, self.config.scale)

    def after(self, physical: Any, action: Any) -> Any:
        return physical, self.config.scale * action.astype(jnp.float32), physical[0] < 0.0

    def skilled(self, observed: Any) -> Any:
        return jnp.where(observed[0] == self.config.scale, 2, 0)


def test_a_world_may_do_what_its_config_says() -> None:
    found = [yardsticks(Scaled(scale=scale, limit=4), 3)["hand-written"] for scale in (2.0, 0.5)]
    np.testing.assert_array_equal([one.returns for one in found], [[16.0] * 3, [4.0] * 3])


@pytest.mark.thorough
def test_chance_takes_all_actions_alike_for_as_long_as_an_episode_lasts() -> None:
    found = yardsticks(Countdown(), 2000)
    assert list(found) == ["random"]
    returns = found["random"].returns
    assert returns.min() == 0 and returns.max() == 10
    # The sum of five numbers 0, 1, 2: its mean is 5, its variance 10 / 3.
    assert abs(returns.mean() - 5.0) < 5 * np.sqrt(10 / 3 / returns.size)
    assert abs(returns.var() - 10 / 3) < 0.5
    short = yardsticks(Countdown(limit=2), 500)["random"].returns
    assert short.max() == 4 and abs(short.mean() - 2.0) < 5 * np.sqrt(4 / 3 / 500)
    np.testing.assert_array_equal(yardsticks(Countdown(), 50, seed=3)["random"].returns[:5].shape, (5,))
