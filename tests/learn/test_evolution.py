"""A teacher that selects: brains get better from generation to generation, and what does not fit is named."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused

import spark
from spark import ArgumentError, FormatError, RunError, learn
from spark.learn import Evolution, keeping
from spark.learn.evolution import _Search
from spark.nn import Brain
from spark.worlds import CartPole, CartPoleConfig

# A pole that is pushed at random stands for 22 steps.
AT_RANDOM = 22.0
GENERATIONS = 20


def small(seed: int = 4) -> Brain:
    """48 weights of 24 units for single numbers; an episode is cut off after 100 steps."""
    shown = {"pairs": False, "resolution": 6}
    return Brain(learn.actor_critic(CartPole, seed=seed, every=6, limit=100, encoder=shown, actor={"size": 1}))


def teacher(**settings: Any) -> Evolution:
    return Evolution(("actor.weights",), population=16, trials=2, settings={"std_init": 2.0}, **settings)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: Any) -> Any:
    """A lesson that was cut off once and went on, the folder that kept it, and the brain that it began with."""
    name, brain = tmp_path_factory.mktemp("kept") / "evolved", small()

    def dies(progress: Any) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(keeping, "_SECONDS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            teacher().fit(brain, episodes=GENERATIONS, seed=1, to=name, callbacks=[dies])
    return teacher().fit(brain, episodes=GENERATIONS, seed=1, to=name, resume=True), name, brain


@pytest.mark.thorough
def test_brains_get_better_from_generation_to_generation(cut: Any) -> None:
    lesson, _, brain = cut
    assert lesson.returns.shape == lesson.curve["best"].shape == (GENERATIONS,)
    assert (lesson.curve["best"] >= lesson.returns).all()
    assert lesson.returns[-3:].mean() > 1.5 * lesson.returns[:3].mean()
    assert learn.evaluate(lesson.brain, episodes=20).mean > 2 * AT_RANDOM
    # The brain that was given knows nothing yet.
    assert not np.any(brain.state["actor.weights"])


@pytest.mark.thorough
def test_a_lesson_that_was_cut_off_goes_on_to_the_same_weights(cut: Any) -> None:
    lesson, name, _ = cut
    whole = teacher().fit(small(), episodes=GENERATIONS, seed=1)
    np.testing.assert_array_equal(lesson.returns, whole.returns)
    for brain in (lesson.brain, spark.load_checkpoint(f"{name}.safetensors")):
        np.testing.assert_array_equal(brain.state["actor.weights"], whole.brain.state["actor.weights"])


def test_weights_that_are_drawn_beyond_their_bounds_act_as_the_nearest_within() -> None:
    shown = {"pairs": False, "resolution": 6}
    made = learn.actor_critic(
        CartPole, seed=4, every=6, limit=30, encoder=shown, actor={"size": 1, "bound": 0.5}, critic={"bound": 0.5}
    )
    taught = Evolution(("actor.weights",), population=4, settings={"std_init": 9.0}).fit(Brain(made), episodes=2).brain
    assert np.abs(taught.state["actor.weights"]).max() == 0.5


def test_a_variable_that_was_meant_is_offered_where_there_is_no_projection() -> None:
    said = "actor.weight: is neither a projection nor a variable. Did you mean 'actor.weights'?"
    with refused(spark.StateError, said):
        Evolution(("actor.weight",)).fit(small(), episodes=1)


def test_what_is_no_setting_or_no_weight_is_named() -> None:
    with refused(ArgumentError, "Evolution.population: must be at least 4, got 2."):
        Evolution(("actor.weights",), population=2)
    with pytest.raises(
        ArgumentError, match=r"Evolution\.settings\.std: is no parameter of Sep_CMA_ES; expected one of"
    ):
        Evolution(("actor.weights",), settings={"std": 1.0}).fit(small(), episodes=1)
    with pytest.raises(spark.StateError, match=r"actor\.weight"):
        Evolution(("actor.weight",)).fit(small(), episodes=1)


def test_weights_beside_which_a_slow_component_acts_are_refused() -> None:
    config = learn.actor_critic(CartPole, every=6, limit=100, actor={"size": 1, "consolidation": 3000.0})
    with pytest.raises(
        spark.LearnError,
        match=r"actor\.weights: are not what the brain acts by while nothing is learned: that is actor\.consolidated",
    ):
        Evolution(("actor.weights",)).fit(Brain(config), episodes=1)


def test_fields_of_wrong_types_and_seeds_without_steps_are_named() -> None:
    for settings, text in (
        ({"weights": "actor.weights"}, "weights: has the wrong type, got str 'actor.weights'; expected tuple."),
        ({"population": 7.5}, "population: has the wrong type, got float 7.5; expected a whole number."),
    ):
        with refused(ArgumentError, f"Evolution.{text}"):
            Evolution(**{"weights": ("actor.weights",), **settings})  # type: ignore[arg-type]
    # 2**62 steps of 6 * (100 + 25 + 2) an episode, and 1,000,003 episodes a seed.
    for seed in (-1, 2**40):
        with refused(ArgumentError, f"fit.seed: must be from 0 to 6052063232, got {seed}."):
            teacher().fit(small(), episodes=1, seed=seed)


class Undone(CartPole):
    """A pole that leans far brings what is no number."""

    config: CartPoleConfig

    @staticmethod
    def after(physical: Any, action: Any) -> Any:
        moved, reward, fell = CartPole.after(physical, action)
        return moved, jnp.where(jnp.abs(moved[2]) > 0.15, jnp.nan, reward), fell


@pytest.mark.thorough
def test_a_world_that_gives_what_is_no_number_is_named() -> None:
    text = (
        r"world: gave a reward or an observation that is no number; expected finite numbers\. Mend the world's `after`"
    )
    with pytest.raises(RunError, match=text):
        teacher().fit(small(), Undone, episodes=2)


@pytest.mark.thorough
def test_what_was_kept_of_another_seed_or_brain_or_other_weights_is_refused(cut: Any) -> None:
    name = cut[1]
    with pytest.raises(FormatError, match=r"is of a lesson with another seed, got 1; expected 2\. Begin anew"):
        teacher().fit(small(), episodes=GENERATIONS + 1, seed=2, to=name, resume=True)
    with pytest.raises(FormatError, match=r"is of a lesson with another brain, world or weights; expected the same\."):
        teacher().fit(small(seed=5), episodes=GENERATIONS + 1, seed=1, to=name, resume=True)


@pytest.mark.thorough
def test_ctrl_c_in_a_generation_leaves_the_one_before(monkeypatch: Any) -> None:
    fit = teacher().fit
    returns, calls = _Search.returns, []

    def interrupted(self: Any, population: Any) -> Any:
        calls.append(returns(self, population))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return calls[-1]

    whole = fit(small(), episodes=1, seed=1)
    monkeypatch.setattr(_Search, "returns", interrupted)
    lesson = fit(small(), episodes=5, seed=1)
    assert lesson.stopped == "interrupted by Ctrl-C" and lesson.returns.size == 1
    np.testing.assert_array_equal(lesson.brain.state["actor.weights"], whole.brain.state["actor.weights"])


def test_a_strategy_without_a_mean_is_refused() -> None:
    from evosax.algorithms import SimpleGA

    with refused(
        ArgumentError,
        "Evolution.strategy: has no mean that could be taught, got SimpleGA; expected a distribution-based strategy. "
        "Take one such as `CMA_ES`",
    ):
        Evolution(("actor.weights",), strategy=SimpleGA).fit(small(), episodes=1)
