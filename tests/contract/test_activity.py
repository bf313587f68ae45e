"""Defaults work: the tutorial's pool is active at once, stays so, and moves the cart both ways."""

import functools

import gymnasium as gym
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawing import some

import spark
from spark.demo import scaled, tutorial_config
from spark.envs import Loop

DRIVES = {"middle": [0, 0, 0, 0], "mixed": [0.3, -0.5, 0.8, 0.1], "edges": [-1, 1, -1, 1]}


@functools.partial(jax.jit, static_argnames="steps")
def rate_of_pool(graph, state, drive, steps: int):
    def step(now, _):
        model = spark.merge(graph, now)
        model(drive=drive)
        fired = jnp.abs(model.get_spikes_from_cache()["neurons_pool"].value)
        return spark.split(model)[1], fired.astype(jnp.float32).mean()

    state, active = jax.lax.scan(step, state, None, length=steps)
    return state, active.mean() * 1000


def parts(seed: int, drive: list[float]):
    brain = spark.nn.Brain(config=tutorial_config().with_new_seeds(seed))
    payload = spark.FloatArray(jnp.array(drive, jnp.float16))
    brain(drive=payload)
    brain.reset()
    return *spark.split(brain), payload


@pytest.mark.parametrize("drive", DRIVES.values(), ids=DRIVES)
@pytest.mark.parametrize("seed", range(5))
def test_the_pool_fires_at_5_to_50_hz_within_the_first_100_steps(seed: int, drive: list[float]):
    graph, state, payload = parts(seed, drive)
    _, rate = rate_of_pool(graph, state, payload, steps=100)
    assert 5 <= float(rate) <= 50


def check_long_run(seed: int, drive: list[float], chunks: int) -> None:
    graph, state, payload = parts(seed, drive)
    parameters = np.asarray(spark.merge(graph, state).neurons_pool.learning_rule.parameters.value)
    least, most = parameters[-2:]
    for _ in range(chunks):
        state, rate = rate_of_pool(graph, state, payload, steps=5000)
        weights = state["neurons_pool.synapses.weights"]
        assert 5 <= float(rate) <= 50
        assert least <= float(weights.min()) and float(weights.max()) <= most


@pytest.mark.parametrize("drive", DRIVES.values(), ids=DRIVES)
def test_rate_and_weights_stay_in_bounds_for_10000_steps(drive: list[float]):
    check_long_run(0, drive, 2)


@pytest.mark.slow
@pytest.mark.parametrize("drive", DRIVES.values(), ids=DRIVES)
@pytest.mark.parametrize("seed", range(3))
def test_rate_and_weights_stay_in_bounds_for_200000_steps(seed: int, drive: list[float]):
    check_long_run(seed, drive, 40)


@pytest.mark.parametrize("seed", some(range(4), 2))
def test_both_actions_occur_in_the_tutorials_2500_iterations(seed: int):
    brain = spark.nn.Brain(config=tutorial_config().with_new_seeds(seed))
    environment = gym.make("CartPole-v1")
    loop = Loop(
        brain,
        environment,
        observe=lambda o: {"drive": spark.FloatArray(scaled(o).astype(np.float16))},
        steps_per_action=1,
    )
    actions = loop.run(2500, seed=42).actions
    environment.close()
    assert set(actions) == {0, 1}
