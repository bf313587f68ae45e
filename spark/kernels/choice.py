"""Which version of an operation runs."""

from collections.abc import Callable
from typing import Literal, TypeVar

import jax
from jax.core import Tracer

from spark.kernels import native

Result = TypeVar("Result")
Implementation = Literal["auto", "native", "reference"]


def choose(
    name: str,
    implementation: Implementation,
    run_native: Callable[..., Result],
    reference: Callable[..., Result],
    *arguments: object,
    derived: Callable[..., Result] | None = None,
) -> Result:
    """Call one version of an operation.

    'auto' takes the native version in a process that has CPUs alone: to trace the other one, which would never run,
    takes as long as the rest of a small brain's step. Where there are accelerators too, it leaves the choice to the
    platform that the computation is compiled for: `platform_dependent` is resolved when a program is lowered for one
    platform, and leaves no operation of its own in the compiled step.

    Derivatives are always those of the reference, or of `derived`.

    Args:
        name: Of the operation; in what JAX traces it is a call of this name (see `smooth`).
        implementation: 'auto', 'native' or 'reference'.
        run_native: The C++ version.
        reference: The version in jax.numpy.
        *arguments: Arrays; both versions take them in this order.
        derived: The same function, up to rounding, where JAX cannot derive the reference backwards.

    Returns:
        The result of the version.

    Raises:
        ValueError: `implementation` is none of the three.
        RuntimeError: 'native' was asked for, and the library cannot be had.
    """
    if implementation not in ("auto", "native", "reference"):
        raise ValueError(f"implementation must be 'auto', 'native' or 'reference', got {implementation!r}.")
    if implementation == "native":
        native.require()

    def call(*given: object) -> Result:
        plain = reference if derived is None else derived_from(derived, reference)
        if implementation == "reference" or not (implementation == "native" or native.available()):
            return plain(*given)
        if implementation == "native" or jax.default_backend() == "cpu":
            return derived_from(derived or reference, run_native)(*given)
        return jax.lax.platform_dependent(*given, cpu=derived_from(derived or reference, run_native), default=plain)

    return named(name, call)(*arguments)


def named(name: str, function: Callable[..., Result]) -> Callable[..., Result]:
    """A function as a call of this name in what JAX traces (see `smooth`)."""

    def call(*arguments: object) -> Result:
        return function(*arguments)

    call.__name__ = name
    traced = jax.jit(call)

    def choice(*arguments: object) -> Result:
        # What nobody traces is computed one operation after the other, as it is written.
        looks_in = any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(arguments))
        return (traced if looks_in else function)(*arguments)

    return choice


def for_weights(implementation: Implementation, weights: jax.Array) -> Implementation:
    """The version for weights of this dtype: native code adds up no doubles."""
    return "reference" if implementation == "auto" and weights.dtype == "float64" else implementation


def derived_from(reference: Callable[..., Result], run_native: Callable) -> Callable:
    """`run_native`, with the derivatives of `reference`, which is the same function of arrays that JAX can look into.

    Neither may close over arrays that JAX traces.
    """
    run = jax.custom_jvp(lambda *arguments: run_native(*arguments))
    run.defjvp(lambda primals, tangents: jax.jvp(reference, primals, tangents))
    return run
