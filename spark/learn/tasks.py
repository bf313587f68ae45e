"""What can be learned by name: a brain in a world, ready to be taught."""

from collections.abc import Callable
from functools import partial
from typing import Any

from spark.core.arguments import checked
from spark.core.errors import Problem, RunError
from spark.core.names import suggestion
from spark.learn.actor_critic import actor_critic
from spark.learn.race import ActorRace
from spark.nn import Brain, BrainConfig
from spark.worlds import Acrobot, Bandit, CartPole, Maze, MountainCar, Pendulum, ReachingArm, World

# What has to be explored for long before it is solved is learned by pools that act as often as their softmax says, with
# a larger part for who won, without annealing.
_EXPLORING: dict[str, Any] = {"winner": 0.3, "trace": 0.9}
_ONCE: dict[str, Any] = {"discount": 0.0}
_FINE: dict[str, Any] = {"resolution": 24, "width": 1.5}
# The world of each task, and what differs there from CartPole's settings.
SETTINGS: dict[str, tuple[type[World], dict[str, Any]]] = {
    "acrobot": (
        Acrobot,
        {"acting": ActorRace, "actor": {**_EXPLORING, "rate": 1.6}, "error": {"least_rate": 1.0}},
    ),
    "arm": (
        ReachingArm,
        {"acting": ActorRace, "actor": {**_EXPLORING, "rate": 0.8}, "error": {"least_rate": 1.0}},
    ),
    # Nothing comes after a pull.
    "bandit": (
        Bandit,
        {
            "acting": ActorRace,
            "encoder": {"resolution": 3},
            "actor": {**_ONCE, "winner": 0.3, "rate": 1.6},
            "critic": _ONCE,
            "error": {**_ONCE, "least_rate": 1.0},
        },
    ),
    "cartpole": (CartPole, {}),
    # Cells beside each other want different moves: what was seen before must be forgotten soon. Of those that are
    # seldom met a slower critic stays hopeful for longer, and a shorter eligibility blames fewer moves for what came.
    "maze": (
        Maze,
        {
            "acting": ActorRace,
            "encoder": {"resolution": 24, "width": 1.1},
            "actor": {"winner": 1.0, "trace": 0.8, "rate": 30.0, "size": 8, "tau": 5.0, "discount": 0.99},
            "critic": {"rate": 0.04, "tau": 5.0, "discount": 0.99},
            "error": {"least_rate": 1.0, "discount": 0.99},
        },
    ),
    # The car must look farther ahead, and see finer, than the pole. What it has learned is undone by what it learns
    # next, unless it learns ever less, and acts by what lasted; and a detour that was found first is never left, unless
    # each choice makes the others a little easier.
    "mountain-car": (
        MountainCar,
        {
            "acting": ActorRace,
            "encoder": {**_FINE, "centers": [-0.3, 0.0], "spans": [0.9, 0.07]},
            "actor": {
                **_EXPLORING,
                "size": 8,
                "rate": 8.0,
                "settling": 100.0,
                "homeostasis": 0.001,
                "consolidation": 120_000.0,
                "discount": 0.99,
            },
            "critic": {"discount": 0.99},
            "error": {"least_rate": 1.0, "discount": 0.99},
        },
    ),
    # Its costs are up to 16 a step.
    "pendulum": (
        Pendulum,
        {
            "acting": ActorRace,
            "encoder": {**_FINE, "angle": True},
            "actor": {**_EXPLORING, "trace": 0.95, "rate": 4.0},
            "error": {"least_rate": 1.0, "reward_size": 16.0},
        },
    ),
}


def _config(name: str, seed: int) -> BrainConfig:
    world, settings = SETTINGS[name]
    return actor_critic(world, seed=seed, **settings)


TASKS: dict[str, Callable[[int], BrainConfig]] = {name: partial(_config, name) for name in SETTINGS}


@checked
def task(name: str, seed: int = 0) -> Brain:
    """The brain that is to learn a task, before it has.

    Args:
        name: `cartpole`, `maze` ...: a name of `TASKS`.
        seed: Seed of the brain, and of the world in it.

    Raises:
        RunError: There is no such task, with the nearest.
    """
    if name not in TASKS:
        raise RunError(Problem(name, "is no task", suggestion(name, TASKS, "task"), "unknown"))
    return Brain(TASKS[name](seed))
