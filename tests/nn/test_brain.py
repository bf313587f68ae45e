"""The brain's step: latency, order, cache, build, determinism."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import (
    DRIVE,
    Parity,
    action,
    drive,
    linear,
    poisson,
    pool_spikes,
    relay,
    run,
    spikes,
    spiking_brain,
    tutorial_brain,
    tutorial_config,
    tutorial_specs,
)

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap, SpikeArray
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces import ExponentialIntegrator, ExponentialIntegratorConfig
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig
from spark.sim.run import build

CALL = ("__call__", "spikes")
STEPS = 300


def sent(steps: int = 40, size: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1, 0, 1], (steps, size)).astype(np.int8)


def passed(brain: Brain, given: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Outputs and spikes of every module over these inputs, from step 0."""
    build(brain)
    outputs, fired, _ = run(brain, {"spikes": SpikeArray(jnp.asarray(given))})
    return (
        {n: np.asarray(p.value) for n, p in outputs.items()},
        {n: np.asarray(p.value) for n, p in fired.items()},
    )


def later(given: np.ndarray, steps: int) -> np.ndarray:
    return np.concatenate([np.zeros_like(given[:steps]), given])[: len(given)]


# Latency.


@pytest.mark.parametrize(("name", "latency"), [("a", 0), ("b", 1), ("c", 2), ("d", 3)])
def test_a_wire_between_modules_costs_one_step(name: str, latency: int) -> None:
    chain = [relay("a", CALL), relay("b", ("a", "spikes")), relay("c", ("b", "spikes")), relay("d", ("c", "spikes"))]
    _, fired = passed(spiking_brain(chain), sent())
    np.testing.assert_array_equal(fired[name], later(sent(), latency))


def test_an_output_is_taken_from_the_same_step() -> None:
    spec = OutputSpec(SpikeArray, (4,), jnp.int8)
    outputs = {"out": {"input": PortMap("a", "spikes"), "spec": spec}}
    found, _ = passed(spiking_brain([relay("a", CALL)], outputs=outputs), sent())
    np.testing.assert_array_equal(found["out"], sent())


def test_an_input_may_be_wired_straight_to_an_output() -> None:
    spec = OutputSpec(SpikeArray, (4,), jnp.int8)
    outputs = {"out": {"input": PortMap(*CALL), "spec": spec}}
    found, _ = passed(spiking_brain([relay("a", CALL)], outputs=outputs), sent())
    np.testing.assert_array_equal(found["out"], sent())


def test_a_module_wired_to_itself_reads_its_output_of_the_step_before() -> None:
    """Parity of input and own last output: the parity of all inputs so far."""
    specs = ModuleSpecs("parity", Parity, {"spikes": [PortMap(*CALL), PortMap("parity", "spikes")]})
    _, fired = passed(spiking_brain([specs]), sent())
    expected = np.cumsum(np.abs(sent()).sum(axis=1)) % 2
    np.testing.assert_array_equal(fired["parity"][:, 0], expected)


def test_two_modules_may_feed_each_other() -> None:
    """b repeats a one step later; a adds the input to what b said: a parity over every second step."""
    modules = [
        ModuleSpecs("a", Parity, {"spikes": [PortMap(*CALL), PortMap("b", "spikes")]}),
        relay("b", ("a", "spikes")),
    ]
    _, fired = passed(spiking_brain(modules), sent())
    expected = np.abs(sent()).sum(axis=1)
    for n in range(2, len(expected)):
        expected[n] += expected[n - 2]
    np.testing.assert_array_equal(fired["a"][:, 0], expected % 2)


# Concatenation.


def test_several_wires_are_concatenated_in_the_order_in_which_they_are_listed() -> None:
    modules = [relay("a", CALL), relay("b", ("a", "spikes")), relay("z", ("b", "spikes"), CALL, ("a", "spikes"))]
    _, fired = passed(spiking_brain(modules), sent())
    expected = np.concatenate([later(sent(), 2), sent(), later(sent(), 1)], axis=1)
    np.testing.assert_array_equal(fired["z"], expected)


