"""The derivative that stands in for that of a threshold."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from spark.core.errors import ArgumentError, Problem


@dataclass(frozen=True)
class Surrogate:
    """The derivative of a spike by the distance of what is compared from its threshold.

    A step has the derivative 0 wherever it has one, so that nothing could be learned through it. With x the distance
    (of a potential from its threshold: mV) and w the width, a spike changes with x by

        fast_sigmoid    1 / (w (1 + |x| / w)^2)
        triangle        max(0, 1 - |x| / w) / w
        arctan          1 / (w (1 + (pi x / w)^2))

    Attributes:
        width: Of the bump, in the unit of what is compared; above 0.
        shape: Which of the three.
        height: The factor of the derivative; above 0.

    Raises:
        ArgumentError: A number is not above 0, or there is no such shape.

    Sources: Zenke & Ganguli 2018, doi:10.1162/neco_a_01086 (fast_sigmoid); Bellec et al. 2018, arXiv:1803.09574
    (triangle); Fang et al. 2021, arXiv:2007.05785 (arctan).
    """

    width: float = 5.0
    shape: Literal["fast_sigmoid", "triangle", "arctan"] = "fast_sigmoid"
    height: float = 1.0

    def __post_init__(self) -> None:
        problems = []
        for name, value in (("width", self.width), ("height", self.height)):
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not 0 < value < float("inf"):
                problems.append(Problem(f"Surrogate.{name}", f"must be a number above 0, got {value!r}", "", "bounds"))
        if self.shape not in _SHAPES:
            text = f"is not known, got {self.shape!r}; expected one of {sorted(_SHAPES)}"
            problems.append(Problem("Surrogate.shape", text, "", "unknown"))
        if problems:
            raise ArgumentError(problems)

    def slope(self, distance: jax.Array) -> jax.Array:
        """The derivative at this `distance`, float32 of its shape."""
        return self.height * _SHAPES[self.shape](jnp.abs(distance) / self.width) / self.width

    def step(self, fired: jax.Array, distance: jax.Array) -> jax.Array:
        """1 where `fired` holds, else 0, float32, with this derivative by `distance`; all of one shape."""

        @jax.custom_jvp
        def step(fired: jax.Array, distance: jax.Array) -> jax.Array:
            return fired

        # What fired is told as numbers of its own: the derivative is by the distance alone.
        step.defjvp(lambda primals, tangents: (step(*primals), self.slope(primals[1]) * tangents[1]))
        return step(fired.astype(jnp.float32), distance)


_SHAPES = {
    "fast_sigmoid": lambda x: 1 / (1 + x) ** 2,
    "triangle": lambda x: jnp.maximum(0.0, 1 - x),
    "arctan": lambda x: 1 / (1 + (jnp.pi * x) ** 2),
}
