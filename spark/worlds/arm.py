"""An arm of two joints that is to reach for what it sees."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.values import Whole
from spark.worlds.world import ENDLESS, World, WorldConfig

# Lengths in m, angles in rad.
LINK, TURN, NEAR = 0.5, 0.1, 0.1
# How far the elbow bends, and how far away targets are.
STRAIGHT, BENT, CLOSEST, FARTHEST = 0.2, 2.8, 0.2, 0.95
MIDDLE = (STRAIGHT + BENT) / 2
# What an action turns: the shoulder to the left or right, the elbow to bend or stretch.
SHOULDER, ELBOW = (TURN, -TURN, 0.0, 0.0), (0.0, 0.0, TURN, -TURN)


class ReachingArmConfig(WorldConfig):
    """How often a joint is turned, and how often at most."""

    limit: Whole = field(
        100, least=1, most=ENDLESS, description="Steps of the world after which an episode is cut off."
    )


class ReachingArm(World):
    """A hand on an arm of two links of 0.5 m in a plane is to be brought within 0.1 m of a target.

    Each step turns the shoulder (0 left, 1 right) or the elbow (2 bends, 3 stretches) by 0.1 rad. The shoulder turns
    all the way round; the elbow bends between 0.2 and 2.8 rad. It keeps both angles, and the target's place (m) as seen
    from the shoulder; and shows how far the target lies from the hand along the upper arm and to its left, and the
    elbow's angle from its middle. Each step costs 1; the episode ends at the target.

        x = (cos(a_1) + cos(a_1 + a_2)) / 2        y = (sin(a_1) + sin(a_1 + a_2)) / 2

    is where the hand is, in m, at a shoulder turned by a_1 and an elbow bent by a_2.

    An episode begins with any angles, and a target 0.2 to 0.95 m from the shoulder that the hand does not touch yet.
    """

    config: ReachingArmConfig

    actions, numbers, observations = 4, 4, 3
    # Targets farther away look alike: there it only counts which way they lie.
    spans = (0.6, 0.6, (BENT - STRAIGHT) / 2)
    best_return, worst_return = -20.0, -100.0
    solved_return, best_value = -30.0, 0.0

    @staticmethod
    def first(drawn: Any) -> Any:
        """Anywhere; a target that the hand would touch lies on the other side."""
        shoulder, elbow = np.pi * (2.0 * drawn[0] - 1.0), STRAIGHT + (BENT - STRAIGHT) * drawn[1]
        away, bearing = CLOSEST + (FARTHEST - CLOSEST) * drawn[2], np.pi * (2.0 * drawn[3] - 1.0)
        x, y = away * jnp.cos(bearing), away * jnp.sin(bearing)
        side = jnp.where(_touched(shoulder, elbow, x, y), -1.0, 1.0)
        return jnp.stack([shoulder, elbow, side * x, side * y])

    @staticmethod
    def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
        """A joint turns."""
        shoulder = physical[0] + _chosen(SHOULDER, action)
        turns = jnp.where(shoulder > np.pi, 1.0, jnp.where(shoulder < -np.pi, -1.0, 0.0))
        shoulder = shoulder - 2.0 * np.pi * turns
        elbow = jnp.clip(physical[1] + _chosen(ELBOW, action), STRAIGHT, BENT)
        reached = _touched(shoulder, elbow, physical[2], physical[3])
        return jnp.stack([shoulder, elbow, physical[2], physical[3]]), jnp.float32(-1.0), reached

    @staticmethod
    def observed(physical: Any) -> Any:
        """From the hand to the target along the upper arm and to its left, and the elbow."""
        cosine, sine = jnp.cos(physical[0]), jnp.sin(physical[0])
        along, left = cosine * physical[2] + sine * physical[3], cosine * physical[3] - sine * physical[2]
        hand_along, hand_left = LINK + LINK * jnp.cos(physical[1]), LINK * jnp.sin(physical[1])
        return jnp.stack([along - hand_along, left - hand_left, physical[1] - MIDDLE])

    @staticmethod
    def skilled(observed: Any) -> Any:
        """Bend the elbow until hand and target are equally far away, then turn the shoulder to where it lies."""
        elbow = observed[2] + MIDDLE
        hand = LINK + LINK * jnp.cos(elbow), LINK * jnp.sin(elbow)
        target = observed[0] + hand[0], observed[1] + hand[1]
        farther = jnp.sqrt(target[0] ** 2 + target[1] ** 2) - jnp.sqrt(hand[0] ** 2 + hand[1] ** 2)
        left = hand[0] * target[1] - hand[1] * target[0]
        return jnp.where(jnp.abs(farther) > NEAR / 2, jnp.where(farther > 0, 3, 2), jnp.where(left > 0, 0, 1))

    @staticmethod
    def drawn(physical: np.ndarray) -> str:
        """Where hand and target are."""
        hand = _hand(*(float(angle) for angle in physical[:2]))
        return "hand ({:5.2f}, {:5.2f}) m, target ({:5.2f}, {:5.2f}) m".format(*map(float, hand), *physical[2:])


def _chosen(turns: tuple[float, ...], action: Any) -> Any:
    """The turn of an action, as a sum, which compiles to a loop."""
    return jnp.sum(jnp.where(jnp.arange(len(turns), dtype=jnp.int32) == action, jnp.asarray(turns, jnp.float32), 0.0))


def _hand(shoulder: Any, elbow: Any) -> tuple[Any, Any]:
    both = shoulder + elbow
    return LINK * (jnp.cos(shoulder) + jnp.cos(both)), LINK * (jnp.sin(shoulder) + jnp.sin(both))


def _touched(shoulder: Any, elbow: Any, x: Any, y: Any) -> Any:
    hand = _hand(shoulder, elbow)
    return (hand[0] - x) ** 2 + (hand[1] - y) ** 2 < NEAR**2
