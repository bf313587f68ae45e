"""The reaching arm, against points on circles as complex numbers."""

import jax
import jax.numpy as jnp
import numpy as np

import spark
from spark import IntegerArray, learn
from spark.nn import Brain
from spark.worlds import ReachingArm

STATES = 500


def hand(shoulder, elbow):
    """Where the hand is, as a complex number."""
    return 0.5 * np.exp(1j * shoulder) * (1 + np.exp(1j * elbow))


def begun(number: int = STATES) -> np.ndarray:
    drawn = np.random.default_rng(3).random((number, 4)).astype(np.float32)
    return np.array(jax.vmap(ReachingArm.first)(jnp.asarray(drawn)))


def test_an_episode_begins_anywhere_without_touching_its_target() -> None:
    first = begun(4000)
    shoulder, elbow, target = first[:, 0], first[:, 1], first[:, 2] + 1j * first[:, 3]
    assert np.abs(shoulder).max() <= np.pi and shoulder.min() < -3 and shoulder.max() > 3
    assert 0.2 <= elbow.min() < 0.25 and 2.75 < elbow.max() <= 2.8
    assert 0.2 - 1e-6 <= np.abs(target).min() < 0.21 and 0.94 < np.abs(target).max() <= 0.95 + 1e-6
    assert (np.abs(hand(shoulder, elbow) - target) > 0.1).all()


def test_a_move_turns_one_joint_and_ends_at_the_target() -> None:
    states = begun()
    # Some hands are beside their targets.
    near = hand(states[::2, 0] + 0.12, states[::2, 1])
    states[::2, 2], states[::2, 3] = near.real, near.imag
    ends = 0
    for action, (shoulder, elbow) in enumerate([(0.1, 0), (-0.1, 0), (0, 0.1), (0, -0.1)]):
        moved, reward, over = jax.vmap(lambda p, a=action: ReachingArm.after(p, jnp.int32(a)))(jnp.asarray(states))
        expected = np.angle(np.exp(1j * (states[:, 0] + shoulder))), np.clip(states[:, 1] + elbow, 0.2, 2.8)
        # Half a turn may be either sign.
        np.testing.assert_allclose(np.exp(1j * np.asarray(moved)[:, 0]), np.exp(1j * expected[0]), atol=1e-5)
        np.testing.assert_allclose(np.asarray(moved)[:, 1], expected[1], atol=1e-6)
        np.testing.assert_array_equal(np.asarray(moved)[:, 2:], states[:, 2:])
        away = np.abs(hand(*expected) - (states[:, 2] + 1j * states[:, 3]))
        sure = np.abs(away - 0.1) > 1e-5
        np.testing.assert_array_equal(np.asarray(over)[sure], away[sure] < 0.1)
        assert (np.asarray(reward) == -1).all() and np.abs(np.asarray(moved)[:, 0]).max() <= np.pi + 1e-6
        ends += int(np.sum(over))
    assert 0 < ends < 4 * STATES


def test_it_shows_the_target_from_the_hand_as_the_upper_arm_lies_and_the_elbow() -> None:
    states = begun()
    shown = np.asarray(jax.vmap(ReachingArm.observed)(jnp.asarray(states)))
    seen = (states[:, 2] + 1j * states[:, 3] - hand(states[:, 0], states[:, 1])) * np.exp(-1j * states[:, 0])
    np.testing.assert_allclose(shown[:, 0] + 1j * shown[:, 1], seen, atol=1e-6)
    np.testing.assert_allclose(shown[:, 2], states[:, 1] - 1.5, atol=1e-6)


def test_the_written_policy_reaches_every_target_and_chance_hardly_any() -> None:
    beside = learn.yardsticks(ReachingArm(), 400)
    assert beside["hand-written"].returns.min() > -60 and -25 < beside["hand-written"].mean < -19
    assert beside["random"].mean < -90


def test_it_is_drawn_in_metres_and_runs_in_one_native_call_with_a_brain() -> None:
    assert ReachingArm.drawn(np.array([0.0, np.pi / 2, 0.25, -0.5])) == (
        "hand ( 0.50,  0.50) m, target ( 0.25, -0.50) m"
    )
    assert spark.explain(Brain(learn.actor_critic(ReachingArm, encoder={"resolution": 3}))).one_call
    world = ReachingArm(every=4)
    found = world(action=IntegerArray(jnp.zeros(1, jnp.int32)))
    assert found["observation"].value.shape == (3,) and bool(found["started"].value[0])
