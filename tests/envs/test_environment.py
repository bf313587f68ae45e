"""A brain is taught and judged in an environment of Gymnasium as it is in the world that is wired to it."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from builders import refused

import spark
from spark import LoopError, ModuleSpecs, Probe, Projection, RunError, learn
from spark.envs import Environment
from spark.envs.environment import draw_from, drawn_from
from spark.learn import keeping
from spark.nn import Brain, Pool, PoolConfig, plasticity, receptors, somas
from spark.nn.connections import FixedInDegree
from spark.nn.projections import Rewiring
from spark.worlds import CartPole

SMALL: dict[str, Any] = {"encoder": {"resolution": 6}, "every": 6}
BOX = gym.spaces.Box(-10.0, 10.0, (4,), np.float32)


def small(seed: int = 3, **settings: Any) -> Brain:
    return Brain(learn.actor_critic(CartPole, seed=seed, **SMALL, **settings))


class Playback(gym.Env):
    """Shows what a world showed, and insists on the actions that were taken there."""

    observation_space, action_space = BOX, gym.spaces.Discrete(2)

    def __init__(self, seen: dict[str, np.ndarray]) -> None:
        self.seen, self.at = seen, -1

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.at += 1
        assert self.seen["started"][self.at]
        return self.seen["physical"][self.at], {}

    def step(self, action: Any) -> Any:
        self.at += 1
        assert action == self.seen["chosen"][self.at]
        now = {name: rows[self.at] for name, rows in self.seen.items()}
        return now["physical"], now["reward"], now["terminated"], now["truncated"], {}


class Wrong(gym.Env):
    """A cart that stands still, until something goes wrong at the tenth step."""

    observation_space, action_space = BOX, gym.spaces.Discrete(2)

    def __init__(self, observation: Any = None, reward: float = 1.0, error: Exception | None = None) -> None:
        self.observation, self.reward, self.error, self.steps = observation, reward, error, 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return np.zeros(4, np.float32), {}

    def step(self, action: Any) -> Any:
        self.steps += 1
        if self.steps < 10:
            return np.zeros(4, np.float32), 0.0, False, False, {}
        if self.error is not None:
            raise self.error
        return np.zeros(4) if self.observation is None else self.observation, self.reward, False, False, {}


class Swinging(gym.Env):
    """The same episode over and over, until Ctrl-C in some step of its life."""

    observation_space, action_space = BOX, gym.spaces.Discrete(2)

    def __init__(self, interrupted: int | None = None) -> None:
        self.interrupted, self.life, self.moves = interrupted, 0, 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.moves = 0
        return np.zeros(4, np.float32), {}

    def step(self, action: Any) -> Any:
        self.life, self.moves = self.life + 1, self.moves + 1
        if self.life == self.interrupted:
            raise KeyboardInterrupt
        return np.full(4, np.sin(self.moves) / 5, np.float32), float(self.moves % 3), self.moves == 5, False, {}


class Interrupted(gym.Wrapper):
    """Ctrl-C in the third step of an episode."""

    def __init__(self, environment: gym.Env, episode: int) -> None:
        super().__init__(environment)
        self.episode, self.begun, self.moves = episode, 0, 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.begun, self.moves = self.begun + 1, 0
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        self.moves += 1
        if (self.begun, self.moves) == (self.episode, 3):
            raise KeyboardInterrupt
        return super().step(action)


def assert_same_weights(one: Brain, other: Brain) -> None:
    for path in ("actor.weights", "critic.weights", "error.success", "step"):
        assert np.any(other.state[path])
        np.testing.assert_array_equal(one.state[path], other.state[path], err_msg=path)


@pytest.fixture(scope="module")
def swung() -> tuple[Brain, Any]:
    """A brain after six episodes without a break, and the lesson."""
    brain = small()
    return brain, learn.Plasticity().fit(brain, Environment(Swinging()), episodes=6)


@pytest.mark.thorough
def test_a_lesson_that_is_resumed_ends_at_the_same_weights(swung: Any, tmp_path: Any) -> None:
    brain, whole = swung
    learn.Plasticity().fit(small(), Environment(Swinging()), episodes=3, to=tmp_path / "some")
    again = small()
    rest = learn.Plasticity().fit(again, Environment(Swinging()), episodes=6, to=tmp_path / "some", resume=True)
    np.testing.assert_array_equal(rest.returns, whole.returns)
    assert_same_weights(again, brain)


def test_the_chance_of_an_environment_goes_on_where_it_was() -> None:
    whole, part, later = (gym.make("CartPole-v1") for _ in range(3))
    begins = [whole.reset(seed=5 if n == 0 else None)[0] for n in range(4)]
    part.reset(seed=5)
    part.reset()
    draw_from(later, drawn_from(part))
    np.testing.assert_array_equal([later.reset()[0] for _ in range(2)], begins[2:])


@pytest.fixture(scope="module")
def balanced() -> Any:
    """A lesson of four episodes in Gymnasium's CartPole without a break."""
    return learn.Plasticity().fit(small(), Environment(gym.make("CartPole-v1")), episodes=4, seed=2)


