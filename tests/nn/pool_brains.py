"""Brains of one pool, and a soma that notes what its receptors bring."""

from typing import Any

import jax.numpy as jnp
import numpy as np

import spark
from spark import CurrentArray, InputSpec, ModuleSpecs, PortMap, SpikeArray
from spark.core.ports import PortSpec
from spark.nn import Brain, BrainConfig, Pool, PoolConfig
from spark.nn.somas import Soma, SomaConfig, SomaOutput
from spark.sim.run import build

SOURCES, UNITS, DT = 6, 5, 0.5
# Where a `Meter` fires: no weight of a test comes near it but one that is to.
LOUD = 128.0


class MeterConfig(SomaConfig):
    """What a `Meter` says of its potential."""

    held: spark.Quantity = spark.field(0.0, unit="mV", description="The potential, above rest.")
    resting: spark.Quantity = spark.field(0.0, unit="mV", description="What it is measured from.")


class Meter(Soma):
    """A soma that holds its potential, notes what arrives, and fires where a jump is `LOUD`."""

    config: MeterConfig
    exposes = {"potential": spark.PotentialArray}
    unit_ports = ("current", "conductance", "jump", "spikes")

    @classmethod
    def rest(cls, config: Any) -> Any:
        """As the config says."""
        return config.resting

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """A variable for each input that there is."""
        shape = self.shape_of_units()
        self.potential = spark.Variable(np.broadcast_to(np.asarray(self.config.held, np.float32), shape).copy())
        given = {"current": current, "conductance": conductance, "jump": jump}
        for name in (name for name, spec in given.items() if spec is not None):
            setattr(self, name, spark.Variable(np.zeros(shape, np.float32)))

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: spark.ConductanceArray | None = None,
        jump: spark.PotentialArray | None = None,
    ) -> SomaOutput:
        """Note everything."""
        if current is not None:
            self.current.value = current.value
        if conductance is not None:
            self.conductance.value = conductance.value
        if jump is None:
            return {"spikes": SpikeArray(jnp.zeros(self.shape_of_units(), jnp.int8))}
        self.jump.value = jump.value
        return {"spikes": SpikeArray((jump.value >= LOUD).astype(jnp.int8))}


class CurrentMeterConfig(MeterConfig):
    """As for a `Meter`."""


class CurrentMeter(Meter):
    """A `Meter` that takes currents only, so that its pool makes currents of conductances."""

    config: CurrentMeterConfig

    def build(self, current: PortSpec) -> None:
        """A variable for the current."""
        super().build(current)

    def __call__(self, current: CurrentArray) -> SomaOutput:
        """Note it."""
        self.current.value = current.value
        return {"spikes": SpikeArray(jnp.zeros(self.shape_of_units(), jnp.int8))}


def config_of(wires: Any, receptors: Any, *modules: ModuleSpecs, **given: Any) -> BrainConfig:
    """A brain with the pool `pool`, which takes spikes from the input `s`.

    Args:
        wires: Of the pool, by receptor.
        receptors: Of the pool, by name.
        *modules: Further ones.
        **given: `inputs`, further ones by name; fields of the pool's config; `dt`, `seed`, `sources`.
    """
    inputs = {"s": InputSpec(SpikeArray, (given.pop("sources", SOURCES),), "int8"), **given.pop("inputs", {})}
    brain = {"dt": given.pop("dt", DT), "seed": given.pop("seed", 3)}
    pool = PoolConfig(receptors=receptors, **{"units": (UNITS,), "soma": MeterConfig(), **given})
    specs = ModuleSpecs("pool", Pool, wires, pool)
    return BrainConfig(input_map=inputs, output_map={}, modules_map=[*modules, specs], **brain)


def brain_of(wires: Any, receptors: Any, *modules: ModuleSpecs, **given: Any) -> Brain:
    """A built brain of `config_of`."""
    made = Brain(config_of(wires, receptors, *modules, **given))
    build(made)
    return made


def trains(steps: int, sources: int = SOURCES, rate: float = 0.15, signed: bool = False, seed: int = 4) -> np.ndarray:
    """Random spikes, int8 (steps, sources)."""
    rng = np.random.default_rng(seed)
    fired = (rng.random((steps, sources)) < rate).astype(np.int8)
    return fired * rng.choice([-1, 1], fired.shape).astype(np.int8) if signed else fired


def traces(brain: Brain, spikes: np.ndarray, *paths: str, **inputs: Any) -> list[np.ndarray]:
    """What each variable of these paths is after each step, float64 (steps, ...)."""
    given = {"s": SpikeArray(spikes), **inputs}
    recording = spark.run(brain, len(spikes), given, record=list(paths), progress=False)
    return [recording[path].astype(np.float64) for path in paths]


def source(name: str = "s") -> PortMap:
    """The brain's own input."""
    return PortMap("__call__", name)


def delivered(spikes: np.ndarray, weights: Any, steps: Any) -> np.ndarray:
    """The sum of weight times spike, float64 (steps, units), of a spike that acts some steps after it was sent.

    Args:
        spikes: (steps, sources).
        weights: (units, sources).
        steps: From a spike to its effect, whole numbers that broadcast to that shape.
    """
    weights = np.asarray(weights, np.float64)
    later = np.broadcast_to(steps, weights.shape)
    found = np.zeros((len(spikes), len(weights)))
    for at in range(len(spikes)):
        for unit, origin in np.ndindex(weights.shape):
            sent = at - later[unit, origin]
            if sent >= 0:
                found[at, unit] += weights[unit, origin] * spikes[sent, origin]
    return found


def matrix_of(table: Any) -> tuple[np.ndarray, np.ndarray]:
    """Weights and delays in steps of a table of connections, (units, sources); where there is none 0 and 1."""
    weights, steps = np.zeros(table.shape[::-1]), np.ones(table.shape[::-1], int)
    weights[table.targets, table.sources] = table.weights
    steps[table.targets, table.sources] = np.rint(table.delays / DT)
    return weights, steps
