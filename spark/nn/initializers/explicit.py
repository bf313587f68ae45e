"""An initializer that is the array itself."""

import math

import numpy as np
from jax.typing import DTypeLike

from spark.core.config import field
from spark.core.errors import ConfigError, Problem
from spark.core.values import Array
from spark.nn.initializers.base import AllPairs, Connections, Initializer, held


class ArrayInitializer(Initializer):
    """The values given: an array of shape (post, pre), in which zeros are no connections."""

    array: Array = field(description="Values, shape (post, pre); for a list of connections also one for each of them.")

    def problems(self) -> list[Problem]:
        """An array is taken as it is."""
        others = {n: v for n, v in self.explicit().items() if n in ("density", "total", "minimum", "maximum")}
        given = {n: v for n, v in others.items() if v != type(self).model_fields[n].default}
        text = "does not apply to an array, whose values are taken as they are, got {:g}"
        return [Problem(n, text.format(v), "Change the array, or leave it out", "array") for n, v in given.items()]

    def unfit(self) -> list[Problem]:
        """An array is no draw, and a parameter takes one as it is."""
        return [Problem("array", "draws nothing", "Give the array itself, one number for each unit", "type")]

    def at(self, pre: np.ndarray, post: np.ndarray, sizes: tuple[int, int]) -> np.ndarray:
        """The number of each connection of a list, float64.

        Args:
            pre: Presynaptic unit of each connection.
            post: Postsynaptic unit of each.
            sizes: Numbers of presynaptic and postsynaptic units.

        Raises:
            ConfigError: The array has neither one value for each connection nor one for each pair.
        """
        shape, (pre_units, post_units) = self.array.shape, sizes
        if shape == post.shape:
            return np.asarray(self.array, np.float64)
        if not _fits(shape, post_units, pre_units):
            raise ConfigError(
                Problem(
                    "array",
                    f"has the wrong shape, got {shape}; expected one value for each of {post.size} connections, "
                    f"in the order of presynaptic, then postsynaptic units, or ({post_units}, {pre_units})",
                    "Give shape (post, pre) if the connections are drawn: those that exist take theirs",
                    "shape",
                )
            )
        return np.asarray(self.array, np.float64).reshape(post_units, pre_units)[post, pre]

    def expected_number(self, pre: int, post: int) -> int:
        """As many as the array has numbers other than 0."""
        return int(np.count_nonzero(self.array))

    def connect(
        self, generator: np.random.Generator, pre: int, post: int, dtype: DTypeLike = np.float64
    ) -> Connections | AllPairs:
        """The nonzero entries of the array.

        Raises:
            ConfigError: The array's shape is not (post, pre), where either may stand for several dimensions; or the
                dtype cannot hold its numbers.
        """
        shape = self.array.shape
        if not _fits(shape, post, pre):
            raise ConfigError(
                Problem(
                    "array",
                    f"has the wrong shape, got {shape}; expected ({post}, {pre})",
                    "Give one value for every pair of units",
                    "shape",
                )
            )
        values = self.array.reshape(post, pre).T
        if np.all(values != 0):
            return AllPairs(np.ascontiguousarray(held(values, dtype)))
        pre_index, post_index = np.nonzero(values)
        return Connections(pre_index, post_index, held(values[pre_index, post_index], dtype))


def _fits(shape: tuple[int, ...], post: int, pre: int) -> bool:
    """A pool may have several dimensions, and so may its inputs; a transposed array fits no such split."""
    return any((math.prod(shape[:k]), math.prod(shape[k:])) == (post, pre) for k in range(len(shape) + 1))