def balanced_with_a_break(environment: gym.Env, episodes: int, to: Any) -> Any:
    """The same lesson in two parts: the first in this environment, for at most so many episodes."""
    first = learn.Plasticity().fit(small(), Environment(environment), episodes=episodes, seed=2, to=to)
    assert first.returns.size == 2
    place = Environment(gym.make("CartPole-v1"))
    return learn.Plasticity().fit(small(), place, episodes=4, seed=2, to=to, resume=True)


def assert_same_state(one: Brain, other: Brain, besides: tuple[str, ...] = ()) -> None:
    differ = [p for p in one.state if not np.array_equal(one.state[p], other.state[p])]
    assert [p for p in differ if not p.startswith(besides)] == []


def test_two_lessons_in_an_environment_are_one_longer_one(balanced: Any) -> None:
    environment, brain = gym.make("CartPole-v1"), Brain(balanced.brain.config)
    first = learn.Plasticity().fit(brain, Environment(environment, seed=2), episodes=2)
    second = learn.Plasticity().fit(brain, Environment(environment), episodes=2)
    np.testing.assert_array_equal(np.concatenate([first.returns, second.returns]), balanced.returns)
    assert_same_state(brain, balanced.brain)


def test_a_brain_that_was_saved_between_two_lessons_in_an_environment_goes_on_as_if_it_had_not_been(
    balanced: Any, tmp_path: Any
) -> None:
    environment, brain = gym.make("CartPole-v1"), Brain(balanced.brain.config)
    learn.Plasticity().fit(brain, Environment(environment, seed=2), episodes=2)
    spark.save_checkpoint(brain, tmp_path / "brain.safetensors")
    again = spark.load_checkpoint(tmp_path / "brain.safetensors")
    learn.Plasticity().fit(again, Environment(environment), episodes=2)
    assert_same_state(again, balanced.brain)


def test_a_brain_in_the_middle_of_a_round_finishes_it_before_it_is_taught_in_an_environment() -> None:
    """So that it acts when its world would have moved."""
    brain, every = small(), SMALL["every"]
    spark.run(brain, every + 2)
    lesson = learn.Plasticity().fit(brain, Environment(Swinging()), episodes=2)
    # Each episode takes five steps and begins with a round of its own.
    assert lesson.returns.size == 2 and int(brain.state["step"]) == every * (2 + 2 * 6)
    assert [int(brain.state[f"{name}.phase"]) for name in ("world", "actor", "critic", "error")] == [0, 0, 0, 0]


@pytest.mark.thorough
def test_a_lesson_in_gymnasium_that_is_resumed_meets_the_same_episodes(balanced: Any, tmp_path: Any) -> None:
    rest = balanced_with_a_break(gym.make("CartPole-v1"), 2, tmp_path / "some")
    np.testing.assert_array_equal(rest.returns, balanced.returns)
    assert_same_weights(rest.brain, balanced.brain)


def test_an_episode_that_ctrl_c_interrupts_leaves_chance_where_it_was(balanced: Any, tmp_path: Any) -> None:
    rest = balanced_with_a_break(Interrupted(gym.make("CartPole-v1"), episode=3), 4, tmp_path / "some")
    np.testing.assert_array_equal(rest.returns, balanced.returns)
    assert_same_weights(rest.brain, balanced.brain)


@pytest.mark.parametrize("chance", [None, np.random.RandomState(3), np.random.Generator(np.random.MT19937(3))])
def test_a_lesson_whose_chance_cannot_be_kept_goes_on_by_its_seed(chance: Any, tmp_path: Any) -> None:
    class Elsewhere(Swinging):
        """Draws from what is not Gymnasium's."""

        np_random: Any = chance

        def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
            seeds.append(seed)
            return super().reset(seed=seed)

    seeds: list[int | None] = []
    learn.Plasticity().fit(small(), Environment(Elsewhere()), episodes=2, seed=4, to=tmp_path / "some")
    learn.Plasticity().fit(small(), Environment(Elsewhere()), episodes=4, seed=4, to=tmp_path / "some", resume=True)
    assert seeds == [4, None, 4, None]


