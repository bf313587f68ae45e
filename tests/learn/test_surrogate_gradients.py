"""A teacher that follows gradients through spikes: it learns, says what does not fit, and loses nothing."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap, Projection
from spark.learn import Examples, SurrogateGradients, keeping
from spark.learn.gradients import _Descent
from spark.nn import Brain, BrainConfig
from spark.nn.initializers import NormalInitializer, UniformInitializer
from spark.nn.interfaces import LinearSpiker, LinearSpikerConfig
from spark.nn.plasticity import PairRuleConfig
from spark.nn.pools import Pool, PoolConfig
from spark.nn.receptors import ExponentialCurrentConfig
from spark.nn.somas import LeakySomaConfig
from spark.sim.run import build

STEPS = 20


def pool(name: str, wire: Projection, units: int, threshold: float) -> ModuleSpecs:
    soma = LeakySomaConfig(potential_reset=-60.0, threshold=threshold)
    return ModuleSpecs(name, Pool, {"excitation": [wire]}, PoolConfig(units=(units,), soma=soma))


@pytest.fixture(scope="module")
def brain() -> Brain:
    """Two numbers, eight units that fire, two that answer."""
    first = Projection("numbers", "spikes", name="first", weights=NormalInitializer(mean=60.0, deviation=80.0))
    second = Projection("hidden", "out_spikes", name="second", weights=NormalInitializer(mean=0.0, deviation=30.0))
    modules = [
        ModuleSpecs("numbers", LinearSpiker, {"signal": PortMap("__call__", "x")}, LinearSpikerConfig(max_freq=450.0)),
        pool("hidden", first, 8, -50.0),
        pool("last", second, 2, 1e6),
    ]
    return Brain(
        BrainConfig(input_map={"x": InputSpec(FloatArray, (2,), "float32")}, output_map={}, modules_map=modules)
    )


def problem() -> Examples:
    """Whether one and only one of two numbers is large: no weighted sum of the two says so."""
    numbers = np.random.default_rng(0).choice([0.2, 0.9], (64, 2)).astype(np.float32)
    return Examples({"x": FloatArray(numbers)}, ((numbers > 0.5).sum(1) == 1).astype(np.int64))


def teacher(**settings: Any) -> SurrogateGradients:
    given = {"rate": 4.0, "batch": 32, **settings}
    return SurrogateGradients(("hidden.first", "last.second"), "last.soma.potential", STEPS, **given)


@pytest.fixture(scope="module")
def lesson(brain: Brain) -> Any:
    """A lesson with what a callback saw after each epoch."""
    seen: list[Any] = []

    def note(progress: Any) -> None:
        seen.append((progress.done, progress.curve["loss"][-1]))

    return teacher().fit(brain, problem(), episodes=60, callbacks=[note]), seen


@pytest.mark.thorough
def test_it_learns_what_needs_hidden_spikes(brain: Brain, lesson: Any) -> None:
    world = problem()
    taught, seen = lesson
    assert [number for number, _ in seen] == list(range(1, 61))
    assert taught.stopped is None and taught.first_solved is None
    np.testing.assert_array_equal(taught.curve["loss"], [loss for _, loss in seen])
    assert (teacher().answers(taught.brain, world.inputs).argmax(1) == world.targets).all()
    assert not (teacher().answers(brain, world.inputs).argmax(1) == world.targets).all()


def test_what_it_learned_is_what_a_run_does_and_a_file_holds(lesson: Any, tmp_path: Any) -> None:
    inputs = problem().inputs
    taught = lesson[0].brain
    spark.save_checkpoint(taught, tmp_path / "taught.safetensors")
    again = spark.load_checkpoint(tmp_path / "taught.safetensors")
    assert spark.explain(again).one_call
    answers = teacher().answers(taught, {"x": FloatArray(inputs["x"].value[:4])})
    for number, expected in enumerate(answers):
        again.reset()
        image = {"x": FloatArray(inputs["x"].value[number])}
        potential = spark.run(again, STEPS, image, record="last.soma.potential")["last.soma.potential"]
        np.testing.assert_allclose(potential.mean(0), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.thorough
def test_the_same_seed_learns_the_same(brain: Brain) -> None:
    first, again, other = (teacher().fit(brain, problem(), episodes=1, seed=seed).curve["loss"] for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.thorough
def test_a_lesson_that_was_cut_off_goes_on_to_the_same_weights(brain: Brain, tmp_path: Any, monkeypatch: Any) -> None:
    """Cut at the third round, after its files were written; what the optimizer knows is among them."""
    monkeypatch.setattr(keeping, "_SECONDS", 0.0)
    name, whole = tmp_path / "cut", teacher().fit(brain, problem(), episodes=4, seed=2)

    def dies(progress: Any) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        teacher().fit(brain, problem(), episodes=4, seed=2, to=name, callbacks=[dies])
    told: list[Any] = []
    rest = teacher().fit(brain, problem(), episodes=4, seed=2, to=name, resume=True, callbacks=[told.append])
    assert told[0].before == 2 and [number for number, _ in told[0].rows(told[0].before)] == [3, 4]
    np.testing.assert_array_equal(rest.curve["loss"], whole.curve["loss"])
    for path in teacher().weights:
        expected = whole.brain.connections(path).weights
        np.testing.assert_array_equal(rest.brain.connections(path).weights, expected)
        kept = spark.load_checkpoint(f"{name}.safetensors")
        np.testing.assert_array_equal(kept.connections(path).weights, expected)


def bounded() -> Brain:
    """Weights that a rule bounds, both ways, and others that may only inhibit."""
    rule = PairRuleConfig(weight_unit=1.0, minimum=5.0, maximum=40.0, a_plus=0.01, a_minus=0.01)
    first = Projection("numbers", "spikes", name="first", weights=UniformInitializer(low=20.0, high=40.0), rule=rule)
    inhibition = Projection("hidden", "out_spikes", name="inhibition", weights=UniformInitializer(low=5.0, high=9.0))
    soma = LeakySomaConfig(potential_reset=-60.0, threshold=-50.0)
    silent = LeakySomaConfig(potential_reset=-60.0, threshold=1e6)
    last = PoolConfig(units=(2,), soma=silent, receptors={"inhibition": ExponentialCurrentConfig(inhibitory=True)})
    modules = [
        ModuleSpecs("numbers", LinearSpiker, {"signal": PortMap("__call__", "x")}, LinearSpikerConfig(max_freq=450.0)),
        ModuleSpecs("hidden", Pool, {"excitation": [first]}, PoolConfig(units=(8,), soma=soma)),
        ModuleSpecs("last", Pool, {"inhibition": [inhibition]}, last),
    ]
    given = {"x": InputSpec(FloatArray, (2,), "float32")}
    return Brain(BrainConfig(input_map=given, output_map={}, modules_map=modules))


@pytest.mark.parametrize(("sign", "bound"), [(1, 5.0), (-1, 40.0)])
def test_weights_stay_where_their_rule_and_their_receptor_let_them(sign: int, bound: float) -> None:
    """Brought back after each change, so that no lesson ends with weights that no brain may have."""

    def loss(found: Any, target: Any) -> Any:
        # Higher or lower potentials behind an inhibition by hidden units, whose weights go one way and the other.
        return -sign * found.recorded["last.soma.potential"].mean()

    paths = ("hidden.first", "last.inhibition")
    given = SurrogateGradients(paths, "last.soma.potential", STEPS, rate=20.0, loss=loss)
    taught = given.fit(bounded(), problem(), episodes=5).brain
    weights = taught.connections("hidden.first").weights
    assert weights.min() >= 5.0 and weights.max() <= 40.0 and (weights == bound).any()
    assert taught.connections("last.inhibition").weights.max() <= 0.0


def test_a_checkpoint_keeps_what_was_taught_and_a_model_file_what_no_rule_changes(tmp_path: Any) -> None:
    brain, path = bounded(), tmp_path / "taught.spark.json"
    build(brain)
    new = {"hidden.first": np.full(16, 7.0), "last.inhibition": np.full(16, -3.0)}
    taught = brain.with_weights(new)
    spark.save_model(taught, path)
    spark.save_checkpoint(taught, tmp_path / "taught.safetensors")
    modelled, loaded = spark.load_model(path), spark.load_checkpoint(tmp_path / "taught.safetensors")
    build(modelled)
    taught.reset()
    for one, kept in ((loaded, True), (modelled, False), (taught, False)):
        assert (one.connections("last.inhibition").weights == -3.0).all()
        found = one.connections("hidden.first").weights
        np.testing.assert_array_equal(found, 7.0 if kept else brain.connections("hidden.first").weights)


def test_a_callback_ends_it_with_what_was_learned(brain: Brain) -> None:
    def stop(progress: Any) -> None:
        if progress.done == 2:
            progress.stop("enough")

    taught = teacher().fit(brain, problem(), episodes=9, callbacks=[stop])
    assert (taught.stopped, taught.curve["loss"].shape) == ("enough", (2,))


@pytest.mark.thorough
def test_a_loss_of_ones_own_and_an_optimizer_of_ones_own_count(brain: Brain) -> None:
    import optax

    def loss(found, target):
        return (found.recorded["last.soma.potential"].sum() - target.astype("float32")) ** 2

    still = teacher(loss=loss, optimizer=optax.sgd(0.0)).fit(brain, problem(), episodes=2).curve["loss"]
    # Examples are met, and summed, in another order.
    assert still[0] == pytest.approx(still[1], rel=1e-5)
    moved = teacher(loss=loss).fit(brain, problem(), episodes=2).curve["loss"]
    assert moved[1] < moved[0] == pytest.approx(still[0], rel=0.5)


def test_a_loss_that_is_no_number_keeps_what_was_learned(brain: Brain) -> None:
    with pytest.raises(spark.LearnError) as caught:
        teacher(loss=lambda found, target: target.astype("float32") / np.float32(0)).fit(brain, problem(), episodes=1)
    assert str(caught.value) == (
        "SurrogateGradients.fit: the loss is no number any more in episode 1. Lower `rate`, or look at the inputs"
    )
    weights = caught.value.lesson.brain.connections("last.second").weights
    np.testing.assert_array_equal(weights, brain.connections("last.second").weights)


def test_a_weight_that_is_no_number_keeps_the_episodes_before(brain: Brain) -> None:
    """The slope of a root is infinite where it is 0, and 0 times infinity is no number."""

    def loss(found, target):
        return jnp.sqrt(jnp.abs(found.recorded["last.soma.potential"] * 0).sum())

    with pytest.raises(spark.LearnError) as caught:
        teacher(loss=loss).fit(brain, problem(), episodes=1)
    assert str(caught.value).startswith("SurrogateGradients.fit: a weight is no number any more in episode 1. Lower")
    weights = caught.value.lesson.brain.connections("last.second").weights
    np.testing.assert_array_equal(weights, brain.connections("last.second").weights)


@pytest.mark.thorough
def test_ctrl_c_in_an_episode_leaves_the_one_before(brain: Brain, tmp_path: Any, monkeypatch: Any) -> None:
    """Between the two batches of the second episode; then gone on with, and refused where it is another."""
    whole, name = teacher().fit(brain, problem(), episodes=3, seed=2), tmp_path / "some"
    batches, calls = _Descent._batches, []

    def interrupted(self: Any, generator: Any) -> Any:
        first, second = batches(self, generator)
        calls.append(first)
        yield first
        if len(calls) == 2:
            raise KeyboardInterrupt
        yield second

    with monkeypatch.context() as patched:
        patched.setattr(_Descent, "_batches", interrupted)
        first = teacher().fit(brain, problem(), episodes=3, seed=2, to=name)
    assert first.stopped == "interrupted by Ctrl-C" and first.curve["loss"].size == 1
    rest = teacher().fit(brain, problem(), episodes=3, seed=2, to=name, resume=True)
    np.testing.assert_array_equal(rest.curve["loss"], whole.curve["loss"])
    other = Examples(problem().inputs, 1 - problem().targets)
    with pytest.raises(spark.FormatError, match=r"some\.memory\.safetensors: is of a lesson with other examples"):
        teacher().fit(brain, other, episodes=4, seed=2, to=name, resume=True)
    with pytest.raises(spark.FormatError, match=r"is of a lesson with another seed, got 2; expected 3\."):
        teacher().fit(brain, problem(), episodes=4, seed=3, to=name, resume=True)
    another = Brain(brain.config.with_new_seeds(9))
    with pytest.raises(spark.FormatError, match=r"is of a lesson with another brain, world or weights;"):
        teacher().fit(another, problem(), episodes=4, seed=2, to=name, resume=True)


@pytest.mark.parametrize(
    ("targets", "text"),
    [
        (np.full(64, 6), "are no classes of a readout that says 2 numbers, got 6; expected 0 to 1. Number the classes "
         "from 0 on, or let the readout have as many units"),
        (np.full(64, -1), "are no classes of a readout that says 2 numbers, got -1; expected 0 to 1. Number the "
         "classes from 0 on, or let the readout have as many units"),
        (np.ones(64), "are no classes, got float64 of shape (64,); expected whole numbers from 0 to 1, one for each "
         "example. Write `targets.astype(int)`, or give a `loss` that takes them"),
        (np.ones((64, 2), int), "are no classes, got int64 of shape (64, 2); expected whole numbers from 0 to 1, one "
         "for each example. Give a `loss` that takes them"),
    ],
)  # fmt: skip
def test_targets_that_are_no_classes_are_named(brain: Brain, targets: np.ndarray, text: str) -> None:
    with refused(spark.ArgumentError, f"Examples.targets: {text}"):
        teacher().fit(brain, Examples(problem().inputs, targets), episodes=1)


def test_what_does_not_fit_is_named(brain: Brain) -> None:
    with pytest.raises(spark.ArgumentError) as caught:
        Examples(problem().inputs, problem().targets[:3])
    assert str(caught.value) == "Examples.targets: are not as many as the examples, got 3; expected {'x': 64}."
    with pytest.raises(spark.ArgumentError) as caught:
        Examples({"x": FloatArray(np.zeros((0, 2), np.float32))}, np.zeros(0, int))
    assert str(caught.value) == "Examples.targets: are none; expected at least one example."
    with pytest.raises(spark.ArgumentError) as caught:
        teacher().fit(brain, problem(), episodes=1, seed=-1)
    assert str(caught.value) == "fit.seed: must be from 0 to 9223372036854775807, got -1."
    with pytest.raises(spark.ArgumentError, match=r"SurrogateGradients\.weights: has the wrong type, got str 'hidden"):
        SurrogateGradients("hidden.first", "last.soma.potential", STEPS)  # type: ignore[arg-type]
    with pytest.raises(spark.ArgumentError) as caught:
        teacher(batch=0)
    assert str(caught.value) == "SurrogateGradients.batch: must be above 0, got 0."
