"""Gradients through steps are true: of modules and brains, at any size, compiled or not, native or not."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import drive, linear
from drawing import some

import spark
from spark import CurrentArray, FloatArray, InputSpec, ModuleSpecs, PortMap
from spark.core.packing import SOLO_ELEMENTS
from spark.kernels import deliver_dense
from spark.nn import Brain, BrainConfig, neurons, somas

DRIVE = drive([0.3, 0.9, 0.6, 0.1])
BOTH = {"excitation": PortMap("spiker", "spikes"), "inhibition": PortMap("spiker", "spikes")}
POOLS = {
    "current": ModuleSpecs("pool", neurons.CurrentLIFNeuron, BOTH, neurons.CurrentLIFNeuronConfig(units=(6,))),
    "conductance": ModuleSpecs(
        "pool", neurons.ConductanceLIFNeuron, BOTH, neurons.ConductanceLIFNeuronConfig(units=(6,))
    ),
    "adex": ModuleSpecs("pool", neurons.AdExNeuron, BOTH, neurons.AdExNeuronConfig(units=(6,))),
    "plastic": ModuleSpecs(
        "pool",
        neurons.LIFNeuron,
        {"in_spikes": PortMap("spiker", "spikes")},
        neurons.LIFNeuronConfig(units=(6,), async_spikes=False, soma__threshold=1e4),
    ),
}


# What lies upstream of a pool has the same gradient with each of them.
UPSTREAM = [pytest.param("spiker.potential", pool, marks=pytest.mark.slow) for pool in POOLS if pool != "plastic"]
# Receptors that are read together with the potential have all that the others have.
OWN = [
    pytest.param("pool.soma.potential", pool, marks=[] if pool == "conductance" else pytest.mark.thorough)
    for pool in POOLS
]


def brain_with(pool: str) -> Brain:
    """A brain that has made some steps."""
    inputs = {"drive": InputSpec(FloatArray, (4,), "float16")}
    modules = [linear(max_freq=300.0), POOLS[pool]]
    brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, seed=1))
    for _ in range(20):
        brain(drive=DRIVE)
    return brain


@pytest.mark.parametrize("units", some([SOLO_ELEMENTS, 1, 4, SOLO_ELEMENTS - 1], 4, thorough=1))
def test_a_potentials_gradient_is_its_slope_at_any_size(units: int) -> None:
    soma = somas.LeakySoma()
    soma(current=CurrentArray(jnp.ones(units)))
    graph, state = spark.split(soma)

    def potential(current: Any) -> Any:
        view = spark.merge(graph, state)
        view(current=CurrentArray(current))
        return spark.split(view)[1]["potential"]

    # The potential is linear in the current, so that any difference gives the slope.
    slope = potential(jnp.full(units, 2.0)) - potential(jnp.ones(units))
    gradient = jax.grad(lambda current: potential(current).sum())(jnp.ones(units))
    assert float(slope[0]) > 0
    np.testing.assert_allclose(gradient, slope, rtol=1e-4)


def loss_of(pool: str, path: str) -> tuple[Any, Any, Any, np.ndarray]:
    """A sum of a variable two steps later, by its value now; the variable later and now, and the sum's weights."""
    graph, state = spark.split(brain_with(pool))

    def after_two_steps(value: Any) -> Any:
        view = spark.merge(graph, state.replace({path: value}))
        view(drive=DRIVE)
        view(drive=DRIVE)
        return spark.split(view)[1][path]

    weights = np.random.default_rng(0).normal(size=state[path].shape).astype(np.float32)
    return lambda value: (after_two_steps(value) * weights).sum(), after_two_steps, state[path], weights


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("path", "pool"),
    [*OWN, ("spiker.potential", "plastic"), *UPSTREAM],
)
def test_a_brains_gradient_is_its_slope(path: str, pool: str) -> None:
    loss, after_two_steps, value, weights = loss_of(pool, path)
    gradient, step = jax.jit(jax.grad(loss))(value), jax.jit(after_two_steps)
    small = 0.02 * np.ones_like(weights)
    slope = (step(value + small) - step(value - small)) / (2 * small)
    np.testing.assert_allclose(gradient, slope * weights, rtol=1e-2, atol=1e-4)
    assert np.any(gradient)


# Without `jit` every operation compiles by itself.
@pytest.mark.thorough
@pytest.mark.parametrize("path", ["pool.soma.potential", pytest.param("spiker.potential", marks=pytest.mark.slow)])
@pytest.mark.parametrize("pool", [p if p == "current" else pytest.param(p, marks=pytest.mark.slow) for p in POOLS])
def test_a_gradient_that_is_not_compiled_is_the_same(pool: str, path: str) -> None:
    loss, _, value, _ = loss_of(pool, path)
    np.testing.assert_allclose(jax.jit(jax.grad(loss))(value), jax.grad(loss)(value), rtol=1e-5, atol=1e-7)


def test_weights_have_the_gradient_of_what_they_deliver() -> None:
    brain = brain_with("plastic")
    graph, state = spark.split(brain)
    path = "pool.synapses.weights"

    def potentials(weights: Any) -> Any:
        now = jax.tree.map(jnp.copy, state.replace({path: weights}))
        total = 0.0
        for _ in range(6):
            _, now = spark.step(graph, jax.tree.map(jnp.copy, now), {"drive": DRIVE})
            total += now["pool.soma.potential"].sum()
        return total

    gradient = jax.grad(potentials)(state[path])
    up, down = (potentials(state[path] + change) for change in (0.5, -0.5))
    np.testing.assert_allclose(gradient.sum(), up - down, rtol=2e-2)
    assert float(gradient.sum()) != 0


def test_delivery_has_the_gradient_of_a_product() -> None:
    spikes = jnp.array([1, 0, -1], jnp.int8)
    gradient = jax.grad(lambda weights: deliver_dense(spikes, weights)[0])(jnp.ones((3, 2)))
    np.testing.assert_array_equal(gradient, [[1, 0], [0, 0], [-1, 0]])
    compiled = jax.jit(jax.grad(lambda weights: deliver_dense(spikes, weights)[0]))(jnp.ones((3, 2)))
    np.testing.assert_array_equal(compiled, gradient)


def test_a_run_under_a_gradient_says_what_to_do() -> None:
    brain = brain_with("current")
    with pytest.raises(spark.InputError) as caught:
        jax.grad(lambda x: spark.run(brain, 1, {"drive": FloatArray(x)}).steps)(jnp.zeros(4, jnp.float16))
    assert str(caught.value) == (
        "Brain.drive: is an array that JAX traces, and a run cannot be looked into. "
        "Write the steps as a function: `spark.step(graph, state, inputs)`, in `jax.lax.scan`"
    )


def test_a_state_that_a_step_has_used_up_says_so() -> None:
    brain = brain_with("current")
    graph, state = spark.split(brain)
    _, after = spark.step(graph, state, {"drive": DRIVE})
    said = (
        "state: its arrays were used up by a call that it was given to, such as `spark.step`. "
        "Go on with the state that the call returned (`brain.load_state(state)` gives it to a brain), "
        "or give it a copy: `copy.deepcopy(state)`"
    )
    for read in (lambda: state["pool.soma.potential"], lambda: brain.state, lambda: brain(drive=DRIVE)):
        with pytest.raises(spark.StateError) as caught:
            read()
        assert str(caught.value) == said
    brain.load_state(after)
    brain(drive=DRIVE)
