"""Functions of a number that processors do not have: exp, log and friends, in float32, for scalars and vectors."""

from collections.abc import Sequence

from llvmlite import ir

from spark.kernels.formula.values import (
    Builder,
    Numbers,
    floats_like,
    integers_like,
    intrinsic,
    multiplied_and_added,
    same,
)

# The coefficients of the Cephes library's expf and logf, S. Moshier 1989; as in `spark.kernels.exponential`.
_EXP = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
_LOG = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)


def polynomial(b: Builder, x: Numbers, coefficients: tuple[float, ...]) -> Numbers:
    """Horner's scheme."""
    value: Numbers = same(coefficients[0], x.type)
    for coefficient in coefficients[1:]:
        value = multiplied_and_added(b, value, x, same(coefficient, x.type))
    return value


def exponential(b: Builder, x: Numbers) -> Numbers:
    """e^x within 2 units in the last place; infinity above 88.72, 0 below -87.33, NaN of NaN."""
    kind = x.type
    small, halves = by_powers_of_two(b, x)
    powers = [power_of_two(b, half, kind) for half in halves]
    value = b.fmul(b.fmul(b.fadd(small, same(1.0, kind)), powers[0]), powers[1])
    value = b.select(b.fcmp_ordered("<", x, same(-87.3365, kind)), same(0.0, kind), value)
    value = b.select(b.fcmp_ordered(">", x, same(88.72284, kind)), same(float("inf"), kind), value)
    return b.select(b.fcmp_unordered("uno", x, x), x, value)


def by_powers_of_two(b: Builder, x: Numbers) -> tuple[Numbers, tuple[Numbers, Numbers]]:
    """e^x = (1 + small) 2^n: what is small, and n as the sum of two whole numbers, since 2^128 is no float.

    Neither is anything where e^x is no float.
    """
    kind = x.type
    n = intrinsic(b, "roundeven", [b.fmul(x, same(1.44269504, kind))])
    coarse = multiplied_and_added(b, n, same(-0.693359375, kind), x)
    r = multiplied_and_added(b, n, same(2.12194440e-4, kind), coarse)
    small = multiplied_and_added(b, polynomial(b, r, _EXP), b.fmul(r, r), r)
    whole = integers_like(kind, 32)
    # A whole number beside 1.5 * 2^23 stands in the lowest bits, without the checks of a conversion.
    beside = b.bitcast(b.fadd(n, same(12582912.0, kind)), whole)
    power = b.sub(beside, same(0x4B400000, whole))
    half = b.ashr(power, same(1, whole))
    return small, (half, b.sub(power, half))


def power_of_two(b: Builder, n: Numbers, kind: ir.Type) -> Numbers:
    """2^n as a float, of whole numbers that a float's exponent holds."""
    whole = n.type
    return b.bitcast(b.shl(b.add(n, same(127, whole)), same(23, whole)), kind)


def logarithm(b: Builder, x: Numbers) -> Numbers:
    """The natural logarithm within 2 units in the last place; -infinity at 0, NaN below."""
    kind = x.type
    whole = integers_like(kind, 32)
    # Numbers below the least normal one are brought into range: 2^25 times as large.
    tiny = b.fcmp_ordered("<", x, same(1.17549435e-38, kind))
    scaled = b.select(tiny, b.fmul(x, same(33554432.0, kind)), x)
    pattern = b.bitcast(scaled, whole)
    # The mantissa between sqrt(1/2) and sqrt(2), as the polynomial wants it.
    shifted = b.add(pattern, same(0x3F800000 - 0x3F3504F3, whole))
    exponent = b.sub(b.ashr(shifted, same(23, whole)), same(127, whole))
    exponent = b.sub(exponent, b.select(tiny, same(25, whole), same(0, whole)))
    mantissa = b.bitcast(b.add(b.and_(shifted, same(0x007FFFFF, whole)), same(0x3F3504F3, whole)), kind)
    f = b.fsub(mantissa, same(1.0, kind))
    square = b.fmul(f, f)
    e = b.sitofp(exponent, kind)
    y = b.fmul(b.fmul(polynomial(b, f, _LOG), f), square)
    y = multiplied_and_added(b, e, same(-2.12194440e-4, kind), y)
    y = multiplied_and_added(b, square, same(-0.5, kind), y)
    value = multiplied_and_added(b, e, same(0.693359375, kind), b.fadd(f, y))
    value = b.select(b.fcmp_ordered("==", x, same(0.0, kind)), same(float("-inf"), kind), value)
    value = b.select(b.fcmp_ordered("==", x, same(float("inf"), kind)), x, value)
    return b.select(b.fcmp_unordered("<", x, same(0.0, kind)), same(float("nan"), kind), value)


def logistic(b: Builder, x: Numbers) -> Numbers:
    """1 / (1 + e^-x)."""
    one = same(1.0, x.type)
    return b.fdiv(one, b.fadd(one, exponential(b, b.fneg(x))))


def by_library(b: Builder, name: str, arguments: list[Numbers]) -> Numbers:
    """A function of the system's mathematical library, lane by lane."""
    number = ir.FloatType()
    function = b.module.globals.get(name)
    if function is None:
        function = ir.Function(b.module, ir.FunctionType(number, [number] * len(arguments)), name)
    kind = arguments[0].type
    if not isinstance(kind, ir.VectorType):
        return b.call(function, arguments)
    value: Numbers = ir.Constant(floats_like(kind), ir.Undefined)
    for lane in range(kind.count):
        at = ir.Constant(ir.IntType(32), lane)
        found = b.call(function, [b.extract_element(argument, at) for argument in arguments])
        value = b.insert_element(value, found, at)
    return value


_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def threefry(b: Builder, key: tuple[Numbers, Numbers], counter: tuple[Numbers, Numbers]) -> tuple[Numbers, Numbers]:
    """Two words of random bits: Threefry with 20 rounds, Salmon et al. 2011, doi:10.1145/2063384.2063405.

    They are written once for each type, as a function that LLVM puts in where it is called.
    """
    kind = counter[0].type
    words = ir.LiteralStructType([kind, kind])
    name = f"threefry.{kind.count if isinstance(kind, ir.VectorType) else 1}"
    function = b.module.globals.get(name)
    if function is None:
        function = ir.Function(b.module, ir.FunctionType(words, [kind] * 4), name)
        function.linkage = "internal"
        function.attributes.add("alwaysinline")
        _write_threefry(ir.IRBuilder(function.append_basic_block("rounds")), function.args, words)
    found = b.call(function, [*key, *counter])
    return b.extract_value(found, 0), b.extract_value(found, 1)


def _write_threefry(b: Builder, words: Sequence[Numbers], result: ir.Type) -> None:
    kind = words[0].type
    keys = [words[0], words[1], b.xor(b.xor(words[0], words[1]), same(0x1BD11BDA, kind))]
    x, y = b.add(words[2], keys[0]), b.add(words[3], keys[1])
    for block in range(5):
        for rotation in _ROTATIONS[block % 2]:
            x = b.add(x, y)
            y = b.or_(b.shl(y, same(rotation, kind)), b.lshr(y, same(32 - rotation, kind)))
            y = b.xor(x, y)
        x = b.add(x, keys[(block + 1) % 3])
        y = b.add(b.add(y, keys[(block + 2) % 3]), same(block + 1, kind))
    b.ret(b.insert_value(b.insert_value(ir.Constant(result, ir.Undefined), x, 0), y, 1))
