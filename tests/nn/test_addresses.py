"""Whatever is wrong with a module at build, the error's address begins with the module's path, however deep it lies."""

from typing import Any

import numpy as np
import pytest
from builders import NoConfig, usual_step

import spark
from spark import (
    CurrentArray,
    FloatArray,
    InputSpec,
    ModuleSpecs,
    PortMap,
    PotentialArray,
    SpikeArray,
    catalogue,
)
from spark.graph.check import ports_of
from spark.nn import Brain, BrainConfig, connections, neurons
from spark.nn.initializers import NormalInitializer

SIZES = {SpikeArray: (5,), FloatArray: (5,), CurrentArray: (7,), PotentialArray: (7,)}
DTYPES = {SpikeArray: "int8", FloatArray: "float32", CurrentArray: "float32", PotentialArray: "float32"}


def nested(module: ModuleSpecs, depth: int) -> Brain:
    """The module, fed by the brain's inputs, inside so many brains."""
    declared, dt = ports_of(module), usual_step(module.config)
    ports = {**declared.inputs} or {port: declared.optional[port] for port in declared.any_of}
    inputs = {f"in_{port}": InputSpec(kind, SIZES[kind], DTYPES[kind]) for port, kind in ports.items()}
    wires: dict[str, Any] = {port: PortMap("__call__", f"in_{port}") for port in ports}
    inner = ModuleSpecs(module.name, module.module_cls, wires, module.config)
    for level in range(depth, 0, -1):
        config = BrainConfig(input_map=inputs, output_map={}, modules_map=[inner])
        inner = ModuleSpecs(f"level_{level}", Brain, {name: PortMap("__call__", name) for name in inputs}, config)
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=[inner], dt=dt))


def built(brain: Brain) -> None:
    """Build a brain from silence."""
    specs = brain.config.input_map
    brain(**{n: s.payload_type(np.zeros(s.shape, s.dtype)) for n, s in specs.items()})  # type: ignore[call-arg]


class TooLarge(spark.Module):
    """A number that 32 bits do not hold."""

    config: NoConfig

    def build(self, x: spark.PortSpec) -> None:
        self.count = spark.Variable(2**40)

    def __call__(self, x: FloatArray) -> dict:
        return {"y": x}


class Bare(TooLarge):
    """An array that is neither a variable nor a constant."""

    def build(self, x: spark.PortSpec) -> None:
        self.table = np.zeros(3)


class OtherShape(TooLarge):
    """A variable of one shape that takes a value of another."""

    def build(self, x: spark.PortSpec) -> None:
        self.sum = spark.Variable(np.zeros(3, np.float32))

    def __call__(self, x: FloatArray) -> dict:
        self.sum.value = x.value
        return {"y": x}


class NoPayload(TooLarge):
    """Returns what is no payload."""

    def build(self, x: spark.PortSpec) -> None:
        pass

    def __call__(self, x: FloatArray) -> dict:
        return {"y": x.value}


class Raises(TooLarge):
    """An author's own mistake."""

    def build(self, x: spark.PortSpec) -> None:
        raise KeyError("mine")


def pool(cls: type = neurons.CurrentLIFNeuron, units: Any = (7,), **given: Any) -> tuple[type, Any]:
    return cls, {"units": units, **given}


WRONG: dict[str, tuple[type, Any]] = {
    "unit by unit": pool(_s_connections="one_to_one"),
    "degree": pool(_s_connections=connections.FixedInDegree(degree=50)),
    "dimensions": pool(_s_connections=connections.DistanceDependent(), units=(7, 2)),
    "matrix": pool(_s_connections=np.ones((3, 3))),
    "matrix and kernel": pool(_s_connections=np.ones((7, 5)), _s_kernel=NormalInitializer()),
    "total": pool(_s_kernel=NormalInitializer(total=3.0), _s_connections="all_to_all", units=(900,)),
    "weights": pool(_s_kernel=np.ones((3, 3))),
    "delay": pool(_s_delay=0.1),
    "settings for each wire": pool(_s_delay=(1.0, 2.0, 3.0)),
    "half precision": pool(_s_kernel=1e6, _s_weight_dtype="float16"),
    "dtype": pool(neurons.LIFNeuron, async_spikes=False, dtype="float64"),
    "dense kernel": pool(neurons.LIFNeuron, async_spikes=False, synapses__kernel=np.ones((2, 2))),
    "dense total": pool(
        neurons.LIFNeuron, units=(900,), async_spikes=False, synapses__kernel=NormalInitializer(total=1.0)
    ),
    "delays of pairs": pool(neurons.ALIFNeuron, async_spikes=True, delays__delays=np.ones((2, 2), np.float32)),
    "a large number": (TooLarge, {}),
    "a bare array": (Bare, {}),
    "another shape": (OtherShape, {}),
    "no payload": (NoPayload, {}),
}


