"""The pole on a cart, as in Gymnasium's CartPole-v1."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.worlds.world import World, WorldConfig

GRAVITY, CART, POLE, HALF_LENGTH, FORCE, STEP = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
FARTHEST, STEEPEST = 2.4, 12 * 2 * np.pi / 360


class CartPoleConfig(WorldConfig):
    """How often the cart is pushed, and for how long."""


class CartPole(World):
    """A pole stands on a cart that is pushed to the left (0) or to the right (1) every 20 ms of its own time.

    It keeps and shows the cart's place (m) and velocity, the pole's angle (rad) and angular velocity; each step brings
    1; the episode ends where the cart is 2.4 m away or the pole leans by 12 degrees. An episode begins with all four
    numbers between -0.05 and 0.05.

        p = (F + m l w^2 sin(a)) / M        dv/dt = p - m l dw/dt cos(a) / M
        dw/dt = (g sin(a) - p cos(a)) / (l (4/3 - m cos(a)^2 / M))

    with the angle a, its velocity w, the cart's velocity v, a pole of mass m = 0.1 and half length l = 0.5, all of mass
    M = 1.1, and a force F of 10 either way.

    Source: Barto, Sutton & Anderson 1983, doi:10.1109/TSMC.1983.6313077; Euler steps, constants and limits of
    Gymnasium's CartPole-v1, in single precision.
    """

    config: CartPoleConfig

    actions = 2
    numbers = observations = 4
    # Positions as far as the limits; velocities as they are met.
    spans = (2.4, 2.5, 0.2095, 3.5)
    best_return, worst_return = 500.0, 0.0
    solved_return, best_value = 475.0, 1.0

    @staticmethod
    def first(drawn: Any) -> Any:
        """Near the middle, almost at rest."""
        return drawn * 0.1 - 0.05

    @staticmethod
    def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
        """One Euler step: places first, by the velocities before."""
        place, velocity, angle, spin = (physical[n] for n in range(4))
        force = jnp.where(action == 1, FORCE, -FORCE)
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        total, moment = CART + POLE, POLE * HALF_LENGTH
        push = (force + moment * spin * spin * sine) / total
        turning = (GRAVITY * sine - cosine * push) / (HALF_LENGTH * (4.0 / 3.0 - POLE * cosine * cosine / total))
        pulling = push - moment * turning * cosine / total
        place, velocity = place + STEP * velocity, velocity + STEP * pulling
        angle, spin = angle + STEP * spin, spin + STEP * turning
        fell = (jnp.abs(place) > FARTHEST) | (jnp.abs(angle) > STEEPEST)
        return jnp.stack([place, velocity, angle, spin]), jnp.float32(1.0), fell

    @staticmethod
    def skilled(observed: Any) -> Any:
        """Push to where the pole falls, leaning back towards the middle."""
        place, velocity, angle, spin = (observed[n] for n in range(4))
        return (angle + 0.5 * spin + 0.05 * place + 0.1 * velocity > 0).astype(jnp.int32)

    @staticmethod
    def drawn(physical: np.ndarray) -> str:
        """The cart on its track, and how the pole leans."""
        width = 41
        at = int(np.clip(round((physical[0] / FARTHEST + 1) / 2 * (width - 1)), 0, width - 1))
        lean = int(np.clip(round(physical[2] / STEEPEST * 2), -2, 2))
        return "[" + "".join("\\\\|//"[lean + 2] if n == at else "-" for n in range(width)) + "]"

    @staticmethod
    def observed(physical: Any) -> Any:
        """All of it."""
        return physical