def test_several_wires_are_flattened() -> None:
    modules = {**tutorial_specs(), "copy": relay("copy", ("spiker", "spikes"), ("pool", "out_spikes"))}
    brain = Brain(tutorial_config(modules))
    brain(drive=drive())
    assert brain.copy.output_specs["spikes"].shape == (4 * 16 + 32,)


def test_one_wire_keeps_its_shape() -> None:
    brain = Brain(tutorial_config({"copy": relay("copy", ("spiker", "spikes"))}))
    brain(drive=drive())
    assert brain.copy.output_specs["spikes"].shape == (4, 16)


def test_a_two_dimensional_output_is_passed_on_unchanged() -> None:
    fired = pool_spikes(tutorial_brain(modules={"copy": relay("copy", ("spiker", "spikes"))}), 50)
    np.testing.assert_array_equal(fired["copy"], later(fired["spiker"], 1))


# Order of listing.


@pytest.mark.parametrize("order", [("integrator", "pool", "spiker"), ("pool", "integrator", "spiker")])
def test_modules_listed_in_another_order_give_identical_spikes(order: tuple[str, ...]) -> None:
    listed = [tutorial_specs()[name] for name in order]
    first, second = pool_spikes(tutorial_brain(), STEPS), pool_spikes(tutorial_brain(modules_map=listed), STEPS)
    assert first["pool"].any()
    np.testing.assert_array_equal(second["pool"], first["pool"])


def test_modules_may_be_listed_or_named() -> None:
    assert tutorial_config(modules_map=list(tutorial_specs().values())) == tutorial_config()


# Brains within brains.


def plain_pool() -> ModuleSpecs:
    """A pool in which nothing is drawn, so that its path in the brain does not matter."""
    config = LIFNeuronConfig(units=(6,), async_spikes=False, inhibitory_rate=0.0, synapses__kernel=500.0)
    return ModuleSpecs("pool", LIFNeuron, {"in_spikes": PortMap("spiker", "spikes")}, config)


def reading(origin: str, port: str) -> ModuleSpecs:
    config = ExponentialIntegratorConfig(num_outputs=2, shuffle=False)
    return ModuleSpecs("integrator", ExponentialIntegrator, {"spikes": PortMap(origin, port)}, config)


def flat_and_nested() -> tuple[Brain, Brain]:
    """Spiker, pool and integrator in one brain; and with spiker and pool in a brain of their own."""
    flat = tutorial_config(modules_map=[linear(max_freq=200.0), plain_pool(), reading("pool", "out_spikes")])
    inner = BrainConfig(
        input_map={"drive": InputSpec(FloatArray, (4,), jnp.float16)},
        output_map={"out": {"input": PortMap("pool", "out_spikes"), "spec": OutputSpec(SpikeArray, (6,), jnp.int8)}},
        modules_map=[linear(max_freq=200.0), plain_pool()],
    )
    specs = ModuleSpecs("inner", Brain, {"drive": PortMap("__call__", "drive")}, inner)
    nested = tutorial_config(modules_map=[specs, reading("inner", "out")])
    return Brain(flat), Brain(nested)


def test_a_brain_within_a_brain_gives_what_the_flat_one_gives() -> None:
    drives = {"drive": FloatArray(jnp.tile(jnp.abs(jnp.asarray(DRIVE)), (STEPS, 1)))}
    found = []
    for brain in flat_and_nested():
        brain(drive=drive())
        brain.reset()
        found.append(np.asarray(run(brain, drives)[0]["action"].value))
    assert found[0].any()
    np.testing.assert_array_equal(found[1], found[0])


def test_the_wire_between_two_inner_brains_costs_one_step() -> None:
    def inner(name: str, origin: tuple[str, str]) -> ModuleSpecs:
        out = {"out": {"input": PortMap("b", "spikes"), "spec": OutputSpec(SpikeArray, (4,), jnp.int8)}}
        chain = [relay("a", CALL), relay("b", ("a", "spikes"))]
        config = BrainConfig(
            input_map={"spikes": InputSpec(SpikeArray, (4,), jnp.int8)}, output_map=out, modules_map=chain
        )
        return ModuleSpecs(name, Brain, {"spikes": PortMap(*origin)}, config)

    brain = spiking_brain([inner("first", CALL), inner("second", ("first", "out"))])
    _, fired = passed(brain, sent())
    np.testing.assert_array_equal(fired["second"], later(sent(), 3))


