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
from hypothesis import given, settings
from hypothesis import strategies as st

import spark
from spark.demo import scaled, tutorial_config
from spark.envs import Loop
from spark.envs.spaces import action_decoder, observation_encoder
from spark.sim.interrupt import NoneLost


class Counting(gym.Env):
    """Terminates after `length` steps, or is truncated by a wrapper; counts its calls."""

    observation_space = gym.spaces.Box(-1.0, 1.0, (4,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, length: int = 7) -> None:
        self.length, self.seeds, self.steps, self.age = length, [], 0, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.seeds.append(seed)
        self.age = 0
        return np.zeros(4, np.float32), {}

    def step(self, action):
        assert action in (0, 1)
        self.steps += 1
        self.age += 1
        seen = np.full(4, self.age / self.length, np.float32)
        return seen, 1.0, self.age >= self.length, False, {}


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


def test_a_bounded_box_is_scaled_to_minus_1_and_1(brain):
    environment = Counting()
    environment.observation_space = gym.spaces.Box(0.0, 10.0, (4,), np.float32)
    loop = Loop(brain, environment)
    np.testing.assert_allclose(loop.observe(np.array([0, 5, 10, 99]))["drive"].value, [-1, 0, 1, 1])


@given(st.data())
@settings(max_examples=50)
def test_features_that_never_change_read_as_0_and_leave_the_others_as_they_are(data):
    """Bounds of any size; a feature's reading depends on its own bounds only."""
    ends = st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 2).map(sorted)
    bounds = np.array(data.draw(st.lists(ends, min_size=4, max_size=4)), np.float32)
    still = np.array(data.draw(st.lists(st.booleans(), min_size=4, max_size=4)))
    bounds[still, 1] = bounds[still, 0]
    still = bounds[:, 0] == bounds[:, 1]
    seen = np.array(data.draw(st.lists(st.floats(-1e6, 1e6, width=32), min_size=4, max_size=4)), np.float32)
    encode = observation_encoder(gym.spaces.Box(bounds[:, 0], bounds[:, 1]), spark.nn.Brain(tutorial_config()))
    found = np.asarray(encode(seen)["drive"].value, np.float64)
    assert np.isfinite(found).all() and (np.abs(found) <= 1).all()
    assert (found[still] == 0).all()
    for low, high, value, read in np.column_stack([bounds, seen, found])[~still]:
        expected = np.clip((value - low) / (high - low) * 2 - 1, -1, 1)
        np.testing.assert_allclose(read, expected, atol=1e-3)  # The port holds half precision.


def test_actions_of_a_box_that_has_no_width_are_its_only_one(brain):
    decode = action_decoder(gym.spaces.Box(np.float32([-1, 3]), np.float32([1, 3])), brain)
    np.testing.assert_array_equal(decode({"action": spark.FloatArray(np.float32([0.5, 0.2]))}), [0, 3])


@pytest.mark.parametrize("end", [0, 1], ids=["low", "high"])
def test_a_box_whose_one_end_is_the_largest_number_is_not_bounded(brain, end):
    bounds = [np.full(4, -1, np.float32), np.full(4, 1, np.float32)]
    bounds[end][2] = np.finfo(np.float32).max * (1 if end else -1)
    with pytest.raises(spark.LoopError, match=re.escape("is not bounded")):
        observation_encoder(gym.spaces.Box(*bounds), brain)


def through(**sizes: tuple[int, ...]) -> spark.nn.Brain:
    """A brain whose outputs are its inputs, of these names and shapes, a step later."""
    parts = {name: spark.nn.interfaces.Gain for name in sizes}
    spec = {name: (spark.FloatArray, shape, "float32") for name, shape in sizes.items()}
    return spark.nn.Brain(
        spark.nn.BrainConfig(
            input_map={name: spark.InputSpec(*kind) for name, kind in spec.items()},
            output_map={
                name: {"input": spark.PortMap(f"of_{name}", "signal"), "spec": spark.OutputSpec(*kind)}
                for name, kind in spec.items()
            },
            modules_map=[
                spark.ModuleSpecs(
                    f"of_{name}", kind, {"signal": [spark.PortMap("__call__", name)]}, kind.config_class()()
                )
                for name, kind in parts.items()
            ],
        )
    )


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


BOX = gym.spaces.Box(np.float32([0, -4]), np.float32([10, 4]))
IMAGE = gym.spaces.Box(0, 255, (2, 3, 1), np.uint8)
MANY = gym.spaces.MultiDiscrete([3, 2], start=[1, 0])
KEYED = gym.spaces.Dict({"place": BOX, "light": gym.spaces.Discrete(3), "image": IMAGE})


