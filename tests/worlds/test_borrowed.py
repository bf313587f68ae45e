"""An environment of pure functions, as gymnax and brax have them, does in a world what it does by itself."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused

import spark
from spark import ArgumentError, learn
from spark.nn import Brain
from spark.worlds import CartPole, borrowed

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


@jax.tree_util.register_dataclass
@dataclass
class Place:
    """Where something slides along a rail, as brax says it."""

    obs: Any
    reward: Any
    done: Any
    info: dict[str, Any]


class Rail:
    """Something slides by as much as it is pushed; at an end of the rail the episode is over."""

    action_size = 2

    def reset(self, rng: Any) -> Place:
        at = jax.random.uniform(rng) - 0.5
        return Place(jnp.stack([at, -at]), jnp.float32(0.0), jnp.float32(0.0), {"pushes": jnp.int32(0)})

    def step(self, state: Place, action: Any) -> Place:
        at = state.obs[0] + action[0] - 2.0 * action[1]
        done = (jnp.abs(at) >= 1.0).astype(jnp.float32)
        return Place(jnp.stack([at, -at]), 1.0 - done, done, {"pushes": state.info["pushes"] + 1})


PUSHES = [[0.25, 0.0], [0.0, 0.25], [0.0, 0.0]]
Sliding = borrowed(Rail(), actions=PUSHES, spans=(1.0, 1.0), **ABOUT)


def test_one_that_is_steered_by_numbers_takes_those_that_are_listed() -> None:
    kept = Sliding.first(jnp.full(Sliding.numbers, 0.3, jnp.float32))
    at = float(Sliding.observed(kept)[0])
    assert Sliding.actions == 3 and Sliding.observations == 2 and abs(at) <= 0.5
    for action, (first, second) in enumerate(PUSHES):
        moved, reward, done = Sliding.after(kept, jnp.int32(action))
        np.testing.assert_allclose(Sliding.observed(moved), np.float32([1, -1]) * (at + first - 2 * second), rtol=1e-6)
        assert (float(reward), bool(done)) == (1.0, False)
    for pushes in range(1, 9):
        kept, reward, done = Sliding.after(kept, jnp.int32(0))
        there = abs(at + 0.25 * pushes) >= 1
        assert (float(reward), bool(done)) == (1.0 - there, there)
    brain = Brain(learn.actor_critic(Sliding, seed=1, every=6, limit=9, encoder={"resolution": 4}))
    assert "XLA" not in str(spark.explain(brain))
    assert 0 < learn.evaluate(brain, episodes=10).mean < 9


@jax.numpy_dtype_promotion("standard")
def test_gymnax_own_pole_moves_as_ours() -> None:
    gymnax = pytest.importorskip("gymnax", reason="gymnax is not installed, and no extra of ours")
    pole, params = gymnax.make("CartPole-v1")
    about = {"best_return": 500, "worst_return": 0, "solved_return": 475, "best_value": 1}
    theirs = borrowed(pole, params.replace(max_steps_in_episode=501), spans=(2.4, 2.5, 0.21, 3.5), **about)
    kept = theirs.first(jnp.full(theirs.numbers, 0.5, jnp.float32))
    ours, fell = theirs.observed(kept), False
    for step in range(200):
        action = jnp.int32(step % 3 == 0)
        kept, reward, fell = theirs.after(kept, action)
        ours, own_reward, own_fell = CartPole.after(ours, action)
        np.testing.assert_allclose(theirs.observed(kept), ours, rtol=1e-4, atol=1e-5)
        assert (float(reward), bool(fell)) == (float(own_reward), bool(own_fell))
        if fell:
            break
    assert fell
    assert "XLA" not in str(spark.explain(Brain(learn.actor_critic(theirs, seed=1))))


# brax warns of itself, and of what it uses of MuJoCo.
@pytest.mark.filterwarnings("ignore")
@jax.numpy_dtype_promotion("standard")
def test_a_pendulum_of_brax_moves_in_a_brain_as_by_itself() -> None:
    envs = pytest.importorskip("brax.envs", reason="brax is not installed, and no extra of ours")
    pendulum = envs.get_environment("inverted_pendulum", backend="generalized")
    world = borrowed(pendulum, actions=[[-0.3], [0.3]], spans=(1.0, 0.2, 1.5, 2.0), **ABOUT)
    brain = Brain(learn.actor_critic(world, seed=1, every=4, encoder={"resolution": 3}))
    paths = ["world.observation", "world.started", "actor.action"]
    recording = spark.run(brain, 400, record=paths, progress=False)
    shown, started, acted = (np.asarray(recording[path]) for path in paths)
    first, step = pendulum.reset(jax.random.key(0)), jax.jit(pendulum.step)
    state = first
    for at in range(0, 400, 4):
        if started[at, 0]:
            # Where an episode begins is drawn by the world; all else follows from the places and speeds that it shows.
            state = first.replace(pipeline_state=pendulum.pipeline_init(shown[at, :2], shown[at, 2:]))
        else:
            state = step(state, jnp.float32([(-0.3, 0.3)[int(acted[at - 1, 0])]]))
            np.testing.assert_allclose(shown[at], state.obs, rtol=1e-3, atol=1e-4)
    assert started[::4].sum() > 2


def test_what_is_no_such_environment_or_has_other_spans_is_refused() -> None:
    text = (
        "borrowed.environment: cannot be a world, got object; expected `reset_env`, `step_env` and `num_actions`, or "
        "`reset`, `step` and `action_size`."
    )
    with refused(ArgumentError, f"{text} Or write a `World` around it"):
        borrowed(object(), None, spans=(1.0,), **ABOUT)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"got 1; expected one for each number of shape \(2,\)"):
        borrowed(Lamps(), PARAMS, spans=(1.0,), **ABOUT)


def test_actions_that_an_environment_does_not_need_or_cannot_take_are_refused() -> None:
    text = "borrowed.actions: must list what can be done, got shape {}; expected (2,) for each action."
    fix = "Write `actions=[[-1.0, -1.0], [1.0, 1.0]]`, or more of them"
    for actions, shape in ((None, "(0,)"), ([0.5, 1.0], "(2,)"), ([[1.0]], "(1, 1)"), (np.zeros((0, 2)), "(0, 2)")):
        with refused(ArgumentError, f"{text.format(shape)} {fix}"):
            borrowed(Rail(), actions=actions, spans=(1.0, 1.0), **ABOUT)
    with refused(ArgumentError, "borrowed.actions: are numbered by Lamps itself, got 2; expected none. Leave them out"):
        borrowed(Lamps(), PARAMS, actions=[[0.0], [1.0]], spans=(1.0, 3.0), **ABOUT)
    with refused(
        ArgumentError, "borrowed.params: are nothing that Rail takes, got dict; expected none. Leave them out"
    ):
        borrowed(Rail(), PARAMS, actions=PUSHES, spans=(1.0, 1.0), **ABOUT)


ROOM = "expected -3.4028234663852886e+38 to 3.4028234663852886e+38. Give finite numbers"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"actions": [[0.0, 1.0], [1.0]]},
            "actions: is no array of numbers, got a list whose rows differ in length. Give finite numbers",
        ),
        ({"actions": [["a", "b"]]}, "actions: holds what is no number, got [['a', 'b']]. Give finite numbers"),
        ({"actions": [[1e39, 0.0]]}, f"actions: must be numbers that float32 holds, got 1e+39; {ROOM}"),
        ({"actions": [[np.nan, 0.0]]}, f"actions: must be numbers that float32 holds, got nan; {ROOM}"),
        ({"spans": None}, "spans: holds what is no number, got None. Give finite numbers"),
        ({"spans": (1.0, np.nan)}, f"spans: must be numbers that float32 holds, got nan; {ROOM}"),
        (
            {"spans": (1.0, 0.0)},
            "spans: must be greatest sizes, got (1.0, 0.0); expected one number above 0 for each that is shown.",
        ),
        ({"best_return": "much"}, "best_return: holds what is no number, got 'much'. Give finite numbers"),
        ({"worst_return": np.inf}, f"worst_return: must be numbers that float32 holds, got inf; {ROOM}"),
        ({"best_value": [1.0]}, "best_value: must be one number, got [1.0]."),
    ],
)
def test_what_is_said_of_an_environment_are_numbers(wrong: dict[str, Any], said: str) -> None:
    with refused(ArgumentError, f"borrowed.{said}"):
        borrowed(Rail(), **{"actions": PUSHES, "spans": (1.0, 1.0), **ABOUT, **wrong})


def test_actions_are_copied() -> None:
    actions = np.array(PUSHES, np.float32)
    world = borrowed(Rail(), actions=actions, spans=(1.0, 1.0), **ABOUT)
    kept = world.first(jnp.full(world.numbers, 0.3, jnp.float32))
    before = world.observed(world.after(kept, jnp.int32(0))[0])
    actions[:] = 0.0
    np.testing.assert_array_equal(world.observed(world.after(kept, jnp.int32(0))[0]), before)