def test_variables_of_an_inner_brain_have_their_path() -> None:
    _, nested = flat_and_nested()
    nested(drive=drive())
    assert "inner.pool.soma.potential" in nested.state and "inner.cache.spiker.spikes" in nested.state


def test_an_inner_brain_is_reset_with_the_outer_one() -> None:
    _, nested = flat_and_nested()
    nested(drive=drive([1, 1, 1, 1]))
    nested.reset()
    assert not any(np.asarray(nested.state[p]).any() for p in nested.state if ".cache." in p or "potential" in p)


# Outputs and inputs.


@pytest.mark.parametrize("dtype", ["float16", "float32", "bfloat16"])
def test_output_is_cast_to_its_declared_dtype(dtype: str) -> None:
    output = {"action": {**action()["action"], "spec": OutputSpec(FloatArray, (2,), dtype)}}
    assert Brain(tutorial_config(output_map=output))(drive=drive())["action"].dtype == jnp.dtype(dtype)


def test_spikes_may_be_put_out_in_another_dtype() -> None:
    outputs = {"out": {"input": PortMap("a", "spikes"), "spec": OutputSpec(SpikeArray, (4,), jnp.float32)}}
    found = spiking_brain([relay("a", CALL)], outputs=outputs)(spikes=spikes([1, -1, 0, 1]))
    np.testing.assert_array_equal(found["out"].value, np.array([1, -1, 0, 1], np.float32), strict=True)


def test_input_of_another_precision_is_cast_to_the_declared_one() -> None:
    values = np.array([0.1, 0.2, 0.3, 0.4])
    first, second = tutorial_brain(), tutorial_brain()
    first(drive=FloatArray(jnp.asarray(values, jnp.float16)))
    second(drive=FloatArray(jnp.asarray(values.astype(np.float16), jnp.float32)))
    np.testing.assert_array_equal(first.state["spiker.potential"], second.state["spiker.potential"])


# Build, reset, cache.


def test_the_first_call_builds_and_advances_exactly_one_step() -> None:
    brain = Brain(tutorial_config())
    brain(drive=drive())
    assert int(brain.state["step"]) == 1


def test_building_does_not_advance_the_state() -> None:
    brain = Brain(tutorial_config())
    brain(drive=drive())
    after_first = {p: np.asarray(brain.state[p]) for p in brain.state}
    brain.reset()
    brain(drive=drive())
    assert all(np.array_equal(brain.state[p], after_first[p]) for p in after_first)


def test_a_built_brain_is_at_rest() -> None:
    """Everything but weights and the rule's bounds begins at zero."""
    state = tutorial_brain().state
    assert [p for p in state if np.asarray(state[p]).any()] == ["pool.synapses.weights"]


def test_reset_clears_the_cache() -> None:
    brain = spiking_brain([relay("a", CALL), relay("b", ("a", "spikes"))])
    brain(spikes=spikes([1, 1, 1, 1]))
    brain.reset()
    brain(spikes=spikes([0, 0, 0, 0]))
    assert not np.asarray(brain.get_spikes_from_cache()["b"].value).any()


def test_reset_brings_the_first_weights_back() -> None:
    brain = tutorial_brain()
    first = np.asarray(brain.state["pool.synapses.weights"])
    for _ in range(100):
        brain(drive=drive())
    assert not np.array_equal(brain.state["pool.synapses.weights"], first)
    brain.reset()
    np.testing.assert_array_equal(brain.state["pool.synapses.weights"], first)


def test_the_cache_gives_the_spikes_of_every_module_that_spikes() -> None:
    assert set(tutorial_brain().get_spikes_from_cache()) == {"spiker", "pool"}


def test_the_cache_gives_spike_payloads_of_the_modules_shape() -> None:
    found = tutorial_brain().get_spikes_from_cache()
    assert {n: (type(p), p.shape) for n, p in found.items()} == {
        "spiker": (SpikeArray, (4, 16)),
        "pool": (SpikeArray, (32,)),
    }


