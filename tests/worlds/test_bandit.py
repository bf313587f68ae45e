"""Bandits: how often each arm pays, what counts, and what a light says."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spark
from spark import learn
from spark.nn import Brain
from spark.worlds import Bandit, CuedBandit

PULLS = 4000
# How often the arms pay, as the docstring says; those of machine m are moved on by m places.
PAYS = [0.2, 0.4, 0.8, 0.5]


def pulled(world, arm: int):
    """Many episodes of one pull of an arm: what was kept at first, the reward, what counted, and whether it ended."""
    drawn = jnp.asarray(np.random.default_rng(arm).random((PULLS, world.numbers)), jnp.float32)
    first = jax.vmap(world.first)(drawn)

    def pull(physical):
        moved, reward, over = world.after(physical, jnp.int32(arm))
        return reward, world.counted(moved, reward, over), over

    return np.asarray(first), *map(np.asarray, jax.vmap(pull)(first))


@pytest.mark.parametrize("arm", range(4))
def test_an_arm_pays_as_often_as_is_said_and_only_the_best_counts(arm: int) -> None:
    _, reward, counted, over = pulled(Bandit, arm)
    assert over.all() and set(np.unique(reward)) == {0.0, 1.0}
    assert abs(reward.mean() - PAYS[arm]) < 4 * np.sqrt(0.25 / PULLS)
    assert (counted == (arm == 2)).all()


@pytest.mark.parametrize("arm", range(4))
def test_every_machine_of_the_cued_bandit_has_another_best_arm(arm: int) -> None:
    first, reward, counted, over = pulled(CuedBandit, arm)
    machines = first[:, 4].astype(int)
    assert over.all() and set(machines) == {0, 1, 2, 3}
    for machine in range(4):
        here, pays = machines == machine, np.roll(PAYS, machine)
        assert 0.2 < here.mean() < 0.3
        assert abs(reward[here].mean() - pays[arm]) < 4 * np.sqrt(0.25 / here.sum())
        assert (counted[here] == (pays[arm] == 0.8)).all()


def test_the_light_tells_the_machines_apart_and_the_written_policy_reads_it() -> None:
    lights = [np.asarray(CuedBandit.observed(jnp.asarray([0, 0, 0, 0, m], jnp.float32))) for m in range(4)]
    np.testing.assert_array_equal(lights, [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]])
    assert [int(CuedBandit.skilled(jnp.asarray(light))) for light in lights] == [2, 3, 0, 1]
    beside = learn.yardsticks(CuedBandit(), 400)
    assert beside["hand-written"].mean == 1.0 and abs(beside["random"].mean - 0.25) < 0.08


def test_a_bandit_is_drawn_with_the_arm_that_was_pulled() -> None:
    assert Bandit.drawn(np.array([0.3, -1.0, 0.2, 0.9])) == "| v | |"
    assert CuedBandit.drawn(np.array([-1.0, 0.1, 0.2, 0.9, 3.0])) == "3: v | | |"


def test_a_brain_learns_which_arm_is_the_best() -> None:
    brain = learn.task("bandit", 11)
    assert spark.explain(brain).one_call
    learn.Plasticity().fit(brain, episodes=150)
    assert learn.evaluate(brain, episodes=60).mean >= Bandit.solved_return


def test_a_brain_in_a_cued_bandit_is_one_native_call() -> None:
    assert spark.explain(Brain(learn.actor_critic(CuedBandit, encoder={"resolution": 3}))).one_call
