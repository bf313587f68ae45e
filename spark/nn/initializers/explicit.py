"""An initializer that is the array itself."""

import math

import numpy as np

from spark.core.config import field
from spark.core.errors import ConfigError, Problem
from spark.core.values import Array
from spark.nn.initializers.base import Connections, Initializer


class ArrayInitializer(Initializer):
    """The values given: an array of shape (post, pre), in which zeros are no connections."""

    array: Array = field(description="Values, shape (post, pre).")

    def connect(self, generator: np.random.Generator, pre: int, post: int) -> Connections:
        """The nonzero entries of the array.

        Raises:
            ConfigError: The array's shape is not (post, pre), where either may stand for several dimensions.
        """
        shape = self.array.shape
        # A pool may have several dimensions, and so may its inputs; a transposed array fits no such split.
        if not any((math.prod(shape[:k]), math.prod(shape[k:])) == (post, pre) for k in range(len(shape) + 1)):
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
