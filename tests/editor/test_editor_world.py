"""An environment in the editor: what it shows is in its space, what it is given is one of its actions."""

import re

import gymnasium as gym
import numpy as np
import pytest

import spark
from spark.editor.world import World

ONE = gym.spaces.Discrete(3, start=1)
BOX = gym.spaces.Box(-2.0, 2.0, (2,))


class Odd(gym.Env):
    """Shows and brings what it is told to, and keeps the actions that it is given."""

    def __init__(self, seen=BOX, done=ONE, shown=(0.0, 0.0), brought=(1.0, False, False), render_mode=None):
        self.observation_space, self.action_space = seen, done
        self.shown, self.brought, self.taken = shown, brought, []

    def reset(self, *, seed=None, options=None):
        return self.shown, {}

    def step(self, action):
        self.taken.append(action)
        return self.shown, *self.brought, {}


@pytest.fixture
def made():
    """A function that makes a world of an `Odd`."""

    def make(**settings):
        gym.register("Odd-v0", entry_point=Odd, kwargs=settings, disable_env_checker=True, order_enforce=False)
        return World("Odd-v0", 0)

    yield make
    gym.registry.pop("Odd-v0", None)


def test_an_action_is_counted_from_the_start_of_its_space(made):
    world = made()
    world.act(np.array([0.0, 0.5, 1.0]))
    world.act(np.array([1.0, 0.5, 0.0]))
    assert world.environment.unwrapped.taken == [3, 1]


def test_a_number_that_is_seen_is_counted_from_the_start_of_its_space(made):
    np.testing.assert_array_equal(made(seen=ONE, shown=3).encoded(), [0, 0, 1])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"seen": ONE, "shown": 0}, "is not in its space, got 0; expected a whole number from 1 to 3"),
        ({"shown": (0.0,)}, "has another shape than its space says, got (1,); expected (2,)"),
        ({"shown": (0.0, np.nan)}, "holds what is no number, got [ 0. nan]"),
    ],
)
def test_what_is_not_in_its_space_is_named(made, settings, said):
    with pytest.raises(spark.LoopError, match=re.escape(f"environment.observation: {said}. Wrap the environment so")):
        made(**settings).encoded()


@pytest.mark.parametrize(
    ("settings", "output", "said"),
    [
        ({}, [0.0, np.nan, 1.0], "environment: NaN means no action, got [ 0. nan  1.]. Stop the run at the first NaN"),
        ({"done": BOX}, [0.5], "environment: Odd-v0 takes 2 numbers, and the output has 1. Change it"),
        ({"brought": (np.nan, False, False)}, [0, 0, 1], "environment.step: gave a reward that is no number, got nan"),
        ({"brought": (1.0, None, False)}, [0, 0, 1], "environment.step: gave a `terminated` that is neither true nor"),
    ],
)
def test_what_is_no_action_and_what_brings_no_number_are_named(made, settings, output, said):
    with pytest.raises(spark.LoopError, match=re.escape(said)):
        made(**settings).act(np.array(output, np.float64))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"seen": gym.spaces.Tuple((BOX, ONE))}, "shows what the editor cannot tell, got Tuple"),
        (
            {"done": gym.spaces.MultiBinary(2)},
            "is acted in by what the editor cannot tell, got MultiBinary(2); expected",
        ),
        ({"done": gym.spaces.MultiDiscrete([2, 2])}, "is acted in by what the editor cannot tell, got MultiDiscrete"),
    ],
)
def test_spaces_that_the_editor_has_no_rule_for_are_refused(made, settings, said):
    with pytest.raises(spark.LoopError, match=re.escape(f"environment: Odd-v0 {said}")):
        made(**settings)
