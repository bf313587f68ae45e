"""The default rule against the equations of its paper, one connection after another (`reference.event_rules`)."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import delays_of_pairs, prepared, refused, spikes, spiking_brain
from reference import event_rules as reference
from tolerances import INTEGRATED

import spark
from spark import FloatArray, ModuleSpecs, PortMap, SpikeArray
from spark.nn.initializers import UniformInitializer
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig
from spark.nn.plasticity import ZenkeRule, ZenkeRuleConfig

PRE, POST, STEPS = 10, 8, 300
# Every term moves the weights, and none drowns the others.
RULE = {"gamma": 0.05, "pre_tau": 15.0, "post_tau": 25.0, "post_slow_tau": 60.0}
RULE |= {"a": 0.05, "b": 0.2, "c": 0.02, "d": 0.3, "maximum": 1.8}

Rule = tuple[tuple[str, float], ...]


def pool(delayed: bool, density: float, rule: Rule, alone: bool) -> Any:
    """A pool of LIF units under random input, by itself or as a module of a brain."""
    config = LIFNeuronConfig(
        units=(POST,),
        async_spikes=delayed,
        synapses__kernel=UniformInitializer(density=density, low=2000.0, high=6000.0),
        **{f"learning_rule__{name}": value for name, value in rule},
    )
    if alone:
        return prepared(LIFNeuron(config), in_spikes=spikes(np.zeros(PRE)))
    wires = {"in_spikes": PortMap("__call__", "spikes")}
    return prepared(spiking_brain([ModuleSpecs("pool", LIFNeuron, wires, config)], PRE))


def inputs(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1, 0, 1], (STEPS, PRE), p=[0.02, 0.9, 0.08]).astype(np.int8)


@functools.cache
def built(delayed: bool, density: float, rule: Rule, alone: bool) -> tuple[np.ndarray, np.ndarray, Any]:
    """First kernel, delays (post, pre), and a compiled run; several tests ask for the same one."""
    made = pool(delayed, density, rule, alone)
    neuron = made if alone else made.pool
    first = np.asarray(neuron.synapses.kernel)
    delays = delays_of_pairs(neuron.synapses)
    graph, state = spark.split(made)

    def step(now: Any, x: Any) -> Any:
        view = spark.merge(graph, now)
        if alone:
            fired = view(in_spikes=SpikeArray(x))["out_spikes"].value
        else:
            view(spikes=SpikeArray(x))
            fired = view.get_spikes_from_cache()["pool"].value
        return spark.split(view)[1], (fired, (view if alone else view.pool).synapses.kernel)

    compiled = jax.jit(lambda first, sent: jax.lax.scan(step, first, sent))
    return first, delays, lambda sent: compiled(state, jnp.asarray(sent))[1]


def ran(
    delayed: bool, density: float, rule: dict[str, float], alone: bool, sent: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """First kernel, delays (post, pre), postsynaptic spikes (0 or 1), and the kernel after every step."""
    first, delays, run = built(delayed, density, tuple(rule.items()), alone)
    fired, kernels = run(sent)
    return first, delays, np.abs(np.asarray(fired)), np.asarray(kernels)


def loop(first: np.ndarray, delays: np.ndarray, sent: np.ndarray, post: np.ndarray, config: ZenkeRuleConfig) -> Any:
    """Weights after every step, by the equations."""
    c = config
    taus, bounds = (c.pre_tau, c.post_tau, c.post_slow_tau), (c.minimum, c.maximum)
    rule = reference.zenke(first, c.a, c.b, c.c, c.d, c.gamma, taus, bounds)
    return reference.learned(rule, first, delays, sent, post).weights


KINDS = pytest.mark.parametrize(
    ("delayed", "density"),
    [(False, 1.0), (False, 0.4), (True, 1.0), (True, 0.4)],
    ids=["dense", "listed", "delayed", "delayed and sparse"],
)


@KINDS
@pytest.mark.parametrize("alone", [pytest.param(True, marks=pytest.mark.thorough), False], ids=["alone", "in a brain"])
def test_weights_are_those_of_an_event_exact_loop(delayed: bool, density: float, alone: bool) -> None:
    """All weights after each of 300 steps of random spikes; float32 against float64, in units of the greatest."""
    sent = inputs()
    first, delays, post, kernels = ran(delayed, density, RULE, alone, sent)
    expected = loop(first, delays, sent, post, ZenkeRuleConfig(**RULE))
    assert post.sum() > 100 and np.abs(kernels[-1] - first).max() > 0.2 * first.max()
    np.testing.assert_allclose(kernels / first.max(), expected / first.max(), **INTEGRATED["float32"])


@KINDS
def test_weights_never_leave_their_bounds(delayed: bool, density: float) -> None:
    """Adversarial amplitudes; first weights lie within the bounds."""
    rule = {"gamma": 5.0, "a": 50.0, "d": 3.0, "b": 40.0, "minimum": 0.4, "maximum": 1.5}
    first, _, _, kernels = ran(delayed, density, rule, True, inputs())
    found, unit = kernels[:, first != 0], first[first != 0].mean()
    bounds = np.array([0.4 * unit, max(1.5 * unit, first.max())])
    np.testing.assert_allclose([found.min(), found.max()], bounds, **INTEGRATED["float32"])


@KINDS
def test_connections_that_do_not_exist_never_appear(delayed: bool, density: float) -> None:
    first, _, _, kernels = ran(delayed, density, RULE, True, inputs())
    np.testing.assert_array_equal(kernels[:, first == 0], 0)


@KINDS
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in a brain"])
def test_without_learning_rate_weights_stay_bit_for_bit(delayed: bool, density: float, alone: bool) -> None:
    first, _, post, kernels = ran(delayed, density, {"gamma": 0.0}, alone, inputs())
    assert post.any()
    np.testing.assert_array_equal(kernels, np.broadcast_to(first, kernels.shape))


@KINDS
def test_silence_leaves_weights_bit_for_bit(delayed: bool, density: float) -> None:
    first, _, post, kernels = ran(delayed, density, RULE, True, np.zeros((STEPS, PRE), np.int8))
    assert not post.any()
    np.testing.assert_array_equal(kernels, np.broadcast_to(first, kernels.shape))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_sign_of_a_presynaptic_spike_plays_no_part(sign: int) -> None:
    """Without postsynaptic spikes the growth is gamma*d*unit for each arrival."""
    made = ZenkeRule(gamma=0.01)
    once = {
        "pre_spikes": spikes([sign, 0]),
        "post_spikes": spikes([0]),
        "weights": FloatArray(jnp.ones((2, 1))),
    }
    np.testing.assert_allclose(made(**once)["weights"].value, [[1.003], [1.0]], **INTEGRATED["float32"])


def steps_of(rule: ZenkeRule, pre: list[int], post: list[int]) -> np.ndarray:
    """One weight, starting at 1, over these spikes."""
    weight, found = jnp.ones((1, 1)), []
    for x, y in zip(pre, post, strict=True):
        weight = rule(pre_spikes=spikes([x]), post_spikes=spikes([y]), weights=FloatArray(weight))["weights"].value
        found.append(float(weight[0, 0]))
    return np.array(found)


def test_the_first_postsynaptic_spike_potentiates_nothing() -> None:
    """A triplet rule: potentiation needs an earlier postsynaptic spike."""
    np.testing.assert_array_equal(steps_of(ZenkeRule(d=0.0, gamma=0.1), [1, 0, 0], [0, 0, 1]), [1, 1, 1])


def test_pre_after_post_depresses_by_the_closed_form() -> None:
    found = steps_of(ZenkeRule(d=0.0, gamma=0.1, b=2.0), [0, 0, 0, 1], [1, 0, 0, 0])
    np.testing.assert_allclose(found[-1], 1 - 0.1 * 2.0 * np.exp(-3 / 20), **INTEGRATED["float32"])


def test_triplet_potentiates_by_the_closed_form() -> None:
    """Post at step 0, pre at 2, post at 5: a*x*z, and the pull vanishes, for the weight is still its first."""
    found = steps_of(ZenkeRule(d=0.0, b=0.0, gamma=0.1, a=1.5), [0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 1])
    np.testing.assert_allclose(found[-1], 1 + 0.1 * 1.5 * np.exp(-3 / 20) * np.exp(-5 / 100), **INTEGRATED["float32"])


def test_pull_never_goes_beyond_the_first_weight() -> None:
    found = steps_of(ZenkeRule(gamma=1.0, c=1e6, a=0.0, d=0.5, b=0.0), [1] * 20, [1] * 20)
    assert np.all(found >= 1.0)


def test_weights_as_post_by_pre_are_refused() -> None:
    text = (
        "ZenkeRule.weights: has the wrong shape, got (1, 2); expected (2, 1). "
        "Give one weight for every pair of units, shape (pre, post)"
    )
    with refused(spark.InputError, text):
        ZenkeRule()(pre_spikes=spikes([0, 1]), post_spikes=spikes([1]), weights=FloatArray(jnp.zeros((1, 2))))


def test_bounds_upside_down_are_refused() -> None:
    with refused(spark.ConfigError, "ZenkeRuleConfig.maximum: must be above minimum (2.0), got 1.0."):
        ZenkeRuleConfig(minimum=2.0, maximum=1.0)
