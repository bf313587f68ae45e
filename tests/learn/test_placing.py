"""A brain is put into a world: into another than its own, or into one where it had none."""

from typing import Any, TypedDict

import gymnasium as gym
import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused

import spark
from spark import ArgumentError, FloatArray, InputSpec, IntegerArray, ModuleSpecs, OutputSpec, PortMap, RunError, learn
from spark.learn import in_world
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces import Gain, GainConfig
from spark.sim.run import build
from spark.worlds import Acrobot, CartPole, CartPoleConfig


class ReversedConfig(CartPoleConfig):
    """As CartPole's."""


class Reversed(CartPole):
    """CartPole whose cart goes the other way."""

    config: ReversedConfig

    @staticmethod
    def after(physical: Any, action: Any) -> Any:
        return CartPole.after(physical, 1 - action)


def learner(**settings: Any) -> Brain:
    return Brain(learn.actor_critic(CartPole, seed=3, encoder={"resolution": 3}, every=6, **settings))


def test_a_brain_in_its_own_world_is_itself() -> None:
    brain = learner()
    assert in_world(brain) is brain and in_world(brain, CartPole) is brain
    assert in_world(brain, CartPole(every=6)) is brain


@pytest.mark.thorough
def test_what_a_brain_knows_it_knows_in_another_world_and_settings_are_those_of_the_world_that_is_given() -> None:
    brain = learner(limit=30)
    learn.Plasticity().fit(brain, episodes=2)
    moved = in_world(brain, Reversed)
    assert moved.config.modules_map["world"].module_cls is Reversed
    assert moved.config.modules_map["world"].config.limit == 30
    for path in brain.state:
        np.testing.assert_array_equal(moved.state[path], brain.state[path], err_msg=path)
    assert in_world(brain, Reversed(every=6, limit=12)).config.modules_map["world"].config.limit == 12
    lesson = learn.Plasticity().fit(brain, Reversed, episodes=2)
    assert lesson.brain is not brain and int(lesson.brain.state["world.episodes"]) == 4
    assert int(brain.state["world.episodes"]) == 2


@pytest.mark.thorough
def test_with_a_seed_another_brain_learns_from_nothing() -> None:
    brain = learner(limit=20)
    learn.Plasticity().fit(brain, episodes=2)
    first, again, other = (learn.Plasticity().fit(brain, episodes=3, seed=seed) for seed in (5, 5, 6))
    assert first.brain.config.seed == 5 and int(first.brain.state["world.episodes"]) == 3
    np.testing.assert_array_equal(first.brain.state["critic.weights"], again.brain.state["critic.weights"])
    assert not np.array_equal(first.brain.state["critic.weights"], other.brain.state["critic.weights"])


def test_a_world_takes_over_what_is_not_set_and_must_move_in_the_steps_of_the_brain() -> None:
    """The rest of the brain keeps time with its world, so another `every` would change the world's clock alone."""
    brain = learner(limit=30)
    assert in_world(brain, CartPole()) is brain
    moved = in_world(brain, CartPole(limit=12)).config.modules_map["world"].config
    assert (moved.model_dump()["every"], moved.model_dump()["limit"]) == (6, 12)
    for kind in (CartPole, Reversed):
        with refused(
            ArgumentError,
            f"in_world.{kind.__name__}.every: does not fit the brain, got 8; expected 6, as its other modules. Leave "
            "it out, or make a brain of that many steps: `learn.actor_critic(..., every=...)`",
        ):
            in_world(brain, kind(every=8, limit=12))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("world", "error.config.every: is another time than its neighbours keep, got 6; expected 8 as 'world'."),
        ("critic", "error.config.every: is another time than its neighbours keep, got 6; expected 8 as 'critic'."),
        ("error", "error.config.every: {}, got 8; expected 6 as 'critic', 6 as 'world'."),
        ("actor", "actor.config.every: {}, got 8; expected 6 as 'error', 6 as 'world'."),
    ],
)
def test_parts_of_a_learning_brain_that_keep_another_time_are_refused(part: str, said: str) -> None:
    """Without a word the brain would learn little, or nothing."""
    brain = learner()
    build(brain)
    said = said.format("is another time than its neighbours keep")
    fix = " Give world, actor, critic and error the same: `learn.actor_critic(..., every=...)`"
    with refused(spark.WiringError, f"{said}{fix}"):
        brain.with_config({f"{part}.every": 8})
    parts = ("world", "actor", "critic", "error")
    assert spark.run(brain.with_config({f"{name}.every": 8 for name in parts}), 1).steps == 1


def test_of_a_world_that_was_read_back_all_settings_count() -> None:
    """What a file says is not less said where it is the default."""
    brain = learner(limit=30)
    written = CartPole(every=6).config
    assert in_world(brain, CartPole(written)).config.modules_map["world"].config.field_or_none("limit") == 30
    back = CartPole(type(written).from_json(written.to_json()))
    assert in_world(brain, back).config.modules_map["world"].config.field_or_none("limit") == 500


