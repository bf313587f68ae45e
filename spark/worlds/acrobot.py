"""Two links that hang from each other, as in Gymnasium's Acrobot-v1."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.worlds.world import World, WorldConfig

GRAVITY, STEP = 9.8, 0.2
# Both links are 1 m long and weigh 1 kg, with their middles at 0.5 m; moments of inertia are 1.
MIDDLE, MOMENT = 0.5, 1.0
FASTEST = (4 * np.pi, 9 * np.pi)


class AcrobotConfig(WorldConfig):
    """How often a torque is chosen, and for how long."""


class Acrobot(World):
    """Two links hang from a bar; a torque between them of -1 (0), 0 (1) or 1 (2) is to swing the tip above the bar.

    It keeps both angles, between -pi and pi, the second relative to the first, and their velocities, and shows cosine
    and sine of each angle, and the velocities. Each step costs 1 but the last; the episode ends where the tip is higher
    above the bar than a link is long. All four numbers begin between -0.1 and 0.1.

        d_1 dv_1/dt + d_2 dv_2/dt = -f_1        d_2 dv_1/dt + (l^2 + J) dv_2/dt = torque - l v_1^2 sin(a_2) - f_2
        d_1 = l^2 + (1 + l^2 + 2 l cos(a_2)) + 2 J        d_2 = l^2 + l cos(a_2) + J        l = 1/2, J = 1
        f_2 = l g sin(a_1 + a_2)        f_1 = -l v_2 (v_2 + 2 v_1) sin(a_2) + (l + 1) g sin(a_1) + f_2

    with the angles a_1, a_2 and their velocities v_1, v_2.

    Source: Sutton 1996, in the equations of Sutton & Barto's book; Runge-Kutta steps of fourth order, constants and
    limits of Gymnasium's Acrobot-v1, in single precision.
    """

    config: AcrobotConfig

    actions, numbers, observations = 3, 4, 6
    # Velocities as they are met, not as they are cut.
    spans = (1.0, 1.0, 1.0, 1.0, 6.0, 12.0)
    best_return, worst_return = -70.0, -500.0
    solved_return, best_value = -100.0, 0.0

    @staticmethod
    def first(drawn: Any) -> Any:
        """Hanging down, almost at rest."""
        return 0.2 * drawn - 0.1

    @staticmethod
    def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
        """A step of Runge and Kutta."""
        torque = action.astype(jnp.float32) - 1.0
        now = tuple(physical[n] for n in range(4))
        one = _change(now, torque)
        two = _change(_moved(now, one, STEP / 2), torque)
        three = _change(_moved(now, two, STEP / 2), torque)
        four = _change(_moved(now, three, STEP), torque)
        mean = tuple((a + 2.0 * b + 2.0 * c + d) / 6.0 for a, b, c, d in zip(one, two, three, four, strict=True))
        first, second, spin, turn = _moved(now, mean, STEP)
        spin, turn = (jnp.clip(v, -most, most) for v, most in zip((spin, turn), FASTEST, strict=True))
        first, second = _wrapped(first), _wrapped(second)
        done = -jnp.cos(first) - jnp.cos(first + second) > 1.0
        return jnp.stack([first, second, spin, turn]), jnp.where(done, 0.0, -1.0), done

    @staticmethod
    def skilled(observed: Any) -> Any:
        """Push the lower link the way that the upper one swings."""
        return jnp.where(observed[4] > 0, 0, 2)

    @staticmethod
    def observed(physical: Any) -> Any:
        """Cosine and sine of the angles, and the velocities."""
        first, second = physical[0], physical[1]
        return jnp.stack([jnp.cos(first), jnp.sin(first), jnp.cos(second), jnp.sin(second), physical[2], physical[3]])


def _moved(now: tuple, change: tuple, by: float) -> tuple:
    return tuple(a + by * b for a, b in zip(now, change, strict=True))


def _wrapped(angle: Any) -> Any:
    """Between -pi and pi; a step turns a link by at most two rounds."""
    for _ in range(2):
        turns = jnp.where(angle > np.pi, 1.0, jnp.where(angle < -np.pi, -1.0, 0.0))
        angle = angle - 2.0 * np.pi * turns
    return angle


def _change(now: tuple, torque: Any) -> tuple:
    """Time derivatives of angles and velocities."""
    first, second, spin, turn = now
    cosine, sine = jnp.cos(second), jnp.sin(second)
    d1 = MIDDLE**2 + (1.0 + MIDDLE**2 + 2.0 * MIDDLE * cosine) + 2.0 * MOMENT
    d2 = MIDDLE**2 + MIDDLE * cosine + MOMENT
    # The cosine of an angle less a quarter of a round is its sine.
    phi2 = MIDDLE * GRAVITY * jnp.sin(first + second)
    whirl = -MIDDLE * turn * turn * sine - 2.0 * MIDDLE * turn * spin * sine
    phi1 = whirl + (MIDDLE + 1.0) * GRAVITY * jnp.sin(first) + phi2
    pulled = torque + d2 / d1 * phi1 - MIDDLE * spin * spin * sine - phi2
    faster = pulled / (MIDDLE**2 + MOMENT - d2 * d2 / d1)
    return spin, turn, -(d2 * faster + phi1) / d1, faster
