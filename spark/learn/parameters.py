"""What a teacher changes in a brain: weights of projections, and variables, by path."""

import functools
import json
from collections.abc import Iterable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.learn.keeping import digest
from spark.nn import Brain
from spark.sim.run import build


class Parameters:
    """Arrays of a brain by path, as `spark.unroll` takes them: of projections, or variables of its state.

    Args:
        brain: The brain; it stays as it is.
        paths: As for `brain.connections`, or of variables.

    Raises:
        StateError: There is nothing at a path, with the nearest.
    """

    def __init__(self, brain: Brain, paths: Iterable[str]) -> None:
        build(brain)
        self.brain, state = brain, brain.state
        self.variables = [path for path in paths if path in state]
        self.first: dict[str, Any] = {
            path: jnp.asarray(state[path] if path in self.variables else brain.connections(path).weights)
            for path in paths
        }

    @functools.cached_property
    def digest(self) -> np.ndarray:
        """Of the brain's config and the paths: says whether a lesson is the same."""
        config = json.dumps(self.brain.config.to_dict(), sort_keys=True)
        return digest(config.encode(), *(path.encode() for path in self.first))

    def placed(self, values: Mapping[str, Any]) -> Brain:
        """Another brain with these values, which goes on from the state of the first."""
        arrays = {path: np.asarray(values[path]) for path in self.first}
        made = self.brain.with_weights({p: a for p, a in arrays.items() if p not in self.variables})
        made.replace_state({path: arrays[path] for path in self.variables})
        return made
