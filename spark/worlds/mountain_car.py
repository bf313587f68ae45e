"""The car in a valley, as in Gymnasium's MountainCar-v0."""

from typing import Any

import jax.numpy as jnp

from spark.core.config import field
from spark.core.values import Whole
from spark.worlds.world import ENDLESS, World, WorldConfig

FORCE, GRAVITY = 0.001, 0.0025
LEFT, RIGHT, FASTEST, GOAL = -1.2, 0.6, 0.07, 0.5


class MountainCarConfig(WorldConfig):
    """How often the car is driven, and for how long."""

    limit: Whole = field(
        200, least=1, most=ENDLESS, description="Steps of the world after which an episode is cut off."
    )


class MountainCar(World):
    """A car too weak to climb out of a valley must swing: it is driven left (0), not at all (1), or right (2).

    It keeps and shows its place and velocity; each step costs 1; the episode ends where the place is 0.5 or more. It
    begins at rest between -0.6 and -0.4.

        v <- v + 0.001 (action - 1) - 0.0025 cos(3 x)        x <- x + v

    with the place x and the velocity v.

    Source: Moore 1990, Efficient memory-based learning for robot control; steps, constants and limits of Gymnasium's
    MountainCar-v0, in single precision.
    """

    config: MountainCarConfig

    actions = 3
    numbers = observations = 2
    spans = (1.2, 0.07)
    best_return, worst_return = -100.0, -200.0
    solved_return, best_value = -110.0, 0.0

    @staticmethod
    def first(drawn: Any) -> Any:
        """At rest near the bottom."""
        return jnp.stack([-0.6 + 0.2 * drawn[0], jnp.zeros_like(drawn[1])])

    @staticmethod
    def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
        """Velocity first, then the place; the wall on the left stops the car."""
        push = (action.astype(jnp.float32) - 1.0) * FORCE
        velocity = jnp.clip(physical[1] + push - GRAVITY * jnp.cos(3.0 * physical[0]), -FASTEST, FASTEST)
        place = jnp.clip(physical[0] + velocity, LEFT, RIGHT)
        velocity = jnp.where((place <= LEFT) & (velocity < 0), 0.0, velocity)
        return jnp.stack([place, velocity]), jnp.float32(-1.0), (place >= GOAL) & (velocity >= 0)

    @staticmethod
    def skilled(observed: Any) -> Any:
        """To the right between two parabolas of place and velocity, else to the left."""
        place, velocity = observed[0], observed[1]
        low = jnp.minimum(-0.09 * (place + 0.25) ** 2 + 0.03, 0.3 * (place + 0.9) ** 4 - 0.008)
        return jnp.where((low < velocity) & (velocity < -0.07 * (place + 0.38) ** 2 + 0.07), 2, 0)

    @staticmethod
    def observed(physical: Any) -> Any:
        """All of it."""
        return physical