@pytest.mark.parametrize(
    ("space", "seen", "expected"),
    [
        (MANY, [3, 0], [0, 0, 1, 1, 0]),
        (gym.spaces.MultiDiscrete([[2, 3], [2, 1]]), [[1, 2], [0, 0]], [0, 1, 0, 0, 1, 1, 0, 1]),
        (IMAGE, [[[0], [255], [51]], [[0], [0], [204]]], [-1, 1, -0.6, -1, -1, 0.6]),
        (gym.spaces.Tuple((BOX, MANY)), (np.float32([5, 4]), [1, 1]), [0, 1, 1, 0, 0, 0, 1]),
        (
            gym.spaces.Dict({"b": gym.spaces.Discrete(2), "a": gym.spaces.Tuple((gym.spaces.MultiBinary(2), BOX))}),
            {"a": ([1, 0], np.float32([0, 0])), "b": 1},
            [1, 0, -1, 0, 0, 1],
        ),
    ],
)
def test_parts_of_a_space_follow_one_another_in_the_only_input(space, seen, expected):
    found = observation_encoder(space, through(drive=(len(expected),)))(seen)
    np.testing.assert_allclose(found["drive"].value, np.float32(expected), rtol=1e-6)


def test_parts_of_a_space_go_to_the_inputs_of_their_names():
    encode = observation_encoder(KEYED, through(place=(2,), light=(3,), image=(2, 3, 1)))
    found = encode({"place": np.float32([10, 2]), "light": 2, "image": np.full((2, 3, 1), 255, np.uint8)})
    np.testing.assert_allclose(found["place"].value, [1, 0.5])
    np.testing.assert_array_equal(found["light"].value, [0, 0, 1])
    np.testing.assert_array_equal(found["image"].value, np.ones((2, 3, 1)))
    with pytest.raises(spark.LoopError, match=re.escape("brain.light: does not fit the observations, got (2,)")):
        observation_encoder(KEYED, through(place=(2,), light=(2,), image=(2, 3, 1)))
    with pytest.raises(spark.LoopError, match=re.escape("brain.inputs: the loop cannot choose a port, got ['place'")):
        observation_encoder(KEYED, through(place=(2,), light=(3,)))


