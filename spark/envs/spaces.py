"""From Gymnasium's spaces to a brain's ports and back."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from spark.core.arguments import checked
from spark.core.errors import LoopError, Problem
from spark.core.payloads import FloatArray
from spark.nn import Brain

# Spaces without bounds often state the largest number of their dtype instead.
_WIDEST = 1e30

Encoder = Callable[[Any], dict[str, Any]]
Decoder = Callable[[dict[str, Any]], Any]


def only(kind: str, names: list[str]) -> str:
    """The one port of a brain.

    Raises:
        LoopError: There is none, or more than one.
    """
    if len(names) == 1:
        return names[0]
    option = "observe" if kind == "input" else "act"
    raise LoopError(
        Problem(
            f"brain.{kind}s",
            f"the loop cannot choose a port, got {names}; expected one {kind}",
            f"Give `{option}=` a function of your own",
            "ports",
        )
    )


@checked
def observation_encoder(space: gym.Space, brain: Brain) -> Encoder:
    """A function from observations of `space` to the only input of `brain`.

    A bounded `Box` is scaled to [-1, 1] and clipped, where a feature whose bounds are equal reads as 0; `Discrete`
    becomes one-hot; `MultiBinary` 0 and 1.

    Raises:
        LoopError: No rule for this space, an unbounded `Box`, or a port of another size.
    """
    inputs = brain.declared_inputs()
    name = only("input", list(inputs))
    spec = inputs[name]
    if isinstance(space, gym.spaces.Box):
        low, high = space.low.astype(np.float64), space.high.astype(np.float64)
        if not all(np.isfinite(end).all() and (np.abs(end) < _WIDEST).all() for end in (low, high)):
            raise LoopError(
                Problem(
                    "environment.observation_space",
                    f"is not bounded, got {space}",
                    "Give `observe=`: a function that scales an observation to about [-1, 1]",
                    "unbounded",
                )
            )

        def encode(observation: Any) -> np.ndarray:
            # A feature that never changes has no width: it reads as the middle of its range.
            width = np.where(high > low, high - low, 1.0)
            scaled = np.where(high > low, 2.0 * (np.asarray(observation) - low) / width - 1.0, 0.0)
            return np.clip(scaled, -1.0, 1.0)

        size = int(np.prod(space.shape))
    elif isinstance(space, gym.spaces.Discrete):
        size, start = int(space.n), int(space.start)

        def encode(observation: Any) -> np.ndarray:
            return np.eye(size)[int(observation) - start]

    elif isinstance(space, gym.spaces.MultiBinary):
        size = int(np.prod(space.shape))

        def encode(observation: Any) -> np.ndarray:
            return np.asarray(observation, float)

    else:
        raise _no_rule("observation_space", space, "observe")
    if size != spec.size:
        raise LoopError(
            Problem(
                f"brain.{name}",
                f"does not fit the observations, got {spec.shape}; expected {size} numbers",
                "Change the brain's input_map, or give `observe=`",
                "shape",
            )
        )
    dtype = np.dtype(spec.dtype)
    return lambda observation: {name: FloatArray(encode(observation).reshape(spec.shape).astype(dtype))}


@checked
def action_decoder(space: gym.Space, brain: Brain) -> Decoder:
    """A function from the only output of `brain` to an action of `space`.

    `Discrete`: the index of the largest output. `MultiBinary`: which outputs exceed 0.5. A bounded `Box`: outputs from
    [0, 1] scaled to its range and clipped.

    Raises:
        LoopError: No rule for this space, or a port of another size.
    """
    outputs = brain.config.output_map
    name = only("output", list(outputs))
    size = int(np.prod(outputs[name].spec.shape))
    if isinstance(space, gym.spaces.Discrete):
        expected = int(space.n)

        def decode(value: np.ndarray) -> Any:
            return int(np.argmax(value)) + int(space.start)

    elif isinstance(space, gym.spaces.MultiBinary):
        expected = int(np.prod(space.shape))

        def decode(value: np.ndarray) -> Any:
            return (value.reshape(space.shape) > 0.5).astype(space.dtype)

    elif isinstance(space, gym.spaces.Box) and space.is_bounded():
        expected = int(np.prod(space.shape))

        def decode(value: np.ndarray) -> Any:
            share = np.clip(value.astype(np.float64).reshape(space.shape), 0.0, 1.0)
            return (space.low + share * (space.high - space.low)).astype(space.dtype)

    else:
        raise _no_rule("action_space", space, "act")
    if size != expected:
        raise LoopError(
            Problem(
                f"brain.{name}",
                f"does not fit the actions, got {size} numbers; expected {expected}",
                "Change the brain's output_map, or give `act=`",
                "shape",
            )
        )
    return lambda found: decode(np.asarray(found[name].value))


def _no_rule(which: str, space: gym.Space, option: str) -> LoopError:
    return LoopError(
        Problem(
            f"environment.{which}",
            f"has no rule, got {space}; expected Box, Discrete or MultiBinary",
            f"Give `{option}=` a function of your own",
            "space",
        )
    )
