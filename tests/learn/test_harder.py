"""What is made harder for a brain is still learned: in small what `bench/learning` measures on many seeds."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawing import some

from spark import learn
from spark.nn import Brain
from spark.worlds import CartPole

BENCH = Path(__file__).parents[2] / "bench" / "learning" / "variants.py"
# A pole that is pushed at random stands for 22 steps, a hand that moves at random needs 96 of 100, and a car that is
# driven at random never leaves its valley.
AT_RANDOM, WANDERING, STUCK = 22.0, -96.0, -200.0


@pytest.fixture(scope="module")
def variants() -> Any:
    spec: Any = importlib.util.spec_from_file_location("variants", BENCH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["variants"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["variants"]


@pytest.mark.thorough
@pytest.mark.parametrize("name", some(["reward only at the fall", "Poisson input", "delays and refractory periods"], 3))
def test_the_pole_is_balanced_for_long(variants: Any, name: str) -> None:
    variant = variants.VARIANTS[name]
    settings = {**variant.settings, "encoder": {"resolution": 6, **variant.settings.get("encoder", {})}}
    config = learn.actor_critic(variant.world or CartPole, seed=4, limit=200, **settings)
    brain = Brain(config if variant.change is None else variant.change(config))
    learn.Plasticity().fit(brain, episodes=80)
    assert learn.evaluate(brain, episodes=10).mean > 5 * AT_RANDOM


@pytest.mark.slow
def test_a_hand_finds_its_target_sooner_than_by_chance() -> None:
    brain = learn.task("arm", 4)
    learn.Plasticity().fit(brain, episodes=120)
    assert learn.evaluate(brain, episodes=30).mean > 0.75 * WANDERING


@pytest.mark.slow
def test_a_car_leaves_its_valley_by_what_its_brain_kept() -> None:
    """Of two judgements in the same episodes that by slow weights, as built, differs from that by the last ones."""
    brain = learn.task("mountain-car", 4)
    learn.Plasticity().fit(brain, episodes=250)
    before = brain.state
    kept = learn.evaluate(brain, episodes=30)
    assert kept.mean > 0.65 * STUCK
    brain.load_state(before)
    brain.replace_state({"actor.consolidated": before["actor.weights"]})
    assert not np.array_equal(learn.evaluate(brain, episodes=30).returns, kept.returns)


@pytest.mark.slow
def test_a_brain_whose_force_is_reversed_learns_anew(variants: Any) -> None:
    variant = variants.VARIANTS["force reversed"]
    brain = Brain(learn.actor_critic(CartPole, seed=4, **variant.settings))
    learn.Plasticity().fit(brain, episodes=100)
    assert learn.evaluate(brain, episodes=10).mean > 5 * AT_RANDOM
    assert learn.evaluate(brain, variant.then, episodes=10).mean < 2 * AT_RANDOM
    lesson = learn.Plasticity().fit(brain, variant.then, episodes=300)
    assert learn.evaluate(lesson.brain, episodes=10).mean > 5 * AT_RANDOM
