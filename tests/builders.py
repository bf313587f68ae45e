"""Small brains and modules that several tests use."""

import asyncio
import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap, SpikeArray
from spark.core import calling
from spark.kernels import native
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces import (
    ExponentialIntegrator,
    ExponentialIntegratorConfig,
    LinearSpiker,
    LinearSpikerConfig,
    PoissonSpiker,
    PoissonSpikerConfig,
    TopologicalLinearSpiker,
    TopologicalLinearSpikerConfig,
)
from spark.nn.neurons import ALIFNeuron, ALIFNeuronConfig
from spark.nn.projections import PairDelaysConfig, PairSynapsesConfig, PlasticProjection
from spark.nn.projections.pairs import Pairs
from spark.sim.run import build

# Part of the key of everything that JAX keeps compiled.
_WAY = jax.make_user_context("as users have it")
DRIVE = np.array([0.3, -0.5, 0.8, 0.1], np.float16)


def drive(values: Any = DRIVE) -> FloatArray:
    """The tutorial's drive."""
    return FloatArray(jnp.asarray(values, jnp.float16))


def compiled_apart(way: str) -> contextlib.AbstractContextManager[None]:
    """Inside, nothing is used that was compiled outside or under another name: for tests that replace a way to run."""
    return _WAY(way)


@contextlib.contextmanager
def array_code() -> Iterator[None]:
    """Inside, everything runs in the reference in jax.numpy, as under SPARK_NATIVE=0: no program, no kernel of C++."""
    with pytest.MonkeyPatch.context() as patch, compiled_apart("array code"):
        patch.setenv("SPARK_NATIVE", "0")
        patch.setattr(native, "_loader", type(native._loader)())
        yield


def usual_step(config: spark.ModuleConfig) -> float:
    """The step, ms, that a module takes where nobody says another."""
    return type(config).model_fields["dt"].get_default()


def tutorial_specs(units: int = 32) -> dict[str, ModuleSpecs]:
    """The tutorial's three modules, smaller."""
    return {
        "spiker": ModuleSpecs(
            "spiker",
            TopologicalLinearSpiker,
            {"signal": [PortMap("__call__", "drive")]},
            TopologicalLinearSpikerConfig(mins=-1, maxs=1, resolution=16, max_freq=200.0, tau=30.0),
        ),
        "pool": ModuleSpecs(
            "pool",
            ALIFNeuron,
            {"in_spikes": [PortMap("spiker", "spikes"), PortMap("pool", "out_spikes")]},
            ALIFNeuronConfig(units=(units,), async_spikes=True),
        ),
        "integrator": ModuleSpecs(
            "integrator",
            ExponentialIntegrator,
            {"spikes": [PortMap("pool", "out_spikes")]},
            ExponentialIntegratorConfig(num_outputs=2),
        ),
    }


def action(origin: str = "integrator", port: str = "signal", shape: tuple[int, ...] = (2,)) -> dict[str, Any]:
    """The tutorial's output."""
    return {"action": {"input": PortMap(origin, port), "spec": OutputSpec(FloatArray, shape, jnp.float16)}}


def tutorial_config(modules: Any = None, **changes: Any) -> BrainConfig:
    """The tutorial's brain, smaller; `modules` replaces some of its modules."""
    given: dict[str, Any] = {
        "input_map": {"drive": InputSpec(FloatArray, (4,), jnp.float16)},
        "output_map": action(),
        "modules_map": {**tutorial_specs(), **(modules or {})},
    }
    return BrainConfig(**{**given, **changes})


def tutorial_brain(**changes: Any) -> Brain:
    """A built brain at step 0."""
    made = Brain(tutorial_config(**changes))
    build(made)
    return made


def alif(**changes: Any) -> ALIFNeuronConfig:
    """Three adaptive units with delays."""
    return ALIFNeuronConfig(**{"units": (3,), "async_spikes": True, **changes})


def prepared(module: Any, **inputs: Any) -> Any:
    """The module itself, built for inputs like these and at step 0; a call would compile its step."""
    calling.build(module, {name: spark.PortSpec.of(payload) for name, payload in inputs.items()})
    return module


def spiking_brain(modules: list[ModuleSpecs], size: int = 4, outputs: Any = None, **changes: Any) -> Brain:
    """A brain whose input `spikes` is a row of spikes."""
    return Brain(
        BrainConfig(
            input_map={"spikes": InputSpec(SpikeArray, (size,), jnp.int8)},
            output_map=outputs or {},
            modules_map=modules,
            **changes,
        )
    )


def poisson(name: str, rate: float = 500.0, **config: Any) -> ModuleSpecs:
    """A random spiker fed by the brain's `drive`."""
    inputs = {"signal": [PortMap("__call__", "drive")]}
    return ModuleSpecs(name, PoissonSpiker, inputs, PoissonSpikerConfig(max_freq=rate, **config))


def linear(name: str = "spiker", **config: Any) -> ModuleSpecs:
    """A regular spiker fed by the brain's `drive`."""
    return ModuleSpecs(name, LinearSpiker, {"signal": [PortMap("__call__", "drive")]}, LinearSpikerConfig(**config))


class NoConfig(spark.ModuleConfig):
    """No parameters."""


class RelayOutput(TypedDict):
    """Spikes."""

    spikes: SpikeArray


class Relay(spark.Module):
    """Puts out the spikes that arrive, in the same step."""

    config: NoConfig

    def __call__(self, spikes: SpikeArray) -> RelayOutput:
        return {"spikes": SpikeArray(spikes.value)}


class NumbersOutput(TypedDict):
    """Whole numbers."""

    numbers: spark.IntegerArray