def made(cls: type, given: Any) -> ModuleSpecs:
    return ModuleSpecs("part", cls, {}, cls.config_class()(**given))  # type: ignore[attr-defined]


def path(depth: int) -> str:
    return ".".join([*(f"level_{n}" for n in range(1, depth + 1)), "part"])


@pytest.mark.parametrize("depth", [0, 2])
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_with_a_module_is_said_of_its_path(wrong: str, depth: int) -> None:
    with pytest.raises(spark.SparkError) as caught:
        built(nested(made(*WRONG[wrong]), depth))
    assert caught.value.problems
    for problem in caught.value.problems:
        assert problem.address.startswith(f"{path(depth)}."), problem


@pytest.mark.parametrize("depth", [0, 2])
def test_an_authors_own_error_is_passed_on_with_the_path_as_a_note(depth: int) -> None:
    with pytest.raises(KeyError) as caught:
        built(nested(made(Raises, {}), depth))
    assert f"In the module '{path(depth)}' (Raises)." in caught.value.__notes__


def arrays_of(config: Any, prefix: str = "") -> list[str]:
    """Names of the fields, also of nested configs, that take one number for each unit."""
    found = []
    for name, info in type(config).model_fields.items():
        value = getattr(config, name)
        if isinstance(value, spark.Config):
            found += arrays_of(value, f"{prefix}{name}__")
        elif isinstance(value, float) and "to_quantity" in str(info.metadata):
            found.append(prefix + name)
    return found


def every_parameter() -> list[tuple[type, str]]:
    """Each parameter of each module that stands in a brain by itself."""
    found = []
    for cls in (c for family in ("neuron", "soma", "interface") for c in catalogue.BUILT_IN[family]):
        fields = cls.config_class().model_fields
        needed = {"units": (7,), "num_outputs": 2, "async_spikes": True}
        config = cls.config_class()(**{n: v for n, v in needed.items() if n in fields and fields[n].is_required()})
        found += [(cls, name) for name in arrays_of(config)]
    return found


@pytest.mark.parametrize("others", ["numbers", pytest.param("arrays", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("cls", "name"), every_parameter(), ids=lambda v: getattr(v, "__name__", v))
def test_a_parameter_for_another_number_of_units_is_said_of_its_path(cls: type, name: str, others: str) -> None:
    fields = cls.config_class().model_fields  # type: ignore[attr-defined]
    needed = {"units": (7,), "num_outputs": 2, "async_spikes": False}
    given: dict[str, Any] = {n: v for n, v in needed.items() if n in fields and fields[n].is_required()}
    plain = cls.config_class()(**given)  # type: ignore[attr-defined]
    values = {each: valued(plain, each) for each in arrays_of(plain)}
    if others == "arrays":
        given |= {each: np.full(7, value, np.float32) for each, value in values.items()}
    with pytest.raises(spark.SparkError) as caught:
        built(nested(made(cls, {**given, name: np.full(11, values[name], np.float32)}), 1))
    # A config that can see it says so by its own name, before there is a module.
    owners = (f"{path(1)}.", f"{cls.config_class().__name__}.")  # type: ignore[attr-defined]
    # Of two parameters that differ, either may be the one that is wrong.
    names = tuple("." + each.split("__")[-1] for each in (values if len(values) == 2 else [name]))
    for problem in caught.value.problems:
        assert problem.address.startswith(owners) and problem.address.endswith(names), problem


def valued(config: Any, name: str) -> float:
    """The value of a field, which may be one of a nested config."""
    for step in name.split("__"):
        config = getattr(config, step)
    return config
