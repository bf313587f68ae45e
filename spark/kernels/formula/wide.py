"""Functions that are computed in float64 and rounded once, for scalars and vectors of float32."""

import math

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

# 1 / k!: of e^r for r up to ln 2 / 2, within 1e-11 of it.
_EXP = tuple(1.0 / math.factorial(k) for k in range(9, -1, -1))
# 1 / (2 k + 1): log m = 2 s (1 + s^2 / 3 + ...) with s = (m - 1) / (m + 1), for m from sqrt(1/2) to sqrt(2), likewise.
_LOG = tuple(1.0 / (2 * k + 1) for k in range(6, -1, -1))
# The coefficients of the Cephes library's sinhf, S. Moshier 1989, for numbers up to 1.
_SINH = (2.03721912945e-4, 8.33028376239e-3, 1.66667160211e-1)
# Whole numbers below 2^51 beside this one stand in the lowest bits, and so come from floats and go back.
_BESIDE, _BESIDE_BITS = 6755399441055744.0, 0x4338000000000000
# The bits of 1 and of sqrt(1/2).
_ONE, _ROOT = 0x3FF0000000000000, 0x3FE6A09E667F3BCD
# e^110 is no float of 32 bits, and e^-110 is 0 among them.
_MOST = 110.0


def power_of_two(b: Builder, x: Numbers) -> Numbers:
    """2^x within a unit in the last place; infinity from 128 on, NaN of NaN."""
    kind = x.type
    return b.fptrunc(
        _exponential(b, b.fmul(b.fpext(x, doubles_like(kind)), same(math.log(2.0), doubles_like(kind)))), kind
    )


def hyperbolic_cosine(b: Builder, x: Numbers) -> Numbers:
    """(e^x + e^-x) / 2 within a unit in the last place."""
    grown, shrunk = _both_ways(b, x)
    return b.fptrunc(b.fadd(grown, shrunk), x.type)


def hyperbolic_sine(b: Builder, x: Numbers) -> Numbers:
    """(e^x - e^-x) / 2 within 2 units in the last place."""
    kind = x.type
    square = b.fmul(x, x)
    near = multiplied_and_added(b, b.fmul(polynomial(b, square, _SINH), square), x, x)
    small = b.fcmp_ordered("<", intrinsic(b, "fabs", [x]), same(0.5, kind))
    grown, shrunk = _both_ways(b, x)
    return b.select(small, near, b.fptrunc(b.fsub(grown, shrunk), kind))


def power(b: Builder, x: Numbers, y: Numbers) -> Numbers:
    """x^y within a unit in the last place, of positive x and of 0; of others as the system's library has it."""
    return guarded(b, "powf", [x, y], _positive_power, _no_positive_power)


def _no_positive_power(b: Builder, x: Numbers, y: Numbers) -> Numbers:
    """Where x is negative, -0, infinite or NaN, or y is no finite number."""
    infinite = same(float("inf"), x.type)
    wrong = b.fcmp_unordered(">=", intrinsic(b, "fabs", [y]), infinite)
    negative = b.icmp_signed("<", b.bitcast(x, integers_like(x.type, 32)), same(0, integers_like(x.type, 32)))
    return b.or_(b.or_(b.fcmp_unordered(">=", x, infinite), negative), wrong)


def _positive_power(b: Builder, x: Numbers, y: Numbers) -> Numbers:
    kind, wide, zero = x.type, doubles_like(x.type), same(0.0, x.type)
    value = b.fptrunc(_exponential(b, b.fmul(_logarithm(b, b.fpext(x, wide)), b.fpext(y, wide))), kind)
    of_zero = b.select(b.fcmp_ordered(">", y, zero), zero, same(float("inf"), kind))
    value = b.select(b.fcmp_ordered("==", x, zero), of_zero, value)
    return b.select(b.fcmp_ordered("==", y, zero), same(1.0, kind), value)


def _both_ways(b: Builder, x: Numbers) -> tuple[Numbers, Numbers]:
    """e^x / 2 and e^-x / 2, in float64."""
    wide = doubles_like(x.type)
    grown = b.fmul(_exponential(b, b.fpext(x, wide)), same(0.5, wide))
    return grown, b.fdiv(same(0.25, wide), grown)


def _exponential(b: Builder, x: Numbers) -> Numbers:
    """e^x within 1e-11 of it; beyond `_MOST`, that of `_MOST`; NaN of NaN."""
    wide, whole = x.type, integers_like(x.type, 64)
    for sign, most in ((">", _MOST), ("<", -_MOST)):
        x = b.select(b.fcmp_ordered(sign, x, same(most, wide)), same(most, wide), x)
    beside = b.fadd(b.fmul(x, same(1.0 / math.log(2.0), wide)), same(_BESIDE, wide))
    n = b.fsub(beside, same(_BESIDE, wide))
    rest = multiplied_and_added(b, n, same(-math.log(2.0), wide), x)
    exponent = b.shl(b.bitcast(beside, whole), same(52, whole))
    return b.bitcast(b.add(b.bitcast(polynomial(b, rest, _EXP), whole), exponent), wide)


def _logarithm(b: Builder, x: Numbers) -> Numbers:
    """The natural logarithm of a positive finite float of 32 bits, within 1e-11 of it."""
    wide, whole = x.type, integers_like(x.type, 64)
    one = same(1.0, wide)
    shifted = b.add(b.bitcast(x, whole), same(_ONE - _ROOT, whole))
    # Positive, so that a logical shift does: vectors of AVX2 have no other one.
    number = b.sub(b.lshr(shifted, same(52, whole)), same(1023, whole))
    n = b.fsub(b.bitcast(b.add(number, same(_BESIDE_BITS, whole)), wide), same(_BESIDE, wide))
    mantissa = b.bitcast(b.add(b.and_(shifted, same((1 << 52) - 1, whole)), same(_ROOT, whole)), wide)
    s = b.fdiv(b.fsub(mantissa, one), b.fadd(mantissa, one))
    log = b.fmul(b.fadd(s, s), polynomial(b, b.fmul(s, s), _LOG))
    return multiplied_and_added(b, n, same(math.log(2.0), wide), log)
