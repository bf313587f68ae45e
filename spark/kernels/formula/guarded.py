"""A function with two ways: vectors of numbers within its range, and, where one is beyond, the system's library."""

from collections.abc import Callable

from llvmlite import ir

from spark.kernels.formula.functions import by_library
from spark.kernels.formula.values import Builder, Numbers


def guarded(
    b: Builder,
    library: str,
    arguments: list[Numbers],
    near: Callable[..., Numbers],
    beyond: Callable[..., Numbers],
) -> Numbers:
    """What `near` computes; for a vector of which one lane is `beyond`, what the system's mathematical library does.

    It is written once for each type, as a function, for it has two ways.

    Args:
        b: Where it is called.
        library: Name in the library.
        arguments: All of one type.
        near: Computes it, from a builder and the arguments.
        beyond: Which lanes that is not for, likewise.
    """
    kind = arguments[0].type
    name = f"guarded.{library}.{kind.count if isinstance(kind, ir.VectorType) else 1}"
    function = b.module.globals.get(name)
    if function is None:
        function = ir.Function(b.module, ir.FunctionType(kind, [kind] * len(arguments)), name)
        function.linkage = "internal"
        _write(function, library, near, beyond)
    return b.call(function, arguments)


def _write(function: ir.Function, library: str, near: Callable[..., Numbers], beyond: Callable[..., Numbers]) -> None:
    fast, slow = function.append_basic_block("near"), function.append_basic_block("far")
    arguments: list[Numbers] = list(function.args)
    kind = arguments[0].type
    b = ir.IRBuilder(fast)
    value = near(b, *arguments)
    far = beyond(b, *arguments)
    if isinstance(kind, ir.VectorType):
        bits = ir.IntType(kind.count)
        far = b.icmp_unsigned("!=", b.bitcast(far, bits), ir.Constant(bits, 0))
    done = function.append_basic_block("done")
    b.cbranch(far, slow, done)
    b = ir.IRBuilder(slow)
    by_the_library = by_library(b, library, arguments)
    b.branch(done)
    b = ir.IRBuilder(done)
    result = b.phi(kind)
    result.add_incoming(value, fast)
    result.add_incoming(by_the_library, slow)
    b.ret(result)
