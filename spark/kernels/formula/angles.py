"""Sine, cosine and tangent, in float32, for scalars and vectors."""

from spark.kernels.formula.functions import polynomial
from spark.kernels.formula.guarded import guarded
from spark.kernels.formula.values import (
    Builder,
    Numbers,
    doubles_like,
    integers_like,
    intrinsic,
    multiplied_and_added,
    same,
)

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


def tangent(b: Builder, x: Numbers) -> Numbers:
    """Tan x within 4 units in the last place."""

    def near(b: Builder, x: Numbers) -> Numbers:
        sine, cosine, number = _of_rest(b, x)
        odd = _bit(b, number, 1)
        value = b.fdiv(b.select(odd, b.fneg(cosine), sine), b.select(odd, sine, cosine))
        return _zero_as_it_is(b, x, value)

    return guarded(b, "tanf", [x], near, _beyond)


def _by_quarters(b: Builder, x: Numbers, ahead: int, library: str) -> Numbers:
    """The sine so many quarters ahead; beyond `_MOST` as the system's mathematical library has it."""

    def near(b: Builder, x: Numbers) -> Numbers:
        sine, cosine, number = _of_rest(b, x)
        number = b.add(number, same(ahead, number.type))
        value = b.select(_bit(b, number, 1), cosine, sine)
        value = b.select(_bit(b, number, 2), b.fneg(value), value)
        return value if ahead else _zero_as_it_is(b, x, value)

    return guarded(b, library, [x], near, _beyond)


def _beyond(b: Builder, x: Numbers) -> Numbers:
    return b.fcmp_unordered(">", intrinsic(b, "fabs", [x]), same(_MOST, x.type))


def _bit(b: Builder, number: Numbers, bit: int) -> Numbers:
    return b.icmp_unsigned("!=", b.and_(number, same(bit, number.type)), same(0, number.type))


def _zero_as_it_is(b: Builder, x: Numbers, value: Numbers) -> Numbers:
    return b.select(b.fcmp_ordered("==", x, same(0.0, x.type)), x, value)


def _of_rest(b: Builder, x: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Sine and cosine of what an angle has beside whole quarters, and the number of these; of what is not large."""
    kind, whole, wide = x.type, integers_like(x.type, 32), doubles_like(x.type)
    exact = b.fpext(x, wide)
    quarters = intrinsic(b, "roundeven", [b.fmul(exact, same(0.6366197723675814, wide))])
    for size in _QUARTER:
        exact = multiplied_and_added(b, quarters, same(-size, wide), exact)
    rest = b.fptrunc(exact, kind)
    square = b.fmul(rest, rest)
    sine = multiplied_and_added(b, b.fmul(polynomial(b, square, _SINE), square), rest, rest)
    small = multiplied_and_added(b, square, same(-0.5, kind), same(1.0, kind))
    cosine = multiplied_and_added(b, b.fmul(polynomial(b, square, _COSINE), square), square, small)
    return sine, cosine, b.fptosi(quarters, whole)
