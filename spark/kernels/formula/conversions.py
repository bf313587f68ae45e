"""From one dtype to another, and to and from memory, as XLA does it."""

from llvmlite import ir

from spark.kernels.formula.values import (
    Builder,
    Numbers,
    Unsupported,
    bits,
    floats_like,
    integers_like,
    intrinsic,
    is_float,
    is_signed,
    same,
    scalar_type,
)


def of_lanes(dtype: str, like: ir.Type) -> ir.Type:
    """The type in which numbers of this dtype are computed, as many as there are lanes."""
    made = scalar_type(dtype)
    return ir.VectorType(made, like.count) if isinstance(like, ir.VectorType) else made


def to_bfloat16(b: Builder, x: Numbers) -> Numbers:
    """The bits of the nearest bfloat16, to even where two are; NaN stays NaN."""
    whole = integers_like(x.type, 32)
    pattern = b.bitcast(x, whole)
    odd = b.and_(b.lshr(pattern, same(16, whole)), same(1, whole))
    rounded = b.add(pattern, b.add(odd, same(0x7FFF, whole)))
    kept = b.select(b.fcmp_unordered("uno", x, x), same(0x7FC00000, whole), rounded)
    return b.trunc(b.lshr(kept, same(16, whole)), integers_like(x.type, 16))


def from_bfloat16(b: Builder, x: Numbers) -> Numbers:
    """The float with these upper bits."""
    wide = b.zext(x, integers_like(x.type, 32))
    return b.bitcast(b.shl(wide, same(16, wide.type)), floats_like(x.type))


def rounded(b: Builder, x: Numbers, dtype: str) -> Numbers:
    """A result as the dtype holds it: bfloat16 is computed in float32 and rounded after each operation."""
    return from_bfloat16(b, to_bfloat16(b, x)) if dtype == "bfloat16" else x


def loaded(b: Builder, x: Numbers, dtype: str) -> Numbers:
    """What lies in memory, as it is computed with."""
    if dtype == "bool":
        return b.icmp_unsigned("!=", x, same(0, x.type))
    return from_bfloat16(b, x) if dtype == "bfloat16" else x


def stored(b: Builder, x: Numbers, dtype: str) -> Numbers:
    """What is computed, as it lies in memory."""
    if dtype == "bool":
        return b.zext(x, integers_like(x.type, 8))
    return to_bfloat16(b, x) if dtype == "bfloat16" else x


def as_float(b: Builder, x: Numbers, dtype: str) -> Numbers:
    """A number as a float of 32 bits."""
    return b.fpext(x, floats_like(x.type)) if dtype == "float16" else x


def from_float(b: Builder, x: Numbers, dtype: str) -> Numbers:
    """A float of 32 bits as a float dtype."""
    if dtype == "float16":
        return b.fptrunc(x, of_lanes("float16", x.type))
    return rounded(b, x, dtype)


def converted(b: Builder, x: Numbers, old: str, new: str) -> Numbers:
    """A number in another dtype: floats towards zero within the range, NaN as 0; integers by their lowest bits."""
    if old == new:
        return x
    if new == "bool":
        differs = b.fcmp_unordered if is_float(old) else b.icmp_unsigned
        return differs("!=", x, same(0, x.type))
    kind = of_lanes(new, x.type)
    if is_float(old):
        wide = as_float(b, x, old)
        if is_float(new):
            return from_float(b, wide, new)
        return truncated(b, wide, kind, is_signed(new))
    if is_float(new):
        signed = is_signed(old)
        wide = floats_like(x.type)
        return from_float(b, b.sitofp(x, wide) if signed else b.uitofp(x, wide), new)
    width = 1 if old == "bool" else bits(old)
    if bits(new) < width:
        return b.trunc(x, kind)
    if bits(new) == width:
        return x
    return b.sext(x, kind) if is_signed(old) else b.zext(x, kind)


def truncated(b: Builder, x: Numbers, kind: ir.Type, signed: bool) -> Numbers:
    """A float of 32 bits towards zero as an integer: the nearest bound where it lies beyond, NaN as 0.

    LLVM's own saturating conversion goes number by number on x86, which took most of the time of an exponential.
    """
    element = kind.element if isinstance(kind, ir.VectorType) else kind
    assert isinstance(element, ir.IntType)
    width = element.width
    if width > 32:
        return intrinsic(b, "fptosi.sat" if signed else "fptoui.sat", [x], kind)
    least, most = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    # The greatest float that is no greater: 32 bits are more than a float has.
    low, high = (same(float(bound), x.type) for bound in (least, most if width < 32 else most - (most >> 24)))
    within = b.select(b.fcmp_ordered(">", x, low), x, low)
    within = b.select(b.fcmp_ordered("<", within, high), within, high)
    if width < 32:
        found = b.trunc(b.fptosi(within, integers_like(kind, 32)), kind)
    else:
        found = (b.fptosi if signed else b.fptoui)(within, kind)
        found = b.select(b.fcmp_ordered(">", x, high), same(most, kind), found)
    return b.select(b.fcmp_unordered("uno", x, x), same(0, kind), found)


def same_bits(b: Builder, x: Numbers, old: str, new: str) -> Numbers:
    """The same bits as another dtype of the same width."""
    if old == new:
        return x
    if "bool" in (old, new) or memory_width(old) != memory_width(new):
        raise Unsupported(f"the bits of {old} as {new}")
    raw = b.bitcast(stored(b, x, old), integers_like(x.type, memory_width(old)))
    if not is_float(new):
        return raw
    return from_bfloat16(b, raw) if new == "bfloat16" else b.bitcast(raw, of_lanes(new, x.type))


def memory_width(dtype: str) -> int:
    """Bits of a number in memory."""
    return {"float16": 16, "bfloat16": 16, "float32": 32, "bool": 8}.get(dtype) or bits(dtype)
