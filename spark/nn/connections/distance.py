"""Connections that grow rarer with distance."""

import math
from typing import Literal

import numpy as np

from spark.core.config import field
from spark.core.values import Number
from spark.nn.connections.base import ConnectionList, Connectivity, from_counts, sizes
from spark.nn.sheet import distances, positions, require_one_space

_PAIRS_AT_ONCE = 1 << 22


class DistanceDependent(Connectivity):
    """The probability of a connection falls with the distance of the two units.

    Units lie on a regular grid of their pool's shape in the unit interval, square or cube, each in the middle of its
    cell; both pools have as many dimensions. With distance r and width s the probability is `peak` times

        gaussian  exp(-r^2 / (2 s^2))        exponential  exp(-r / s)        box  1 for r <= s, else 0
    """

    profile: Literal["gaussian", "exponential", "box"] = field("gaussian", description="How it falls.")
    width: Number = field(0.1, above=0, description="Width s, in units of the sheet's side.")
    peak: Number = field(1.0, above=0, most=1, description="Probability at distance zero.")
    periodic: bool = field(False, description="Whether opposite sides of the sheet touch.")
    self_connections: bool = field(
        True, description="Whether unit i may connect to unit i; for a pool wired to itself."
    )

    def probability(self, distance: np.ndarray) -> np.ndarray:
        """Probability of a connection at these distances."""
        if self.profile == "box":
            return np.where(distance <= self.width, self.peak, 0.0)
        relative = distance / self.width
        return self.peak * np.exp(-relative if self.profile == "exponential" else -0.5 * relative**2)

    def expected_number(self, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]) -> int:
        """The share of all pairs that is nearest to being connected, `peak`: no less than there will be."""
        pre, post = sizes(pre_shape, post_shape)
        return math.ceil(pre * post * self.peak)

    def draw(
        self, generator: np.random.Generator, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> ConnectionList:
        """Look at all pairs, some rows at a time: memory follows the connections, time the pairs.

        Raises:
            ConfigError: The pools differ in dimensions.
        """
        require_one_space("connections", pre_shape, post_shape)
        pre, post = sizes(pre_shape, post_shape)
        from_, to = positions(pre_shape), positions(post_shape)
        counts, targets = [], []
        rows = max(1, _PAIRS_AT_ONCE // max(post, 1))
        for first in range(0, pre, rows):
            chance = self.probability(distances(from_[first : first + rows, None, :], to[None, :, :], self.periodic))
            chosen = generator.random(chance.shape) < chance
            if not self.self_connections:
                own = np.arange(first, min(first + rows, pre, post))
                chosen[own - first, own] = False
            counts.append(chosen.sum(axis=1))
            targets.append(np.nonzero(chosen)[1].astype(np.int32))
        return ConnectionList(from_counts(np.concatenate(counts)), np.concatenate(targets))
