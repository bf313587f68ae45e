"""An initializer that is the array itself."""

import math

import numpy as np

from spark.core.config import field
from spark.core.errors import ConfigError, Problem
from spark.core.values import Array
from spark.nn.initializers.base import Connections, Initializer


class ArrayInitializer(Initializer):
    """The values given: an array of shape (post, pre), in which zeros are no connections."""

    array: Array = field(description="Values, shape (post, pre); for a list of connections also one for each of them.")

    def problems(self) -> list[Problem]:
        """An array is taken as it is."""
        given = [name for name in ("density", "total", "minimum", "maximum") if name in self.explicit()]
        given = [name for name in given if getattr(self, name) != type(self).model_fields[name].default]
        text = "does not apply to an array, whose values are taken as they are, got {:g}"
        return [Problem(n, text.format(getattr(self, n)), "Change the array, or leave it out", "array") for n in given]

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

    def connect(self, generator: np.random.Generator, pre: int, post: int) -> Connections:
        """The nonzero entries of the array.

        Raises:
            ConfigError: The array's shape is not (post, pre), where either may stand for several dimensions.
        """
        shape = self.array.shape
        if not _fits(shape, post, pre):
            raise ConfigError(
                Problem(
                    "kernel.array",
                    f"has the wrong shape, got {shape}; expected ({post}, {pre})",
                    "Give one value for every pair of units",
                    "shape",
                )
            )
        values = np.asarray(self.array, np.float64).reshape(post, pre).T
        if np.all(values != 0):
            pairs = np.indices(values.shape).reshape(2, -1)
            return Connections(pairs[0], pairs[1], values.ravel(), True)
        pre_index, post_index = np.nonzero(values)
        return Connections(pre_index, post_index, values[pre_index, post_index], False)


def _fits(shape: tuple[int, ...], post: int, pre: int) -> bool:
    """A pool may have several dimensions, and so may its inputs; a transposed array fits no such split."""
    return any((math.prod(shape[:k]), math.prod(shape[k:])) == (post, pre) for k in range(len(shape) + 1))
