"""Brains in a vector environment do what each would do alone, however episodes begin anew."""

from typing import Any, cast

import gymnasium as gym
import numpy as np
import pytest
from builders import refused
from gymnasium.vector import AutoresetMode
from loop_parts import Counting

import spark
from spark.demo import scaled, tutorial_config
from spark.envs import Loop, VectorLoop

MODES = list(AutoresetMode)
STEPS, SEED = 50, 3


def observe(seen: np.ndarray) -> dict[str, Any]:
    return {"drive": spark.FloatArray(scaled(seen).astype(np.float16))}


def poles(number: int, mode: AutoresetMode, **options: Any) -> gym.vector.VectorEnv:
    return gym.make_vec(
        "CartPole-v1", number, vectorization_mode="sync", vector_kwargs={"autoreset_mode": mode}, **options
    )


def brains(number: int) -> list[spark.nn.Brain]:
    return spark.replicas(spark.nn.Brain(tutorial_config()), number, seed=5)


@pytest.fixture(scope="module")
def alone() -> list[tuple[spark.nn.Brain, Any]]:
    """Each brain after a loop of its own, and its log."""
    found = []
    for number, brain in enumerate(brains(2)):
        loop = Loop(brain, gym.make("CartPole-v1"), observe=observe, steps_per_action=2, rest_steps=3)
        found.append((brain, loop.run(STEPS, seed=SEED + number, spikes=True)))
    return found


@pytest.mark.parametrize("mode", MODES, ids=[mode.name for mode in MODES])
def test_each_brain_does_what_it_does_alone(alone: Any, mode: AutoresetMode) -> None:
    loop = VectorLoop(brains(2), poles(2, mode), observe=observe, steps_per_action=2, rest_steps=3)
    first = loop.run(30, seed=SEED, spikes=True)
    # Another run goes on where this one ended.
    logs = [(one, other) for one, other in zip(first, loop.run(STEPS - 30, spikes=True), strict=True)]
    for (brain, expected), pieces, own in zip(alone, logs, loop.brains, strict=True):
        for name in ("observations", "actions", "rewards", "terminated", "truncated"):
            found = [entry for log in pieces for entry in getattr(log, name)]
            # A step of the environment that begins an episode is none of the brain.
            begun = sum(expected.terminated[: len(found)]) if mode is AutoresetMode.NEXT_STEP else 0
            assert len(found) >= STEPS - begun - 1 and len(found) + begun >= STEPS - 1
            np.testing.assert_array_equal(found, getattr(expected, name)[: len(found)])
        raster = np.concatenate([log.raster() for log in pieces])
        np.testing.assert_array_equal(raster, expected.raster()[: len(raster)])
        assert sum(expected.terminated) > 1
        if mode is not AutoresetMode.NEXT_STEP:
            for path in brain.state:
                np.testing.assert_array_equal(np.asarray(own.state[path]), np.asarray(brain.state[path]))


class Sides(gym.Env):
    """Shows what it was told, by name; an episode lasts three steps."""

    observation_space = gym.spaces.Dict({"drive": gym.spaces.Box(-1.0, 1.0, (4,), np.float32)})
    action_space = gym.spaces.Tuple((gym.spaces.Discrete(2), gym.spaces.Box(-1.0, 1.0, (1,), np.float32)))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.age = 0
        return {"drive": np.zeros(4, np.float32)}, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert self.action_space.contains(action)
        self.age += 1
        return {"drive": np.full(4, action[1][0], np.float32)}, float(action[0]), False, self.age == 3, {}


def test_spaces_with_parts_are_taken_apart_and_put_together() -> None:
    environment = gym.vector.SyncVectorEnv([Sides, Sides, Sides], autoreset_mode=AutoresetMode.SAME_STEP)

    def act(outputs: dict[str, Any]) -> Any:
        return 1, np.float32([0.5])

    logs = VectorLoop(brains(3), environment, act=act, steps_per_action=1, rest_steps=0).run(5, seed=0)
    for log in logs:
        assert log.rewards == [1.0] * 5 and log.truncated == [False, False, True, False, False]
        assert [float(seen["drive"][0]) for seen in log.observations] == [0, 0.5, 0.5, 0, 0.5]


def test_after_an_error_within_a_step_episodes_begin_anew() -> None:
    failing = [True]

    def act(outputs: dict[str, Any]) -> int:
        if len(seen) == 3 and failing:
            failing.clear()
            raise ZeroDivisionError
        seen.append(1)
        return 0

    seen: list[int] = []
    loop = VectorLoop(brains(2), poles(2, AutoresetMode.NEXT_STEP), observe=observe, act=act, steps_per_action=1)
    with pytest.raises(ZeroDivisionError):
        loop.run(4, seed=0)
    logs = loop.run(1)
    assert all(np.abs(log.observations[0]).max() <= 0.05 for log in logs)


def test_what_does_not_fit_is_refused_together() -> None:
    brain = brains(1)[0]
    environment = poles(3, AutoresetMode.DISABLED)
    environment.metadata = {**environment.metadata, "autoreset_mode": None}
    with pytest.raises(spark.LoopError) as caught:
        VectorLoop([brain, brain], environment, observe=observe)
    assert [str(problem) for problem in caught.value.problems] == [
        "brains: must be one for each environment, got 2; expected 3. Make them: `spark.replicas(brain, 3)`",
        "brains: lists a brain twice; expected each once. Make copies: `spark.replicas(brain, n)`",
        "environment.metadata['autoreset_mode']: does not say how episodes begin anew, got None; expected one of "
        "AutoresetMode. Set `environment.metadata['autoreset_mode']`",
    ]
    loop = VectorLoop(brains(1), poles(1, AutoresetMode.SAME_STEP), observe=observe)
    with refused(spark.LoopError, "steps: must be at least 1, got 0."):
        loop.run(0)


def test_an_environment_that_writes_into_what_it_showed_leaves_the_log() -> None:
    environment = gym.vector.SyncVectorEnv([Sides, Sides], copy=False, autoreset_mode=AutoresetMode.SAME_STEP)
    pushes = iter(np.float32(range(8)) / 8)

    def act(outputs: dict[str, Any]) -> Any:
        return 1, np.full(1, next(pushes))

    logs = VectorLoop(brains(2), environment, act=act, steps_per_action=1, rest_steps=0).run(3, seed=0)
    assert [float(seen["drive"][0]) for seen in logs[0].observations] == [0, 0, 0.25]
    assert [float(seen["drive"][0]) for seen in logs[1].observations] == [0, 0.125, 0.375]


def test_what_a_loop_was_made_of_cannot_be_set_without_effect() -> None:
    loop = VectorLoop(brains(1), poles(1, AutoresetMode.SAME_STEP), observe=observe, steps_per_action=3, rest_steps=2)
    assert (len(loop.brains), loop.steps_per_action, loop.rest_steps) == (1, 3, 2)
    for name in ("brains", "steps_per_action", "rest_steps"):
        with pytest.raises(AttributeError):
            setattr(loop, name, getattr(loop, name))


def test_what_is_no_brain_of_a_vector_loop_is_named_by_its_place():
    environment, none = gym.vector.SyncVectorEnv([Counting, Counting]), cast(spark.nn.Brain, None)
    text = "brains[1]: is no brain, got NoneType; expected Brain. Make it: `spark.nn.Brain(config)`"
    with pytest.raises(spark.LoopError) as caught:
        VectorLoop([spark.nn.Brain(tutorial_config()), none], environment)
    assert str(caught.value) == text
