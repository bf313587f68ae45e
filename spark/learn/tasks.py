"""What can be learned by name: a brain in a world, ready to be taught."""

from collections.abc import Callable
from functools import partial
from typing import Any

from spark.core.arguments import checked
from spark.core.errors import Problem, RunError
from spark.core.names import suggestion
from spark.learn.actor_critic import actor_critic
from spark.nn import Brain, BrainConfig
from spark.worlds import Acrobot, CartPole, Maze, MountainCar, Pendulum, World

# The world of each task, and what differs there from CartPole's settings.
SETTINGS: dict[str, tuple[type[World], dict[str, Any]]] = {
    "acrobot": (Acrobot, {}),
    "cartpole": (CartPole, {}),
    "maze": (Maze, {"encoder": {"resolution": 24, "width": 1.2}}),
    # The car must look farther ahead, and see finer, than the pole.
    "mountain-car": (
        MountainCar,
        {
            "encoder": {"resolution": 24, "width": 1.5},
            "actor": {"discount": 0.99, "rate": 2.0},
            "critic": {"discount": 0.99},
            "error": {"discount": 0.99},
        },
    ),
    "pendulum": (Pendulum, {}),
}


def _config(name: str, seed: int) -> BrainConfig:
    world, settings = SETTINGS[name]
    return actor_critic(world, seed=seed, **settings)


TASKS: dict[str, Callable[[int], BrainConfig]] = {name: partial(_config, name) for name in SETTINGS}


@checked
def task(name: str, seed: int = 0) -> Brain:
    """The brain that is to learn a task, before it has.

    Raises:
        RunError: There is no such task, with the nearest.
    """
    if name not in TASKS:
        raise RunError(Problem(name, "is no task", suggestion(name, TASKS, "task"), "unknown"))
    return Brain(TASKS[name](seed))
