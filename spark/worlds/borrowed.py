"""An environment written in JAX elsewhere, such as gymnax's or brax's, as a world."""

from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from spark.core.errors import ArgumentError, Problem
from spark.worlds.world import World, WorldConfig

# A random number in [0, 1) of a world tells apart so many episodes.
_EPISODES = 2**24


@runtime_checkable
class Borrowable(Protocol):
    """What an environment has that can be borrowed: pure functions, as gymnax's are."""

    num_actions: int

    def reset_env(self, key: Any, params: Any) -> tuple[Any, Any]:
        """What an episode shows first, and its state: any tree of arrays."""
        ...

    def step_env(self, key: Any, state: Any, action: Any, params: Any) -> tuple[Any, Any, Any, Any, Any]:
        """What it shows after an action, its state, the reward, whether that ended the episode, and anything else."""
        ...


@runtime_checkable
class Steerable(Protocol):
    """What an environment has that is steered by numbers: pure functions of a state that says all, as brax's are.

    A state has `obs`, what is shown; `reward`; and `done`, whether the episode has ended.
    """

    action_size: int

    def reset(self, rng: Any) -> Any:
        """The state, any tree of arrays, in which an episode begins."""
        ...

    def step(self, state: Any, action: Any) -> Any:
        """The state after an action, float32 (action_size,)."""
        ...


class _Listed:
    """A steerable environment of which some actions can be chosen."""

    def __init__(self, environment: Steerable, actions: np.ndarray) -> None:
        self.environment, self.actions, self.num_actions = environment, actions, len(actions)

    def reset_env(self, key: Any, params: Any) -> tuple[Any, Any]:
        state = self.environment.reset(key)
        return state.obs, state

    def step_env(self, key: Any, state: Any, action: Any, params: Any) -> tuple[Any, Any, Any, Any, Any]:
        moved = self.environment.step(state, jnp.asarray(self.actions)[action])
        return moved.obs, moved, moved.reward, jnp.asarray(moved.done) > 0, {}


def _listed(environment: Any, params: Any, actions: ArrayLike | None) -> Borrowable:
    """The environment as one whose actions are numbered."""
    name = type(environment).__name__
    if isinstance(environment, Borrowable):
        if actions is not None:
            text = f"are numbered by {name} itself, got {np.size(actions)}; expected none"
            raise ArgumentError(Problem("borrowed.actions", text, "Leave them out", "argument"))
        return environment
    if not isinstance(environment, Steerable):
        text = (
            f"cannot be a world, got {name}; expected `reset_env`, `step_env` and `num_actions`, or `reset`, `step` "
            "and `action_size`"
        )
        raise ArgumentError(Problem("borrowed.environment", text, "Or write a `World` around it", "world"))
    if params is not None:
        text = f"are nothing that {name} takes, got {type(params).__name__}; expected none"
        raise ArgumentError(Problem("borrowed.params", text, "Leave them out", "argument"))
    table, size = _single("actions", [] if actions is None else actions), environment.action_size
    if table.ndim != 2 or table.shape[1] != size or not len(table):
        text = f"must list what can be done, got shape {table.shape}; expected ({size},) for each action"
        fix = f"Write `actions=[{[-1.0] * size}, {[1.0] * size}]`, or more of them"
        raise ArgumentError(Problem("borrowed.actions", text, fix, "shape"))
    return _Listed(environment, table)


def _single(argument: str, given: ArrayLike) -> np.ndarray:
    """Numbers as float32, in an array that nobody else has.

    Raises:
        ArgumentError: They are none, not finite, or more than float32 holds.
    """
    address, fix = f"borrowed.{argument}", "Give finite numbers"
    try:
        array = np.asarray(given)
    except ValueError:
        text = f"is no array of numbers, got a {type(given).__name__} whose rows differ in length"
        raise ArgumentError(Problem(address, text, fix, "shape")) from None
    if array.size and array.dtype.kind not in "iuf":
        text = f"holds what is no number, got {_shown(given)}"
        raise ArgumentError(Problem(address, text, fix, "numbers"))
    with np.errstate(over="ignore"):
        made = np.array(array, np.float32)
    wrong = ~np.isfinite(made)
    if wrong.any():
        room = np.finfo(np.float32)
        text = f"must be numbers that float32 holds, got {array[wrong][0]}; expected {room.min} to {room.max}"
        raise ArgumentError(Problem(address, text, fix, "bounds"))
    return made


def _shown(given: object) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:60]} ..."


def _check_about(spans: ArrayLike, returns: dict[str, float]) -> None:
    """See that what is said of an environment are numbers, and spans have a size.

    Raises:
        ArgumentError: Everything else.
    """
    sizes, problems = _single("spans", spans), []
    if sizes.ndim != 1 or (sizes <= 0).any():
        text = f"must be greatest sizes, got {_shown(spans)}; expected one number above 0 for each that is shown"
        problems.append(Problem("borrowed.spans", text, "", "bounds"))
    for name, given in returns.items():
        if _single(name, given).ndim:
            problems.append(Problem(f"borrowed.{name}", f"must be one number, got {_shown(given)}", "", "shape"))
    if problems:
        raise ArgumentError(problems)


