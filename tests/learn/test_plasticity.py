"""A brain learns to balance the pole, by plasticity alone; what it learned can be saved, judged and gone on from."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
from builders import array_code
from tolerances import SAME_BRAIN

import spark
from spark import ModuleSpecs, PortMap, RunError, learn
from spark.cli import main
from spark.learn.evaluation import evaluation
from spark.learn.lesson import first_solved
from spark.nn import Brain
from spark.sim.run import build
from spark.worlds import CartPole, CartPoleConfig

# A smaller brain than the one that solves it.
SMALL = {"encoder": {"resolution": 6}}
# A pole that nobody balances falls after 9 or 10 steps of the world, one that is pushed at random after 22.
AT_RANDOM = 22.0


def small(seed=3, **settings):
    return Brain(learn.actor_critic(CartPole, seed=seed, **SMALL, **settings))


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A brain that has learned for 60 episodes, how, and where it was saved."""
    brain = small()
    lesson = learn.Plasticity().fit(brain, episodes=60)
    path = tmp_path_factory.mktemp("taught") / "brain.safetensors"
    spark.save_checkpoint(brain, path)
    return brain, lesson, path


def test_a_brain_that_learns_is_one_native_call_with_its_world():
    assert spark.explain(small()).one_call


def test_it_learns_to_balance_the_pole_and_keeps_what_it_learned(taught):
    brain, lesson, _ = taught
    assert lesson.returns.shape == (60,) and lesson.stopped is None
    assert lesson.returns[-20:].mean() > 4 * lesson.returns[:10].mean()
    before = np.asarray(brain.state["actor.weights"])
    found = learn.evaluate(brain, episodes=20)
    assert found.mean > 5 * AT_RANDOM and found.low <= found.mean <= found.high
    np.testing.assert_array_equal(brain.state["actor.weights"], before)


def test_without_plasticity_it_stays_as_bad_as_chance():
    brain = small(actor={"rate": 0.0}, critic={"rate": 0.0})
    lesson = learn.Plasticity().fit(brain, episodes=40)
    assert lesson.first_solved is None and abs(lesson.returns.mean() - AT_RANDOM) < 8
    assert not np.any(brain.state["actor.weights"])


def test_a_lesson_in_pieces_saved_and_loaded_between_ends_at_the_same_weights(tmp_path):
    slowly = {"actor": {"consolidation": 3000.0}}
    whole, pieces = small(**slowly), small(**slowly)
    returns = learn.Plasticity().fit(whole, episodes=12).returns
    first = learn.Plasticity().fit(pieces, episodes=5).returns
    spark.save_checkpoint(pieces, tmp_path / "half.safetensors")
    rest = spark.load_checkpoint(tmp_path / "half.safetensors")
    np.testing.assert_array_equal(np.concatenate([first, learn.Plasticity().fit(rest, episodes=7).returns]), returns)
    assert np.any(whole.state["actor.weights"]) and np.any(whole.state["actor.consolidated"])
    for path in whole.state:
        np.testing.assert_array_equal(rest.state[path], whole.state[path], err_msg=path)


def test_a_lesson_that_was_cut_off_anywhere_goes_on_to_the_same_weights(tmp_path):
    whole, cut, kept = small(limit=30), small(limit=30), tmp_path / "on_the_way.safetensors"

    def keep(progress):
        if progress.done >= 4 and not kept.exists():
            spark.save_checkpoint(progress.brain, kept)

    learn.Plasticity().fit(whole, episodes=12)
    learn.Plasticity().fit(cut, episodes=12, callbacks=[keep])
    rest = spark.load_checkpoint(kept)
    done = int(rest.state["world.episodes"])
    assert 4 <= done < 12
    learn.Plasticity().fit(rest, episodes=12 - done)
    for path in whole.state:
        np.testing.assert_array_equal(rest.state[path], whole.state[path], err_msg=path)


@pytest.mark.thorough
def test_native_and_as_array_code_a_lesson_begins_alike():
    def begun():
        brain = small()
        spark.run(brain, 400, progress=False)
        return {path: np.asarray(brain.state[path]) for path in brain.state}

    found = begun()
    with array_code():
        expected = begun()
    for path, array in expected.items():
        largest = np.abs(array.astype(np.float64)).max(initial=1.0)
        np.testing.assert_allclose(found[path], array, rtol=0, atol=SAME_BRAIN["float32"] * largest, err_msg=path)


def test_pools_that_race_count_older_spikes_too_once_nothing_is_learned():
    brain = small(acting=learn.ActorRace)
    for learning, older in ((True, 0.0), (False, 0.8)):
        found = spark.run(brain, 200, record=["actor.spikes", "actor.counts"], learning=learning, progress=False)
        counts, expected = np.asarray(found["actor.counts"]), np.zeros(2)
        for step, fired in enumerate(np.asarray(found["actor.spikes"]).reshape(200, 2, 4).sum(axis=-1)):
            expected = older * expected + fired if fired.any() else expected
            if step % 20 == 19:
                won, expected = expected, np.zeros(2)
                assert won.any(), "somebody fired in every round"
            np.testing.assert_allclose(counts[step], expected, rtol=1e-5)


