"""The closed loop between a brain and a Gymnasium environment."""

import contextlib
import os
import re
import signal
from typing import TypedDict

import gymnasium as gym
import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused
from loop_parts import Counting, through

import spark
from spark.demo import scaled, tutorial_config
from spark.envs import Loop
from spark.sim.interrupt import NoneLost


@pytest.fixture
def brain() -> spark.nn.Brain:
    return spark.nn.Brain(tutorial_config())


def test_every_environment_step_takes_the_given_number_of_brain_steps(brain):
    environment = Counting(length=100)
    Loop(brain, environment, steps_per_action=3).run(5, seed=0)
    assert environment.steps == 5
    assert int(brain.state["step"]) == 15


def test_the_brain_rests_after_an_episode(brain):
    Loop(brain, Counting(length=2), steps_per_action=1, rest_steps=10).run(4, seed=0)
    assert int(brain.state["step"]) == 4 + 2 * 10


def test_terminated_and_truncated_are_kept_apart(brain):
    environment = gym.wrappers.TimeLimit(Counting(length=50), 3)
    log = Loop(brain, environment, steps_per_action=1).run(6, seed=0)
    assert not any(log.terminated)
    assert log.truncated == [False, False, True, False, False, True]


class Reusing(Counting):
    """Shows every observation in the same array, and changes the action that it is given."""

    action_space = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)
    seen = np.zeros(4, np.float32)

    def reset(self, *, seed=None, options=None):
        self.seen[:], information = super().reset(seed=seed)
        return self.seen, information

    def step(self, action):
        action[:] = 9.0
        self.seen[:], *rest = super().step(0)
        return self.seen, *rest


def test_what_is_logged_stays_though_the_environment_writes_into_the_same_arrays(brain):
    log = Loop(brain, Reusing(length=100), steps_per_action=1, act=lambda _: np.zeros(2, np.float32)).run(3, seed=0)
    np.testing.assert_array_equal([seen[0] for seen in log.observations], np.float32([0.0, 0.01, 0.02]))
    np.testing.assert_array_equal(log.actions, np.zeros((3, 2)))


def test_returns_are_sums_of_finished_episodes(brain):
    log = Loop(brain, Counting(length=3), steps_per_action=1).run(8, seed=0)
    assert log.returns() == [3.0, 3.0]


def test_the_seed_resets_the_environment_once_and_later_episodes_follow(brain):
    environment = Counting(length=2)
    Loop(brain, environment, steps_per_action=1).run(4, seed=5)
    assert environment.seeds == [5, None, None]


def test_a_second_run_goes_on_where_the_first_ended(brain):
    environment = Counting(length=100)
    loop = Loop(brain, environment, steps_per_action=1)
    loop.run(2, seed=0)
    log = loop.run(1)
    np.testing.assert_allclose(log.observations[0], 2 / 100)


def test_the_same_seeds_give_the_same_run():
    def actions() -> list[int]:
        environment = gym.make("CartPole-v1")
        loop = Loop(
            spark.nn.Brain(tutorial_config()),
            environment,
            observe=lambda o: {"drive": spark.FloatArray(scaled(o).astype(np.float16))},
        )
        return loop.run(30, seed=3).actions

    assert actions() == actions()


def test_spikes_are_kept_when_asked_for(brain):
    log = Loop(brain, Counting(), steps_per_action=4).run(5, seed=0, spikes=True)
    assert log.raster().shape == (20, 768)


@pytest.mark.parametrize("rest_steps", [0, 3])
@pytest.mark.parametrize("limit", [2, 9], ids=["truncated", "terminated"])
def test_a_brain_is_told_what_its_last_action_brought(rest_steps, limit):
    told = []

    def act(outputs: dict) -> int:
        told.append([float(np.asarray(outputs[name].value)[0]) for name in ("reward", "terminated", "truncated")])
        return 0

    brain = through(drive=(4,), reward=(1,), terminated=(1,), truncated=(1,))
    environment = gym.wrappers.TimeLimit(Counting(length=3), limit)
    loop = Loop(brain, environment, act=act, steps_per_action=2, rest_steps=rest_steps)
    loop.run(3, seed=0)
    # Another run goes on where this one ended.
    loop.run(4)
    end = [1.0, float(limit > 3), float(limit < 3)]
    first = [0.0, 0.0, 0.0] if rest_steps else end
    episode = [[1.0, 0.0, 0.0]] * (min(limit, 3) - 1)
    expected = [[0.0, 0.0, 0.0], *episode, first, *episode, first, *episode, first]
    assert told == expected[:7]
    if rest_steps:
        # The rest's last step told it still; what stands there now is what the next episode began with.
        loop.run(1, seed=1)
        assert told[-1] == [0.0, 0.0, 0.0]