def borrowed(
    environment: Borrowable | Steerable,
    params: Any = None,
    *,
    actions: ArrayLike | None = None,
    spans: tuple[float, ...],
    best_return: float,
    worst_return: float,
    solved_return: float,
    best_value: float,
) -> type[World]:
    """A class of worlds that do as an environment written in JAX.

    An episode's chance comes from the world's key: another for each episode and each of its steps. What `step_env`
    calls done is `terminated`, whatever ended the episode: where it also counts time, as gymnax's do, give `params`
    that allow more steps than the world's `limit`, at which an episode is `truncated`. A state is kept
    in single precision: whole numbers in it are exact below 2^24, and keys of chance within it are not kept.
    Brain and world run in one native call where the environment draws by `jax.random.uniform` alone and has no loops;
    see `explain`. Of an environment that is steered by numbers, as brax's are, the world takes those that are listed.

    Example, after `pole, params = gymnax.make("CartPole-v1")`:
    `borrowed(pole, params.replace(max_steps_in_episode=501), spans=(2.4, 2.5, 0.21, 3.5), best_return=500,
    worst_return=0, solved_return=475, best_value=1)`.

    Args:
        environment: With `reset_env`, `step_env` and `num_actions`; or with `reset`, `step` and `action_size`.
        params: What the functions of the former are given.
        actions: What each action does to the latter, in the units of the environment, (actions, action_size).
        spans: Greatest size that matters of each number that it shows, in its unit, one for each.
        best_return: The most that an episode can bring, no unit.
        worst_return: The least, no unit.
        solved_return: From this mean of ten episodes on it counts as solved, no unit.
        best_value: The most that a step of the world can bring on average, no unit.

    Raises:
        ArgumentError: It is no such environment, shows another number of numbers than there are spans, or the actions
            that can be chosen are not those that it needs; spans are not above 0, or a number is none or more than
            float32 holds.
    """
    about = {"best_return": best_return, "worst_return": worst_return, "solved_return": solved_return}
    _check_about(spans, {**about, "best_value": best_value})
    named, environment = type(environment).__name__, _listed(environment, params, actions)
    seen, state = jax.eval_shape(environment.reset_env, jax.random.key(0), params)
    leaves, tree = jax.tree.flatten(state)
    if seen.shape != (len(spans),):
        text = f"does not fit what is shown, got {len(spans)}; expected one for each number of shape {seen.shape}"
        raise ArgumentError(Problem("borrowed.spans", text, "Name the greatest size of each that matters", "shape"))
    size = sum(leaf.size for leaf in leaves)
    given = spans, best_return, worst_return, solved_return, best_value

    def packed(episode: Any, step: Any, shown: Any, state: Any) -> Any:
        parts = [episode, step, shown, *jax.tree.leaves(state)]
        return jnp.concatenate([jnp.asarray(part).astype(jnp.float32).reshape(-1) for part in parts])

    def unpacked(physical: Any) -> Any:
        parts, at = [], 2 + len(spans)
        for leaf in leaves:
            parts.append(physical[at : at + leaf.size].reshape(leaf.shape).astype(leaf.dtype))
            at += leaf.size
        return jax.tree.unflatten(tree, parts)

    def key(episode: Any, step: Any) -> Any:
        # Made of its numbers, since loops have no way to make one of a seed.
        started = jax.random.fold_in(jax.random.wrap_key_data(jnp.zeros(2, jnp.uint32)), episode.astype(jnp.uint32))
        return jax.random.fold_in(started, step.astype(jnp.uint32))

    class Borrowed(World):
        """An environment that was written elsewhere."""

        config: WorldConfig

        actions, observations, numbers = environment.num_actions, len(given[0]), 2 + len(given[0]) + size
        spans, best_return, worst_return, solved_return, best_value = given

        @staticmethod
        def first(drawn: Any) -> Any:
            """As the environment begins an episode."""
            episode = jnp.floor(drawn[0] * _EPISODES)
            return packed(episode, 0.0, *environment.reset_env(key(episode, jnp.float32(0.0)), params))

        @staticmethod
        def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
            """As the environment goes on."""
            episode, step = physical[0], physical[1] + 1.0
            shown, state, reward, done, _ = environment.step_env(key(episode, step), unpacked(physical), action, params)
            return packed(episode, step, shown, state), jnp.asarray(reward, jnp.float32), jnp.asarray(done, jnp.bool_)

        @staticmethod
        def observed(physical: Any) -> Any:
            """What the environment showed."""
            return physical[2 : 2 + len(given[0])]

    Borrowed.__name__ = Borrowed.__qualname__ = f"{named}World"
    return Borrowed
