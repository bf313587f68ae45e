"""What an author declares wrongly (ports, arguments of `build`, payloads, variables) is refused in words, by name."""

from collections.abc import Callable
from typing import Any, TypedDict

import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused

import spark
from spark import FloatArray, ModuleError
from spark.core.payloads import payload

X = FloatArray(jnp.ones(3))


class PassesConfig(spark.ModuleConfig):
    """Nothing to set."""


class PassesOutput(TypedDict):
    """What it puts out."""

    y: FloatArray


def passes(self: Any, x: FloatArray, gain: FloatArray | None = None) -> PassesOutput:
    return {"y": x}


def called(build: Callable[..., None] | None = None, call: Callable[..., Any] = passes) -> Any:
    """A module with this `build` and this `__call__`, after a step."""
    written: dict[str, Any] = {"__doc__": "Passes on.", "__annotations__": {"config": PassesConfig}, "__call__": call}
    made = type("Passes", (spark.Module,), written if build is None else {**written, "build": build})
    return made()(x=X)


def misspelt(self: Any, xx: Any) -> None: ...


def optional_misspelt(self: Any, x: Any, gian: Any = None) -> None: ...


def all_inputs(self: Any, input_specs: Any) -> None: ...


def optional_asked(self: Any, gain: Any) -> None: ...


def without_self(x: Any) -> None: ...


def nothing_at_all() -> None: ...


def by_place(self: Any, x: Any, /) -> None: ...


SELF = (
    "Passes.build: does not take the module itself as its first argument. Write `def build(self, port: spark.PortSpec)"
)
BUILDS = {
    misspelt: "Passes.build.xx: is no input port of `__call__`. Did you mean 'x'?",
    optional_misspelt: "Passes.build.gian: is no input port of `__call__`. Did you mean 'gain'?",
    all_inputs: "Passes.build.input_specs: is no input port of `__call__`. Known: 'gain', 'x'",
    optional_asked: (
        "Passes.build.gain: asks for an optional input that was not given. "
        "Write `gain: spark.PortSpec | None = None`, and build for None too"
    ),
    without_self: f"{SELF} -> None`",
    nothing_at_all: f"{SELF} -> None`",
    by_place: "Passes.build.x: is taken by its place, and inputs are given by name. Leave out the `/`",
}


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.__name__)
def test_a_build_that_asks_for_something_else_than_its_ports_is_told_so(build):
    with refused(ModuleError, BUILDS[build]):
        called(build)


def test_a_build_asks_for_what_it_needs():
    def some(self: Any, x: Any, gain: Any = None) -> None: ...

    def none(self: Any) -> None: ...

    def everything(self: Any, **inputs: Any) -> None: ...

    for build in (some, none, everything):
        np.testing.assert_array_equal(called(build)["y"].value, X.value)


def no_self(x: FloatArray) -> PassesOutput:
    return {"y": x}


def a_default(self: Any, x: FloatArray, gain: FloatArray = 3) -> PassesOutput:  # type: ignore[assignment]  # What is refused.
    return {"y": x}


def in_its_place(self: Any, x: FloatArray, /) -> PassesOutput:
    return {"y": x}


def a_list(self: Any, x: FloatArray) -> PassesOutput:
    return {"y": FloatArray([1.0, 2.0])}


CALLS = {
    no_self: (
        "Passes.__call__: does not take the module itself as its first argument. "
        "Write `def __call__(self, port: spark.FloatArray)`"
    ),
    a_default: (
        "Passes.__call__.gain: is an optional port, which stands for nothing where it is not wired, got 3. "
        "Write `= None`"
    ),
    in_its_place: "Passes.__call__.x: is taken by its place, and inputs are given by name. Leave out the `/`",
    a_list: (
        "Passes.y: does not hold an array, got list; expected an array of JAX. "
        "Write `spark.FloatArray(jnp.stack(...))`, or `jnp.asarray(...)`"
    ),
}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_ports_that_nobody_could_give_are_refused(call):
    with refused(ModuleError, CALLS[call]):
        called(call=call)


class Plain(spark.Payload):
    """Of which JAX knows nothing."""

    kinds = (jnp.floating,)


class Derived(FloatArray):
    """Of one that JAX knows."""


@payload
class Kindless(spark.Payload):
    """Of no numbers."""

    value: Any


@payload
class Rates(spark.Payload):
    """As it should be."""

    value: Any
    kinds = (jnp.floating,)
    kind_name = "floats"


FIX = (
    "Take one of Spark's, such as spark.FloatArray; or write `@spark.core.payloads.payload` above your own class, and "
    "in it `value: Any`, `kinds = (jnp.floating,)` and `kind_name = 'floats'`"
)
PAYLOADS = {
    Plain: "has the payload Plain, of whose array JAX knows nothing",
    Derived: "has the payload Derived, of whose array JAX knows nothing",
    Kindless: "has the payload Kindless, whose class does not say in `kinds` which numbers it holds",
    spark.Payload: "is the base of payloads, which says nothing of the numbers",
}


@pytest.mark.parametrize("kind", PAYLOADS, ids=lambda kind: kind.__name__)
def test_a_payload_that_carries_no_array_is_refused_at_its_port(kind):
    def call(self: Any, x: Any) -> PassesOutput:
        return {"y": x}

    call.__annotations__["x"] = kind
    with refused(ModuleError, f"Passes.__call__.x: an input port {PAYLOADS[kind]}. {FIX}"):
        called(call=call)


def test_a_payload_of_ones_own_travels():
    def call(self: Any, x: FloatArray) -> Any:
        return {"y": Rates(x.value)}

    call.__annotations__["return"] = TypedDict("Out", {"y": Rates})
    np.testing.assert_array_equal(called(call=call)["y"].value, X.value)


@pytest.mark.parametrize("kind", [spark.Variable, spark.Constant])
@pytest.mark.parametrize("value", [["a"], None, {}, np.array([None, 2]), np.datetime64("2020-01-01")], ids=repr)
def test_a_variable_without_numbers_is_refused(kind, value):
    text = f"value: holds no numbers, got {value!r}; expected an array of numbers or truth values. "
    with refused(ModuleError, f"{text}Keep what is no number as a plain attribute"):
        kind(value)


def test_rows_of_different_lengths_are_no_variable():
    text = "value: is no array: its rows differ in length, got [[1, 2], [3]]. Give rows of one length"
    with refused(ModuleError, text):
        spark.Variable([[1, 2], [3]])
