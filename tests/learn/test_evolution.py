"""A teacher that selects: brains get better from generation to generation, and what does not fit is named."""

from typing import Any

import numpy as np
import pytest
from builders import refused

import spark
from spark import ArgumentError, learn
from spark.learn import Evolution, keeping
from spark.nn import Brain
from spark.worlds import CartPole

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


def test_brains_get_better_from_generation_to_generation(cut: Any) -> None:
    lesson, _, brain = cut
    assert lesson.returns.shape == lesson.curve["best"].shape == (GENERATIONS,)
    assert (lesson.curve["best"] >= lesson.returns).all()
    assert lesson.returns[-3:].mean() > 1.5 * lesson.returns[:3].mean()
    assert learn.evaluate(lesson.brain, episodes=20).mean > 2 * AT_RANDOM
    # The brain that was given knows nothing yet.
    assert not np.any(brain.state["actor.weights"])


def test_a_lesson_that_was_cut_off_goes_on_to_the_same_weights(cut: Any) -> None:
    lesson, name, _ = cut
    whole = teacher().fit(small(), episodes=GENERATIONS, seed=1)
    np.testing.assert_array_equal(lesson.returns, whole.returns)
    for brain in (lesson.brain, spark.load_checkpoint(f"{name}.safetensors")):
        np.testing.assert_array_equal(brain.state["actor.weights"], whole.brain.state["actor.weights"])


def test_what_is_no_setting_or_no_weight_is_named() -> None:
    with refused(ArgumentError, "Evolution.population: must be at least 4, got 2."):
        Evolution(("actor.weights",), population=2)
    with pytest.raises(
        ArgumentError, match=r"Evolution\.settings\.std: is no parameter of Sep_CMA_ES; expected one of"
    ):
        Evolution(("actor.weights",), settings={"std": 1.0}).fit(small(), episodes=1)
    with pytest.raises(spark.StateError, match=r"actor\.weight"):
        Evolution(("actor.weight",)).fit(small(), episodes=1)


def test_a_strategy_without_a_mean_is_refused() -> None:
    from evosax.algorithms import SimpleGA

    with refused(
        ArgumentError,
        "Evolution.strategy: has no mean that could be taught, got SimpleGA; expected a distribution-based strategy. "
        "Take one such as `CMA_ES`",
    ):
        Evolution(("actor.weights",), strategy=SimpleGA).fit(small(), episodes=1)
