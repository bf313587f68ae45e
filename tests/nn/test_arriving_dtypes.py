"""Whatever dtype numbers and spikes arrive in, from inputs or modules, over one wire or several: the same results."""

import functools
from typing import Any, TypedDict

import jax.numpy as jnp
import numpy as np
import pytest
from builders import NoConfig, array_code, refused, usual_step
from drawing import some
from tolerances import INTEGRATED

import spark
from spark import BooleanMask, FloatArray, InputSpec, IntegerArray, ModuleSpecs, PortMap, SpikeArray, catalogue
from spark.core.check_examples import example_config
from spark.core.payloads import ConductanceArray, CurrentArray, Payload, PotentialArray
from spark.nn import Brain, BrainConfig

SIZE, STEPS = 8, 24
# Ports of matrices, over which one wire comes.
MATRICES = ("weights", "kernel")
FLOATS = ("float32", "float16", "bfloat16")
DTYPES: dict[type[Payload], tuple[str, ...]] = {
    SpikeArray: ("int8", "int16", "int32", *FLOATS),
    CurrentArray: FLOATS,
    ConductanceArray: FLOATS,
    PotentialArray: FLOATS,
    FloatArray: FLOATS,
    BooleanMask: ("bool", "bool", "bool"),
}
# A world takes one number, and so no joined wires.
CLASSES = [cls for name, family in catalogue.BUILT_IN.items() for cls in family if name not in ("brain", "world")]


class FloatOutput(TypedDict):
    """Numbers."""

    y: FloatArray


class CurrentOutput(TypedDict):
    """Currents."""

    y: CurrentArray


class ConductanceOutput(TypedDict):
    """Conductances."""

    y: ConductanceArray


class PotentialOutput(TypedDict):
    """Potentials."""

    y: PotentialArray


class MaskOutput(TypedDict):
    """Masks."""

    y: BooleanMask


class SpikeOutput(TypedDict):
    """Spikes."""

    y: SpikeArray


class CastConfig(spark.ModuleConfig):
    """What to cast to."""

    to: str = spark.field("float32", description="The dtype.")


class _Cast(spark.Module):
    """Puts out what arrives, in another dtype."""

    config: CastConfig


class CastFloats(_Cast):
    """Numbers."""

    def __call__(self, x: FloatArray) -> FloatOutput:
        return {"y": FloatArray(x.value.astype(self.config.to))}


class CastCurrents(_Cast):
    """Currents."""

    def __call__(self, x: CurrentArray) -> CurrentOutput:
        return {"y": CurrentArray(x.value.astype(self.config.to))}


class CastConductances(_Cast):
    """Conductances."""

    def __call__(self, x: ConductanceArray) -> ConductanceOutput:
        return {"y": ConductanceArray(x.value.astype(self.config.to))}


class CastPotentials(_Cast):
    """Potentials."""

    def __call__(self, x: PotentialArray) -> PotentialOutput:
        return {"y": PotentialArray(x.value.astype(self.config.to))}


class CastMasks(_Cast):
    """Masks."""

    def __call__(self, x: BooleanMask) -> MaskOutput:
        return {"y": BooleanMask(x.value.astype(self.config.to))}


class CastSpikes(_Cast):
    """Spikes."""

    def __call__(self, x: SpikeArray) -> SpikeOutput:
        return {"y": SpikeArray(x.value.astype(self.config.to))}


CASTS: dict[type[Payload], type[spark.Module]] = {
    FloatArray: CastFloats,
    CurrentArray: CastCurrents,
    ConductanceArray: CastConductances,
    PotentialArray: CastPotentials,
    SpikeArray: CastSpikes,
    BooleanMask: CastMasks,
}