class DullConfig(spark.ModuleConfig):
    """Nothing to set."""


class DullOutput(TypedDict):
    """What it does."""

    action: IntegerArray


class Dull(spark.Module):
    """Pushes to the left, whatever it sees, unless it knows better."""

    config: DullConfig

    def build(self, seen: Any) -> None:
        self.side = spark.Variable(np.zeros(1, np.int32), description="Where it pushes.")

    def output_contract(self, **known: Any) -> Any:
        return {"action": spark.PortSpec(IntegerArray, (1,), "int32")}

    def __call__(self, seen: FloatArray) -> DullOutput:
        return {"action": IntegerArray(self.side.value + 0 * seen.value[:1].astype(jnp.int32))}


def dull(inputs: tuple[str, ...] = ("observation",), output: str = "action", name: str = "dull") -> Brain:
    modules = [ModuleSpecs(name, Dull, {"seen": [PortMap("__call__", one) for one in inputs]}, DullConfig())]
    given = {one: InputSpec(FloatArray, (4,), "float32") for one in inputs}
    acts = {output: {"input": PortMap(name, "action"), "spec": OutputSpec(IntegerArray, (1,), "int32")}}
    return Brain(BrainConfig(input_map=given, output_map=acts, modules_map=modules))


def test_a_brain_without_a_world_is_told_where_it_can_act() -> None:
    said = "brain: needs one World among its modules, got none; expected one. Assemble one with "
    with refused(
        RunError,
        f"{said}`spark.learn.actor_critic`, put this one into a world (`spark.learn.in_world`), or run it in Gymnasium "
        "by `spark.envs.Loop`",
    ):
        learn.evaluate(dull(), episodes=1)


def test_an_environment_of_gymnasium_is_no_place_before_it_is_wrapped() -> None:
    environment: Any = gym.make("CartPole-v1")
    said = "has the wrong type, got TimeLimit; expected World or type or Place or None. "
    fix = "Put an environment of Gymnasium into `spark.envs.Environment(...)`"
    with refused(ArgumentError, f"Plasticity.fit.world: {said}{fix}"):
        learn.Plasticity().fit(learner(), environment, episodes=1)
    with refused(ArgumentError, f"evaluate.world: {said}{fix}"):
        learn.evaluate(learner(), environment, episodes=1)


def test_who_gives_a_world_numbers_is_told_what_puts_out_an_action() -> None:
    numbers = ModuleSpecs("o", Gain, {"signal": [PortMap("__call__", "observation")]}, GainConfig())
    acts = {"action": {"input": PortMap("o", "signal"), "spec": OutputSpec(FloatArray, (4,), "float32")}}
    given = {"observation": InputSpec(FloatArray, (4,), "float32")}
    brain = Brain(BrainConfig(input_map=given, output_map=acts, modules_map=[numbers]))
    with pytest.raises(spark.WiringError) as caught:
        in_world(brain, CartPole)
    assert str(caught.value).endswith(
        "world.action[0]: has the wrong payload type, got FloatArray from 'o.signal'; expected IntegerArray. Wire the "
        "`action` of an actor (`spark.learn.ActorPools`), or a module of your own that puts them out"
    )


def test_a_brain_without_a_world_gets_one_and_acts_in_it() -> None:
    placed = in_world(dull(), CartPole(every=4))
    assert not placed.config.input_map and int(placed.config.modules_map["world"].config.every) == 4
    build(placed)
    # A cart that is always pushed to the left loses its pole after 8 to 10 steps.
    found = learn.evaluate(dull(), CartPole, episodes=5)
    assert found.returns.min() >= 8 and found.returns.max() <= 10


def test_what_a_brain_without_a_world_knows_it_knows_in_one() -> None:
    brain = dull()
    build(brain)
    brain.replace_state({"dull.side": np.ones(1, np.int32)})
    placed = in_world(brain, CartPole)
    np.testing.assert_array_equal(placed.state["dull.side"], [1])


def test_a_world_that_does_not_fit_is_refused_with_all_reasons() -> None:
    with refused(
        ArgumentError,
        "in_world.Acrobot: does not fit the brain's CartPole, got 3 actions, 4 numbers kept and 6 shown; expected "
        "2 actions, 4 numbers kept and 4 shown.",
    ):
        in_world(learner(), Acrobot)
    with pytest.raises(ArgumentError) as caught:
        in_world(dull(("observation", "smell"), output="push", name="world"), CartPole)
    inputs, output, name = (str(problem) for problem in caught.value.problems)
    assert inputs.startswith("in_world.smell: is an input that no world gives, got 'smell'; expected ['episode_return'")
    assert output.startswith("in_world.action: is no output of the brain, got ['push']; expected 'action'")
    assert name == "in_world.world: is a module that is no world. Name it otherwise"
    with pytest.raises(RunError, match=r"brain: needs one World among its modules, got none"):
        in_world(dull())