def test_a_process_that_dies_between_two_files_of_a_lesson_loses_nothing(
    swung: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    """What is remembered is of three episodes, the brain beside it of two."""
    writes, save = [], keeping.save_with_notes

    def dies(*given: Any) -> None:
        writes.append(given)
        if len(writes) == 3:
            raise ZeroDivisionError
        save(*given)

    with monkeypatch.context() as patched:
        patched.setattr(keeping, "_SECONDS", 0.0)
        patched.setattr(keeping, "save_with_notes", dies)
        with pytest.raises(ZeroDivisionError):
            learn.Plasticity().fit(small(), Environment(Swinging()), episodes=6, to=tmp_path / "some")
    assert keeping.Kept(tmp_path / "some").read_episodes() == 2
    again = small()
    learn.Plasticity().fit(again, Environment(Swinging()), episodes=6, to=tmp_path / "some", resume=True)
    assert_same_weights(again, swung[0])


def test_ctrl_c_ends_a_lesson_with_the_last_episode_that_ended(swung: Any, tmp_path: Any) -> None:
    brain, whole = swung
    again = small()
    first = learn.Plasticity().fit(again, Environment(Swinging(13)), episodes=6, to=tmp_path / "some")
    assert first.stopped == "interrupted by Ctrl-C" and first.returns.size == 2
    rest = learn.Plasticity().fit(again, Environment(Swinging()), episodes=6, to=tmp_path / "some", resume=True)
    np.testing.assert_array_equal(rest.returns, whole.returns)
    assert_same_weights(again, brain)


def shown_by_the_world(brain: Brain, rounds: int) -> dict[str, np.ndarray]:
    """What a brain's world shows in so many rounds, and which actions are taken."""
    names = ("physical", "reward", "terminated", "truncated", "started")
    paths = {name: f"world.{name}" for name in names} | {"chosen": "actor.chosen"}
    every = SMALL["every"]
    found = spark.run(brain, every * rounds, record=[Probe(path, every=every) for path in paths.values()])
    seen = {n: np.asarray(found[path]).reshape(rounds, -1) for n, path in paths.items()}
    return {name: rows if name == "physical" else rows[:, 0] for name, rows in seen.items()}


def test_what_the_world_showed_teaches_the_same_to_the_bit() -> None:
    """Episodes that fell, one that was cut off, and the actions between."""
    own, told, recorded = (small(limit=12) for _ in range(3))
    lesson = learn.Plasticity().fit(own, episodes=12)
    assert lesson.returns.max() == 12 > lesson.returns.min()
    seen = shown_by_the_world(recorded, int(lesson.returns.sum()) + 12)
    other = learn.Plasticity().fit(told, Environment(Playback(seen)), episodes=12)
    np.testing.assert_array_equal(other.returns, lesson.returns)
    assert_same_weights(told, own)
    # The action of an episode's last round is not read, and the world of the one that was told stands still.
    assert_same_state(told, own, besides=("world.", "cache.actor.action"))


def small_and_rewired() -> Brain:
    """With a pool besides, whose connections from the encoder are replaced after every 13 steps of 1 ms."""
    config = learn.actor_critic(CartPole, seed=3, limit=12, **SMALL)
    rule = plasticity.PairRuleConfig(weight_unit=1.0, maximum=3.0, a_plus=0.1, a_minus=0.12)
    learns = Projection(
        "encoder", "spikes", name="learns", weights=1.0, pattern=FixedInDegree(degree=5), rule=rule,
        rewiring=Rewiring(interval=13.0, prune="random", share=0.2),
    )  # fmt: skip
    pool = PoolConfig(units=(4,), soma=somas.IntegrateAndFireSomaConfig(), receptors={"r": receptors.JumpConfig()})
    beside = ModuleSpecs("pool", Pool, {"r": [learns]}, pool)
    return Brain(config.updated(modules_map=[*config.modules_map.values(), beside]))


@pytest.mark.thorough
def test_a_brain_rewires_in_an_environment_as_in_its_world() -> None:
    """Rounds are 6 steps, and connections change in the middle of some."""
    own, told, recorded, first = (small_and_rewired() for _ in range(4))
    lesson = learn.Plasticity().fit(own, episodes=6)
    seen = shown_by_the_world(recorded, int(lesson.returns.sum()) + 6)
    learn.Plasticity().fit(told, Environment(Playback(seen)), episodes=6)
    tables = [brain.connections("pool.learns") for brain in (own, told)]
    for name in ("sources", "targets", "weights"):
        np.testing.assert_array_equal(*(getattr(table, name) for table in tables))
    spark.run(first, 1)
    assert (first.connections("pool.learns").sources != tables[0].sources).mean() > 0.5


def test_generations_that_learn_in_their_episodes_make_no_pauses() -> None:
    text = (
        "pool: changes between steps as it learns, such as by a `rewiring`, and `Evolution` does not pause for that, "
        "got a pause every 13 steps. Give `learning=False`, or leave that out"
    )
    with refused(spark.ModuleError, text):
        learn.Evolution(("actor.weights",), learning=True).fit(small_and_rewired(), episodes=1)


@pytest.mark.thorough
def test_a_brain_that_learned_in_its_world_balances_gymnasiums_pole() -> None:
    brain = Brain(learn.actor_critic(CartPole, seed=3, encoder={"resolution": 6}))
    learn.Plasticity().fit(brain, episodes=60)
    before = brain.state
    own, found = (
        learn.evaluate(brain, episodes=3),
        learn.evaluate(brain, Environment(gym.make("CartPole-v1"), seed=1), episodes=3),
    )
    # At random a pole stands for 22 steps.
    assert own.mean > 110 and found.mean > 110
    np.testing.assert_array_equal(brain.state["actor.weights"], before["actor.weights"])


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            {"observation": np.full(4, np.nan)},
            "environment.observation: holds what is no number, got [nan nan nan nan]",
        ),
        (
            {"observation": np.zeros(3)},
            "environment.observation: has another shape than its space says, got (3,); expected (4,)",
        ),
        (
            {"observation": [[1.0], [2.0, 3.0]]},
            "environment.observation: is no array of numbers, got a list whose rows differ in length",
        ),
        (
            {"observation": np.full(4, 1e39)},
            "environment.observation: is more than float32 holds, got 1e+39; "
            "expected -3.4028234663852886e+38 to 3.4028234663852886e+38",
        ),
        ({"reward": np.inf}, "environment.step: gave a reward that is no number, got inf"),
        ({"reward": None}, "environment.step: gave a reward that is no number, got None"),
    ],
)
def test_what_an_environment_may_not_give_is_named_and_what_was_learned_is_kept(wrong: Any, text: str) -> None:
    brain = small()
    with refused(LoopError, f"{text}. What was learned before is kept"):
        learn.Plasticity().fit(brain, Environment(Wrong(**wrong)), episodes=2)
    assert np.any(brain.state["critic.weights"])


