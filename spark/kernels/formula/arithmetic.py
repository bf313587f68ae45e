"""Operations on numbers, one for one primitive of a jaxpr: each works on scalars and on vectors of LLVM alike."""

from collections.abc import Callable
from typing import Any

from spark.kernels.formula import angles, functions, near_zero, wide
from spark.kernels.formula.conversions import as_float, converted, from_float, rounded, same_bits
from spark.kernels.formula.values import (
    PLAIN,
    Builder,
    Numbers,
    Params,
    Unsupported,
    bits,
    intrinsic,
    is_float,
    is_signed,
    multiplied_and_added,
    same,
)

# Takes the builder, the operands, the dtype of the first and the parameters of the equation; gives the result.
Operation = Callable[[Builder, list[Numbers], str, Params], Numbers]


def _both(of_floats: str, of_integers: str) -> Operation:
    def run(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
        if is_float(dtype):
            return rounded(b, getattr(b, of_floats)(*x), dtype)
        return getattr(b, of_integers)(*x)

    return run


def _float(function: Callable[..., Numbers]) -> Operation:
    """A function that is computed in float32, and rounded."""

    def run(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
        return from_float(b, function(b, *(as_float(b, one, dtype) for one in x)), dtype)

    return run


def _library(name: str) -> Operation:
    return _float(lambda b, *x: functions.by_library(b, name, list(x)))


def _intrinsic(name: str) -> Operation:
    return _float(lambda b, *x: intrinsic(b, name, list(x)))


def contracted(b: Builder, x: list[Numbers], product: int, subtracts: bool) -> Numbers:
    """x[0] + x[1] or x[0] - x[1] of floats of 32 bits, where the one of number `product` is a product of two others."""
    made: Any = x[product]
    first, second = made.operands
    other = x[1 - product]
    if subtracts and product == 0:
        other = b.fneg(other)
    elif subtracts:
        first = b.fneg(first)
    return multiplied_and_added(b, first, second, other)


def _compare(sign: str) -> Operation:
    def run(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
        if is_float(dtype):
            return b.fcmp_unordered("!=", *x) if sign == "!=" else b.fcmp_ordered(sign, *x)
        return (b.icmp_signed if is_signed(dtype) else b.icmp_unsigned)(sign, *x)

    return run


def _extreme(sign: str) -> Operation:
    """The larger or smaller one; NaN if either is."""

    def run(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
        first, second = x
        if not is_float(dtype):
            return b.select(_compare(sign)(b, x, dtype, PLAIN), first, second)
        # Where one is NaN nothing is strictly beyond, so the first stays: one instruction of a processor. Whether the
        # second is NaN is known before the loop where all units share it.
        found = _bounded(sign)(b, x, dtype, params)
        return b.select(b.fcmp_unordered("uno", second, second), second, found)

    return run


def _bounded(sign: str) -> Operation:
    """As `_extreme` of a float and a second that is not NaN, such as one that is written in the code."""

    def run(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
        first, second = x
        return b.select(b.fcmp_ordered(sign[0], second, first), second, first)

    return run


def _guarded(b: Builder, x: list[Numbers], dtype: str) -> tuple[Numbers, Numbers, Numbers]:
    """A divisor that no processor faults on, whether the true one is 0, and whether the quotient overflows."""
    top, bottom = x
    zero = b.icmp_unsigned("==", bottom, same(0, bottom.type))
    overflows = zero
    if is_signed(dtype):
        least = b.icmp_unsigned("==", top, same(1 << (bits(dtype) - 1), top.type))
        overflows = b.and_(least, b.icmp_unsigned("==", bottom, same(-1, bottom.type)))
    fault = b.or_(zero, overflows)
    return b.select(fault, same(1, bottom.type), bottom), zero, overflows


def _divide(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    if is_float(dtype):
        return rounded(b, b.fdiv(*x), dtype)
    divisor, zero, _ = _guarded(b, x, dtype)
    quotient = (b.sdiv if is_signed(dtype) else b.udiv)(x[0], divisor)
    return b.select(zero, same(-1, quotient.type), quotient)


def _remainder(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    if is_float(dtype):
        return _library("fmodf")(b, x, dtype, params)
    divisor, zero, _ = _guarded(b, x, dtype)
    rest = (b.srem if is_signed(dtype) else b.urem)(x[0], divisor)
    return b.select(zero, x[0], rest)


def _shift(method: str) -> Operation:
    """Shifts by the width or more leave nothing, or the sign."""

    def run(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
        kind, width = x[0].type, bits(dtype)
        beyond = b.icmp_unsigned(">=", x[1], same(width, kind))
        by = b.select(beyond, same(width - 1 if method == "ashr" else 0, kind), x[1])
        value = getattr(b, method)(x[0], by)
        return value if method == "ashr" else b.select(beyond, same(0, kind), value)

    return run


def _negative(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    return b.fneg(x[0]) if is_float(dtype) else b.sub(same(0, x[0].type), x[0])


def _absolute(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    if is_float(dtype):
        return intrinsic(b, "fabs", x)
    if not is_signed(dtype):
        return x[0]
    return b.select(b.icmp_signed("<", x[0], same(0, x[0].type)), b.sub(same(0, x[0].type), x[0]), x[0])


def _sign(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    zero, one = same(0, x[0].type), same(1, x[0].type)
    above = b.select(_compare(">")(b, [x[0], zero], dtype, PLAIN), one, zero)
    if not is_float(dtype) and not is_signed(dtype):
        return above
    found = b.select(_compare("<")(b, [x[0], zero], dtype, PLAIN), same(-1, x[0].type), above)
    if not is_float(dtype):
        return found
    # Zeros keep their sign, and NaN stays NaN.
    plain = b.or_(b.fcmp_ordered("<", *[x[0], zero]), b.fcmp_ordered(">", *[x[0], zero]))
    return b.select(plain, found, x[0])


def _round(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    name = "roundeven" if int(params["rounding_method"]) == 1 else "round"
    return _intrinsic(name)(b, x, dtype, params)


def _power(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    """A whole power by squaring, in the order in which JAX multiplies."""
    exponent, multiply = int(params["y"]), _both("fmul", "mul")
    if exponent == 0:
        return same(1, x[0].type)
    left, base = abs(exponent), x[0]
    while not left & 1:
        left, base = left >> 1, multiply(b, [base, base], dtype, PLAIN)
    value = base
    while left := left >> 1:
        base = multiply(b, [base, base], dtype, PLAIN)
        value = multiply(b, [value, base], dtype, PLAIN) if left & 1 else value
    if exponent < 0:
        return _divide(b, [same(1, x[0].type), value], dtype, PLAIN)
    return value


def _real_power(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    if not is_float(dtype) or x[0].type != x[1].type:
        raise Unsupported("a power of integers")
    return _float(wide.power)(b, x, dtype, params)


def _square(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    return _both("fmul", "mul")(b, [x[0], x[0]], dtype, params)


def _inverse_root(b: Builder, x: Numbers) -> Numbers:
    return b.fdiv(same(1.0, x.type), intrinsic(b, "sqrt", [x]))


def _finite(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    wide = as_float(b, x[0], dtype)
    return b.fcmp_ordered("<", intrinsic(b, "fabs", [wide]), same(float("inf"), wide.type))


def _select(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    """`dtype` is that of the choice: a boolean, or a number among several cases."""
    which, *cases = x
    if dtype == "bool":
        return b.select(which, cases[1], cases[0])
    value = cases[-1]
    for number, case in reversed(list(enumerate(cases[:-1]))):
        value = b.select(b.icmp_signed("<=", which, same(number, which.type)), case, value)
    return value


def _clamp(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    least, value, most = x
    return _extreme("<=")(b, [_extreme(">=")(b, [value, least], dtype, PLAIN), most], dtype, PLAIN)


def _not(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    return b.not_(x[0])


def _convert(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    return converted(b, x[0], dtype, str(params["new_dtype"]))


def _bitcast(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    return same_bits(b, x[0], dtype, str(params["new_dtype"]))


def _reduced(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
    """Rounded to fewer bits: only as one of the dtypes has them."""
    if (params["exponent_bits"], params["mantissa_bits"]) != (8, 23):
        raise Unsupported("rounding to an unusual number of bits")
    return x[0]


def _logic(method: str) -> Operation:
    def run(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
        return getattr(b, method)(*x)

    return run


def _count(name: str) -> Operation:
    def run(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
        return intrinsic(b, name, x)

    return run


OPERATIONS: dict[str, Operation] = {
    "add": _both("fadd", "add"),
    "add_any": _both("fadd", "add"),
    "sub": _both("fsub", "sub"),
    "mul": _both("fmul", "mul"),
    "div": _divide,
    "rem": _remainder,
    "neg": _negative,
    "abs": _absolute,
    "sign": _sign,
    "max": _extreme(">="),
    "min": _extreme("<="),
    "clamp": _clamp,
    "square": _square,
    "integer_pow": _power,
    "pow": _real_power,
    "sqrt": _intrinsic("sqrt"),
    "rsqrt": _float(_inverse_root),
    "exp": _float(functions.exponential),
    "log": _float(functions.logarithm),
    "logistic": _float(functions.logistic),
    "erf_inv": _float(near_zero.inverse_error),
    "expm1": _float(near_zero.exponential_less_one),
    "log1p": _float(near_zero.logarithm_of_one_more),
    "tanh": _float(near_zero.hyperbolic_tangent),
    "sin": _float(angles.sine),
    "cos": _float(angles.cosine),
    "tan": _float(angles.tangent),
    "exp2": _float(wide.power_of_two),
    "cosh": _float(wide.hyperbolic_cosine),
    "sinh": _float(wide.hyperbolic_sine),
    "floor": _intrinsic("floor"),
    "ceil": _intrinsic("ceil"),
    "round": _round,
    "is_finite": _finite,
    "and": _logic("and_"),
    "or": _logic("or_"),
    "xor": _logic("xor"),
    "not": _not,
    "shift_left": _shift("shl"),
    "shift_right_logical": _shift("lshr"),
    "shift_right_arithmetic": _shift("ashr"),
    "population_count": _count("ctpop"),
    "select_n": _select,
    "convert_element_type": _convert,
    "bitcast_convert_type": _bitcast,
    "reduce_precision": _reduced,
}
OPERATIONS.update({name: _compare(sign) for name, sign in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="))})
OPERATIONS.update({name: _compare(sign) for name, sign in (("eq", "=="), ("ne", "!="))})
BOUNDS = {"max": _bounded(">="), "min": _bounded("<=")}
# As the system's mathematical library computes them, lane by lane: correct to a unit in the last place, and slower.
_LIBRARY = ("asinh", "acosh", "atanh", "asin", "acos", "atan", "erf", "erfc", "cbrt")
OPERATIONS.update({name: _library(f"{name}f") for name in _LIBRARY})
OPERATIONS["atan2"] = _library("atan2f")
OPERATIONS["nextafter"] = _library("nextafterf")
