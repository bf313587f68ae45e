"""What a return is worth: how a policy of chance and one that was written by hand do in the same world."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.arguments import checked
from spark.learn.evaluation import Evaluation, check_episodes, evaluation
from spark.worlds.world import World


@checked
def yardsticks(world: World, episodes: int = 100, *, seed: int = 0) -> dict[str, Evaluation]:
    """How actions at random, and those of the world's `skilled` policy where it has one, do in a world.

    Args:
        world: The world, with its limit; it is not moved.
        episodes: How many of each.
        seed: Of their beginnings and of chance.

    Returns:
        `random`, and `hand-written` where the world has such a policy.

    Raises:
        RunError: `episodes` is no whole number above 0, or one of more than a million.
    """
    check_episodes(episodes)
    kind, config = type(world), cast("Hashable", world.config)
    written = world.skilled(jnp.zeros(kind.observations)) is not None
    chance = np.arange(episodes * (1 + written)) < episodes
    keys = jax.random.split(jax.random.key(seed), chance.size)
    returns = np.asarray(_returns(kind, config)(keys, chance))
    names = ["random", "hand-written"][: 1 + written]
    return {name: evaluation(returns[n * episodes : (n + 1) * episodes]) for n, name in enumerate(names)}


@lru_cache
def _returns(kind: type[World], config: Any) -> Any:
    """The compiled function from a key of chance, and whether to act by it, to an episode's return; many at once."""
    # Asked as an instance, since what a world does may follow from its config.
    world = kind(config)

    def episode(key: jax.Array, chance: jax.Array) -> jax.Array:
        begin, acts = jax.random.split(key)

        def step(now: Any, number: jax.Array) -> Any:
            physical, going, total = now
            drawn = jax.random.randint(jax.random.fold_in(acts, number), (), 0, kind.actions)
            skilled = world.skilled(world.observed(physical))
            action = drawn if skilled is None else jnp.where(chance, drawn, skilled)
            moved, reward, terminated = world.after(physical, action)
            counted = jnp.asarray(world.counted(moved, reward, terminated), jnp.float32)
            return (moved, going & ~terminated, total + jnp.where(going, counted, 0.0)), None

        first = world.first(jax.random.uniform(begin, (kind.numbers,)))
        (_, _, total), _ = jax.lax.scan(step, (first, jnp.bool_(True), jnp.float32(0.0)), jnp.arange(config.limit))
        return total

    return jax.jit(jax.vmap(episode))