@pytest.mark.parametrize(
    ("space", "given", "expected"),
    [
        (MANY, [0.1, 0.2, 0.9, 0.5, 0.4], [3, 0]),
        (gym.spaces.MultiDiscrete([[2, 3], [2, 1]]), [0, 1, 0, 0, 1, 1, 0, 1], [[1, 2], [0, 0]]),
        (gym.spaces.Tuple((gym.spaces.Discrete(2, start=3), BOX)), [0, 1, 0.5, 2], (4, [5, 4])),
    ],
)
def test_the_only_output_is_split_among_parts_of_a_space(space, given, expected):
    action = action_decoder(space, through(act=(len(given),)))({"act": spark.FloatArray(np.float32(given))})
    assert space.contains(action)
    for found, wanted in zip(action, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_parts_of_an_action_are_read_from_the_outputs_of_their_names():
    space = gym.spaces.Dict({"turn": gym.spaces.Discrete(3), "push": gym.spaces.Box(-1, 1, (2,), np.float32)})
    numbers = {"turn": spark.FloatArray(np.float32([0, 0, 1])), "push": spark.FloatArray(np.float32([0.5, 1]))}
    named = action_decoder(space, through(turn=(3,), push=(2,)))(numbers)
    # A `Dict` lists its parts by name.
    joined = action_decoder(space, through(act=(5,)))({"act": spark.FloatArray(np.float32([0.5, 1, 0, 0, 1]))})
    for action in (named, joined):
        assert space.contains(action) and action["turn"] == 2
        np.testing.assert_array_equal(action["push"], [0, 1])


def leaves_of(space: gym.Space) -> list[gym.Space]:
    """What has no parts, in the order in which Gymnasium flattens a space."""
    if not isinstance(space, (gym.spaces.Dict, gym.spaces.Tuple)):
        return [space]
    parts = space.spaces.values() if isinstance(space, gym.spaces.Dict) else space.spaces
    return [leaf for part in parts for leaf in leaves_of(part)]


@given(st.data())
@settings(max_examples=60)
def test_whatever_a_space_holds_has_a_place_and_whatever_a_brain_puts_out_is_an_action(data):
    leaves = st.sampled_from([BOX, IMAGE, MANY, gym.spaces.Discrete(4, start=-1), gym.spaces.MultiBinary((2, 2))])
    space = data.draw(
        st.recursive(
            leaves,
            lambda parts: st.one_of(
                st.lists(parts, min_size=1, max_size=3).map(lambda found: gym.spaces.Tuple(tuple(found))),
                st.dictionaries(st.sampled_from("abc"), parts, min_size=1).map(gym.spaces.Dict),
            ),
            max_leaves=5,
        )
    )
    space.seed(data.draw(st.integers(0, 99)))
    size = gym.spaces.utils.flatdim(space)
    brain = through(drive=(size,))
    encode, decode = observation_encoder(space, brain), action_decoder(space, brain)
    seen = space.sample()
    numbers = np.asarray(encode(seen)["drive"].value)
    assert numbers.shape == (size,) and np.abs(numbers).max() <= 1
    # What was shown, read back: ranges are told from -1 to 1 and read from 0 to 1.
    flat = gym.spaces.utils.flatten(space, seen)
    ranged = np.concatenate(
        [np.full(gym.spaces.utils.flatdim(leaf), leaf in (BOX, IMAGE)) for leaf in leaves_of(space)]
    )
    back = gym.spaces.utils.flatten(
        space, decode({"drive": spark.FloatArray(np.where(ranged, (numbers + 1) / 2, numbers))})
    )
    np.testing.assert_allclose(back, flat, atol=1.01)
    np.testing.assert_array_equal(back[~ranged], flat[~ranged])


def test_an_unbounded_observation_asks_for_a_function(brain):
    with pytest.raises(spark.LoopError, match=re.escape("is not bounded")) as error:
        Loop(brain, gym.make("CartPole-v1"))
    assert "observe=" in str(error.value)


def test_observations_of_another_size_are_refused(brain):
    environment = Counting()
    environment.observation_space = gym.spaces.Discrete(3)
    with pytest.raises(spark.LoopError, match=re.escape("got (4,); expected 3 numbers")):
        Loop(brain, environment)


def test_actions_of_another_size_are_refused(brain):
    environment = Counting()
    environment.action_space = gym.spaces.Discrete(3)
    with pytest.raises(spark.LoopError, match=re.escape("got 2 numbers; expected 3")):
        Loop(brain, environment)


def test_a_space_without_a_rule_asks_for_a_function(brain):
    environment = Counting()
    environment.action_space = gym.spaces.Text(3)
    with pytest.raises(spark.LoopError, match=re.escape("`act=`")):
        Loop(brain, environment)


@pytest.mark.parametrize("part", [gym.spaces.Text(3), gym.spaces.Tuple(())])
def test_a_part_without_a_rule_is_named_by_where_it_is(part):
    space = gym.spaces.Dict({"seen": gym.spaces.Tuple((BOX, part))})
    text = f"environment.{{}}['seen'][1]: has no rule, got {part}; expected Box, Discrete, MultiBinary, MultiDiscrete,"
    with pytest.raises(spark.LoopError, match=re.escape(text.format("observation_space"))):
        observation_encoder(space, through(drive=(3,)))
    with pytest.raises(spark.LoopError, match=re.escape(text.format("action_space"))):
        action_decoder(space, through(drive=(3,)))


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


@pytest.mark.parametrize(
    ("space", "value", "expected"),
    [
        (gym.spaces.MultiBinary(2), [0.4, 0.6], [0, 1]),
        (gym.spaces.Box(-2.0, 2.0, (2,), np.float32), [0.0, 1.5], [-2.0, 2.0]),
        (gym.spaces.Discrete(2, start=3), [0.4, 0.6], 4),
    ],
)
def test_outputs_become_actions_of_the_space(brain, space, value, expected):
    environment = Counting()
    environment.action_space = space
    action = Loop(brain, environment).act({"action": spark.FloatArray(np.array(value, np.float16))})
    np.testing.assert_array_equal(action, expected)


EDGES = [
    gym.spaces.Box(-100, 100, (2,), np.int8),
    gym.spaces.Box(-(2**31), 2**31 - 1, (2,), np.int32),
    gym.spaces.Box(-(2**63), 2**63 - 1, (2,), np.int64),
    gym.spaces.Box(0, 255, (2,), np.uint8),
]


@pytest.mark.parametrize("space", EDGES, ids=str)
def test_ranges_of_whole_numbers_may_be_wider_than_half_of_their_type(brain, space):
    decode = action_decoder(space, brain)
    width = int(space.high[0]) - int(space.low[0])
    for share in (0.0, 0.25, 0.4375, 0.75, 1.0):
        action = decode({"action": spark.FloatArray(np.float64([share, 1.5]))})
        assert space.contains(action)
        assert abs(int(action[0]) - (int(space.low[0]) + share * width)) <= 0.5 + width * 1e-15
        assert action[1] == space.high[0]


@given(st.data())
def test_an_action_never_lies_outside_of_its_range(data):
    ends = st.floats(-1e6, 1e6, width=32)
    low, high = sorted(data.draw(st.tuples(ends, ends)))
    dtype = data.draw(st.sampled_from([np.float32, np.float16, np.float64]))
    low, high = np.sort(np.clip(np.array([low, high]), -6e4, 6e4).astype(dtype))
    space = gym.spaces.Box(low, high, (2,), dtype)
    share = np.float32([1.0, data.draw(st.floats(0, 1, width=32))])
    decode = action_decoder(space, spark.nn.Brain(tutorial_config()))
    action = decode({"action": spark.FloatArray(share)})
    assert space.contains(action) and action[0] == high


def test_an_unbounded_action_asks_for_a_function(brain):
    widest = np.finfo(np.float32).max
    for space in (gym.spaces.Box(-widest, widest, (2,)), gym.spaces.Box(-np.inf, 1, (2,))):
        with pytest.raises(spark.LoopError, match=re.escape(f"is not bounded, got {space}. Give `act=`")) as error:
            action_decoder(space, brain)
        assert str(error.value).startswith("environment.action_space: ")


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
