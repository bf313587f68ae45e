"""Functions of a number that keep their digits near 0, in float32, for scalars and vectors."""

from spark.kernels.formula.functions import by_powers_of_two, exponential, logarithm, polynomial, power_of_two
from spark.kernels.formula.values import Builder, Numbers, intrinsic, multiplied_and_added, same

# The coefficients of the Cephes library's tanhf, S. Moshier 1989, for numbers below 0.625.
_TANH = (-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
# Polynomials of Giles 2010, "Approximating the erfinv function", single precision, for w < 5 and beyond.
_ERF_INV = (
    (
        2.81022636e-08,
        3.43273939e-07,
        -3.5233877e-06,
        -4.39150654e-06,
        0.00021858087,
        -0.00125372503,
        -0.00417768164,
        0.246640727,
        1.50140941,
    ),
    (
        -0.000200214257,
        0.000100950558,
        0.00134934322,
        -0.00367342844,
        0.00573950773,
        -0.0076224613,
        0.00943887047,
        1.00167406,
        2.83297682,
    ),
)


def hyperbolic_tangent(b: Builder, x: Numbers) -> Numbers:
    """(e^x - e^-x) / (e^x + e^-x) within 2 units in the last place."""
    kind = x.type
    one, size = same(1.0, kind), intrinsic(b, "fabs", [x])
    square = b.fmul(size, size)
    near = multiplied_and_added(b, b.fmul(polynomial(b, square, _TANH), square), size, size)
    far = b.fsub(one, b.fdiv(same(2.0, kind), b.fadd(exponential(b, b.fadd(size, size)), one)))
    value = b.select(b.fcmp_ordered("<", size, same(0.625, kind)), near, far)
    return intrinsic(b, "copysign", [value, x])


def logarithm_of_one_more(b: Builder, x: Numbers) -> Numbers:
    """log(1 + x) within 3 units in the last place; -infinity at -1, NaN below.

    What 1 + x is rounded by is made good in proportion: W. Kahan's way, as in Goldberg 1991, theorem 4,
    doi:10.1145/103162.103163.
    """
    kind = x.type
    one = same(1.0, kind)
    more = b.fadd(one, x)
    rounded = b.fsub(more, one)
    value = b.fmul(logarithm(b, more), b.fdiv(x, rounded))
    # Where nothing is left of x beside 1, or x is infinite, it is its own logarithm.
    itself = b.or_(b.fcmp_ordered("==", rounded, same(0.0, kind)), b.fcmp_ordered("==", x, same(float("inf"), kind)))
    return b.select(itself, x, value)


def exponential_less_one(b: Builder, x: Numbers) -> Numbers:
    """e^x - 1 within 2 units in the last place; infinity above 88.72, -1 below -17.4."""
    kind = x.type
    small, (half, rest) = by_powers_of_two(b, x)
    # 2^n small + 2^n - 1 = (2^a small + 2^a - 2^-b) 2^b, with n = a + b.
    first, second, inverse = (power_of_two(b, n, kind) for n in (rest, half, b.neg(half)))
    value = b.fmul(multiplied_and_added(b, first, small, b.fsub(first, inverse)), second)
    value = b.select(b.fcmp_ordered("<", x, same(-17.4, kind)), same(-1.0, kind), value)
    value = b.select(b.fcmp_ordered(">", x, same(88.72284, kind)), same(float("inf"), kind), value)
    return b.select(b.or_(b.fcmp_unordered("uno", x, x), b.fcmp_ordered("==", x, same(0.0, kind))), x, value)


def inverse_error(b: Builder, x: Numbers) -> Numbers:
    """The inverse of the error function, for draws of normal numbers; infinite at -1 and 1."""
    kind = x.type
    square = b.fmul(x, x)
    w = b.fneg(logarithm_of_one_more(b, b.fneg(square)))
    near = b.fcmp_ordered("<", w, same(5.0, kind))
    inner = polynomial(b, b.fsub(w, same(2.5, kind)), _ERF_INV[0])
    outer = polynomial(b, b.fsub(intrinsic(b, "sqrt", [w]), same(3.0, kind)), _ERF_INV[1])
    value = b.fmul(b.select(near, inner, outer), x)
    edge = b.fcmp_ordered("==", intrinsic(b, "fabs", [x]), same(1.0, kind))
    return b.select(edge, b.fmul(x, same(float("inf"), kind)), value)