def drawn(kind: type[Payload], shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of every step that each dtype holds exactly."""
    generator = np.random.default_rng(5)
    if kind is BooleanMask:
        return generator.random((STEPS, *shape)) < 0.2
    if kind is SpikeArray:
        return generator.integers(-1, 2, (STEPS, *shape))
    scale = {CurrentArray: 16.0, PotentialArray: 4.0, ConductanceArray: 1.0}.get(kind, 1 / 16)
    return generator.integers(0, 16, (STEPS, *shape)) * scale


def ports_of(cls: type[spark.Module]) -> dict[str, type[Payload]]:
    """Ports that are wired here; those that a default config does not use are left out."""
    ports: Any = cls.ports_from(example_config(cls))
    return {**ports.inputs, **{n: k for n, k in ports.optional.items() if n != "modulation"}}


def brain(cls: type[spark.Module], dtypes: dict[str, tuple[str, ...]], way: str) -> tuple[Brain, dict[str, Any]]:
    """A brain of one module, each of whose ports gets its numbers in these dtypes, one wire for each."""
    inputs: dict[str, InputSpec] = {}
    wires: dict[str, list[PortMap]] = {}
    given: dict[str, Any] = {}
    modules = []
    for port, kind in ports_of(cls).items():
        shape = (SIZE, SIZE) if port in MATRICES else (SIZE,)
        values = drawn(kind, shape)
        parts = np.split(values, len(dtypes[port]), axis=1)
        for number, (dtype, part) in enumerate(zip(dtypes[port], parts, strict=True)):
            name = f"{port}_{number}"
            arriving = dtype if way == "input" else DTYPES[kind][0]
            inputs[name] = InputSpec(kind, part.shape[1:], arriving)
            given[name] = kind(jnp.asarray(part, arriving))  # type: ignore[call-arg]
            wire = PortMap("__call__", name)
            if way == "module":
                modules.append(ModuleSpecs(f"cast_{name}", CASTS[kind], {"x": wire}, CastConfig(to=dtype)))
                wire = PortMap(f"cast_{name}", "y")
            wires.setdefault(port, []).append(wire)
    config = example_config(cls)
    if "units" in type(config).model_fields:
        config = config.updated(units=(SIZE,))
    modules.append(ModuleSpecs("tested", cls, wires, config))
    dt = usual_step(config)
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, seed=4, dt=dt)), given


def last_state(made: Brain, given: dict[str, Any]) -> dict[str, np.ndarray]:
    """Every variable of the tested module after a run."""
    spark.run(made, STEPS, given)
    state = made.state
    return {path: np.asarray(state[path]) for path in state if path.startswith(("tested.", "cache.tested."))}


def check(found: dict[str, np.ndarray], plain: dict[str, np.ndarray], what: str) -> None:
    """The same whole numbers, and floats to a few roundings: compiled otherwise, sums round otherwise."""
    assert found.keys() == plain.keys()
    for path, expected in plain.items():
        if np.issubdtype(expected.dtype, np.floating):
            np.testing.assert_allclose(found[path], expected, **INTEGRATED["float32"], err_msg=f"{what}: {path}")
        else:
            np.testing.assert_array_equal(found[path], expected.astype(found[path].dtype), f"{what}: {path}")


def one_wire(cls: type, number: int) -> dict[str, tuple[str, ...]]:
    """For each port the dtype of this number."""
    return {port: (DTYPES[kind][number % len(DTYPES[kind])],) for port, kind in ports_of(cls).items()}


def joined(cls: type, first: int, second: int) -> dict[str, tuple[str, ...]]:
    """For each port two wires of these dtypes; weights come over one."""
    both = {p: (DTYPES[k][first], DTYPES[k][second]) for p, k in ports_of(cls).items() if p not in MATRICES}
    return {**one_wire(cls, 0), **both}


# Wires come and are joined by the same code whatever reads them, and every brain compiles anew: one class of 24 in the
# quick run, others alone than joined; all of them in `make verify`.
@pytest.mark.parametrize("cls", some(CLASSES, 24, 3, thorough=6), ids=lambda c: c.__name__)
def test_a_module_does_the_same_whatever_dtype_arrives(cls: type) -> None:
    """Of the two halves the shorter; the other, and every pair of dtypes, is below."""
    plain = last_state(*brain(cls, one_wire(cls, 0), "input"))
    check(last_state(*brain(cls, one_wire(cls, -1), "input")), plain, "bfloat16 inputs")


@functools.cache
def plain_state(cls: type) -> dict[str, np.ndarray]:
    """What joined wires of the usual dtypes lead to."""
    return last_state(*brain(cls, joined(cls, 0, 0), "module"))


@pytest.mark.parametrize("cls", some(CLASSES, 48, thorough=6), ids=lambda c: c.__name__)
def test_joined_wires_of_other_dtypes_bring_the_same(cls: type) -> None:
    check(last_state(*brain(cls, joined(cls, -1, -2), "module")), plain_state(cls), "two halves")


@pytest.mark.parametrize("cls", some(CLASSES, 48, thorough=6), ids=lambda c: c.__name__)
def test_joined_wires_of_other_dtypes_bring_the_same_without_native_code(cls: type) -> None:
    with array_code():
        found = last_state(*brain(cls, joined(cls, -1, -2), "module"))
    check(found, plain_state(cls), "without native code")


@pytest.mark.slow
@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_half_precision_brings_the_same(cls: type) -> None:
    plain = last_state(*brain(cls, one_wire(cls, 0), "input"))
    check(last_state(*brain(cls, one_wire(cls, -2), "input")), plain, "float16 inputs")
    plain = last_state(*brain(cls, joined(cls, 0, 0), "module"))
    check(last_state(*brain(cls, joined(cls, -2, 0), "module")), plain, "float16 before the widest")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["input", "module"])
@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_every_pair_of_dtypes_brings_the_same(cls: type, way: str) -> None:
    plain = last_state(*brain(cls, joined(cls, 0, 0), way))
    for first in range(6):
        for second in range(6):
            wires = {
                p: d if p in MATRICES else tuple(DTYPES[k][n % len(DTYPES[k])] for n in (first, second))
                for (p, k), d in zip(ports_of(cls).items(), one_wire(cls, 0).values(), strict=True)
            }
            check(last_state(*brain(cls, wires, way)), plain, f"{wires}")


class IntegerOutput(TypedDict):
    """Whole numbers."""

    y: IntegerArray


class Whole(spark.Module):
    """Whole numbers of a dtype."""

    config: CastConfig

    def __call__(self, x: IntegerArray) -> IntegerOutput:
        return {"y": IntegerArray(x.value.astype(self.config.to))}


class Pass(spark.Module):
    """What arrives."""

    config: NoConfig

    def __call__(self, x: IntegerArray) -> IntegerOutput:
        return {"y": IntegerArray(x.value)}


def joined_integers(*dtypes: str) -> np.ndarray:
    """1000 over a wire of each dtype that holds it, else 7, joined in this order."""
    modules = [
        ModuleSpecs(f"w{n}", Whole, {"x": PortMap("__call__", "x")}, CastConfig(to=d)) for n, d in enumerate(dtypes)
    ]
    wires = [PortMap(m.name, "y") for m in modules]
    output = {"o": {"input": PortMap("p", "y"), "spec": spark.OutputSpec(IntegerArray, (len(dtypes),), "int32")}}
    made = Brain(
        BrainConfig(
            input_map={"x": InputSpec(IntegerArray, (1,), "int32")},
            output_map=output,
            modules_map=[*modules, ModuleSpecs("p", Pass, {"x": wires})],
        )
    )
    for _ in range(3):
        out = made(x=IntegerArray(np.array([100], np.int32)))
    return np.asarray(out["o"].value)


@pytest.mark.parametrize("dtypes", [("int8", "int32"), ("int32", "int8"), ("uint8", "int8"), ("int16", "uint8")])
def test_joined_whole_numbers_lose_nothing(dtypes: tuple[str, ...]) -> None:
    np.testing.assert_array_equal(joined_integers(*dtypes), [100, 100])


def test_a_large_number_survives_beside_a_narrow_wire() -> None:
    specs = [
        ModuleSpecs(n, Whole, {"x": PortMap("__call__", n)}, CastConfig(to=d))
        for n, d in (("a", "int8"), ("b", "int32"))
    ]
    output = {"o": {"input": PortMap("p", "y"), "spec": spark.OutputSpec(IntegerArray, (2,), "int32")}}
    wires = [PortMap("a", "y"), PortMap("b", "y")]
    inputs = {n: InputSpec(IntegerArray, (1,), "int32") for n in "ab"}
    made = Brain(
        BrainConfig(input_map=inputs, output_map=output, modules_map=[*specs, ModuleSpecs("p", Pass, {"x": wires})])
    )
    for _ in range(3):
        out = made(a=IntegerArray(np.array([1], np.int32)), b=IntegerArray(np.array([1000], np.int32)))
    np.testing.assert_array_equal(out["o"].value, [1, 1000])


def test_whole_numbers_without_a_common_dtype_are_refused() -> None:
    text = "p.x: joins wires whose dtypes have no common one, got ['int32', 'uint32']. Cast at one of the origins"
    with refused(spark.WiringError, text):
        joined_integers("int32", "uint32")
