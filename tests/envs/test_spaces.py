"""What a brain sees of a space, and which of its actions its outputs are."""

import re
import warnings

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loop_parts import Counting, through

import spark
from spark.demo import tutorial_config
from spark.envs import Loop
from spark.envs.spaces import action_decoder, observation_encoder


@pytest.fixture
def brain() -> spark.nn.Brain:
    return spark.nn.Brain(tutorial_config())


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


def leaves_of(space: gym.Space) -> list[gym.Space]:
    """What has no parts, in the order in which Gymnasium flattens a space."""
    if not isinstance(space, (gym.spaces.Dict, gym.spaces.Tuple)):
        return [space]
    parts = space.spaces.values() if isinstance(space, gym.spaces.Dict) else space.spaces
    return [leaf for part in parts for leaf in leaves_of(part)]


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


SHAPE = "has another shape than its space says, got {}; expected {}"
RANGE = "is not in its space, got {}; expected a whole number from {} to {}"
ONE = gym.spaces.Discrete(3, start=1)
NAMED = gym.spaces.Dict({"place": BOX, "light": ONE})
PAIR = gym.spaces.Tuple((BOX, ONE))


@pytest.mark.parametrize(
    ("space", "seen", "said"),
    [
        (BOX, 0.5, ": " + SHAPE.format("()", "(2,)")),
        (BOX, [0.5], ": " + SHAPE.format("(1,)", "(2,)")),
        (BOX, [0.5] * 3, ": " + SHAPE.format("(3,)", "(2,)")),
        (IMAGE, np.zeros(6, np.uint8), ": " + SHAPE.format("(6,)", "(2, 3, 1)")),
        (BOX, [0.5, np.nan], ": holds what is no number, got [0.5 nan]"),
        (BOX, [np.inf, 0.5], ": holds what is no number, got [inf 0.5]"),
        (BOX, ["a", "b"], ": holds what is no number, got ['a' 'b']"),
        (BOX, [[1], [1, 2]], ": is no array of numbers, got a list whose rows differ in length"),
        (BOX, None, ": " + SHAPE.format("()", "(2,)")),
        (ONE, 0, ": " + RANGE.format(0, 1, 3)),
        (ONE, 4, ": " + RANGE.format(4, 1, 3)),
        (ONE, 1.7, ": " + RANGE.format(1.7, 1, 3)),
        (ONE, np.nan, ": holds what is no number, got nan"),
        (ONE, [1], ": " + SHAPE.format("(1,)", "()")),
        (MANY, [0, 0], ": " + RANGE.format(0, 1, 3)),
        (MANY, [1, 2], ": " + RANGE.format(2, 0, 1)),
        (MANY, [1], ": " + SHAPE.format("(1,)", "(2,)")),
        (gym.spaces.MultiBinary(2), [3, 7], ": " + RANGE.format(3, 0, 1)),
        (gym.spaces.MultiBinary(2), [1, -1], ": " + RANGE.format(-1, 0, 1)),
        (gym.spaces.MultiBinary(2), [0.5, 1], ": " + RANGE.format(0.5, 0, 1)),
        (gym.spaces.MultiBinary(2), 1, ": " + SHAPE.format("()", "(2,)")),
        (NAMED, {"place": [0, 0]}, ": has other parts than its space, got ['place']; expected ['light', 'place']"),
        (NAMED, {"place": [0, 0], "light": 0}, "['light']: " + RANGE.format(0, 1, 3)),
        (NAMED, [[0, 0], 1], ": is no dict, got list; expected parts ['light', 'place']"),
        (PAIR, ([0, 0],), ": has other parts than its space, got [0]; expected [0, 1]"),
        (PAIR, ([0, 0], 1, 2), ": has other parts than its space, got [0, 1, 2]; expected [0, 1]"),
        (PAIR, ([0], 1), "[0]: " + SHAPE.format("(1,)", "(2,)")),
        (PAIR, 5, ": is no tuple, got int; expected parts [0, 1]"),
    ],
)
def test_what_is_not_in_its_space_is_named(space, seen, said):
    size = gym.spaces.utils.flatdim(space)
    text = f"environment.observation{said}. Wrap the environment so that it gives what its space says"
    with pytest.raises(spark.LoopError, match=re.escape(text)):
        observation_encoder(space, through(drive=(size,)))(seen)


