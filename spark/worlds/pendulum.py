"""The pendulum that is to be swung up and held, as in Gymnasium's Pendulum-v1, by torques of a few sizes."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.values import Whole
from spark.worlds.world import ENDLESS, World, WorldConfig

GRAVITY, STRONGEST, FASTEST, STEP = 10.0, 2.0, 8.0, 0.05


class PendulumConfig(WorldConfig):
    """How often a torque is chosen, and for how long."""

    limit: Whole = field(
        200, least=1, most=ENDLESS, description="Steps of the world after which an episode is cut off."
    )


class Pendulum(World):
    """A pendulum on a motor too weak to lift it: nine torques, from -2 (0) to 2 (8), are to swing it up and hold it.

    It keeps the angle, 0 upright and between -pi and pi, and the angular velocity, at most 8; and shows cosine and sine
    of the angle, and the velocity. Each step costs angle^2 + 0.1 velocity^2 + 0.001 torque^2. No episode ends before
    its limit. It begins at any angle, with a velocity between -1 and 1.

        w <- w + 0.05 (15 sin(a) + 3 torque)        a <- a + 0.05 w

    with the angle a and the velocity w.

    Source: steps, constants and costs of Gymnasium's Pendulum-v1, in single precision; torques there are continuous.
    """

    config: PendulumConfig

    actions, numbers, observations = 9, 2, 3
    spans = (1.0, 1.0, FASTEST)
    best_return, worst_return = -150.0, -1600.0
    solved_return, best_value = -200.0, 0.0

    @staticmethod
    def first(drawn: Any) -> Any:
        """Anywhere, slowly."""
        return (2.0 * drawn - 1.0) * jnp.asarray(np.array([np.pi, 1.0], np.float32))

    @staticmethod
    def torque(action: Any) -> Any:
        """By what torque, without unit as in Gymnasium, the motor turns for an `action`: -2 for 0 to 2 for 8."""
        return STRONGEST * (action.astype(jnp.float32) / 4.0 - 1.0)

    @staticmethod
    def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
        """Velocity first, then the angle; the cost is that of before."""
        angle, spin = physical[0], physical[1]
        torque = Pendulum.torque(action)
        cost = angle * angle + 0.1 * spin * spin + 0.001 * torque * torque
        spin = jnp.clip(spin + STEP * (1.5 * GRAVITY * jnp.sin(angle) + 3.0 * torque), -FASTEST, FASTEST)
        angle = angle + STEP * spin
        # A step turns by much less than a round.
        turns = jnp.where(angle > np.pi, 1.0, jnp.where(angle < -np.pi, -1.0, 0.0))
        return jnp.stack([angle - 2.0 * np.pi * turns, spin]), -cost, jnp.bool_(False)

    @staticmethod
    def skilled(observed: Any) -> Any:
        """Swing up by giving energy while there is too little; near the top, push back."""
        cosine, sine, spin = observed[0], observed[1], observed[2]
        missing = 1.0 - cosine - spin * spin / (3.0 * GRAVITY)
        swing = jnp.where(missing * jnp.where(spin >= 0, 1.0, -1.0) > 0, STRONGEST, -STRONGEST)
        hold = -10.0 * sine - 2.0 * spin
        wanted = jnp.where(cosine > 0.9, hold, swing)
        return jnp.clip(jnp.round(4.0 * (wanted / STRONGEST + 1.0)), 0, 8).astype(jnp.int32)

    @staticmethod
    def observed(physical: Any) -> Any:
        """Cosine and sine of the angle, and the velocity."""
        return jnp.stack([jnp.cos(physical[0]), jnp.sin(physical[0]), physical[1]])
