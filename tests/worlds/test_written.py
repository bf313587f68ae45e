"""A world of somebody's own says what is wrong with it, before or when the brain is built."""

import jax.numpy as jnp
import numpy as np
import pytest

import spark
from spark import learn
from spark.nn import Brain
from spark.worlds import World, WorldConfig
from spark.worlds.world import ENDLESS


class Doors(World):
    """A light shows the door; the right one brings 1."""

    config: WorldConfig
    actions, numbers, observations = 2, 1, 2
    spans, best_return, worst_return = (1.0, 1.0), 1.0, 0.0
    solved_return, best_value = 0.95, 1.0

    @staticmethod
    def first(drawn):
        return jnp.where(drawn < 0.5, -0.5, 0.5)

    @staticmethod
    def after(physical, action):
        right = (physical[0] > 0) == (action == 1)
        return physical, right.astype(jnp.float32), jnp.bool_(True)

    @staticmethod
    def observed(physical):
        return jnp.concatenate([physical, -physical])


def with_changes(**changes):
    """The doors with other attributes; one that is None is taken away."""
    held = {name: value for name, value in vars(Doors).items() if not name.startswith("__")}
    made = {name: value for name, value in {**held, **changes}.items() if value is not None}
    static = {name: staticmethod(value) if callable(value) else value for name, value in made.items()}
    return type("Doors", (World,), {"__annotations__": {"config": WorldConfig}, "__doc__": "Doors.", **static})


def taught(world, steps=100):
    brain = Brain(learn.actor_critic(world, seed=1))
    spark.run(brain, steps)
    return brain


def if_in_python(physical, action):
    return physical, jnp.float32(1.0 if physical[0] > 0 else 0.0), jnp.bool_(True)


# What is changed, and what is said of it.
WRONG = {
    "no best_return": ({"best_return": None}, "Doors.best_return: is missing"),
    "another name": (
        {"best_return": None, "best_retrun": 1.0},
        "Doors.best_return: is missing. Did you mean 'best_retrun'?",
    ),
    "no spans": ({"spans": None}, "Doors.spans: is missing. Write `spans = (1.0, 1.0)` in the class"),
    "spans of others": ({"spans": (1.0,)}, "Doors.spans: has another length than there are observations, got 1"),
    "spans of nothing": ({"spans": (1.0, 0.0)}, "Doors.spans: must be numbers above 0, one for each observation"),
    "no action": ({"actions": 0}, "Doors.actions: must be a whole number of at least 1, got 0"),
    "half a number": ({"numbers": 1.5}, "Doors.numbers: must be a whole number of at least 1, got 1.5"),
    "a return that is none": ({"best_value": float("nan")}, "Doors.best_value: must be a finite number, got nan"),
    "not observed": ({"observed": None}, "Doors.observed: is not written. Write `observed`; see"),
    "misnamed": (
        {"observed": None, "observe": Doors.observed},
        "Doors.observed: is not written. Did you mean 'observe'?",
    ),
    "two things": (
        {"after": lambda physical, action: (physical, 1.0)},
        "world.after: does not return three things, got a tuple of 2; expected what the world keeps, the reward",
    ),
    "nothing": ({"after": lambda physical, action: None}, "world.after: does not return three things, got NoneType"),
    "too many": (
        {"after": lambda physical, action: (jnp.zeros(3), 1.0, True)},
        "world.after: has the wrong shape, got (3,); expected (1,). Return as many numbers as `numbers` says",
    ),
    "rewards": (
        {"after": lambda physical, action: (physical, jnp.ones(2), True)},
        "world.after.reward: has the wrong shape, got (2,); expected (). Return one number",
    ),
    "ends": (
        {"after": lambda physical, action: (physical, 1.0, jnp.zeros(1, bool))},
        "world.after.terminated: has the wrong shape, got (1,); expected (). Return one truth value",
    ),
    "a text": (
        {"after": lambda physical, action: (physical, "much", True)},
        "world.after.reward: is no array of numbers, got str; expected shape ()",
    ),
    "first of another size": (
        {"first": lambda drawn: jnp.zeros(2)},
        "world.first: has the wrong shape, got (2,); expected (1,)",
    ),
    "too few shown": (
        {"observed": lambda physical: physical},
        "world.observed: has the wrong shape, got (1,); expected (2,). Return as many numbers as `observations` says",
    ),
    "counts several": (
        {"counted": lambda physical, reward, terminated: jnp.ones(2)},
        "world.counted: has the wrong shape, got (2,); expected ()",
    ),
    "if": ({"after": if_in_python}, "world: asks in Python for a value that is known only while it runs"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_world_is_named(case):
    changes, text = WRONG[case]
    with pytest.raises(spark.ModuleError) as error:
        taught(with_changes(**changes))
    assert text in str(error.value)


def test_a_world_alone_says_it_too():
    brain = Brain(learn.actor_critic(Doors, seed=1))
    with pytest.raises(spark.ModuleError) as error:
        learn.in_world(brain, with_changes(best_return=None)())(action=spark.IntegerArray(np.zeros(1, np.int32)))
    assert "Doors.best_return: is missing" in str(error.value)


def test_numbers_and_truth_values_of_python_are_as_good_as_arrays():
    def plain(physical, action):
        return physical, 1.0, True

    def arrays(physical, action):
        return physical, jnp.float32(1.0), jnp.bool_(True)

    def whole(physical, action):
        return physical, jnp.int32(1), jnp.int32(1)

    states = [taught(with_changes(after=after), 300).state for after in (plain, arrays, whole)]
    assert 0 < int(states[0]["world.episodes"]) < ENDLESS
    for state in states[1:]:
        for path in state:
            np.testing.assert_array_equal(state[path], states[0][path], err_msg=path)


def test_no_world_of_our_own_is_refused():
    held = [world for world in vars(spark.worlds).values() if isinstance(world, type) and issubclass(world, World)]
    assert len(held) >= 8
    for world in held:
        if world is not World:
            Brain(learn.actor_critic(world, seed=1))