@pytest.mark.parametrize(
    ("method", "given", "text"),
    [
        ("step", (0.0, 1.0, False, {}), "step: gave 4 values; expected 5: observation, reward, terminated, truncated"),
        ("reset", np.zeros(4), "reset: gave one ndarray; expected 2: observation"),
    ],
)
def test_an_environment_that_gives_too_few_values_is_told_so(
    method: str, given: Any, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wrong, method, lambda self, *_, **__: given)
    with refused(LoopError, f"environment.{text}, info. What was learned before is kept"):
        learn.Plasticity().fit(small(), Environment(Wrong()), episodes=1)


def test_an_environment_that_raises_leaves_what_was_learned() -> None:
    brain = small()
    with pytest.raises(ZeroDivisionError):
        learn.Plasticity().fit(brain, Environment(Wrong(error=ZeroDivisionError())), episodes=2)
    assert np.any(brain.state["critic.weights"])


def test_an_environment_without_an_end_is_cut_off_at_the_limit_of_the_world() -> None:
    found = learn.Plasticity().fit(small(limit=15), Environment(Wrong()), episodes=2)
    # Nine steps of nothing, then one each.
    np.testing.assert_array_equal(found.returns, [6.0, 15.0])


def test_spaces_that_do_not_fit_are_refused_together() -> None:
    environment = gym.make("Acrobot-v1")
    with pytest.raises(LoopError) as caught:
        learn.evaluate(small(), Environment(environment))
    actions, seen = (str(problem) for problem in caught.value.problems)
    assert actions.startswith(
        "environment.action_space: does not fit the brain, got Discrete(3); expected Discrete(2)."
    )
    assert seen.startswith("environment.observation_space: does not fit the brain, got Box(")
    assert seen.endswith(
        "expected 4 numbers. The brain sees CartPole: wrap the environment so that it shows the same numbers"
    )


def test_no_episodes_are_refused() -> None:
    with refused(RunError, "episodes: must be a whole number of at least 1, got 0."):
        learn.evaluate(small(), Environment(gym.make("CartPole-v1")), episodes=0)


def test_a_seed_below_0_is_refused_before_a_lesson():
    with refused(spark.LoopError, "Environment.seed: must be at least 0, got -1."):
        Environment(gym.make("CartPole-v1"), seed=-1)
