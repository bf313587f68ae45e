"""What can be learned by name: a brain in a world, ready to be taught."""

from collections.abc import Callable

from spark.core.arguments import checked
from spark.core.errors import Problem, RunError
from spark.core.names import suggestion
from spark.learn.actor_critic import actor_critic
from spark.nn import Brain, BrainConfig
from spark.worlds import CartPole

TASKS: dict[str, Callable[[int], BrainConfig]] = {"cartpole": lambda seed: actor_critic(CartPole, seed=seed)}


@checked
def task(name: str, seed: int = 0) -> Brain:
    """The brain that is to learn a task, before it has.

    Raises:
        RunError: There is no such task, with the nearest.
    """
    if name not in TASKS:
        raise RunError(Problem(name, "is no task", suggestion(name, TASKS, "task"), "unknown"))
    return Brain(TASKS[name](seed))
