"""A loop moves its environment once in each round of the actor and the critic of its brain, or says why it cannot."""

import gymnasium as gym
import numpy as np
import pytest
from builders import refused
from loop_parts import Counting
from rounds_brain import actor_brain

import spark
from spark.envs import Loop, VectorLoop, action_decoder
from spark.learn import actor_critic
from spark.worlds import CartPole


def loop(brain, steps: int, rest: int) -> Loop:
    return Loop(brain, Counting(length=2), steps_per_action=steps, rest_steps=rest)


@pytest.mark.parametrize("rest", [0, 8, 24])
def test_a_loop_that_keeps_an_actors_time_runs(rest):
    log = loop(actor_brain(every=8), 8, rest).run(4, seed=0)
    assert len(log.actions) == 4


def test_other_steps_per_action_than_an_actors_round_are_refused():
    text = (
        "steps_per_action: is another time than the brain keeps, got 5; expected 8 as 'actor.config.every'. "
        "Give the loop `steps_per_action=8`"
    )
    with refused(spark.LoopError, text):
        loop(actor_brain(every=8), 5, 0).run(4, seed=0)


def test_a_rest_that_ends_within_a_round_is_refused():
    text = (
        "rest_steps: must be whole rounds of the brain, got 16; expected 0 or a multiple of 20 as "
        "'actor.config.every'. Give the loop `rest_steps=0` or `rest_steps=20`"
    )
    with refused(spark.LoopError, text):
        loop(actor_brain(every=20), 20, 16).run(4, seed=0)


def test_an_actor_and_a_critic_of_different_rounds_are_both_named():
    text = (
        "steps_per_action: is another time than the brain keeps, got 8; expected 8 as 'actor.config.every', "
        "6 as 'critic.config.every'. Give all of them the same `every`"
    )
    with refused(spark.LoopError, text):
        loop(actor_brain(every=8, critic_every=6), 8, 0).run(4, seed=0)


def test_a_brain_that_stands_within_a_round_is_refused():
    brain = actor_brain(every=8)
    quiet = {name: spec.payload_type(spec.zeros()) for name, spec in brain.declared_inputs().items()}
    spark.run(brain, 3, quiet)
    text = (
        "brain.step: is within a round of 'actor', got 3; expected a multiple of 8. "
        "Run it for the 5 steps that are left, or `brain.reset()`"
    )
    with refused(spark.LoopError, text):
        loop(brain, 8, 0).run(1, seed=0)
    spark.run(brain, 5, quiet)
    assert len(loop(brain, 8, 0).run(1, seed=0).actions) == 1


def test_a_brain_with_a_world_of_its_own_keeps_that_worlds_time():
    config = actor_critic(CartPole, every=6, encoder={"resolution": 3})
    seen = {"drive": spark.InputSpec(spark.FloatArray, (4,), "float32")}
    brain = spark.nn.Brain(config.updated(input_map=seen))
    own = Loop(brain, Counting(), act=lambda outputs: int(outputs["action"].value[0]), steps_per_action=5, rest_steps=3)
    assert len(own.run(1, seed=0).actions) == 1


def test_a_vector_loop_refuses_other_rounds_too():
    environment = gym.vector.SyncVectorEnv([Counting, Counting])
    brains = spark.replicas(actor_brain(every=8), 2)
    text = (
        "steps_per_action: is another time than the brain keeps, got 7; expected 8 as 'actor.config.every'. "
        "Give the loop `steps_per_action=8`"
    )
    with refused(spark.LoopError, text):
        VectorLoop(brains, environment, steps_per_action=7, rest_steps=0).run(1, seed=0)


def test_an_actor_within_a_brain_within_a_brain_is_named_by_its_path():
    inner = actor_brain(every=8).config
    config = spark.nn.BrainConfig(
        input_map=inner.input_map,
        output_map={"action": {"input": spark.PortMap("inner", "action"), "spec": inner.output_map["action"].spec}},
        modules_map=[
            spark.ModuleSpecs(
                "inner", spark.nn.Brain, {n: [spark.PortMap("__call__", n)] for n in inner.input_map}, inner
            )
        ],
    )
    text = (
        "steps_per_action: is another time than the brain keeps, got 5; expected 8 as 'inner.actor.config.every'. "
        "Give the loop `steps_per_action=8`"
    )
    with refused(spark.LoopError, text):
        loop(spark.nn.Brain(config), 5, 0).run(1, seed=0)


class Four(Counting):
    """Takes one of four actions, the first of which is 3, and keeps those that it took."""

    action_space = gym.spaces.Discrete(4, start=3)

    def step(self, action):
        self.taken = [*getattr(self, "taken", []), action]
        return super().step(0)


def test_the_number_that_an_actor_chose_is_the_action_without_a_function_of_ones_own():
    brain, environment = actor_brain(every=8, actions=4), Four(length=50)
    log = Loop(brain, environment, steps_per_action=8, rest_steps=0).run(20, seed=0)
    assert environment.taken == log.actions and len(set(log.actions)) > 1 and set(log.actions) <= {3, 4, 5, 6}
    assert log.actions[-1] == int(brain.state["actor.chosen"][0]) + 3


def test_a_number_beyond_the_actions_of_the_space_is_refused():
    brain = actor_brain(every=8, actions=4)
    decode = action_decoder(gym.spaces.Discrete(2), brain)
    assert decode({"action": spark.IntegerArray(np.array([1]))}) == 1
    text = (
        "brain.action: means no action, got [3]; expected at least 0 and less than [2]. "
        "Change the brain's output_map, or give `act=`"
    )
    with refused(spark.LoopError, text):
        decode({"action": spark.IntegerArray(np.array([3]))})


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_numbers_of_a_multi_discrete_space_are_read_one_by_one(shape):
    sizes = np.reshape([3, 4], shape)
    space = gym.spaces.MultiDiscrete(sizes, start=np.ones_like(sizes))
    decode = action_decoder(space, integers(shape))
    action = decode({"action": spark.IntegerArray(np.reshape([2, 0], shape))})
    assert space.contains(action)
    np.testing.assert_array_equal(action, np.reshape([3, 1], shape))


def test_one_number_of_shape_nothing_is_an_action_too():
    assert action_decoder(gym.spaces.Discrete(5), integers(()))({"action": spark.IntegerArray(np.int32(4))}) == 4


def integers(shape):
    """A brain that puts out whole numbers of this shape; nobody asks whether it can be built."""
    config = actor_brain(every=8).config
    spec = spark.OutputSpec(spark.IntegerArray, shape, "int32")
    return spark.nn.Brain(
        config.updated(output_map={"action": {"input": spark.PortMap("actor", "action"), "spec": spec}})
    )
