"""What a teacher changes in a brain: weights of projections, and variables, by path."""

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.errors import LearnError, Problem, StateError
from spark.core.names import nearest
from spark.core.transform import walk
from spark.learn.actor import ActorPools
from spark.learn.keeping import digest
from spark.nn import Brain
from spark.nn.reweighted import allowed_weights
from spark.sim.run import build


class Parameters:
    """Arrays of a brain by path, as `spark.unroll` takes them: of projections, or variables of its state.

    Args:
        brain: The brain; it stays as it is.
        paths: As for `brain.connections`, or of variables.

    Raises:
        StateError: There is nothing at a path, with the nearest.
        LearnError: A path is that of an actor's weights beside which a slow component acts.
    """

    def __init__(self, brain: Brain, paths: Iterable[str]) -> None:
        build(brain)
        paths = list(paths)
        problems = [problem for path in paths for problem in _unread(brain, path)]
        if problems:
            raise LearnError(problems)
        self.brain, state = brain, brain.state
        self.variables = [path for path in paths if path in state]
        self.first: dict[str, Any] = {
            path: jnp.asarray(state[path] if path in self.variables else _weights(brain, path)) for path in paths
        }
        self.bounds: dict[str, tuple[float | None, float | None]] = {
            path: state.about.bounds.get(path, (None, None)) if path in self.variables else allowed_weights(brain, path)
            for path in paths
        }

    def within(self, values: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
        """The nearest values that the brain may have: within the bounds of variables and rules, of the sign of their
        receptors. For functions that JAX traces.
        """
        return {path: _between(values[path], *self.bounds[path]) for path in self.first}

    @functools.cached_property
    def digest(self) -> np.ndarray:
        """Of the brain's config and the paths: says whether a lesson is the same."""
        config = json.dumps(self.brain.config.to_dict(), sort_keys=True)
        return digest(config.encode(), *(path.encode() for path in self.first))

    def placed(self, values: Mapping[str, Any]) -> Brain:
        """Another brain with these values, brought within their bounds, which goes on from the state of the first."""
        arrays = {path: np.asarray(value) for path, value in self.within(values).items()}
        made = self.brain.with_weights({p: a for p, a in arrays.items() if p not in self.variables})
        made.replace_state({path: arrays[path] for path in self.variables})
        return made


def _weights(brain: Brain, path: str) -> np.ndarray:
    """Weights of the connections at a path.

    Raises:
        StateError: There are none, with what is most like it among projections, or else among variables.
    """
    try:
        return brain.connections(path).weights
    except StateError as error:
        (problem,) = error.problems
        close = nearest(path, brain.state.paths())
        if problem.kind != "unknown" or problem.fix.startswith("Did you mean") or close is None:
            raise
        text = "is neither a projection nor a variable"
        raise StateError(replace(problem, message=text, fix=f"Did you mean '{close}'?")) from error


def _between(values: jax.Array, least: float | None, most: float | None) -> jax.Array:
    """Values brought up to a bound and down to another, where there are bounds."""
    kind = jnp.result_type(values)
    low, high = (None if bound is None else jnp.asarray(bound, kind) for bound in (least, most))
    return jnp.clip(values, low, high)


def _unread(brain: Brain, path: str) -> list[Problem]:
    """What is wrong with weights by which the brain does not act while nothing is learned."""
    owner, _, name = path.rpartition(".")
    actors = [
        of for of, module in walk(brain) if isinstance(module, ActorPools) and module.config.consolidation is not None
    ]
    if name != "weights" or owner not in actors:
        return []
    return [
        Problem(
            path,
            f"are not what the brain acts by while nothing is learned: that is {owner}.consolidated",
            "Leave `consolidation` out of the actor's config: it is for weights that change while the brain acts",
            "unread",
        )
    ]
