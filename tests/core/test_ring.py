"""A ring gives back what was put into it as many steps ago as it has rows, and a compiled step touches one row."""

from typing import Any, TypedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import array_code, refused

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap
from spark.engine.formulas import ModuleFormula, formula_of
from spark.nn import Brain, BrainConfig
from spark.sim.run import build

GIVEN = np.random.default_rng(5).random((24, 3, 2)).astype(np.float32)


class RingOutput(TypedDict):
    """What came back."""

    late: FloatArray


class LateConfig(spark.ModuleConfig):
    """How late."""

    rows: spark.Whole = spark.field(3, least=1, description="Steps.")


class Late(spark.Module):
    """Numbers as they were `rows` steps ago, halved.

    Input ports: `signal`, any shape. Output ports: `late`, float32, same shape.
    """

    config: LateConfig

    def build(self, signal: spark.PortSpec) -> None:
        """All begin at 7."""
        self.past = spark.Ring(np.full((self.config.rows, *signal.shape), 7.0, np.float32))

    def __call__(self, signal: FloatArray) -> RingOutput:
        """Advance one step."""
        late = self.past.read(self.step)
        self.past.put(self.step, signal.value * np.float32(0.5))
        return {"late": FloatArray(late)}


class Whole(Late):
    """As `Late`, and looks at all that is on its way."""

    def __call__(self, signal: FloatArray) -> RingOutput:
        """Advance one step."""
        late = super().__call__(signal=signal)["late"]
        return {"late": FloatArray(late.value + self.past.value.sum() * np.float32(0.0))}


class Another(Late):
    """As `Late`, of which another row comes back: that of the step to come."""

    def __call__(self, signal: FloatArray) -> RingOutput:
        """Advance one step."""
        self.past.put(self.step, signal.value * np.float32(0.5))
        return {"late": FloatArray(self.past.read(self.step + 1))}


class Filled(Late):
    """As `Late`, and sets all rows to what arrives."""

    def __call__(self, signal: FloatArray) -> RingOutput:
        """Advance one step."""
        late = self.past.read(self.step)
        self.past.value = jnp.broadcast_to(signal.value * np.float32(0.5), self.past.shape)
        return {"late": FloatArray(late)}


def brain_of(cls: type[spark.Module], rows: int) -> Brain:
    signal = PortMap("__call__", "x")
    return Brain(
        BrainConfig(
            input_map={"x": InputSpec(FloatArray, (3, 2), "float32")},
            output_map={"o": {"input": PortMap("late", "late"), "spec": OutputSpec(FloatArray, (3, 2), "float32")}},
            modules_map=[ModuleSpecs("late", cls, {"signal": signal}, LateConfig(rows=rows))],
        )
    )


def in_pieces(brain: Brain, *steps: int) -> np.ndarray:
    found, begin = [], 0
    for piece in steps:
        recorded = spark.run(brain, piece, {"x": FloatArray(GIVEN[begin : begin + piece])}, record=["o"])
        found.append(np.asarray(recorded["o"]))
        begin += piece
    return np.concatenate(found)


def expected(rows: int) -> np.ndarray:
    return np.concatenate([np.full((rows, 3, 2), 7.0, np.float32), GIVEN * np.float32(0.5)])[: len(GIVEN)]


@pytest.mark.parametrize("rows", [1, 3, 30])
def test_what_was_put_comes_back_after_as_many_steps_as_there_are_rows(rows: int) -> None:
    np.testing.assert_array_equal(in_pieces(brain_of(Late, rows), 1, 10, 13), expected(rows))


def test_array_code_says_the_same() -> None:
    with array_code():
        np.testing.assert_array_equal(in_pieces(brain_of(Late, 3), 5, 19), expected(3))


def test_a_compiled_step_takes_the_row_of_the_step_alone() -> None:
    brain = brain_of(Late, 30)
    in_pieces(brain, 1)
    view = spark.merge(*spark.split(brain))
    found = formula_of(view.late)
    assert isinstance(found, ModuleFormula) and found.written == ("past",)
    assert {slot.shape for slot in found.stages.stages[0].formula.outputs} == {(3, 2)}


def test_a_step_that_looks_at_all_rows_runs_as_it_is_written() -> None:
    brain = brain_of(Whole, 3)
    np.testing.assert_array_equal(in_pieces(brain, 5, 19), expected(3))
    assert "is a ring, of which a step that is compiled has one row only" in str(spark.explain(brain))


def test_the_row_of_another_step_is_that_row_on_all_ways() -> None:
    brain = brain_of(Another, 3)
    np.testing.assert_array_equal(in_pieces(brain, 5, 19), expected(2))
    assert "of which a step that is compiled has the row of `self.step` only" in str(spark.explain(brain))
    with array_code():
        np.testing.assert_array_equal(in_pieces(brain_of(Another, 3), 5, 19), expected(2))


def test_a_step_that_sets_all_rows_sets_them() -> None:
    np.testing.assert_array_equal(in_pieces(brain_of(Filled, 3), 5, 19), expected(1))


def test_derivatives_pass_through_a_ring() -> None:
    brain = brain_of(Late, 3)
    build(brain)
    graph, state = spark.split(brain)

    def last(given: Any) -> Any:
        return spark.unroll(graph, state, 8, {"x": FloatArray(given)}).outputs["o"].value[-1].sum()

    slope = jax.grad(last)(jnp.asarray(GIVEN[:8]))
    np.testing.assert_array_equal(np.asarray(slope).sum(axis=(1, 2)), [0, 0, 0, 0, 3.0, 0, 0, 0])


def test_a_row_of_another_shape_or_dtype_is_refused() -> None:
    ring = spark.Ring(np.zeros((4, 2), np.float32))
    for row, got in ((np.zeros(3, np.float32), "(3,) float32"), (np.zeros(2, np.int8), "(2,) int8")):
        text = f"ring: cannot take this row, got {got}; expected (2,) float32. Cast it with `.astype(...)`"
        with refused(spark.ModuleError, text):
            ring.put(np.uint32(0), row)


@pytest.mark.parametrize("shape", [(), (0,), (0, 2)])
def test_a_ring_without_rows_is_refused(shape: tuple[int, ...]) -> None:
    text = (
        f"ring: has no rows, got shape {shape}; expected (rows, ...), of at least 1 row. "
        "Give `np.zeros((rows, *signal.shape), np.float32)`"
    )
    with refused(spark.ModuleError, text):
        spark.Ring(np.zeros(shape, np.float32))


def test_a_step_may_be_a_plain_number() -> None:
    ring = spark.Ring(np.zeros((4, 2), np.float32))
    ring.put(6, np.ones(2, np.float32))
    np.testing.assert_array_equal(ring.read(2), np.ones(2, np.float32))
    assert np.asarray(ring.value).sum() == 2