class Counter(spark.Module):
    """Adds up the whole numbers that arrive."""

    config: NoConfig

    def build(self, numbers: spark.PortSpec) -> None:
        self.total = spark.Variable(np.zeros(numbers.shape, np.int32))

    def __call__(self, numbers: spark.IntegerArray) -> NumbersOutput:
        self.total.value = self.total.value + numbers.value.astype(jnp.int32)
        return {"numbers": spark.IntegerArray(self.total.value)}


def relay(name: str, *origins: tuple[str, str]) -> ModuleSpecs:
    """A relay fed by these ports."""
    return ModuleSpecs(name, Relay, {"spikes": [PortMap(*origin) for origin in origins]})


def spikes(values: Any) -> SpikeArray:
    """Signed spikes."""
    return SpikeArray(jnp.asarray(values, jnp.int8))


def run(module: Any, inputs: Any, **constant: Any) -> Any:
    """Outputs of a built module over inputs with a leading axis of steps, and its last state; the module stays.

    Args:
        module: A built, outermost module.
        inputs: A dict of payloads with a leading axis of steps.
        **constant: Payloads given at every step.
    """
    state, (outputs, fired) = _scanned(*spark.split(module), inputs, constant)
    return outputs, fired, state


@jax.jit
def _scanned(graph: Any, state: Any, inputs: Any, constant: Any) -> Any:
    """A scan over steps; modules of equal configs share what is compiled."""

    def step(now: Any, given: Any) -> Any:
        view = spark.merge(graph, now)
        outputs = view(**given, **constant)
        fired = view.get_spikes_from_cache() if isinstance(view, Brain) else {}
        return spark.split(view)[1], (outputs, fired)

    return jax.lax.scan(step, state, inputs)


def pool_spikes(brain: Brain, steps: int = 300) -> dict[str, np.ndarray]:
    """Spikes of every module of a brain that takes `drive`, step by step, compiled."""
    drives = FloatArray(jnp.tile(jnp.asarray(DRIVE), (steps, 1)))
    return {name: np.asarray(found.value) for name, found in run(brain, {"drive": drives})[1].items()}


def paired(
    inputs: Any,
    units: tuple[int, ...],
    kernel: Any = 1.0,
    delays: dict[str, Any] | None = None,
    **shared: Any,
) -> PlasticProjection:
    """What bare wires of so many inputs into a plastic preset are together, standing alone and built.

    Args:
        inputs: Number or shape of what comes in.
        units: Shape of the pool.
        kernel: Connections and first weights.
        delays: Fields of `PairDelaysConfig`; left out, there are no delays.
        **shared: `dt`, `dtype` or `seed`.
    """
    common = {"units": units, "dt": shared.get("dt", 1.0)}
    synapses = PairSynapsesConfig(kernel=kernel, dtype=shared.get("dtype", "float32"), **common)
    late = None if delays is None else PairDelaysConfig(**common, **delays)
    made = PlasticProjection(units=units, projection=Pairs("", synapses, late, None, None), **shared)
    made(spikes=spikes(np.zeros(inputs)))
    made.reset()
    return made


class StandInSynapsesConfig(spark.ModuleConfig):
    """Shape of the pool."""

    units: tuple[int, ...] = spark.field(description="Shape of the pool.")


class StandInOutput(TypedDict):
    """A current."""

    current: spark.CurrentArray


class StandInSynapses(spark.Module):
    """Every pair with a weight of 1000 pA, for blueprints of one's own."""

    config: StandInSynapsesConfig
    exposes = {"kernel": FloatArray}

    def build(self, spikes: spark.PortSpec) -> None:
        """A weight for each pair."""
        shape = (*self.config.units, *spikes.shape)
        self.kernel = spark.Variable(np.full(shape, 1000.0, np.float32), unit="pA")

    def __call__(self, spikes: SpikeArray) -> StandInOutput:
        """Advance one step."""
        return {"current": spark.CurrentArray(self.kernel.value @ spikes.value.astype(jnp.float32))}


def stand_in_synapses(units: tuple[int, ...]) -> ModuleSpecs:
    """The stand-in, fed by the neuron's spikes."""
    wires = {"spikes": [PortMap("__call__", "in_spikes")]}
    return ModuleSpecs("synapses", StandInSynapses, wires, StandInSynapsesConfig(units=units))


def delays_of_pairs(projection: Any) -> np.ndarray:
    """Steps of delay of every pair, (post, pre); 0 where there are none, or no connection."""
    post, pre = int(np.prod(projection.units)), int(np.prod(projection.input_shape))
    delays = np.zeros((post, pre), int)
    if projection.listed:
        edges = projection.edges
        delays[np.asarray(edges.post), np.asarray(edges.pre)] = np.asarray(edges.delay)
    return delays


@contextlib.contextmanager
def refused(kind: type[spark.SparkError], text: str) -> Iterator[None]:
    """The block raises exactly this type with exactly this text."""
    with pytest.raises(spark.SparkError) as caught:
        yield
    assert (type(caught.value), str(caught.value)) == (kind, text)


class ParityConfig(spark.ModuleConfig):
    """No parameters."""


class Parity(spark.Module):
    """One unit that fires if an odd number of spikes arrives; it may feed itself."""

    config: ParityConfig

    def output_contract(self, **known: spark.PortSpec) -> dict[str, spark.PortSpec]:
        return {"spikes": spark.PortSpec(SpikeArray, (1,), "int8")}

    def __call__(self, spikes: SpikeArray) -> RelayOutput:
        odd = jnp.abs(spikes.value.reshape(-1)).astype(jnp.int32).sum() % 2
        return {"spikes": SpikeArray(odd.astype(jnp.int8)[None])}


def in_a_loop_of_its_own(coroutine: Any) -> Any:
    """What a coroutine returns; a browser of another test in this process may keep a loop on this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