def test_what_an_action_brought_is_told_while_the_brain_rests(monkeypatch):
    brain = through(drive=(4,), reward=(2,))
    loop = Loop(brain, Counting(length=1), act=lambda _: 0, steps_per_action=1, rest_steps=2)
    given = []
    advance = loop._acting._advance
    monkeypatch.setattr(loop._acting, "_advance", lambda inputs, *rest: given.append(inputs) or advance(inputs, *rest))
    loop.run(2, seed=0)
    assert [np.asarray(inputs["reward"].value).tolist() for inputs in given] == [[0, 0], [1, 1], [0, 0], [1, 1]]
    assert not any(np.asarray(inputs["drive"].value).any() for inputs in given[1::2])


class FlaggedOutput(TypedDict):
    """What the module puts out."""

    signal: spark.FloatArray


class Flagged(spark.Module):
    """A flag as a number."""

    config: spark.ModuleConfig

    def __call__(self, flag: spark.BooleanMask) -> FlaggedOutput:
        """Advance one step."""
        return {"signal": spark.FloatArray(flag.value.astype(jnp.float32))}


def test_flags_are_told_as_the_payload_that_the_input_takes_and_a_function_of_ones_own_comes_first():
    spec = spark.InputSpec(spark.BooleanMask, (1,), "bool")
    config = through(drive=(4,), reward=(1,)).config
    wires = {"flag": [spark.PortMap("__call__", "terminated")]}
    read = spark.ModuleSpecs("flagged", Flagged, wires, spark.ModuleConfig())
    config = config.updated(
        input_map={**config.input_map, "terminated": spec}, modules_map=[*config.modules_map.values(), read]
    )

    def observe(seen: np.ndarray) -> dict:
        return {"drive": spark.FloatArray(seen), "reward": spark.FloatArray(np.float32([7.0]))}

    rewards = []
    loop = Loop(
        spark.nn.Brain(config),
        Counting(length=2),
        observe=observe,
        act=lambda outputs: rewards.append(float(np.asarray(outputs["reward"].value)[0])) or 0,
        steps_per_action=2,
        rest_steps=0,
    )
    loop.run(5, seed=0)
    assert rewards == [7.0] * 5
    told = loop._acting._told()["terminated"]
    assert isinstance(told, spark.BooleanMask) and told.value.dtype == bool


@pytest.mark.parametrize(("option", "value"), [("steps_per_action", 0), ("rest_steps", -1)])
def test_numbers_of_steps_are_checked(brain, option: str, value: int):
    with pytest.raises(spark.LoopError, match=f"{option}: must be at least"):
        Loop(brain, Counting(), **{option: value})


def test_a_run_has_at_least_one_step(brain):
    with pytest.raises(spark.LoopError, match="steps: must be at least 1, got 0"):
        Loop(brain, Counting()).run(0)


def test_an_environment_that_fails_leaves_the_brain_its_state(brain):
    environment = Counting()
    loop = Loop(brain, environment, steps_per_action=2)
    loop.run(1, seed=0)
    environment.action_space = None

    def broken(action):
        raise RuntimeError("the environment broke")

    environment.step = broken
    with pytest.raises(RuntimeError, match="the environment broke"):
        loop.run(1)
    assert int(brain.state["step"]) == 4


class Interrupted(Counting):
    """Ctrl-C comes in every step, and what it raises goes nowhere: as in a callback of garbage collection."""

    def step(self, action):
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        return super().step(action)


