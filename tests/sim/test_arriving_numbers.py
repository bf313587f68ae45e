"""Numbers that arrive in a brain and are more than its input holds are refused by name, whichever way they come."""

import re
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from builders import Counter, refused
from hypothesis import given
from hypothesis import strategies as st

import spark
from spark import BooleanMask, FloatArray, InputError, IntegerArray, ModuleError
from spark.core.narrowing import beyond
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces import Gain

STEPS = 3


def brain(dtype: str, kind: type[spark.Payload] = FloatArray) -> Brain:
    """A brain that puts out what it is given."""
    module = Gain if kind is FloatArray else Counter
    port = "signal" if kind is FloatArray else "numbers"
    output = {"input": spark.PortMap("of", port), "spec": spark.OutputSpec(kind, (3,), dtype)}
    specs = spark.ModuleSpecs("of", module, {port: [spark.PortMap("__call__", "x")]}, module.config_class()())
    return Brain(
        BrainConfig(input_map={"x": spark.InputSpec(kind, (3,), dtype)}, output_map={"y": output}, modules_map=[specs])
    )


def called(made: Brain, payload: Any) -> None:
    made(x=payload)


def called_later(made: Brain, payload: Any) -> None:
    made(x=type(payload)(jnp.zeros(3, made.declared_inputs()["x"].dtype)))
    made(x=payload)


def run(made: Brain, payload: Any) -> None:
    spark.run(made, STEPS, {"x": payload})


def run_by_rows(made: Brain, payload: Any) -> None:
    spark.run(made, STEPS, {"x": type(payload)(np.stack([payload.value] * STEPS))})


def run_by_function(made: Brain, payload: Any) -> None:
    spark.run(made, STEPS, {"x": lambda step: payload})


def run_by_iterator(made: Brain, payload: Any) -> None:
    spark.run(made, STEPS, {"x": iter([payload] * STEPS)})


def batch(made: Brain, payload: Any) -> None:
    spark.batch([made], STEPS, {"x": payload})


def unrolled(made: Brain, payload: Any) -> None:
    made(x=type(payload)(jnp.zeros(3, made.declared_inputs()["x"].dtype)))
    graph, state = spark.split(made)
    spark.unroll(graph, state, STEPS, {"x": payload})


WAYS = [called, called_later, run, run_by_rows, run_by_function, run_by_iterator, batch, unrolled]
ROOM = {
    "float32": "-3.4028234663852886e+38 to 3.4028234663852886e+38",
    "float16": "-65504.0 to 65504.0",
    "int32": f"{-(2**31)} to {2**31 - 1}",
    "int8": "-128 to 127",
}
WIDE = [
    ("float32", np.array([0.0, 1e39, 1.0]), "1e+39"),
    ("float16", np.array([0.0, 1.0, -1e39]), "-1e+39"),
    ("float16", np.array([0.0, 1e5, 1.0], np.float32), "100000.0"),
    ("int32", np.array([0, 2**40, 1]), str(2**40)),
    ("int32", np.array([0, 1, 2**31], np.uint32), str(2**31)),
    ("int8", np.array([200, 0, 1], np.int32), "200"),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("dtype", "numbers", "got"), WIDE)
def test_an_array_of_numpy_that_an_input_does_not_hold_is_refused(
    way: Callable[[Brain, Any], None], dtype: str, numbers: np.ndarray, got: str
) -> None:
    kind = FloatArray if dtype.startswith("float") else IntegerArray
    text = f"x: is more than {dtype} holds, got {got}; expected {ROOM[dtype]}."
    with pytest.raises(InputError, match=re.escape(text)):
        way(brain(dtype, kind), kind(numbers))


@pytest.mark.parametrize("way", [called, run, run_by_function, batch, unrolled])
def test_an_array_of_jax_is_refused_where_it_can_be_seen(way: Callable[[Brain, Any], None]) -> None:
    with pytest.raises(InputError, match=re.escape("x: is more than float16 holds, got 100000.0")):
        way(brain("float16"), FloatArray(jnp.array([0.0, 1e5, 1.0])))


@pytest.mark.parametrize("way", WAYS)
def test_numbers_of_another_dtype_that_an_input_holds_arrive(way: Callable[[Brain, Any], None]) -> None:
    for dtype, kind, numbers in (
        ("float16", FloatArray, np.array([0.0, 65504.0, np.inf])),
        ("float32", FloatArray, np.array([1e-60, 1.1, -3e38])),
        ("int8", IntegerArray, np.array([-128, 127, 0])),
        ("int32", IntegerArray, np.array([2**31 - 1, 0, -(2**31)])),
    ):
        way(brain(dtype, kind), kind(numbers))


