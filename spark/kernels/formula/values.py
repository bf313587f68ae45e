"""What a formula computes with: one element for every unit, or a few numbers that are the same for all units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypedDict

import numpy as np
from jax.extend import core
from llvmlite import ir

# A builder of LLVM's code; llvmlite's own class says nothing of what its methods return.
Builder = Any


class Params(TypedDict):
    """What an equation of JAX says beyond its operands: each primitive has some of these."""

    axes: tuple[int, ...]
    bit_width: int
    branches: Sequence[core.ClosedJaxpr]
    broadcast_dimensions: Sequence[int]
    dimension: int
    dimensions: tuple[int, ...] | None
    axis: int
    dtype: np.dtype
    exponent_bits: int
    impl: "Generator"
    limit_indices: Sequence[int]
    mantissa_bits: int
    new_dtype: np.dtype | str
    permutation: Sequence[int]
    rounding_method: int
    shape: Sequence[int]
    start_indices: Sequence[int]
    strides: Sequence[int] | None
    y: int


class Generator(Protocol):
    """How random numbers are made."""

    @property
    def name(self) -> str:
        """What JAX calls it."""
        ...


def params_of(given: Mapping[str, object]) -> Params:
    """The parameters of an equation of JAX."""
    return Params(**dict[str, Any](given))


# Of operations that have no parameters.
PLAIN = params_of({})


class Numbers(Protocol):
    """What a builder's methods return and take: a number of LLVM, or a vector of them."""

    @property
    def type(self) -> Any:
        """Which: one of LLVM's types."""
        ...


# Small arrays are computed number by number: keys, a counter's words, a few coefficients.
FEW = 64

_INTEGERS = {"int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "int64": 64, "uint64": 64}
# By their names, so that nothing depends on which package registered bfloat16.
DTYPES = ("bool", "float16", "bfloat16", "float32", *_INTEGERS)


class Unsupported(Exception):
    """Raised for what cannot become a loop over units; the text says what."""


@dataclass(frozen=True)
class Few:
    """Numbers that are the same for all units: an array of LLVM's scalars, of one element where all are equal."""

    # Shown by nothing: the text of one of LLVM's values holds those of all that it is computed from.
    cells: np.ndarray = field(repr=False)
    dtype: str


@dataclass(frozen=True)
class Each:
    """One number for every unit: `lanes` of them in a vector of LLVM."""

    lanes: Numbers = field(repr=False)
    dtype: str


def is_float(dtype: str) -> bool:
    """Whether numbers of this dtype are computed with as floats."""
    return dtype in ("float16", "bfloat16", "float32")


def is_signed(dtype: str) -> bool:
    """Whether it holds integers with a sign."""
    return dtype.startswith("int")


def bits(dtype: str) -> int:
    """Width of an integer."""
    return _INTEGERS[dtype]


def scalar_type(dtype: str) -> ir.Type:
    """In which type numbers are computed: bfloat16 as floats, rounded after each operation; booleans as bits."""
    if dtype == "bool":
        return ir.IntType(1)
    if dtype in _INTEGERS:
        return ir.IntType(_INTEGERS[dtype])
    if dtype == "float16":
        return ir.HalfType()
    if dtype in ("float32", "bfloat16"):
        return ir.FloatType()
    raise Unsupported(f"numbers of dtype {dtype}")


def memory_type(dtype: str) -> ir.Type:
    """In which type they lie in memory."""
    if dtype == "bool":
        return ir.IntType(8)
    return ir.IntType(16) if dtype == "bfloat16" else scalar_type(dtype)


def itemsize(dtype: str) -> int:
    """Bytes of a number in memory."""
    return {"bool": 1, "float16": 2, "bfloat16": 2, "float32": 4}.get(dtype) or _INTEGERS[dtype] // 8


def constant(value: float | np.number | np.ndarray, dtype: str) -> ir.Constant:
    """A number as a constant of LLVM."""
    if dtype == "bool":
        return ir.Constant(ir.IntType(1), int(bool(value)))
    if is_float(dtype):
        return ir.Constant(scalar_type(dtype), float(value))
    return ir.Constant(scalar_type(dtype), int(value))


def same(value: float | np.number | np.ndarray, like: ir.Type) -> ir.Constant:
    """A number as a constant of the type of a scalar or of all lanes of a vector."""
    if isinstance(like, ir.VectorType):
        return ir.Constant(like, [ir.Constant(like.element, value)] * like.count)
    return ir.Constant(like, value)


def integers_like(like: ir.Type, width: int) -> ir.Type:
    """Integers of this width, as many as there are lanes."""
    made = ir.IntType(width)
    return ir.VectorType(made, like.count) if isinstance(like, ir.VectorType) else made


def floats_like(like: ir.Type) -> ir.Type:
    """Floats of 32 bits, as many as there are lanes."""
    made = ir.FloatType()
    return ir.VectorType(made, like.count) if isinstance(like, ir.VectorType) else made


def doubles_like(like: ir.Type) -> ir.Type:
    """Floats of 64 bits, as many as there are lanes."""
    made = ir.DoubleType()
    return ir.VectorType(made, like.count) if isinstance(like, ir.VectorType) else made


def suffix(kind: ir.Type) -> str:
    """How the names of LLVM's intrinsics end for a type, such as `v8f32`."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{suffix(kind.element)}"
    if isinstance(kind, ir.HalfType):
        return "f16"
    if isinstance(kind, ir.DoubleType):
        return "f64"
    return "f32" if isinstance(kind, ir.FloatType) else str(kind)


def intrinsic(builder: Builder, name: str, arguments: list[Numbers], result: ir.Type | None = None) -> Numbers:
    """Call an intrinsic of LLVM, named without its types; `result` where it is another type than the argument's."""
    kinds = [argument.type for argument in arguments]
    full = f"llvm.{name}.{suffix(kinds[0])}" if result is None else f"llvm.{name}.{suffix(result)}.{suffix(kinds[0])}"
    function = builder.module.globals.get(full)
    if function is None:
        function = ir.Function(builder.module, ir.FunctionType(result or kinds[0], kinds), full)
    return builder.call(function, arguments)


def multiplied_and_added(builder: Builder, x: Numbers, y: Numbers, z: Numbers) -> Numbers:
    """The sum x * y + z: rounded once where the processor can, else twice; every lane alike."""
    return intrinsic(builder, "fmuladd", [x, y, z])