@pytest.mark.parametrize("seen", [[[0, 0], 1], {"place": [0, 0]}, {"place": [0, 0], "light": 1, "more": 1}])
def test_parts_that_go_to_inputs_of_their_names_are_those_of_the_space(seen):
    with pytest.raises(spark.LoopError, match=re.escape("environment.observation: ") + ".*light.*place"):
        observation_encoder(NAMED, through(place=(2,), light=(3,)))(seen)


NUMBERS = st.sampled_from([0, 1, 2, 3, 5, -1, 0.5, 1.0, np.nan, np.inf, True, None, "a", np.int8(2), np.float32(3)])
SEEN = st.recursive(
    NUMBERS,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3),
        st.lists(parts, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from(["place", "light"]), parts),
    ),
    max_leaves=6,
)


def inside(space, seen):
    """Whether Gymnasium says so, which warns of lists and may fail at other things."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return space.contains(seen)
        except Exception:
            return False


@given(st.sampled_from([BOX, ONE, MANY, NAMED, PAIR, gym.spaces.MultiBinary(2)]), SEEN, st.integers(0, 99))
@settings(max_examples=200)
def test_a_brain_sees_finite_numbers_of_what_is_in_its_space_and_nothing_else(space, seen, seed):
    """What Gymnasium says is in a space is seen; of other things what is seen are finite numbers, in a box clipped."""
    encode = observation_encoder(space, through(drive=(gym.spaces.utils.flatdim(space),)))
    space.seed(seed)
    encode(space.sample())
    try:
        numbers = np.asarray(encode(seen)["drive"].value)
    except spark.LoopError as error:
        assert str(error).startswith("environment.observation") and not inside(space, seen)
        return
    assert numbers.shape == (gym.spaces.utils.flatdim(space),)
    assert np.isfinite(numbers).all() and np.abs(numbers).max() <= 1
    if not isinstance(space, (gym.spaces.Dict, gym.spaces.Tuple)) and space is not BOX:
        assert inside(space, np.asarray(seen).astype(space.dtype))


def test_an_observed_reward_goes_to_the_input_of_its_name_beside_what_is_told():
    space = gym.spaces.Dict({"reward": BOX, "light": ONE})
    seen = {"reward": np.float32([5, 4]), "light": 1}
    for told in ({}, {"terminated": (1,)}, {"terminated": (1,), "truncated": (1,)}):
        found = observation_encoder(space, through(reward=(2,), light=(3,), **told))(seen)
        assert sorted(found) == ["light", "reward"]
        np.testing.assert_array_equal(found["reward"].value, [0, 1])
    # Where parts have no inputs of their names, what the last action brought is told as ever.
    assert sorted(observation_encoder(space, through(drive=(5,), terminated=(1,)))(seen)) == ["drive"]


@pytest.mark.parametrize(
    "space", [ONE, MANY, BOX, gym.spaces.MultiBinary(2), gym.spaces.Box(0, 5, (2,), np.int32), PAIR], ids=str
)
def test_nan_means_no_action(space):
    size = gym.spaces.utils.flatdim(space)
    numbers = np.zeros(size, np.float32)
    numbers[1] = np.nan
    text = f"brain.drive: means no action, got NaN in {numbers}. Look for where it begins: make the brain of a config"
    with pytest.raises(spark.LoopError, match=re.escape(text)):
        action_decoder(space, through(drive=(size,)))({"drive": spark.FloatArray(numbers)})


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
