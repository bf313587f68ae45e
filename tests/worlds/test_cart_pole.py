"""The pole on a cart is Gymnasium's, step for step, and begins and ends its episodes as a world does."""

import jax.numpy as jnp
import numpy as np
import pytest

import spark
from spark import IntegerArray, WiringError
from spark.worlds import CartPole, CartPoleConfig

EVERY = 4


def cart_pole(**config):
    world = CartPole(CartPoleConfig(every=EVERY, **config))
    push(world, 0)
    world.reset()
    return world


def push(world, action):
    """One step of the brain."""
    return {
        name: np.asarray(p.value) for name, p in world(action=IntegerArray(jnp.asarray([action], jnp.int32))).items()
    }


def round_of(world, action):
    """One step of the world: what it put out in each step of the brain."""
    return [push(world, action) for _ in range(EVERY)]


def test_it_moves_as_in_gymnasium_until_the_pole_falls():
    gymnasium = pytest.importorskip("gymnasium", reason="Gymnasium comes with the extra `gym`")
    world, theirs = cart_pole(), gymnasium.make("CartPole-v1").unwrapped
    theirs.reset(seed=1)
    theirs.state = round_of(world, 0)[0]["observation"].astype(np.float64)
    generator, steps = np.random.default_rng(4), 0
    while True:
        action = int(generator.integers(2))
        expected, reward, terminated, _, _ = theirs.step(action)
        found = round_of(world, action)[0]
        steps += 1
        np.testing.assert_allclose(found["observation"], expected, rtol=1e-4, atol=1e-5)
        assert found["reward"] == reward and found["terminated"] == terminated and not found["truncated"]
        assert found["episode_return"] == steps
        if terminated:
            break
    assert steps > 5 and world.state["episodes"] == 1 and world.state["last_return"] == steps


def test_between_its_steps_nothing_changes():
    world = cart_pole()
    for action in (0, 1, 1):
        first, *others = round_of(world, action)
        for other in others:
            for name, array in first.items():
                np.testing.assert_array_equal(other[name], array, err_msg=name)


def test_the_last_observation_of_an_episode_stays_for_a_round_and_then_a_new_one_begins():
    world = cart_pole(limit=3)
    seen = [round_of(world, n % 2)[0] for n in range(9)]
    assert [bool(s["started"][0]) for s in seen] == [n % 4 == 0 for n in range(9)]
    # Three steps of the world, of which the last is cut off, and no reward where an episode begins.
    assert [bool(s["truncated"][0]) for s in seen] == [n % 4 == 3 for n in range(9)]
    assert [float(s["reward"][0]) for s in seen] == [float(n % 4 != 0) for n in range(9)]
    assert not any(s["terminated"][0] for s in seen)
    begins = [seen[n]["observation"] for n in (0, 4, 8)]
    assert all(np.abs(begin).max() <= 0.05 for begin in begins) and not np.array_equal(begins[0], begins[1])


def test_after_as_many_episodes_as_are_wanted_it_waits():
    world = cart_pole(limit=2)
    world.replace_state({"most_episodes": 2})
    seen = [round_of(world, 0)[0] for _ in range(12)]
    assert world.state["episodes"] == 2
    assert all(s["started"][0] and s["reward"] == 0 for s in seen[6:])


def test_an_action_that_there_is_not_is_the_nearest_that_there_is():
    found, expected = cart_pole(), cart_pole()
    for wrong, right in ((7, 1), (-3, 0), (99, 1)):
        a, b = round_of(found, wrong)[0], round_of(expected, right)[0]
        np.testing.assert_array_equal(a["observation"], b["observation"])


def test_an_action_of_several_numbers_is_refused():
    with pytest.raises(WiringError, match=r"CartPole\.action: has the wrong shape, got \(2,\); expected \(1,\)\."):
        CartPole()(action=IntegerArray(jnp.zeros(2, jnp.int32)))


def test_it_is_drawn_as_a_line():
    assert CartPole.drawn(np.zeros(4, np.float32)) == "[" + "-" * 20 + "|" + "-" * 20 + "]"
    assert CartPole.drawn(np.array([-2.4, 0, 0.2, 0])).startswith("[/-")
    assert CartPole.drawn(np.array([9.0, 0, -0.2, 0])).endswith("-\\]")


@pytest.mark.thorough
def test_a_world_keeps_the_contract_of_a_module():
    spark.check_module(CartPole, inputs={"action": IntegerArray(jnp.asarray([1], jnp.int32))})