def test_the_cache_holds_the_last_steps_spikes() -> None:
    brain = spiking_brain([relay("a", CALL)])
    for row in sent(5):
        brain(spikes=spikes(row))
        np.testing.assert_array_equal(brain.get_spikes_from_cache()["a"].value, row)


def test_spikes_of_inhibitory_units_are_negative_in_the_cache() -> None:
    fired = pool_spikes(tutorial_brain(), STEPS)["pool"]
    signs = np.asarray(tutorial_brain().pool.signs.value)
    assert np.all(fired * signs >= 0) and (fired < 0).any()


# Determinism.


def shell_spikes(brain: Brain, steps: int) -> np.ndarray:
    found = []
    for _ in range(steps):
        brain(drive=drive())
        found.append(np.asarray(brain.get_spikes_from_cache()["pool"].value))
    return np.stack(found)


def test_calls_one_by_one_and_a_compiled_scan_give_the_same_spikes() -> None:
    scanned = pool_spikes(tutorial_brain(), STEPS)["pool"]
    assert np.abs(scanned).sum() > 100
    np.testing.assert_array_equal(shell_spikes(tutorial_brain(), STEPS), scanned)


def test_uncompiled_views_and_a_compiled_scan_give_the_same_spikes() -> None:
    graph, state = spark.split(tutorial_brain())
    found = []
    for _ in range(STEPS):
        view = spark.merge(graph, state)
        view(drive=drive())
        found.append(np.asarray(view.get_spikes_from_cache()["pool"].value))
        state = spark.split(view)[1]
    np.testing.assert_array_equal(np.stack(found), pool_spikes(tutorial_brain(), STEPS)["pool"])


@pytest.mark.parametrize("chunk", [1, 7, 40])
def test_a_run_in_chunks_gives_the_same_spikes_as_one_run(chunk: int) -> None:
    brain, found = tutorial_brain(), []
    for begin in range(0, 50, chunk):
        steps = min(chunk, 50 - begin)
        _, fired, state = run(brain, {"drive": FloatArray(jnp.tile(jnp.asarray(DRIVE), (steps, 1)))})
        brain.load_state(state)
        found.append(np.asarray(fired["pool"].value))
    np.testing.assert_array_equal(np.concatenate(found), pool_spikes(tutorial_brain(), 50)["pool"])


def test_under_vmap_every_brain_does_what_it_does_alone() -> None:
    graph, state = spark.split(tutorial_brain())
    drives = np.random.default_rng(3).uniform(-1, 1, (3, 4)).astype(np.float16)

    def alone(x: Any) -> Any:
        def step(now: Any, _: None) -> Any:
            view = spark.merge(graph, now)
            view(drive=FloatArray(x))
            return spark.split(view)[1], view.get_spikes_from_cache()["pool"].value

        return jax.lax.scan(step, state, None, length=100)[1]

    together = jax.jit(jax.vmap(alone))(jnp.asarray(drives))
    assert np.asarray(together).any()
    np.testing.assert_array_equal(together, np.stack([jax.jit(alone)(jnp.asarray(x)) for x in drives]))


def test_same_seed_same_spikes() -> None:
    first, second = (pool_spikes(tutorial_brain(seed=3), 100)["pool"] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_another_seed_gives_other_spikes() -> None:
    first, second = (pool_spikes(tutorial_brain(seed=seed), 100)["pool"] for seed in (3, 4))
    assert not np.array_equal(first, second)


def digest() -> str:
    """Of the spikes of a pool under random input, after 100 steps."""
    specs = tutorial_specs()["pool"]
    return hashlib.sha256(
        pool_spikes(tutorial_brain(modules={"spiker": poisson("spiker"), "pool": specs}), 100)["pool"].tobytes()
    ).hexdigest()


@pytest.mark.thorough
def test_same_seed_same_spikes_in_another_process() -> None:
    """Another process, another hash seed, another directory."""
    root = Path(__file__).resolve().parents[2]
    paths = [str(root), str(root / "tests"), str(root / "tests" / "nn")]
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", "import conftest, test_brain; print(test_brain.digest())"]
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True)
    assert done.stdout.strip() == digest(), done.stderr[-2000:]
