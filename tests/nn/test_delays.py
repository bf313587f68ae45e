"""A spike with a delay of k steps arrives exactly k steps later, with its sign."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import paired, refused, spikes, spiking_brain
from drawing import examples, some
from hypothesis import given
from hypothesis import strategies as st

import spark
from spark import ModuleSpecs, PortMap, SpikeArray
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig


def random_spikes(steps: int, units: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1, 0, 1], (steps, units), p=[0.15, 0.6, 0.25]).astype(np.int8)


def arrivals(made: Any, sent: np.ndarray) -> np.ndarray:
    """Signed spikes as they arrive at every pair, step by step, under jit and scan."""
    graph, state = spark.split(made)

    def step(now: Any, x: Any) -> Any:
        view = spark.merge(graph, now)
        out = view(spikes=SpikeArray(x))["arriving"].value
        return spark.split(view)[1], out

    return np.asarray(jax.jit(lambda s: jax.lax.scan(step, s, jnp.asarray(sent)))(state)[1])


def shifted(sent: np.ndarray, delay: int) -> np.ndarray:
    return np.concatenate([np.zeros((delay, *sent.shape[1:]), sent.dtype), sent])[: len(sent)]


@pytest.mark.parametrize("delay", some(range(1, 9), 4, first=3, thorough=1))
def test_a_spike_arrives_exactly_its_delay_later(delay: int) -> None:
    """All delays up to the longest, over three times its length: the ring of past steps wraps."""
    sent = random_spikes(3 * 8 + 8, 5)
    found = arrivals(paired(5, (1,), delays={"max_delay": 8.0, "delays": float(delay)}), sent)
    np.testing.assert_array_equal(found.reshape(sent.shape), shifted(sent, delay))


@pytest.mark.parametrize("longest", some([31, 32, 33, 63, 64, 65, 80], 3, 2, thorough=1))
def test_delays_of_more_steps_than_a_word_has_bits_arrive(longest: int) -> None:
    sent = random_spikes(3 * longest, 3)
    made = paired(3, (1,), delays={"max_delay": longest / 10, "delays": longest / 10}, dt=0.1)
    np.testing.assert_array_equal(arrivals(made, sent).reshape(sent.shape), shifted(sent, longest))


@given(st.integers(1, 70), st.integers(0, 2**32 - 1))
@examples(4, 30)
def test_every_pair_of_units_has_a_delay_of_its_own(longest: int, seed: int) -> None:
    delays = np.random.default_rng(seed).integers(1, longest + 1, (2, 3, 4))
    sent = random_spikes(3 * longest, 4, seed)
    given = {"max_delay": float(longest), "delays": delays.astype(np.float32)}
    found = arrivals(paired(4, (2, 3), delays=given), sent)
    for place in np.ndindex(delays.shape):
        np.testing.assert_array_equal(found[(slice(None), *place)], shifted(sent[:, place[-1]], delays[place]))


def test_drawn_delays_are_uniform_over_all_lengths_from_1_to_the_longest() -> None:
    """Chi-square over 8 lengths, p = 1e-4 at 7 degrees of freedom: 29.9."""
    drawn = np.asarray(paired(400, (50,), delays={"max_delay": 8.0}).edges.delay)
    counts, expected = np.bincount(drawn, minlength=9)[1:], drawn.size / 8
    assert drawn.size == 20_000 and counts.size == 8 and counts.all()
    assert ((counts - expected) ** 2 / expected).sum() < 29.9


def test_longest_delay_is_rounded_up_to_whole_steps() -> None:
    assert paired(2, (2,), delays={"max_delay": 2.5}).longest == 3


def potentials(sign: int, delay: int, jitted: bool) -> np.ndarray:
    """Potential of one unit after each of 12 steps; its only input fires in the first, with this sign."""
    config = LIFNeuronConfig(
        units=(1,), async_spikes=True, synapses__kernel=100.0, delays__delays=float(delay), learning_rule__gamma=0.0
    )
    wire = {"in_spikes": PortMap("__call__", "spikes")}
    brain = spiking_brain([ModuleSpecs("pool", LIFNeuron, wire, config)], 1)
    brain(spikes=spikes([0]))
    brain.reset()
    graph, state = spark.split(brain)

    def step(graph: Any, state: Any, x: Any) -> Any:
        view = spark.merge(graph, state)
        view(spikes=x)
        return spark.split(view)[1]

    advance = jax.jit(step) if jitted else step
    found = []
    for n in range(12):
        state = advance(graph, state, spikes([sign if n == 0 else 0]))
        found.append(float(state["pool.soma.potential"][0]))
    return np.array(found)


@pytest.mark.parametrize("jitted", [False, True], ids=["eager", "jitted"])
@pytest.mark.parametrize("delay", some(range(1, 9), 4, first=3, thorough=1))
def test_an_inhibitory_spike_lowers_the_potential_after_any_delay(delay: int, jitted: bool) -> None:
    found = potentials(-1, delay, jitted)
    assert not found[:delay].any() and np.all(found[delay:] < 0)


@pytest.mark.parametrize("delay", [1, 8])
def test_an_inhibitory_spike_is_the_mirror_image_of_an_excitatory_one(delay: int) -> None:
    np.testing.assert_array_equal(potentials(-1, delay, True), -potentials(1, delay, True))


def refused_delays(text: str, inputs: int, units: tuple[int, ...], delays: Any) -> None:
    with refused(spark.ConfigError, text):
        paired(inputs, units, delays={"max_delay": 4.0, "delays": delays})


def test_delay_longer_than_the_longest_is_refused() -> None:
    text = (
        "delays.config.delays: must lie between dt (1 ms) and max_delay (4 ms), got 9 ms. "
        "Raise max_delay, or change the delays"
    )
    refused_delays(text, 4, (2,), 9.0)


def test_delay_below_one_step_is_refused() -> None:
    text = (
        "delays.config.delays: must lie between dt (1 ms) and max_delay (4 ms), got 0.2 to 2 ms. "
        "Raise max_delay, or change the delays"
    )
    refused_delays(text, 2, (1,), [[0.2, 2.0]])


def test_transposed_delays_are_refused() -> None:
    text = (
        "delays.config.delays: has the wrong shape, got (4, 2); expected (2, 4) or one number. "
        "Give one delay for every element"
    )
    refused_delays(text, 4, (2,), np.ones((4, 2), np.float32))


def test_two_longest_delays_that_differ_are_refused() -> None:
    text = "LIFNeuronConfig.max_delay: differs from delays.max_delay, got 3.0 and 4.0 ms. Give one of them"
    with refused(spark.ConfigError, text):
        LIFNeuronConfig(units=(3,), async_spikes=True, max_delay=3.0, delays__max_delay=4.0)
