"""From Gymnasium's spaces to a brain's ports and back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from spark.core.arguments import checked
from spark.core.errors import LoopError, Problem
from spark.core.payloads import FloatArray, IntegerArray
from spark.envs import received
from spark.graph.specs import OutputSpec
from spark.nn import Brain

# Spaces without bounds often state the largest number of their dtype instead.
_WIDEST = 1e30

_SCALES = "Give `observe=`: a function that scales an observation to about [-1, 1]"

# Inputs of a brain that tell what its last action brought, unless observations have parts of these names.
TOLD = ("reward", "terminated", "truncated")

Encoder = Callable[[Any], dict[str, Any]]
Decoder = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Numbers:
    """How a space, or a part of one, is told in numbers.

    Attributes:
        size: How many.
        turned: From an observation to so many, (size,); or from so many to an action.
    """

    size: int
    turned: Callable[[Any], Any]


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
    """A function from observations of `space` to the inputs of `brain`.

    A bounded `Box`, such as an image, is scaled to [-1, 1] and clipped, where a feature whose bounds are equal reads as
    0; `Discrete` becomes one-hot, and so does each number of a `MultiDiscrete`; `MultiBinary` 0 and 1. Parts of a
    `Dict` go to the inputs of their names, where those are all that there are; else they follow one another in the only
    input, as those of a `Tuple` do. Inputs named `reward`, `terminated` or `truncated` are none of those, unless
    observations have parts of their names that go to them, or there is no other.

    What the function is given must be in the space: of its shape, without NaN and infinities, and whole numbers within
    their range. Only what a `Box` shows may be out of its bounds. Else it raises `LoopError`.

    Raises:
        LoopError: No rule for this space, an unbounded `Box`, or a port of another size.
    """
    declared = brain.declared_inputs()
    named = set(space.spaces) if isinstance(space, gym.spaces.Dict) else set()
    inputs = {name: spec for name, spec in declared.items() if name not in TOLD or name in named}
    if not _is_named(space, inputs):
        inputs = {name: spec for name, spec in declared.items() if name not in TOLD} or declared
    whole = not _is_named(space, inputs)
    parts = {n: _shown(s, a) for n, s, a in _by_port("input", "observation_space", space, inputs)}
    for name, part in parts.items():
        if part.size != inputs[name].size:
            text = f"does not fit the observations, got {inputs[name].shape}; expected {part.size} numbers"
            fix = "Change the brain's input_map, or give `observe=`"
            raise LoopError(Problem(f"brain.{name}", text, fix, "shape"))

    def encode(observation: Any) -> dict[str, Any]:
        found = {}
        if not whole:
            received.check_entries(received.OBSERVATION, observation, list(parts), True)
        for name, part in parts.items():
            spec = inputs[name]
            numbers = part.turned(observation if whole else observation[name])
            found[name] = FloatArray(numbers.reshape(spec.shape).astype(np.dtype(spec.dtype)))
        return found

    return encode


@checked
def action_decoder(space: gym.Space, brain: Brain) -> Decoder:
    """A function from the outputs of `brain` to an action of `space`.

    `Discrete`: the index of the largest output, and so for each number of a `MultiDiscrete` among as many outputs as it
    has values; where an output is an `IntegerArray` with one number for each, as an actor's is, that number itself.
    Indices and numbers count from 0, whatever the space's `start`. `MultiBinary`: which outputs exceed 0.5. A bounded
    `Box`: outputs from [0, 1] scaled to its range and clipped; of whole numbers the nearest. Parts of a `Dict` are read
    from the outputs of their names, where those are all that there are; else they follow one another in the only
    output, as those of a `Tuple` do. NaN means no action, nor does a number beyond those that there are: given one, the
    function raises `LoopError`.

    Raises:
        LoopError: No rule for this space, an unbounded `Box`, or a port of another size.
    """
    outputs = brain.config.output_map
    whole = not _is_named(space, outputs)
    parts = {
        n: _told(f"brain.{n}", s, outputs[n].spec) or _chosen(s, a)
        for n, s, a in _by_port("output", "action_space", space, outputs)
    }
    for name, part in parts.items():
        size = int(np.prod(outputs[name].spec.shape))
        if size != part.size:
            text = f"does not fit the actions, got {size} numbers; expected {part.size}"
            raise LoopError(Problem(f"brain.{name}", text, "Change the brain's output_map, or give `act=`", "shape"))

    def decode(found: dict[str, Any]) -> Any:
        actions = {}
        for name, part in parts.items():
            numbers = np.asarray(found[name].value).reshape(-1)
            if numbers.dtype.kind != "b" and np.isnan(numbers).any():
                text = f"means no action, got NaN in {numbers}"
                fix = "Look for where it begins: make the brain of a config with `check_numbers=True`"
                raise LoopError(Problem(f"brain.{name}", text, fix, "numbers"))
            actions[name] = part.turned(numbers)
        return next(iter(actions.values())) if whole else actions

    return decode


def _is_named(space: gym.Space, ports: Iterable[str]) -> bool:
    """Whether the parts of a space have ports of their names, and nothing else has."""
    return isinstance(space, gym.spaces.Dict) and set(space.spaces) == set(ports)


def _by_port(kind: str, which: str, space: gym.Space, ports: Iterable[str]) -> list[tuple[str, gym.Space, str]]:
    """Of each port that is used its name, its space and where that is."""
    address = f"environment.{which}"
    if isinstance(space, gym.spaces.Dict) and _is_named(space, ports):
        return [(name, part, f"{address}[{name!r}]") for name, part in space.spaces.items()]
    return [(only(kind, list(ports)), space, address)]


def _parts(space: gym.spaces.Dict | gym.spaces.Tuple, address: str) -> list[tuple[Any, gym.Space, str]]:
    """The key of each part of a space, its space and where that is."""
    pairs = space.spaces.items() if isinstance(space, gym.spaces.Dict) else enumerate(space.spaces)
    return [(key, part, f"{address}[{key!r}]") for key, part in pairs]


def _shown(space: gym.Space, address: str) -> Numbers:
    seen_at = _seen_at(address)
    if isinstance(space, gym.spaces.Box):
        return _scaled(space, address)
    if isinstance(space, gym.spaces.Discrete):
        return _one_hot(np.asarray(space.n), np.asarray(space.start), seen_at)
    if isinstance(space, gym.spaces.MultiBinary):
        low = np.zeros(space.shape, np.int64)
        return Numbers(low.size, lambda seen: received.whole(seen_at, seen, low, low + 1).astype(float).reshape(-1))
    if isinstance(space, gym.spaces.MultiDiscrete):
        return _one_hot(space.nvec, np.asarray(space.start), seen_at)
    if isinstance(space, (gym.spaces.Dict, gym.spaces.Tuple)) and len(space.spaces):
        parts = {key: _shown(part, where) for key, part, where in _parts(space, address)}

        def joined(seen: Any) -> np.ndarray:
            received.check_entries(seen_at, seen, list(parts), isinstance(space, gym.spaces.Dict))
            return np.concatenate([part.turned(seen[key]) for key, part in parts.items()])

        return Numbers(sum(part.size for part in parts.values()), joined)
    raise _no_rule(address, space, "observe")


def _seen_at(address: str) -> str:
    """Where an observation is of the space at `address`."""
    return address.replace("environment.observation_space", received.OBSERVATION)


def _one_hot(sizes: np.ndarray, starts: np.ndarray, address: str) -> Numbers:
    each = sizes.reshape(-1)
    # Of each number that is shown the place of the least that it may be.
    firsts = np.cumsum(each) - each

    def one_hot(seen: Any) -> np.ndarray:
        numbers = received.whole(address, seen, starts, starts + sizes - 1) - starts
        made = np.zeros(int(each.sum()))
        made[firsts + numbers.reshape(-1)] = 1.0
        return made

    return Numbers(int(each.sum()), one_hot)


def _scaled(space: gym.spaces.Box, address: str) -> Numbers:
    low, high = (end.reshape(-1) for end in _ends(space, address, _SCALES))
    # A feature that never changes has no width: it reads as the middle of its range.
    width = np.where(high > low, high - low, 1.0)

    def scaled(seen: Any) -> np.ndarray:
        numbers = received.finite(_seen_at(address), seen, space.shape).reshape(-1)
        share = np.where(high > low, 2.0 * (numbers - low) / width - 1.0, 0.0)
        return np.clip(share, -1.0, 1.0)

    return Numbers(low.size, scaled)


def _told(address: str, space: gym.Space, spec: OutputSpec) -> Numbers | None:
    """How the numbers of actions are read from an output that puts out these themselves; None where it does not."""
    if not isinstance(space, (gym.spaces.Discrete, gym.spaces.MultiDiscrete)):
        return None
    one = isinstance(space, gym.spaces.Discrete)
    sizes = np.asarray(space.n if one else space.nvec).reshape(-1)
    size = int(np.prod(spec.shape))
    if not issubclass(spec.payload_type, IntegerArray) or size != sizes.size or size == sizes.sum():
        return None

    def read(numbers: np.ndarray) -> int | np.ndarray:
        if ((numbers < 0) | (numbers >= sizes)).any():
            text = f"means no action, got {numbers.tolist()}; expected at least 0 and less than {sizes.tolist()}"
            raise LoopError(Problem(address, text, "Change the brain's output_map, or give `act=`", "bounds"))
        if one:
            return int(numbers[0]) + int(space.start)
        return (numbers.reshape(space.shape) + space.start).astype(space.dtype)

    return Numbers(size, read)


def _chosen(space: gym.Space, address: str) -> Numbers:
    if isinstance(space, gym.spaces.Discrete):
        return Numbers(int(space.n), lambda numbers: int(np.argmax(numbers)) + int(space.start))
    if isinstance(space, gym.spaces.MultiBinary):
        size = int(np.prod(space.shape))
        return Numbers(size, lambda numbers: (numbers.reshape(space.shape) > 0.5).astype(space.dtype))
    if isinstance(space, gym.spaces.MultiDiscrete):
        sizes = space.nvec.reshape(-1)

        def largest(numbers: np.ndarray) -> np.ndarray:
            found = [np.argmax(part) for part in np.split(numbers, np.cumsum(sizes)[:-1])]
            return (np.reshape(found, space.nvec.shape) + space.start).astype(space.dtype)

        return Numbers(int(sizes.sum()), largest)
    if isinstance(space, gym.spaces.Box):
        return _stretched(space, address)
    if isinstance(space, (gym.spaces.Dict, gym.spaces.Tuple)) and len(space.spaces):
        parts = {key: _chosen(part, where) for key, part, where in _parts(space, address)}
        ends = np.cumsum([part.size for part in parts.values()])

        def split(numbers: np.ndarray) -> Any:
            cut = np.split(numbers, ends[:-1])
            found = {key: part.turned(own) for (key, part), own in zip(parts.items(), cut, strict=True)}
            return found if isinstance(space, gym.spaces.Dict) else tuple(found.values())

        return Numbers(int(ends[-1]), split)
    raise _no_rule(address, space, "act")


def _stretched(space: gym.spaces.Box, address: str) -> Numbers:
    # The width of a range may be more than its own type holds.
    low, high = _ends(space, address, "Give `act=` a function of your own")
    whole = np.issubdtype(space.dtype, np.integer)

    def stretched(numbers: np.ndarray) -> np.ndarray:
        share = np.clip(numbers.astype(np.float64).reshape(space.shape), 0.0, 1.0)
        wide = low + share * (high - low)
        wide = np.rint(wide) if whole else wide
        # Rounding may lead out of the range.
        most = (share >= 1) | (wide >= high)
        within = np.where(most, low, wide).astype(space.dtype)
        return np.where(most, space.high, np.clip(within, space.low, space.high)).astype(space.dtype)

    return Numbers(int(np.prod(space.shape)), stretched)


def _ends(space: gym.spaces.Box, address: str, fix: str) -> tuple[np.ndarray, np.ndarray]:
    """The bounds of a box in double precision.

    Raises:
        LoopError: It has none.
    """
    low, high = space.low.astype(np.float64), space.high.astype(np.float64)
    if not all(np.isfinite(end).all() and (np.abs(end) < _WIDEST).all() for end in (low, high)):
        raise LoopError(Problem(address, f"is not bounded, got {space}", fix, "unbounded"))
    return low, high


def _no_rule(address: str, space: gym.Space, option: str) -> LoopError:
    text = f"has no rule, got {space}; expected Box, Discrete, MultiBinary, MultiDiscrete, Dict or Tuple"
    return LoopError(Problem(address, text, f"Give `{option}=` a function of your own", "space"))
