"""Initializers whose values follow from the distance of the two units of a connection."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from jax.typing import DTypeLike

from spark.core.config import field
from spark.core.errors import ConfigError, Problem
from spark.core.values import Number
from spark.nn.initializers.base import AT_ONCE, AllPairs, Connections, Initializer
from spark.nn.initializers.scaling import Groups
from spark.nn.sheet import distances, positions, require_one_space

_NO_PAIR = "takes the distance of two units, and here are no pairs of units on sheets"
_MEND = "Give it as the weights or the delay of a `Projection`"


class ByDistance(Initializer):
    """Base of initializers of the weights or delays of a projection that follow from distance; none is drawn.

    Units lie on a regular grid of their pool's shape in the unit interval, square or cube, each in the middle of its
    cell; both pools have as many dimensions. Distances are in units of the sheet's side.
    """

    is_base = True

    periodic: bool = field(False, description="Whether opposite sides of the sheet touch.")

    def at(self, distance: np.ndarray) -> np.ndarray:
        """Values at distances in sides, before bounds and scaling, float64 of the same shape; a subclass writes it."""
        raise NotImplementedError

    def between(
        self, pre: np.ndarray, post: np.ndarray, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> Iterator[np.ndarray]:
        """The numbers of a list of connections within the bounds, some after the other, float64.

        Args:
            pre: Presynaptic unit of each connection, flat.
            post: Postsynaptic unit of each, flat.
            pre_shape: Shape of the pool that the connections come from.
            post_shape: Shape of the one that they end at.

        Raises:
            ConfigError: The pools differ in dimensions, or the numbers of a unit cannot be scaled to `total`.
        """
        require_one_space("", pre_shape, post_shape)
        begin, end = positions(pre_shape), positions(post_shape)
        if self.total is not None:
            found = self.at(distances(begin[pre], end[post], self.periodic))
            yield self._scaled(found, Groups.listed(post, len(end)))
            return
        for first in range(0, post.size, AT_ONCE):
            part = slice(first, first + AT_ONCE)
            yield self._bounded(self.at(distances(begin[pre[part]], end[post[part]], self.periodic)))

    def middle(self) -> float:
        """The value at distance 0: there is no distribution."""
        return float(self.at(np.zeros(1))[0])

    def unfit(self) -> list[Problem]:
        """A unit has no distance."""
        return [Problem("", _NO_PAIR, _MEND, "type")]

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """There is nothing to draw without pairs.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(Problem("", _NO_PAIR, _MEND, "type"))

    def connect(
        self, generator: np.random.Generator, pre: int, post: int, dtype: DTypeLike = np.float64
    ) -> Connections | AllPairs:
        """Bare wires are joined to one row, which has no sheet.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(Problem("", _NO_PAIR, _MEND, "type"))


class DistanceInitializer(ByDistance):
    """Values that fall with the distance r of the two units, from `offset + peak` at distance 0 towards `offset`.

        gaussian  offset + peak exp(-r^2 / (2 s^2))
        exponential  offset + peak exp(-r / s)
        linear  offset + peak (1 - r / s), and offset from r = s on

    Units lie as for `DistanceDependent`; s is `width`. Then `total` scales what arrives at each unit, and values are
    held to `minimum` and `maximum`.
    """

    in_unit = (*Initializer.in_unit, "peak", "offset")

    profile: Literal["gaussian", "exponential", "linear"] = field("gaussian", description="How it falls.")
    width: Number = field(0.1, above=0, description="Width s, in units of the sheet's side.")
    peak: Number = field(1.0, description="Value at distance 0 above the offset, in the unit of what is set.")
    offset: Number = field(0.0, description="Value far away, in the unit of what is set.")

    def at(self, distance: np.ndarray) -> np.ndarray:
        """As the profile says."""
        relative = distance / self.width
        if self.profile == "linear":
            share = np.maximum(1.0 - relative, 0.0)
        else:
            share = np.exp(-relative if self.profile == "exponential" else -0.5 * relative**2)
        return self.offset + self.peak * share


class ConductionInitializer(ByDistance):
    """Delays of conduction, ms: `offset + side r / velocity`, r the distance of the two units in sides.

    Units lie as for `DistanceDependent`. A delay is rounded to the nearest step, and at least a step: `minimum` raises
    shorter ones.
    """

    in_unit = (*Initializer.in_unit, "offset")

    velocity: Number = field(0.3, unit="mm/ms", above=0, description="Velocity of conduction, which is m/s too.")
    side: Number = field(1.0, unit="mm", above=0, description="Length of the sheet's side.")
    offset: Number = field(1.0, unit="ms", least=0, description="Delay at distance 0.")

    def at(self, distance: np.ndarray) -> np.ndarray:
        """In ms."""
        return self.offset + self.side / self.velocity * distance