def test_a_ctrl_c_that_python_drops_ends_a_loop_after_the_action(brain, usual_ctrl_c):
    loop = Loop(brain, Interrupted(), steps_per_action=4, rest_steps=0)
    with pytest.raises(KeyboardInterrupt):
        loop.run(1000, seed=0)
    assert int(brain.state["step"]) == 4
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_ctrl_c_that_python_drops_is_known_to_the_loop_inside_of_another_context_too(brain, usual_ctrl_c):
    with NoneLost() as around:
        with pytest.raises(KeyboardInterrupt):
            Loop(brain, Interrupted(), steps_per_action=4, rest_steps=0).run(1000, seed=0)
        assert around.asked
    assert int(brain.state["step"]) == 4
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_that_is_set_meanwhile_stays(usual_ctrl_c):
    with NoneLost():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_handler_of_the_users_own_is_left_alone(brain):
    called = []
    before = signal.signal(signal.SIGINT, lambda *_: called.append(1))
    try:
        Loop(brain, Interrupted(), steps_per_action=4, rest_steps=0).run(3, seed=0)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(called) == 3


def test_nan_observations_are_named_when_checking_is_on():
    config = tutorial_config().updated(check_numbers=True)
    loop = Loop(
        spark.nn.Brain(config),
        Counting(),
        observe=lambda o: {"drive": spark.FloatArray(jnp.full(4, jnp.nan, jnp.float16))},
    )
    with pytest.raises(spark.NumericsError, match=re.escape("__call__.drive") + ".*at step 0"):
        loop.run(2, seed=0)


def test_nan_actions_of_a_brain_that_checks_numbers_are_named_by_where_they_began():
    config = tutorial_config().updated(check_numbers=True)
    loop = Loop(
        spark.nn.Brain(config),
        Counting(),
        observe=lambda o: {"drive": spark.FloatArray(jnp.full(4, jnp.nan, jnp.float16))},
        act=action_decoder_of_nan,
    )
    with pytest.raises(spark.NumericsError, match=re.escape("__call__.drive") + ".*at step 0"):
        loop.run(1, seed=0)


def action_decoder_of_nan(found):
    """As a decoder does that is given NaN."""
    raise spark.LoopError(spark.Problem("brain.action", "means no action"))


class Bringing(Counting):
    """Brings a reward and flags of one's choice."""

    def __init__(self, reward=1.0, terminated=False, truncated=False):
        super().__init__()
        self.brought = reward, terminated, truncated

    def step(self, action):
        seen, *_ = super().step(action)
        return (seen, *self.brought, {})


@pytest.mark.parametrize(
    ("payload", "dtype", "reward", "said"),
    [
        (spark.FloatArray, "float16", 1e5, "is more than float16 holds, got 100000.0; expected -65504.0 to 65504.0."),
        (spark.IntegerArray, "int8", 300, "is more than int8 holds, got 300.0; expected -128 to 127."),
        (spark.IntegerArray, "int32", 2.5, "is no whole number, which int32 holds alone, got 2.5."),
        (spark.BooleanMask, "bool", 0.5, "is no whole number, which bool holds alone, got 0.5."),
    ],
)
def test_a_reward_that_an_input_does_not_hold_is_not_told(payload, dtype, reward, said):
    config = through(drive=(2,)).config
    told = config.updated(input_map={**config.input_map, "reward": spark.InputSpec(payload, (1,), dtype)})
    loop = Loop(spark.nn.Brain(told), Bringing(reward=reward), observe=still, steps_per_action=1)
    loop.run(1, seed=0)
    with pytest.raises(spark.LoopError, match=re.escape(f"brain.reward: {said}")):
        loop.run(1)


def still(observation):
    """Nothing, for an input of two numbers."""
    return {"drive": spark.FloatArray(np.zeros(2, np.float32))}


@pytest.mark.parametrize("array", [np.array([1e5, 0.0]), np.array([1e39, 0.0]), jnp.array([0.0, 1e5])])
def test_what_is_observed_is_what_an_input_holds(array):
    config = through(drive=(2,)).config
    brain = spark.nn.Brain(config.updated(input_map={"drive": spark.InputSpec(spark.FloatArray, (2,), "float16")}))
    with pytest.raises(spark.InputError, match=re.escape("Brain.drive: is more than float16 holds, got 1")):
        Loop(brain, Counting(), observe=lambda seen: {"drive": spark.FloatArray(array)}).run(1, seed=0)


@pytest.mark.parametrize("seen", [None, np.zeros(2)])
def test_what_is_observed_are_payloads_by_input(seen):
    text = f"observe: returned no payloads by input, got {type(seen).__name__}; expected a dict. Return"
    with pytest.raises(spark.LoopError, match=re.escape(text)):
        Loop(through(drive=(2,)), Counting(), observe=lambda _: seen).run(1, seed=0)


