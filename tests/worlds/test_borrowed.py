"""An environment of pure functions, as gymnax has them, does in a world what it does by itself."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused

import spark
from spark import ArgumentError, learn
from spark.nn import Brain
from spark.worlds import borrowed

ABOUT: dict[str, Any] = {"best_return": 1.0, "worst_return": 0.0, "solved_return": 0.9, "best_value": 1.0}


class Lamps:
    """A lamp is lit, left or right; reaching for its side brings 1 and goes on, the other side ends the episode."""

    num_actions = 2

    def reset_env(self, key: Any, params: Any) -> tuple[Any, Any]:
        state = {"side": jnp.int32(jax.random.uniform(key) < 0.5), "time": jnp.int32(0)}
        return self.shown(state), state

    def step_env(self, key: Any, state: Any, action: Any, params: Any) -> tuple[Any, Any, Any, Any, Any]:
        right = state["side"] == action
        moved = {"side": jnp.int32(jax.random.uniform(key) < 0.5), "time": state["time"] + 1}
        done = ~right | (moved["time"] >= params["most"])
        return self.shown(moved), moved, jnp.where(right, params["reward"], 0.0), done, {}

    def shown(self, state: Any) -> Any:
        return jnp.stack([2.0 * state["side"].astype(jnp.float32) - 1.0, state["time"].astype(jnp.float32)])


PARAMS = {"most": 3, "reward": 0.5}
World = borrowed(Lamps(), PARAMS, spans=(1.0, 3.0), **ABOUT)


def test_it_shows_pays_and_ends_as_the_environment_does() -> None:
    first_sides, both_sides = set(), set()
    for drawn in np.random.default_rng(0).random((30, World.numbers)).astype(np.float32):
        kept = World.first(jnp.asarray(drawn))
        side, time = np.asarray(World.observed(kept))
        assert abs(side) == 1 and time == 0
        moved, reward, done = World.after(kept, jnp.int32(side > 0))
        assert (float(reward), bool(done)) == (0.5, False) and World.observed(moved)[1] == 1
        _, reward, done = World.after(kept, jnp.int32(side < 0))
        assert (float(reward), bool(done)) == (0.0, True)
        first_sides.add(side)
        both_sides.add((side, float(World.observed(moved)[0])))
        for ends in (False, True):
            moved, _, done = World.after(moved, jnp.int32(World.observed(moved)[0] > 0))
            assert bool(done) == ends
    assert len(first_sides) == 2 and len(both_sides) == 4, "each episode and each step has a chance of its own"


def test_a_brain_acts_in_it_in_one_native_call() -> None:
    brain = Brain(learn.actor_critic(World, seed=1, every=6, encoder={"resolution": 4}))
    assert "XLA" not in str(spark.explain(brain))
    found = learn.evaluate(brain, episodes=40)
    # Either side is reached for by chance: half of the episodes bring nothing, a quarter 0.5.
    assert set(found.returns.tolist()) == {0.0, 0.5, 1.0, 1.5} and 0.1 < found.mean < 0.9


def test_what_is_no_such_environment_or_has_other_spans_is_refused() -> None:
    text = "borrowed.environment: cannot be a world, got object; expected `reset_env`, `step_env` and `num_actions`."
    with refused(ArgumentError, f"{text} Or write a `World` around it"):
        borrowed(object(), None, spans=(1.0,), **ABOUT)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"got 1; expected one for each number of shape \(2,\)"):
        borrowed(Lamps(), PARAMS, spans=(1.0,), **ABOUT)