def test_a_lesson_can_be_stopped_and_says_so():
    brain = small()
    lesson = learn.Plasticity().fit(brain, episodes=500, callbacks=[lambda progress: progress.stop("enough")])
    assert lesson.stopped == "enough" and lesson.returns.size < 500


def test_solved_is_a_mean_of_ten_at_what_the_world_says():
    returns = np.array([10.0] * 5 + [100.0] * 20)
    assert first_solved(returns, 100.0) == 15
    assert first_solved(returns[:9], 100.0) is None and first_solved(np.full(30, 99.0), 100.0) is None
    assert first_solved(-returns[::-1], -20.0) is None and first_solved(-returns[::-1], -60.0) == 25


@pytest.mark.parametrize("name", learn.tasks.TASKS)
def test_every_task_begins_with_what_its_world_can_bring_at_best(name):
    brain = learn.task(name, 4)
    world = brain.config.modules_map["world"].module_cls
    assert brain.config.modules_map["critic"].config.baseline == world.best_value
    assert world.worst_return < world.solved_return <= world.best_return and brain.config.seed == 4


def test_the_interval_of_a_mean_holds_it_and_narrows_with_more_episodes():
    generator = np.random.default_rng(0)
    few, many = (evaluation(generator.normal(100, 20, n).astype(np.float32)) for n in (10, 1000))
    for found in (few, many):
        assert found.low < found.mean < found.high
    assert many.high - many.low < (few.high - few.low) / 5
    assert str(evaluation(np.full(3, 7.0))) == "7.0 (7.0 to 7.0) over 3 episodes"


@pytest.mark.parametrize(("episodes", "wanted"), [(0, "at least 1"), (-3, "at least 1"), (10**30, "at most 1000000")])
def test_a_number_of_episodes_that_is_none_is_refused(episodes, wanted):
    refusal = rf"episodes: must be a whole number of {wanted}, got {episodes}"
    with pytest.raises(RunError, match=refusal):
        learn.Plasticity().fit(small(), episodes=episodes)
    with pytest.raises(RunError, match=refusal):
        learn.yardsticks(CartPole(), episodes)


class BrokenConfig(CartPoleConfig):
    """As CartPole's."""


class EndlessReward(CartPole):
    """A pole that leans far brings infinitely much."""

    config: BrokenConfig

    @staticmethod
    def after(physical, action):
        moved, reward, fell = CartPole.after(physical, action)
        return moved, jnp.where(jnp.abs(moved[2]) > 0.15, jnp.inf, reward), fell


class Unseen(CartPole):
    """A pole that leans far cannot be seen."""

    config: BrokenConfig

    @staticmethod
    def observed(physical):
        return jnp.where(jnp.abs(physical[2]) > 0.15, jnp.nan, physical)


@pytest.mark.parametrize("kind", [EndlessReward, Unseen])
def test_a_world_that_gives_what_is_no_number_is_named_and_the_brain_stays_as_it_was(kind):
    brain = Brain(learn.actor_critic(kind, seed=1, encoder={"resolution": 3}, limit=30, every=6))
    build(brain)
    before = brain.state
    with pytest.raises(RunError, match=r"world: gave a reward or an observation that is no number; expected finite"):
        learn.Plasticity().fit(brain, episodes=5)
    for path in before:
        np.testing.assert_array_equal(brain.state[path], before[path], err_msg=path)


def test_a_brain_without_a_world_cannot_be_taught():
    wires = {"signal": [PortMap("__call__", "x")]}
    inputs = {"x": spark.InputSpec(spark.FloatArray, (3,), "float32")}
    specs = ModuleSpecs(
        "encoder", spark.nn.interfaces.PopulationEncoder, wires, spark.nn.interfaces.PopulationEncoderConfig()
    )
    brain = Brain(spark.nn.BrainConfig(input_map=inputs, output_map={}, modules_map=[specs]))
    with pytest.raises(RunError, match=r"brain: needs one World among its modules, got none; expected one\. Assemble"):
        learn.Plasticity().fit(brain, episodes=3)


def test_an_unknown_task_is_refused_with_the_nearest():
    with pytest.raises(RunError, match=r"cartpol: is no task\. Did you mean 'cartpole'\?"):
        learn.task("cartpol")


def test_the_command_evaluates_and_shows_what_was_saved(taught, capsys):
    _, _, path = taught
    assert main(["eval", str(path), "--episodes", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["evaluation"]["episodes"] == 3 and found["evaluation"]["mean"] > AT_RANDOM
    beside = found["beside"]
    assert beside["random"]["episodes"] == 3 and beside["random"]["mean"] < beside["hand-written"]["mean"] == 500
    assert main(["watch", str(path), "--rounds", "4"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 4 and all(line.startswith("[") for line in shown)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["learn", "cartpol"], "cartpol: is no task. Did you mean 'cartpole'?"),
        (["learn", "cartpole", "--to", "/nowhere"], "--to: there is no folder /nowhere. Create it first"),
        (["learn", "cartpole", "--seeds", "0"], "--seeds must be at least 1, got 0"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(arguments, text, capsys):
    assert main(arguments) == 2
    assert text in capsys.readouterr().err
