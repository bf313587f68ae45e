"""A teacher that follows gradients through spikes: it learns, says what does not fit, and loses nothing."""

from typing import Any

import numpy as np
import pytest

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap, Projection
from spark.learn import SurrogateGradients
from spark.nn import Brain, BrainConfig
from spark.nn.initializers import NormalInitializer
from spark.nn.interfaces import LinearSpiker, LinearSpikerConfig
from spark.nn.pools import Pool, PoolConfig
from spark.nn.somas import LeakySomaConfig

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


def problem() -> tuple[dict[str, Any], np.ndarray]:
    """Whether one and only one of two numbers is large: no weighted sum of the two says so."""
    numbers = np.random.default_rng(0).choice([0.2, 0.9], (64, 2)).astype(np.float32)
    return {"x": FloatArray(numbers)}, ((numbers > 0.5).sum(1) == 1).astype(np.int64)


def teacher(**settings: Any) -> SurrogateGradients:
    given = {"rate": 4.0, "batch": 32, **settings}
    return SurrogateGradients(("hidden.first", "last.second"), "last.soma.potential", STEPS, **given)


@pytest.fixture(scope="module")
def lesson(brain: Brain) -> Any:
    """A lesson with what a callback saw after each epoch."""
    inputs, targets = problem()
    seen: list[Any] = []
    return teacher().fit(brain, inputs, targets, epochs=60, callbacks=[seen.append]), seen


def test_it_learns_what_needs_hidden_spikes(brain: Brain, lesson: Any) -> None:
    inputs, targets = problem()
    taught, seen = lesson
    assert [epoch.number for epoch in seen] == list(range(1, 61)) and taught.stopped is None
    np.testing.assert_allclose(taught.losses, [epoch.loss for epoch in seen], rtol=1e-6)
    assert (teacher().answers(taught.brain, inputs).argmax(1) == targets).all()
    assert not (teacher().answers(brain, inputs).argmax(1) == targets).all()


def test_what_it_learned_is_what_a_run_does_and_a_file_holds(lesson: Any, tmp_path: Any) -> None:
    inputs, _ = problem()
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


def test_the_same_seed_learns_the_same(brain: Brain) -> None:
    inputs, targets = problem()
    first, again, other = (teacher().fit(brain, inputs, targets, epochs=1, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.losses, again.losses)
    assert not np.array_equal(first.losses, other.losses)


def test_a_callback_ends_it_with_what_was_learned(brain: Brain) -> None:
    inputs, targets = problem()

    def stop(epoch: Any) -> None:
        if epoch.number == 2:
            epoch.stop("enough")

    taught = teacher().fit(brain, inputs, targets, epochs=9, callbacks=[stop])
    assert (taught.stopped, taught.losses.shape) == ("enough", (2,))


def test_a_loss_of_ones_own_and_an_optimizer_of_ones_own_count(brain: Brain) -> None:
    import optax

    inputs, targets = problem()
    loss = lambda found, target: (found.recorded["last.soma.potential"].sum() - target.astype("float32")) ** 2  # noqa: E731
    still = teacher(loss=loss, optimizer=optax.sgd(0.0)).fit(brain, inputs, targets, epochs=2)
    # Examples are met, and summed, in another order.
    assert still.losses[0] == pytest.approx(still.losses[1], rel=1e-5)
    moved = teacher(loss=loss).fit(brain, inputs, targets, epochs=2)
    assert moved.losses[1] < moved.losses[0] == pytest.approx(still.losses[0], rel=0.5)


def test_a_loss_that_is_no_number_keeps_what_was_learned(brain: Brain) -> None:
    inputs, targets = problem()
    with pytest.raises(spark.LearnError) as caught:
        teacher(loss=lambda found, target: target.astype("float32") / np.float32(0)).fit(
            brain, inputs, targets, epochs=1
        )
    assert str(caught.value) == (
        "SurrogateGradients.fit: the loss is no number any more in epoch 1. Lower `rate`, or look at the inputs"
    )
    weights = caught.value.taught.brain.connections("last.second").weights
    np.testing.assert_array_equal(weights, brain.connections("last.second").weights)


def test_what_does_not_fit_is_named(brain: Brain) -> None:
    inputs, targets = problem()
    with pytest.raises(spark.ArgumentError) as caught:
        teacher().fit(brain, inputs, targets[:3], epochs=1)
    assert str(caught.value) == (
        "SurrogateGradients.fit.targets: are not as many as the examples, got 3; expected {'x': 64}."
    )
    with pytest.raises(spark.ArgumentError) as caught:
        teacher(batch=0)
    assert str(caught.value) == "SurrogateGradients.batch: must be above 0, got 0."
