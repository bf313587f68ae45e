"""What learns from reward, against its equations in double precision (`reference.learning`)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawing import some
from reference import learning as reference
from tolerances import INTEGRATED

import spark
from spark import BooleanMask, FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap, SpikeArray
from spark.learn import (
    ActorPools,
    ActorPoolsConfig,
    ActorRace,
    ActorRaceConfig,
    Critic,
    CriticConfig,
    PredictionError,
    PredictionErrorConfig,
)
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces import PopulationEncoder, PopulationEncoderConfig
from spark.sim import advance
from spark.sim.run import build

EVERY, ROUNDS, INPUTS = 6, 25, 12
STEPS = EVERY * ROUNDS
RNG = np.random.default_rng(2)
SPIKES = (RNG.random((STEPS, INPUTS)) < 0.3).astype(np.int8)
# An error arrives in the last step of each round; episodes begin in rounds 0, 7 and 15.
ERRORS = np.where(np.arange(STEPS) % EVERY == EVERY - 1, RNG.normal(size=STEPS) * 0.3, 0.0)
STARTED = np.isin(np.arange(STEPS) // EVERY, (0, 7, 15))


def one(value, kind=FloatArray, dtype=jnp.float32):
    return kind(jnp.asarray([value], dtype))


def taught(module, steps=STEPS):
    """What a module puts out, and its variables, in every step."""
    rows = []
    for step in range(steps):
        outputs = module(
            spikes=SpikeArray(jnp.asarray(SPIKES[step])),
            error=one(ERRORS[step]),
            started=one(STARTED[step], BooleanMask, bool),
        )
        state = {path: module.state[path] for path in module.state}
        rows.append(state | {name: payload.value for name, payload in outputs.items()})
    return {name: np.stack([np.asarray(row[name]) for row in rows]) for name in rows[0]}


def test_a_critic_learns_as_its_equations_say():
    config = CriticConfig(every=EVERY, tau=7.0, gain=0.4, baseline=0.8, rate=0.2, discount=0.9, trace=0.7, bound=0.05)
    found = taught(Critic(config))
    z = reference.traces(SPIKES, STARTED, EVERY, tau=7.0, gain=0.4)
    expected = reference.critic(z, ERRORS, STARTED, EVERY, rate=0.2, fade=0.9 * 0.7, bound=0.05, baseline=0.8)
    for name, course in expected.items():
        np.testing.assert_allclose(found[name], course, **INTEGRATED["float32"], err_msg=name)
    assert np.abs(found["weights"]).max() == pytest.approx(0.05)


@pytest.mark.parametrize(
    "more",
    some(
        [(0.05, 2.0, 30.0), (0.0, None, None), (0.05, None, None), (0.0, 2.0, None), (0.0, None, 30.0)], 5, thorough=1
    ),
    ids=str,
)
def test_an_actor_learns_from_who_won_unexpectedly_and_from_who_seldom_won(
    more: tuple[float, float | None, float | None],
) -> None:
    homeostasis, settling, consolidation = more
    settings = {"tau": 7.0, "gain": 0.4, "rate": 0.5, "discount": 0.9, "trace": 0.7, "winner": 0.2, "max_freq": 500.0}
    settings |= {"homeostasis": homeostasis, "settling": settling, "consolidation": consolidation}
    found = taught(ActorPools(ActorPoolsConfig(actions=3, size=2, every=EVERY, **settings)))
    chooses = np.arange(STEPS) % EVERY == EVERY - 1
    won = np.eye(3)[found["action"][:, 0]]
    counts = found["spikes"].sum(axis=2).reshape(-1, EVERY, 3).sum(axis=1)
    assert (counts[won[chooses] == 1] == counts.max(axis=1)).all(), "the pool that fired most acts"
    assert ((counts == counts.max(axis=1, keepdims=True)).sum(axis=1) > 1).any(), "ties, which chance decides, were met"
    # Episodes are counted in the second step of rounds 0, 7 and 15, where they begin.
    begun = np.searchsorted([1, 7 * EVERY + 1, 15 * EVERY + 1], np.arange(STEPS), side="right")
    expected = reference.actor(
        reference.traces(SPIKES, STARTED, EVERY, tau=7.0, gain=0.4), ERRORS, STARTED, won, EVERY, size=2,
        rates=0.5 / (1 + begun / (np.inf if settling is None else settling)), fade=0.9 * 0.7, winner=0.2,
        homeostasis=homeostasis, kept=0.0 if consolidation is None else 1 - np.exp(-EVERY / consolidation),
    )  # fmt: skip
    np.testing.assert_allclose(found["probability"][chooses], expected["probability"][chooses], **INTEGRATED["float32"])
    for name in ["weights", "eligibility"] + ["consolidated"] * (consolidation is not None):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-4, err_msg=name)
    assert ("consolidated" in found) == (consolidation is not None)
    assert len(set(found["action"].reshape(-1).tolist())) == 3


def test_units_fire_as_often_as_their_potential_says():
    steps, rate = 4000, 300.0
    actor = ActorPools(ActorPoolsConfig(size=1, every=EVERY, max_freq=rate, rate=0.0, tau=1.0, gain=1.0))
    quiet = {"error": one(0.0), "started": one(False, BooleanMask, bool)}
    actor(spikes=SpikeArray(jnp.ones(1, jnp.int8)), **quiet)
    actor.replace_state({"weights": np.array([[1.0], [-2.0]], np.float32)})
    graph, state = spark.split(actor)

    def step(now, _):
        view = spark.merge(graph, now)
        fired = view(spikes=SpikeArray(jnp.ones(1, jnp.int8)), **quiet)["spikes"].value
        return spark.split(view)[1], fired

    _, fired = jax.lax.scan(step, state, None, length=steps)
    trace = 1 / (1 - np.exp(-1))
    expected = 0.001 * rate / (1 + np.exp(-np.array([1.0, -2.0]) * trace))
    spread = np.sqrt(expected * (1 - expected) / steps)
    assert (np.abs(np.asarray(fired).reshape(steps, 2).mean(axis=0) - expected) < 5 * spread).all()


@pytest.mark.thorough
def test_pools_that_inhibit_each_other_win_as_often_as_the_softmax_of_their_potentials_says():
    rounds, weights = 3000, np.array([1.0, 0.2, -0.5])
    actor = ActorRace(ActorRaceConfig(actions=3, size=2, every=EVERY, rate=0.0, tau=1.0, gain=1.0, max_freq=400.0))
    quiet = {"error": one(0.0), "started": one(False, BooleanMask, bool)}
    actor(spikes=SpikeArray(jnp.ones(1, jnp.int8)), **quiet)
    actor.replace_state({"weights": np.repeat(weights, 2)[:, None].astype(np.float32)})
    graph, state = spark.split(actor)

    def step(now, _):
        view = spark.merge(graph, now)
        found = view(spikes=SpikeArray(jnp.ones(1, jnp.int8)), **quiet)
        return spark.split(view)[1], (found["action"].value[0], found["spikes"].value.sum(axis=1))

    _, (actions, spikes) = jax.lax.scan(step, state, None, length=rounds * EVERY)
    expected = np.exp(weights / (1 - np.exp(-1)))
    expected /= expected.sum()
    spread = np.sqrt(expected * (1 - expected) / rounds)
    won = np.bincount(np.asarray(actions)[20 * EVERY :: EVERY], minlength=3) / (rounds - 20)
    # Two units at 0.4 a step: seldom do three fire at once, where the majority wins more often than its share.
    assert (np.abs(won - expected) < 5 * spread + 0.02).all()
    # Each pool's units share the rate of all by the same probabilities.
    rates = np.asarray(spikes)[20 * EVERY :].mean(axis=0)
    assert (np.abs(rates - 0.8 * expected) < 5 * np.sqrt(0.8 / rounds / EVERY)).all()


def test_the_error_is_the_change_in_what_is_expected():
    config = PredictionErrorConfig(
        every=EVERY, discount=0.9, clip=0.4, reward_size=2.0, best_return=10.0, memory=0.5, least_rate=0.1
    )
    module = PredictionError(config)
    before, success, seen = 0.0, 0.0, []
    for number in range(12):
        value, reward, gained = RNG.normal() * 0.3 + 1, RNG.normal(), RNG.uniform(0, 12)
        started, terminated, truncated = number in (0, 5), number == 4, number == 9
        expected = 0.1 * reward / 2.0 + 0.9 * (0.0 if terminated else value) - before
        expected = 0.0 if started else float(np.clip(expected, -0.4, 0.4))
        rate = max(0.1, np.sqrt(1 - success))
        for phase in range(EVERY):
            flags = {"started": started, "terminated": terminated, "truncated": truncated}
            found = module(
                value=one(value),
                reward=one(reward),
                episode_return=one(gained),
                **{name: one(flag, BooleanMask, bool) for name, flag in flags.items()},
            )["error"].value
            wanted = rate * expected if phase == EVERY - 2 else 0.0
            np.testing.assert_allclose(np.asarray(found), [wanted], rtol=1e-5, atol=1e-6)
        before = value
        if terminated or truncated:
            success += 0.5 * (min(gained / 10.0, 1.0) - success)
        seen.append(expected)
        assert float(module.state["success"]) == pytest.approx(success, abs=1e-6)
    assert max(np.abs(seen)) == pytest.approx(0.4) and success > 0


def test_with_learning_switched_off_no_error_goes_out_and_no_success_counts():
    given = {
        "value": one(1.0),
        "reward": one(1.0),
        "episode_return": one(1.0),
        "terminated": one(True, BooleanMask, bool),
    }
    given |= {"started": one(False, BooleanMask, bool), "truncated": one(False, BooleanMask, bool)}
    brain = Brain(
        BrainConfig(
            input_map={name: InputSpec(type(p), p.shape, p.value.dtype) for name, p in given.items()},
            output_map={"error": {"input": PortMap("error", "error"), "spec": OutputSpec(FloatArray, (1,), "float32")}},
            modules_map=[
                ModuleSpecs(
                    "error",
                    PredictionError,
                    {name: [PortMap("__call__", name)] for name in given},
                    PredictionErrorConfig(every=4),
                )
            ],
        )
    )
    brain(**given)
    for learning in (False, True):
        graph, state = spark.split(brain)
        outputs, _, after = advance(graph, jax.tree.map(jnp.copy, state), given, learning, steps=8)
        assert np.any(outputs["error"].value) == (after["error.success"] > 0) == learning
        assert after["error.last"] != 0


def test_a_success_that_is_no_better_than_a_failure_is_refused():
    with pytest.raises(
        spark.ConfigError, match=r"best_return: must be above worst_return, got 1; expected more than 1\."
    ):
        PredictionErrorConfig(best_return=1.0, worst_return=1.0)


def encoded(x, steps, **config):
    encoder = PopulationEncoder(PopulationEncoderConfig(**config))
    signal = FloatArray(jnp.asarray(x, jnp.float32))
    encoder(signal=signal)
    graph, state = spark.split(encoder)

    def step(now, _):
        view = spark.merge(graph, now)
        fired = view(signal=signal)["spikes"].value
        return spark.split(view)[1], fired

    return np.asarray(jax.lax.scan(step, state, None, length=steps)[1])


@pytest.mark.parametrize("random", [False, True], ids=["regular", "random"])
def test_units_fire_by_how_near_both_numbers_are_to_theirs(random):
    x, steps = np.array([0.3, -2.0, 0.0]), 2000
    fired = encoded(x, steps, spans=[1.0, 4.0, 1.0], resolution=5, max_freq=100.0, least_freq=3.0, random=random)
    middles, width = np.linspace(-1, 1, 5), 0.8 * 0.5
    near = np.exp(-0.5 * ((np.array([0.3, -0.5, 0.0])[:, None] - middles) / width) ** 2)
    rates = np.concatenate([np.outer(near[a], near[b]).reshape(-1) for a, b in ((0, 1), (0, 2), (1, 2))]) * 100.0
    rates[rates < 3.0] = 0.0
    counts = fired.sum(axis=0)
    bound = 5 * np.sqrt(rates / 1000 * steps) if random else 1.01
    assert (np.abs(counts - rates / 1000 * steps) <= bound + 1e-3).all()
    assert (counts[rates == 0] == 0).all() and (rates == 0).any() and fired.shape == (steps, 75)


def test_an_angle_is_shown_in_the_place_of_its_cosine_and_sine_and_a_center_is_in_the_middle():
    plain = {"resolution": 6, "least_freq": 0.0}
    for angle in (-3.0, -0.4, 2.0):
        given = np.array([np.cos(angle), np.sin(angle), 5.0])
        found = encoded(given, 300, angle=True, spans=[7.0, 7.0, 4.0], centers=[9.0, 9.0, 3.0], **plain)
        expected = encoded(np.array([angle / np.pi, 0.5]), 300, **plain)
        assert found.shape == expected.shape == (300, 36)
        # Their phases are drawn alike, so that only rounding tells them apart.
        assert np.abs(found.sum(axis=0) - expected.sum(axis=0)).max() <= 1


def test_numbers_alone_have_an_axis_each():
    fired = encoded(np.array([-5.0]), 500, resolution=4, pairs=False)
    assert fired.shape == (500, 4) and np.argmax(fired.sum(axis=0)) == 0


def test_one_number_makes_no_pairs():
    with pytest.raises(spark.WiringError, match=r"signal: makes no pairs, got 1 number; expected at least 2\. Write"):
        PopulationEncoder()(signal=FloatArray(jnp.zeros(1)))


@pytest.mark.thorough
def test_a_unit_is_silent_for_its_refractory_period():
    """At the highest rate there is, gaps between spikes are the period, or by chance longer."""
    quiet = {"error": one(0.0), "started": one(False, BooleanMask, bool)}
    for refractory, least in ((0.0, 1), (3.0, 3), (3.5, 4)):
        actor = ActorPools(ActorPoolsConfig(size=20, every=EVERY, max_freq=1000.0, rate=0.0, refractory=refractory))
        spikes = []
        for _ in range(60):
            found = actor(spikes=SpikeArray(jnp.zeros(2, jnp.int8)), **quiet)
            spikes.append(np.asarray(found["spikes"].value).reshape(-1))
        gaps = np.concatenate([np.diff(np.flatnonzero(train)) for train in np.array(spikes).T])
        assert gaps.min() == least and gaps.max() > least


def test_one_number_is_no_angle():
    with pytest.raises(spark.WiringError, match=r"signal: holds no angle, got 1 number; expected its cosine, its sine"):
        PopulationEncoder(angle=True)(signal=FloatArray(jnp.zeros(1)))


def alone(cls, config):
    """A brain of one part that learns."""
    wires = {name: [PortMap("__call__", name)] for name in ("spikes", "error", "started")}
    inputs = {
        "spikes": InputSpec(SpikeArray, (INPUTS,), "int8"),
        "error": InputSpec(FloatArray, (1,), "float32"),
        "started": InputSpec(BooleanMask, (1,), "bool"),
    }
    return Brain(BrainConfig(input_map=inputs, modules_map=[ModuleSpecs("part", cls, wires, config)]))


@pytest.mark.parametrize(
    ("cls", "config"),
    [
        (Critic, CriticConfig(every=EVERY, tau=7.0, rate=0.2)),
        (ActorPools, ActorPoolsConfig(every=EVERY, actions=2, size=3, max_freq=300.0)),
    ],
)
def test_what_happens_while_learning_is_off_is_not_learned_from_later(cls, config):
    brain = alone(cls, config)
    given = {
        "spikes": SpikeArray(SPIKES),
        "error": FloatArray(ERRORS.astype(np.float32)[:, None]),
        "started": BooleanMask(np.zeros((STEPS, 1), bool)),
    }
    spark.run(brain, STEPS, given, learning=False, progress=False)
    for name in ("eligibility", "weights"):
        np.testing.assert_array_equal(brain.state[f"part.{name}"], 0.0)
    spark.run(brain, STEPS, given, progress=False)
    assert np.any(np.asarray(brain.state["part.eligibility"])) and np.any(np.asarray(brain.state["part.weights"]))


def test_a_rate_settles_with_the_episodes_that_taught():
    brain = alone(ActorPools, ActorPoolsConfig(every=EVERY, settling=10.0))
    given = {
        "spikes": SpikeArray(SPIKES),
        "error": FloatArray(ERRORS.astype(np.float32)[:, None]),
        "started": BooleanMask(STARTED[:, None]),
    }
    spark.run(brain, STEPS, given, learning=False, progress=False)
    assert brain.state["part.begun"] == 0.0
    spark.run(brain, STEPS, given, progress=False)
    assert brain.state["part.begun"] == 3.0


@pytest.mark.parametrize("cls", [ActorPools, ActorRace])
def test_while_nothing_is_learned_an_actor_acts_by_what_its_weights_became_slowly(cls):
    """What the weights say and what they said for long are opposites: the switch says which is read."""
    config = cls.config_class()(every=EVERY, rate=0.0, max_freq=500.0, tau=1.0, gain=1.0, consolidation=1e6)
    given = {
        "spikes": SpikeArray(np.ones((STEPS, INPUTS), np.int8)),
        "error": FloatArray(np.zeros((STEPS, 1), np.float32)),
        "started": BooleanMask(np.zeros((STEPS, 1), bool)),
    }
    for learning in (True, False):
        brain = alone(cls, config)
        build(brain)
        weights = np.where(np.arange(8) < 4, 1.0, -1.0).astype(np.float32)[:, None] * np.ones(INPUTS, np.float32)
        brain.replace_state({"part.weights": weights, "part.consolidated": -weights})
        found = spark.run(brain, STEPS, given, record=["part.chosen"], learning=learning, progress=False)
        assert (np.asarray(found["part.chosen"])[EVERY:] == (0 if learning else 1)).all()
        slow = np.asarray(brain.state["part.consolidated"])
        if learning:
            # Followed once a choice: by 6 ms of 1,000 s of the distance, 2, each time.
            np.testing.assert_allclose(slow, -weights * (1 - 2 * ROUNDS * EVERY / 1e6), rtol=0, atol=1e-6)
            assert np.any(slow != -weights)
        else:
            np.testing.assert_array_equal(slow, -weights)
