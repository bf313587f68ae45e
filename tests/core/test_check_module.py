"""`check_module` passes every class of the catalogue, and names what is wrong with a broken one."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from broken_modules import BROKEN, Gain, GainConfig, GainOutput
from drawing import some

import spark
from spark import catalogue
from spark.core.check_examples import example_config
from spark.core.check_trial import start

BUILT_IN = [cls for family in catalogue.BUILT_IN.values() for cls in family]


def brain_config() -> Any:
    """A brain with a loop, chance and a rule."""
    wire = spark.PortMap
    return spark.nn.BrainConfig(
        input_map={"drive": spark.InputSpec(spark.FloatArray, (4,), jnp.float16)},
        output_map={
            "action": {
                "input": wire("integrator", "signal"),
                "spec": spark.OutputSpec(spark.FloatArray, (2,), jnp.float16),
            }
        },
        modules_map=[
            spark.ModuleSpecs("spiker", spark.nn.interfaces.PoissonSpiker, {"signal": wire("__call__", "drive")}),
            spark.ModuleSpecs(
                "pool",
                spark.nn.neurons.ALIFNeuron,
                {"in_spikes": [wire("spiker", "spikes"), wire("pool", "out_spikes")]},
                spark.nn.neurons.ALIFNeuronConfig(units=(8,), async_spikes=True),
            ),
            spark.ModuleSpecs(
                "integrator",
                spark.nn.interfaces.ExponentialIntegrator,
                {"spikes": wire("pool", "out_spikes")},
                spark.nn.interfaces.ExponentialIntegratorConfig(num_outputs=2),
            ),
        ],
    )


def arguments(cls: type) -> dict[str, Any]:
    """What the check of a class needs beside the class."""
    if cls is spark.nn.Brain:
        return {"config": brain_config()}
    if issubclass(cls, spark.worlds.World):
        return {"inputs": {"action": spark.IntegerArray(jnp.asarray([1], jnp.int32))}}
    if issubclass(cls, spark.nn.plasticity.Rule):
        weights = jnp.asarray(np.random.default_rng(0).random((5, 4)), jnp.float32)
        given: dict[str, Any] = {
            "pre_spikes": spark.SpikeArray(jnp.asarray([1, 0, -1, 1, 0], jnp.int8)),
            "post_spikes": spark.SpikeArray(jnp.asarray([1, 0, 1, 1], jnp.int8)),
            "weights": spark.FloatArray(weights),
            "kernel": spark.FloatArray(weights.T),
            "potential": spark.PotentialArray(jnp.asarray([-50.0, -60.0, -40.0, -55.0], jnp.float32)),
        }
        return {"inputs": {port: given[port] for port in cls.ports().inputs}}
    return {}


# A module is compiled five times for it: every 18th of each family in the quick run, all of them in `make verify`.
@pytest.mark.parametrize(
    "cls",
    [one for family in catalogue.BUILT_IN.values() for one in some(family, 18, thorough=6)],
    ids=lambda c: c.__name__,
)
def test_built_in_module_keeps_the_contract(cls: type) -> None:
    spark.check_module(cls, **arguments(cls))


def floats(payloads: Any) -> dict[str, jax.Array]:
    """The arrays of floating numbers among payloads, by port."""
    return {port: p.value for port, p in payloads.items() if jnp.issubdtype(p.value.dtype, jnp.floating)}


# Each is compiled with its derivatives: one of the catalogue in the quick run.
@pytest.mark.parametrize(
    "cls",
    [one for family in catalogue.BUILT_IN.values() for one in some(family, 18, first=17, thorough=6)],
    ids=lambda c: c.__name__,
)
def test_gradients_of_a_built_in_module_are_finite(cls: type) -> None:
    """From its first state, where much is exactly 0, and from a later one; with ordinary inputs, and with none."""
    given = arguments(cls)
    trial = start(cls, given.get("config") or example_config(cls), given.get("inputs", {}))
    ordinary = trial.inputs[:3]
    silent = [{port: type(p)(jnp.zeros_like(p.value)) for port, p in now.items()} for now in ordinary]

    def total(numbers: Any, arriving: Any, state: Any, inputs: Any) -> jax.Array:
        state, found = state.replace(numbers), jnp.float32(0)
        for now, moved in zip(inputs, arriving, strict=True):
            module = spark.merge(trial.graph, state)
            outputs = module(**{**now, **{port: type(now[port])(value) for port, value in moved.items()}})
            state = spark.split(module)[1]
            found += sum(value.astype(jnp.float32).sum() for value in floats(outputs).values())
        kept = (state[path] for path in numbers)
        return found + sum((value.astype(jnp.float32).sum() for value in kept), start=jnp.float32(0))

    slope = jax.jit(jax.grad(total, argnums=(0, 1)))
    for state in (trial.first, trial.last):
        numbers = {path: state[path] for path in state if jnp.issubdtype(state[path].dtype, jnp.floating)}
        for inputs in (ordinary, silent):
            gradients = slope(numbers, [floats(now) for now in inputs], state, inputs)
            wrong = [g for g in jax.tree.leaves_with_path(gradients) if not np.isfinite(g[1].astype(jnp.float32)).all()]
            assert wrong == []
            # When a unit fired first is told by comparisons alone.
            flat = not numbers or cls is spark.nn.interfaces.FirstToSpike
            assert flat or any(np.any(g) for g in jax.tree.leaves(gradients))


# What modulation adds is the same for all of them, and each compiles: two in the quick run.
RULES = [
    pytest.param(cls, marks=[] if cls.__name__ in ("PairRule", "ZenkeRule") else pytest.mark.slow)
    for cls in BUILT_IN
    if issubclass(cls, spark.nn.plasticity.Rule) and "modulation" in cls.ports().optional
]


@pytest.mark.parametrize("cls", RULES, ids=lambda c: c.__name__)
def test_a_modulated_rule_keeps_the_contract(cls: type) -> None:
    """It shares its structure with one of an equal config, too."""
    inputs = {**arguments(cls)["inputs"], "modulation": spark.FloatArray(jnp.asarray(0.5, jnp.float32))}
    spark.check_module(cls, config=cls.config_class()(eligibility_tau=50.0), inputs=inputs)


def test_a_whole_module_passes() -> None:
    spark.check_module(Gain)


@pytest.mark.parametrize(("make", "kind", "text"), BROKEN, ids=[make.__name__ for make, _, _ in BROKEN])
def test_broken_module_is_named_exactly(make: Any, kind: str, text: str) -> None:
    with pytest.raises(spark.ModuleError) as caught:
        spark.check_module(make())
    assert {p.kind for p in caught.value.problems} == {kind}, str(caught.value)
    assert any(str(p).startswith(text) for p in caught.value.problems), str(caught.value)


def test_all_problems_are_reported_together() -> None:
    class Broken(Gain):
        def build(self, signal: spark.PortSpec) -> None:
            super().build(signal)
            self.helper = object()
            self.count = 0

        def __call__(self, signal: spark.FloatArray) -> GainOutput:
            self.count += 1
            return {"current": spark.CurrentArray(signal.value)}

    with pytest.raises(spark.ModuleError) as caught:
        spark.check_module(Broken)
    assert {p.kind for p in caught.value.problems} == {"docstring", "hidden-state", "structure"}


def test_inputs_of_unknown_ports_are_refused() -> None:
    with pytest.raises(spark.ModuleError, match="Gain.sgnal: is given in `inputs`, but is no input port"):
        spark.check_module(Gain, inputs={"sgnal": spark.FloatArray(jnp.zeros(3))})


def test_something_that_is_no_module_class_is_refused() -> None:
    with pytest.raises(spark.ModuleError, match="takes a module class"):
        spark.check_module(GainConfig)  # type: ignore[arg-type]
