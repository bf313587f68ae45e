"""Worlds that Gymnasium has too: the same step from the same state."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tolerances import INTEGRATED

import spark
from spark import IntegerArray, learn
from spark.nn import Brain
from spark.worlds import Acrobot, CartPole, MountainCar, Pendulum, World

# Greatest size of what is kept, in states to step from.
KEPT = {
    "CartPole-v1": (CartPole, [2.6, 3.0, 0.23, 3.5]),
    "MountainCar-v0": (MountainCar, [1.2, 0.07]),
    "Pendulum-v1": (Pendulum, [np.pi, 8.0]),
    "Acrobot-v1": (Acrobot, [np.pi, np.pi, 6.0, 12.0]),
}
STEPS = 400
NAMES = pytest.mark.parametrize("name", KEPT)


def theirs(name: str) -> Any:
    gymnasium = pytest.importorskip("gymnasium", reason="Gymnasium comes with the extra `gym`")
    return gymnasium.make(name)


@NAMES
def test_a_step_is_that_of_gymnasium(name: str) -> None:
    world, size = KEPT[name]
    environment = theirs(name).unwrapped
    environment.reset(seed=0)
    generator = np.random.default_rng(1)
    states = (generator.uniform(-1, 1, (STEPS, len(size))) * size).astype(np.float32)
    if name == "MountainCar-v0":
        states[:, 0] = generator.uniform(-1.2, 0.6, STEPS)
    actions = generator.integers(0, world.actions, STEPS).astype(np.int32)
    expected = []
    for state, action in zip(states, actions, strict=True):
        environment.state = state.astype(np.float64)
        given = np.array([world.torque(np.float32(action))]) if world is Pendulum else int(action)
        if name == "CartPole-v1":
            environment.steps_beyond_terminated = None
        seen, reward, terminated, _, _ = environment.step(given)
        expected.append((seen, float(reward), terminated))

    def step(state: Any, action: Any) -> Any:
        after, reward, terminated = world.after(state, action)
        return world.observed(after), reward, terminated

    seen, reward, terminated = jax.vmap(step)(jnp.asarray(states), jnp.asarray(actions))
    np.testing.assert_array_equal(np.asarray(terminated), [e[2] for e in expected])
    for found, place in ((seen, 0), (reward, 1)):
        wanted = np.array([e[place] for e in expected])
        error = np.abs(np.asarray(found) - wanted) / np.maximum(np.abs(wanted).max(axis=0), 1.0)
        assert error.max() < 10 * INTEGRATED["float32"]["rtol"]
    # Ends are among them, but where there are none.
    assert name == "Pendulum-v1" or 0 < np.sum(terminated) < STEPS


@NAMES
def test_spaces_and_limits_are_those_of_gymnasium(name: str) -> None:
    world, environment = KEPT[name][0], theirs(name)
    assert environment.spec.max_episode_steps == world.config_class()().limit
    assert environment.observation_space.shape == (world.observations,) == (len(world.spans),)
    if world is not Pendulum:
        assert environment.action_space.n == world.actions
    torques = [float(Pendulum.torque(np.float32(n))) for n in range(9)]
    assert torques == [-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]


@NAMES
def test_episodes_begin_where_gymnasiums_do(name: str) -> None:
    """The extremes of many first states are nearly those of Gymnasium's."""
    world, environment = KEPT[name][0], theirs(name)
    first = jax.vmap(lambda drawn: world.observed(world.first(drawn)))
    ours = np.asarray(first(jnp.asarray(np.random.default_rng(2).random((600, world.numbers)), jnp.float32)))
    others = np.array([environment.reset(seed=s)[0] for s in range(600)])
    scale = np.maximum(np.abs(others).max(axis=0), 1e-6)
    for extreme in (np.min, np.max):
        assert (np.abs(extreme(ours, axis=0) - extreme(others, axis=0)) / scale).max() < 0.03


@pytest.mark.parametrize("world", [Acrobot, MountainCar, Pendulum], ids=lambda w: w.__name__)
def test_a_brain_in_it_is_one_native_call(world: type[World]) -> None:
    brain = Brain(learn.actor_critic(world, encoder={"resolution": 4}))
    assert spark.explain(brain).one_call, spark.explain(brain)


def test_the_pendulum_turns_over_the_top_and_stays_within_a_round() -> None:
    world, seen = Pendulum(every=4), []
    world(action=IntegerArray(jnp.asarray([8], jnp.int32)))
    world.replace_state({"physical": np.array([3.0, 7.9], np.float32)})
    for _ in range(40):
        world(action=IntegerArray(jnp.asarray([8], jnp.int32)))
        seen.append(float(world.state["physical"][0]))
    assert np.abs(seen).max() <= np.pi and np.min(seen) < -2.5