def test_what_is_observed_for_an_input_is_a_payload():
    """An array is none: the error told of a tracer of JAX."""
    text = (
        "observe['drive']: is no payload, got ndarray; expected FloatArray. Return `{'drive': spark.FloatArray(...)}`"
    )
    with refused(spark.LoopError, text):
        Loop(through(drive=(2,)), Counting(), observe=lambda seen: {"drive": seen[:2]}).run(1, seed=0)


class Giving(Counting):
    """Gives something else than Gymnasium says, at its first reset, at its second or at a step."""

    def __init__(self, method, given):
        super().__init__(length=1)
        self.method, self.given = method, given

    def reset(self, *, seed=None, options=None):
        found = super().reset(seed=seed)
        return self.given if self.method == f"reset {len(self.seeds)}" else found

    def step(self, action):
        found = super().step(action)
        return self.given if self.method == "step" else found


@pytest.mark.parametrize(
    ("method", "given", "text"),
    [
        ("step", (np.zeros(4), 1.0, False, {}), "step: gave 4 values; expected 5: observation, reward, terminated, "),
        ("step", None, "step: gave one NoneType; expected 5: observation, reward, terminated, truncated, info. "),
        ("reset 1", np.zeros(4), "reset: gave one ndarray; expected 2: observation, info. Wrap the environment so "),
        ("reset 1", np.zeros(2), "reset: gave one ndarray; expected 2: observation, info. Wrap the environment so "),
        ("reset 2", (np.zeros(4), {}, 1), "reset: gave 3 values; expected 2: observation, info. Wrap the environment"),
    ],
)
def test_a_step_and_a_reset_give_what_gymnasium_says(brain, method, given, text):
    with pytest.raises(spark.LoopError, match=re.escape(f"environment.{text}")) as caught:
        Loop(brain, Giving(method, given), steps_per_action=1).run(2, seed=0)
    assert str(caught.value).endswith("Wrap the environment so that it gives that")


FLAG = "gave a `{}` that is neither true nor false, got {}"


@pytest.mark.parametrize(
    ("brought", "said"),
    [
        *[({"reward": r}, f"gave a reward that is no number, got {r}") for r in (np.nan, np.inf, None, "much")],
        ({"reward": np.array([1.0, 2.0])}, "gave a reward that is no number, got [1. 2.]"),
        ({"terminated": None}, FLAG.format("terminated", None)),
        ({"terminated": np.nan}, FLAG.format("terminated", np.nan)),
        ({"truncated": "no"}, FLAG.format("truncated", "no")),
        ({"truncated": 2}, FLAG.format("truncated", 2)),
        ({"terminated": np.array([True, False])}, FLAG.format("terminated", "[ True False]")),
    ],
)
def test_rewards_and_ends_are_a_number_and_flags(brain, brought, said):
    with pytest.raises(spark.LoopError, match=re.escape(f"environment.step: {said}. Wrap the environment so that")):
        Loop(brain, Bringing(**brought), steps_per_action=1).run(1, seed=0)


def test_rewards_and_ends_may_be_numbers_of_numpy(brain):
    brought = {"reward": np.array([2]), "terminated": np.bool_(False), "truncated": np.array(1)}
    log = Loop(brain, Bringing(**brought), steps_per_action=1).run(2, seed=0)
    assert (log.rewards, log.terminated, log.truncated) == ([2.0, 2.0], [False, False], [True, True])


def test_what_a_loop_was_made_of_cannot_be_set_without_effect(brain):
    loop = Loop(brain, Counting(), steps_per_action=3, rest_steps=2)
    assert (loop.brain, loop.steps_per_action, loop.rest_steps) == (brain, 3, 2)
    for name in ("brain", "steps_per_action", "rest_steps", "observe", "act"):
        with pytest.raises(AttributeError):
            setattr(loop, name, getattr(loop, name))


def test_a_raster_of_spikes_that_were_not_kept_is_refused(brain):
    log = Loop(brain, Counting(), steps_per_action=1).run(2, seed=0)
    with pytest.raises(spark.LoopError, match=re.escape("log.raster: no spikes were kept. Run with `spikes=True`")):
        log.raster()