def test_a_module_of_its_own_refuses_what_jax_would_narrow() -> None:
    gain = Gain()
    with refused(InputError, f"Gain.signal: is more than float32 holds, got 1e+39; expected {ROOM['float32']}."):
        gain(signal=FloatArray(np.array([1e39])))
    gain(signal=FloatArray(np.array([1.0])))
    with refused(InputError, f"Gain.signal: is more than float32 holds, got 1e+39; expected {ROOM['float32']}."):
        gain(signal=FloatArray(np.array([1e39])))


DTYPES = [np.float64, np.float32, np.float16, np.int64, np.int32, np.int8, np.uint64, np.uint32, np.uint8, np.bool_]


@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES), st.data())
def test_what_a_dtype_holds_is_told_as_python_tells_it(given: Any, held: Any, data: st.DataObject) -> None:
    """Whole numbers are held as they are, numbers with a fraction within the range of the floating type."""
    whole, floating = np.dtype(given).kind in "iu", np.dtype(given).kind == "f"
    room = np.iinfo(given) if whole else None
    numbers = (
        st.integers(int(room.min), int(room.max))
        if room
        else st.floats(width=np.dtype(given).itemsize * 8, allow_nan=False)
        if floating
        else st.booleans()
    )
    array = np.array(data.draw(st.lists(numbers, min_size=1, max_size=3)), given)
    if np.dtype(held).kind == "f":
        # Half a place beyond the largest number still rounds to it.
        edge = float(np.finfo(held).max) * (1 + 2.0 ** -(np.finfo(held).nmant + 2)) if held != np.float64 else np.inf
        fits = [abs(number) < edge or abs(number) == np.inf for number in array.tolist()]
    elif np.dtype(held).kind == "b":
        fits = [number in (0, 1) for number in array.tolist()]
    else:
        least, most = int(np.iinfo(held).min), int(np.iinfo(held).max)
        fits = [
            abs(number) != np.inf and number == int(number) and least <= number <= most for number in array.tolist()
        ]
    found = beyond("x", array, held)
    assert bool(found) == (not all(fits))
    if found:
        assert f"got {array[fits.index(False)]}" in found[0].message


@pytest.mark.parametrize(
    ("number", "held", "said"),
    [
        (2.5, np.int32, "x: is no whole number, which int32 holds alone, got 2.5."),
        (0.5, np.bool_, "x: is no whole number, which bool holds alone, got 0.5."),
        (2.0, np.bool_, "x: is more than bool holds, got 2.0; expected 0 to 1."),
        (np.nan, np.int8, "x: is more than int8 holds, got nan; expected -128 to 127."),
    ],
)
@pytest.mark.parametrize("kind", [np.float64, np.float16, jnp.bfloat16])
def test_numbers_that_a_cast_would_cut_are_named(number: float, held: Any, said: str, kind: Any) -> None:
    """Bounds that the given dtype cannot hold are no matter, as those of int32 in float16."""
    assert [str(problem) for problem in beyond("x", np.array([1.0, number], kind), held)] == [said]


@pytest.mark.parametrize("made", [spark.Variable, spark.Constant])
@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (np.array([0, 2**40]), f"int32 holds, got {2**40}; expected {ROOM['int32']}."),
        (np.array([1e39]), f"float32 holds, got 1e+39; expected {ROOM['float32']}."),
        (np.array([2**40], np.uint64), f"uint32 holds, got {2**40}; expected 0 to {2**32 - 1}."),
    ],
)
def test_a_variable_does_not_begin_with_64_bits_that_are_no_32(made: Any, numbers: np.ndarray, said: str) -> None:
    with refused(ModuleError, f"value: is more than {said}"):
        made(numbers)
    np.testing.assert_array_equal(made(np.array([7, -7])).value, np.int32([7, -7]))


def test_a_variable_is_not_set_to_64_bits_that_are_no_32() -> None:
    variable = spark.Variable(np.zeros(2, np.int32))
    with refused(ModuleError, f"variable: is more than int32 holds, got {2**40}; expected {ROOM['int32']}."):
        variable.value = np.array([0, 2**40])
    variable.value = np.array([3, 4])
    assert variable.value.dtype == np.int32 and variable.value.tolist() == [3, 4]


def test_no_mask_is_asked_for_where_numbers_are() -> None:
    with pytest.raises(InputError, match="has the wrong kind of dtype|has the wrong payload type"):
        brain("float32")(x=BooleanMask(np.ones(3, bool)))
