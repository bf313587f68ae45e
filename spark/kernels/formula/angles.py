"""Sine and cosine, in float32, for scalars and vectors."""

from collections.abc import Callable

from llvmlite import ir

from spark.kernels.formula.functions import by_library, polynomial
from spark.kernels.formula.values import Builder, Numbers, integers_like, intrinsic, multiplied_and_added, same

# The coefficients of the Cephes library's sinf and cosf, S. Moshier 1989, for angles up to pi / 4.
_SINE = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COSINE = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
# pi / 2 as the sum of two numbers, of FreeBSD's e_rem_pio2.c: up to 2^20 times the first, of 33 bits, is exact.
_QUARTER = (1.57079632673412561417, 6.07710050650619224932e-11)
_MOST = 1e6


def sine(b: Builder, x: Numbers) -> Numbers:
    """Sin x within 2 units in the last place."""
    return _by_quarters(b, x, 0, "sinf")


def cosine(b: Builder, x: Numbers) -> Numbers:
    """Cos x within 2 units in the last place."""
    return _by_quarters(b, x, 1, "cosf")


def _by_quarters(b: Builder, x: Numbers, ahead: int, library: str) -> Numbers:
    """The sine so many quarters ahead; beyond `_MOST` as the system's mathematical library has it.

    It is written once for each type, as a function, for it has two ways.
    """
    kind = x.type
    name = f"angle.{library}.{kind.count if isinstance(kind, ir.VectorType) else 1}"
    function = b.module.globals.get(name)
    if function is None:
        function = ir.Function(b.module, ir.FunctionType(kind, [kind]), name)
        function.linkage = "internal"
        _write(function, ahead, lambda at, far: by_library(at, library, [far]))
    return b.call(function, [x])


def _write(function: ir.Function, ahead: int, by_library: Callable[[Builder, Numbers], Numbers]) -> None:
    near, far = function.append_basic_block("near"), function.append_basic_block("far")
    (x,) = function.args
    kind = x.type
    b = ir.IRBuilder(near)
    value = _near(b, x, ahead)
    beyond = b.fcmp_unordered(">", intrinsic(b, "fabs", [x]), same(_MOST, kind))
    if isinstance(kind, ir.VectorType):
        bits = ir.IntType(kind.count)
        beyond = b.icmp_unsigned("!=", b.bitcast(beyond, bits), ir.Constant(bits, 0))
    done = function.append_basic_block("done")
    b.cbranch(beyond, far, done)
    b = ir.IRBuilder(far)
    slow = by_library(b, x)
    b.branch(done)
    b = ir.IRBuilder(done)
    result = b.phi(kind)
    result.add_incoming(value, near)
    result.add_incoming(slow, far)
    b.ret(result)


def _near(b: Builder, x: Numbers, ahead: int) -> Numbers:
    """The sine `ahead` quarters further, of what is not large."""
    kind, whole = x.type, integers_like(x.type, 32)
    wide = ir.VectorType(ir.DoubleType(), kind.count) if isinstance(kind, ir.VectorType) else ir.DoubleType()
    exact = b.fpext(x, wide)
    quarters = intrinsic(b, "roundeven", [b.fmul(exact, same(0.6366197723675814, wide))])
    for size in _QUARTER:
        exact = multiplied_and_added(b, quarters, same(-size, wide), exact)
    rest = b.fptrunc(exact, kind)
    number = b.add(b.fptosi(quarters, whole), same(ahead, whole))
    square = b.fmul(rest, rest)
    sine = multiplied_and_added(b, b.fmul(polynomial(b, square, _SINE), square), rest, rest)
    small = multiplied_and_added(b, square, same(-0.5, kind), same(1.0, kind))
    cosine = multiplied_and_added(b, b.fmul(polynomial(b, square, _COSINE), square), square, small)
    odd = b.icmp_unsigned("!=", b.and_(number, same(1, whole)), same(0, whole))
    minus = b.icmp_unsigned("!=", b.and_(number, same(2, whole)), same(0, whole))
    value = b.select(odd, cosine, sine)
    value = b.select(minus, b.fneg(value), value)
    return value if ahead else b.select(b.fcmp_ordered("==", x, same(0.0, kind)), x, value)
