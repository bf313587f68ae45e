"""`unroll` is a run that can be differentiated: the spikes of `run`, and derivatives that pass through them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tolerances import INTEGRATED, OPERATION, SAME_BRAIN

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap, Projection, SpikeArray, Surrogate
from spark.nn import Brain, BrainConfig, interfaces, neurons, receptors, somas
from spark.nn.brain_config import OutputMap
from spark.nn.connections import FixedProbability
from spark.nn.initializers import ArrayInitializer, NormalInitializer, UniformInitializer
from spark.nn.plasticity import PairRuleConfig
from spark.nn.pools import Pool, PoolConfig
from spark.sim.soft import Soft, soft_call

STEPS, SOURCES, HIDDEN, LAST = 12, 5, 6, 3
SURROGATE = Surrogate(width=4.0)
SOMA: dict[str, Any] = {
    "potential_tau": 10.0,
    "potential_rest": -60.0,
    "potential_reset": -55.0,
    "threshold": -45.0,
    "cooldown": 0.0,
}


def pool(name: str, wire: PortMap, units: int, **settings: Any) -> ModuleSpecs:
    """A pool with one receptor."""
    given = {"soma": somas.LeakySomaConfig(**SOMA), "receptors": {"jump": receptors.JumpConfig()}}
    config = PoolConfig(units=(units,), **{**given, **settings})
    return ModuleSpecs(name, Pool, {name: [wire] for name in config.receptors}, config)


def built(*modules: ModuleSpecs, outputs: Any = None, sources: int = SOURCES) -> Brain:
    """A brain that takes float spikes, so that they have derivatives too, and made no step yet."""
    spikes = {"spikes": InputSpec(SpikeArray, (sources,), "float32")}
    brain = Brain(BrainConfig(input_map=spikes, output_map=outputs or {}, modules_map=list(modules), seed=4))
    brain(spikes=SpikeArray(jnp.zeros(sources)))
    brain.reset()
    return brain


def projection(origin: str, port: str, name: str, **settings: Any) -> Projection:
    """A projection with weights of which about every second makes its target fire."""
    return Projection(origin, port, name=name, **{"weights": UniformInitializer(low=2.0, high=14.0), **settings})


@pytest.fixture(scope="module")
def two_pools() -> Brain:
    """Spikes onto a pool, which feeds another."""
    spikes = OutputMap(PortMap("last", "out_spikes"), OutputSpec(SpikeArray, (LAST,), "int8"))
    first = pool("hidden", projection("__call__", "spikes", "first"), HIDDEN)
    last = pool("last", projection("hidden", "out_spikes", "second"), LAST)
    return built(first, last, outputs={"spikes": spikes})


def spikes(steps: int = STEPS, sources: int = SOURCES, seed: int = 0) -> SpikeArray:
    """Random spikes, a row a step."""
    drawn = np.random.default_rng(seed).random((steps, sources)) < 0.3
    return SpikeArray(jnp.asarray(drawn, jnp.float32))


def by_hand(first: Any, second: Any, sent: Any, factors: Any) -> tuple[Any, ...]:
    """Loss, its derivatives by both matrices and by the spikes that come in, and the number of hidden spikes.

    Back through time in NumPy, float64. The loss is the sum of the last pool's potentials, each times its factor.
    """
    kept, level, after = np.exp(-1.0 / SOMA["potential_tau"]), 15.0, 5.0
    steps = len(sent)
    reached, potential, fired = (np.zeros((steps + 1, HIDDEN)) for _ in range(3))
    reached_last, potential_last, fired_last = (np.zeros((steps + 1, LAST)) for _ in range(3))
    for t in range(1, steps + 1):
        reached[t] = kept * potential[t - 1] + sent[t - 1] @ first
        fired[t] = reached[t] > level
        potential[t] = np.where(fired[t], after, reached[t])
        reached_last[t] = kept * potential_last[t - 1] + fired[t - 1] @ second
        fired_last[t] = reached_last[t] > level
        potential_last[t] = np.where(fired_last[t], after, reached_last[t])
    by_first, by_second, by_sent = np.zeros_like(first), np.zeros_like(second), np.zeros((steps, SOURCES))
    by_reached, by_reached_last = np.zeros(HIDDEN), np.zeros(LAST)
    for t in range(steps, 0, -1):
        by_fired = by_reached_last @ second.T
        by_last = (factors[t - 1] + kept * by_reached_last) * (1 - fired_last[t])
        slope = 1 / (SURROGATE.width * (1 + np.abs(reached[t] - level) / SURROGATE.width) ** 2)
        by_reached = kept * by_reached * (1 - fired[t]) + by_fired * slope
        by_reached_last = by_last
        by_second += np.outer(fired[t - 1], by_reached_last)
        by_first += np.outer(sent[t - 1], by_reached)
        by_sent[t - 1] = by_reached @ first.T
    return (potential_last[1:] * factors).sum(), by_first, by_second, by_sent, int(fired.sum())


def test_derivatives_through_spikes_are_those_of_a_calculation_by_hand(two_pools: Brain) -> None:
    graph, state = spark.split(two_pools)
    factors = np.random.default_rng(1).normal(size=(STEPS, LAST))
    tables = {path: two_pools.connections(path) for path in ("hidden.first", "last.second")}

    def loss(parameters: Any, sent: Any) -> Any:
        given = {"spikes": SpikeArray(sent)}
        watched = ["last.soma.potential"]
        found = spark.unroll(graph, state, STEPS, given, parameters=parameters, record=watched, surrogate=SURROGATE)
        return (found.recorded["last.soma.potential"] * factors).sum()

    value, (found, by_sent) = jax.jit(jax.value_and_grad(loss, (0, 1)))(
        {path: table.weights for path, table in tables.items()}, spikes().value
    )
    first, second = (table.to_matrix().T.astype(np.float64) for table in tables.values())
    expected, *gradients, expected_by_sent, fired = by_hand(first, second, np.asarray(spikes().value), factors)
    assert fired > HIDDEN
    np.testing.assert_allclose(value, expected, rtol=INTEGRATED["float32"]["rtol"], atol=INTEGRATED["float32"]["atol"])
    for (path, table), gradient in zip(tables.items(), gradients, strict=True):
        assert np.abs(gradient).max() > 0.1
        np.testing.assert_allclose(
            found[path],
            gradient[table.sources, table.targets],
            rtol=INTEGRATED["float32"]["rtol"],
            atol=INTEGRATED["float32"]["atol"],
        )
    assert np.abs(expected_by_sent).max() > 0.1
    np.testing.assert_allclose(
        by_sent, expected_by_sent, rtol=INTEGRATED["float32"]["rtol"], atol=INTEGRATED["float32"]["atol"]
    )


def recurrent() -> Brain:
    """Adaptive units with delays, a ring of spikes, inhibition, conductances, a Poisson input: in one brain."""
    own = projection(
        "cells", "out_spikes", "own", pattern=FixedProbability(probability=0.4), delay=UniformInitializer(low=1, high=4)
    )
    cells = ModuleSpecs(
        "cells",
        Pool,
        {
            "excitation": [projection("noise", "spikes", "in_", weights=400.0), own],
            "inhibition": [projection("cells", "out_spikes", "back", weights=NormalInitializer(mean=9, deviation=1))],
        },
        PoolConfig(
            units=(8,),
            inhibitory_rate=0.25,
            soma=somas.AdaptiveLeakySomaConfig(),
            receptors={
                "excitation": receptors.ExponentialCurrentConfig(),
                "inhibition": receptors.ExponentialConductanceConfig(),
            },
        ),
    )
    preset = ModuleSpecs(
        "adex",
        neurons.AdExNeuron,
        {"excitation": [projection("cells", "out_spikes", "strong", weights=1000.0)]},
        neurons.AdExNeuronConfig(units=(4,)),
    )
    modules = [ModuleSpecs("noise", interfaces.PoissonSpiker, {"signal": [PortMap("__call__", "rate")]}), cells, preset]
    inputs = {"rate": InputSpec(FloatArray, (SOURCES,), "float32")}
    brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, seed=2))
    brain(rate=FloatArray(jnp.zeros(SOURCES)))
    brain.reset()
    return brain


def test_what_it_computes_is_what_a_run_computes() -> None:
    brain = recurrent()
    graph, state = spark.split(brain)
    watched = ["cells", "adex", "cells.soma.potential", "adex.soma.potential"]
    given = {"rate": FloatArray(jnp.full(SOURCES, 0.8, jnp.float32))}
    found = jax.jit(lambda: spark.unroll(graph, state, 60, given, record=watched))()
    run = spark.run(brain, 60, given, record=watched)
    for path in watched:
        expected = run[path]
        now = np.abs(found.recorded[path]) if path in ("cells", "adex") else found.recorded[path]
        assert np.any(expected)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(now, expected, rtol=0, atol=SAME_BRAIN["float32"] * scale)
    for path in found.state:
        np.testing.assert_allclose(
            np.asarray(found.state[path], np.float64), np.asarray(brain.state[path], np.float64), rtol=1e-4, atol=1e-3
        )


@pytest.mark.thorough
def test_every_input_of_a_batch_has_what_it_has_alone(two_pools: Brain) -> None:
    graph, state = spark.split(two_pools)

    def counts(sent: Any) -> Any:
        return spark.unroll(graph, state, STEPS, {"spikes": SpikeArray(sent)}).outputs["spikes"].value.sum(0)

    batch = jnp.stack([spikes(seed=seed).value for seed in range(3)])
    together = jax.jit(jax.vmap(counts))(batch)
    assert together.dtype == jnp.float32
    np.testing.assert_array_equal(together, [counts(one) for one in batch])


@pytest.mark.parametrize("shape", ["fast_sigmoid", "triangle", "arctan"])
def test_a_surrogate_is_one_spike_wide(shape: Any) -> None:
    # In NumPy, whose middle is 0 to the bit.
    distances = jnp.asarray(np.linspace(-4000.0, 4000.0, 400_001), jnp.float32)
    slope = Surrogate(width=2.0, shape=shape, height=0.5).slope(distances)
    area = {"fast_sigmoid": 2.0, "triangle": 1.0, "arctan": 1.0}[shape]
    np.testing.assert_allclose(jnp.trapezoid(slope, distances), 0.5 * area, rtol=1e-2)
    assert slope[200_000] == slope.max() == 0.25
    step = Surrogate(width=2.0, shape=shape)
    value, gradient = jax.value_and_grad(lambda x: step.step(x > 0, x))(0.5)
    assert value == 1
    np.testing.assert_allclose(gradient, step.slope(0.5), rtol=OPERATION["float32"]["rtol"])


@pytest.mark.thorough
def test_connections_that_learn_and_have_delays_have_the_derivatives_of_those_that_stay() -> None:
    drawn = np.random.default_rng(2)
    weights, delays = drawn.uniform(2, 14, (LAST, HIDDEN)), drawn.integers(1, 40, (LAST, HIDDEN))
    found = []
    for rule in (None, PairRuleConfig(a_plus=0.0, a_minus=0.0, maximum=100.0)):
        settings = {"weights": weights, "delay": ArrayInitializer(array=delays.astype(float)), "rule": rule}
        last = pool("last", Projection("hidden", "out_spikes", name="second", **settings), LAST)
        brain = built(pool("hidden", projection("__call__", "spikes", "first"), HIDDEN), last)
        graph, state = spark.split(brain)

        def potential(parameters: Any, graph: Any = graph, state: Any = state) -> Any:
            watched = ["last.soma.potential"]
            run = spark.unroll(graph, state, 50, {"spikes": spikes(50)}, parameters=parameters, record=watched)
            return run.recorded[watched[0]].sum()

        tables = {path: brain.connections(path) for path in ("hidden.first", "last.second")}
        slope = jax.jit(jax.grad(potential))({path: table.weights for path, table in tables.items()})
        # Those that learn are not listed in the order of those that stay.
        found.append({p: slope[p][np.lexsort((table.targets, table.sources))] for p, table in tables.items()})
        assert all(np.abs(array).max() > 0.1 for array in slope.values())
    for path, array in found[0].items():
        np.testing.assert_allclose(found[1][path], array, rtol=1e-4, atol=1e-4)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "learns", [pytest.param(False, id="stays"), pytest.param(True, id="learns", marks=pytest.mark.thorough)]
)
def test_where_signs_do_not_count_inhibitory_units_have_the_derivatives_of_excitatory_ones(learns: bool) -> None:
    """Of a silent unit nobody sees the sign, and most units are silent in most steps."""
    rule = PairRuleConfig(a_plus=0.0, a_minus=0.0, maximum=100.0) if learns else None
    found = []
    for rate in (0.0, 1.0):
        first = pool("hidden", projection("__call__", "spikes", "first"), HIDDEN, inhibitory_rate=rate)
        last = pool("last", projection("hidden", "out_spikes", "second", signed=False, rule=rule), LAST)
        brain = built(first, last)
        graph, state = spark.split(brain)

        def potential(weights: Any, graph: Any = graph, state: Any = state) -> Any:
            watched, given = ["last.soma.potential"], {"spikes": spikes()}
            run = spark.unroll(graph, state, STEPS, given, parameters={"hidden.first": weights}, record=watched)
            return run.recorded[watched[0]].sum()

        found.append(jax.jit(jax.grad(potential))(brain.connections("hidden.first").weights))
    assert np.abs(found[0]).max() > 0.1
    np.testing.assert_allclose(found[1], found[0], rtol=OPERATION["float32"]["rtol"])


def test_what_has_no_derivative_is_named() -> None:
    graph = jax.make_jaxpr(lambda x: jax.lax.population_count((x > 0).astype(jnp.int8)))(jnp.ones(3))
    with pytest.raises(spark.ModuleError) as caught:
        soft_call(graph, [Soft(jnp.ones(3))], Surrogate())
    assert str(caught.value) == (
        "population_count: has no derivative by spikes, and is given spikes. "
        "Write it as array code without a loop; or stop the derivative before it: `jax.lax.stop_gradient`"
    )


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"steps": 0},
        "unroll.steps: must be from 1 to 2,147,483,647, got 0. Every step is kept for derivatives: ask for fewer",
    ),
    (
        {"parameters": {"hidden.frist": jnp.ones(30)}},
        "unroll.parameters.hidden.frist: is no projection, variable or parameter of each unit of this brain.",
    ),
    (
        {"parameters": {"hidden.first": jnp.ones(3)}},
        "unroll.parameters.hidden.first: has the wrong shape, got (3,); expected (30,)",
    ),
    (
        {"record": ["last.soma.potental"]},
        "unroll.record.last.soma.potental: is no variable of this brain. Did you mean",
    ),
    (
        {"inputs": {"spikes": spikes(STEPS + 1)}},
        "unroll.inputs.spikes: does not fit, got SpikeArray (13, 5); expected a SpikeArray of shape (5,) or (12, 5)",
    ),
    (
        {"inputs": {"spikes": spark.SpikeArray([0, 1, 0, 0, 0])}},
        "unroll.inputs.spikes: does not hold an array, got list; expected a JAX or NumPy array. Write `",
    ),
    (
        {"inputs": {}},
        "unroll.inputs.spikes: does not fit, got NoneType; expected a SpikeArray of shape (5,) or (12, 5)",
    ),
    (
        {"inputs": {"spikes": spark.SpikeArray(np.full((STEPS, 5), 2, np.int8))}},
        "unroll.inputs.spikes: holds numbers that are no spikes, got 2; expected -1, 0 or 1",
    ),
    (
        {"inputs": {"spikes": spark.SpikeArray(jnp.full(5, -2, jnp.int8))}},
        "unroll.inputs.spikes: holds numbers that are no spikes, got -2; expected -1, 0 or 1",
    ),
    (
        {"inputs": {"spikes": spark.SpikeArray(np.zeros(5, complex))}},
        "unroll.inputs.spikes: has the wrong kind of dtype, got complex128; expected ",
    ),
]


@pytest.mark.parametrize(("changed", "said"), WRONG, ids=[said.split(":")[0] for _, said in WRONG])
def test_what_does_not_fit_is_named(two_pools: Brain, changed: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"steps": STEPS, "inputs": {"spikes": spikes()}, **changed}
    with pytest.raises(spark.SparkError) as caught:
        spark.unroll(*spark.split(two_pools), **given)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"width": 0}, "Surrogate.width: must be a number above 0, got 0"),
        ({"height": float("nan")}, "Surrogate.height: must be a number above 0, got nan"),
        (
            {"shape": "box"},
            "Surrogate.shape: is not known, got 'box'; expected one of ['arctan', 'fast_sigmoid', 'triangle']",
        ),
    ],
)
def test_a_wrong_surrogate_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(spark.ArgumentError) as caught:
        Surrogate(**given)
    assert str(caught.value) == said + "."


def test_a_projection_of_one_weight_says_how_to_give_each_its_own() -> None:
    brain = built(pool("hidden", projection("__call__", "spikes", "first", weights=3.0), HIDDEN))
    with pytest.raises(spark.ArgumentError) as caught:
        spark.unroll(*spark.split(brain), 1, {"spikes": spikes(1)}, parameters={"hidden.first": jnp.ones(30)})
    assert str(caught.value) == (
        "unroll.parameters.hidden.first: its connections share weights, of which each has none of its own. Give each "
        "its own: `brain = brain.with_weights({'hidden.first': brain.connections('hidden.first').weights})`"
    )
