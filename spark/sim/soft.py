"""Array code computed a second time with floats for spikes, so that derivatives pass through them.

Spikes are whole numbers, and comparisons are true or false: JAX sees no derivative through either. Here the code is
taken as JAX traces it, and every comparison of floats, and all that follows from it in whole numbers, is computed in
float32 beside its true value: equal to it, but with the derivative of a surrogate. Authors write nothing for it.

What stops a derivative: the predicate of `jnp.where(fired, reset, potential)` (the reset is taken as it happened),
ranks and counts (`argmax`, `%`), and what a rule makes of weights.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jax.extend import core
from jax.typing import DTypeLike

from spark.core.errors import ModuleError, Problem
from spark.kernels.jaxprs import CALLS, Written, is_literal
from spark.kernels.smooth import OF_SIZES, SMOOTH, WITHOUT_DERIVATIVE, magnitude
from spark.sim.surrogate import Surrogate


@dataclass(frozen=True)
class Soft:
    """An array beside its smooth form.

    Attributes:
        value: The array.
        smooth: The same numbers as float32 with derivatives; None where it has none but its own.
        everywhere: The one number that all its elements are, where the code says so.
        size: `smooth` without its sign, with derivatives of its own: of a unit that is silent nobody sees the sign in
            `smooth`, and the spike of an inhibitory unit grows in size while it falls. None where it is not known.
    """

    value: jax.Array
    smooth: jax.Array | None = None
    everywhere: float | None = None
    size: jax.Array | None = None

    @property
    def follows(self) -> bool:
        """Whether its smooth form is laid out as it is: not so where spikes are bits, which only deliveries read."""
        return self.smooth is not None and self.smooth.shape == self.value.shape

    @property
    def number(self) -> jax.Array:
        """The floats, made of the value where there are none."""
        return self.value.astype(jnp.float32) if self.smooth is None else self.smooth

    @property
    def magnitude(self) -> jax.Array:
        """The floats without their sign."""
        if self.size is not None:
            return self.size
        return jnp.abs(self.value.astype(jnp.float32)) if self.smooth is None else magnitude(self.smooth)


def soft_call(closed: core.ClosedJaxpr, given: Sequence[Soft], surrogate: Surrogate) -> list[Soft]:
    """What a closed jaxpr makes of these arrays.

    Raises:
        ModuleError: A derivative would pass through something that has no formula in floats; says through what.
    """
    consts = [Soft(jnp.asarray(const)) for const in closed.consts]
    return _walk(closed.jaxpr, consts, given, surrogate)


def _walk(jaxpr: core.Jaxpr, consts: Sequence[Soft], given: Sequence[Soft], surrogate: Surrogate) -> list[Soft]:
    known: dict[core.Var | core.Literal, Soft] = dict(
        zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *given], strict=True)
    )

    def read(atom: core.Var | core.Literal) -> Soft:
        return _literal(atom) if is_literal(atom) else known[atom]

    for equation in jaxpr.eqns:
        found = _compute(equation, [read(atom) for atom in equation.invars], surrogate)
        known.update(zip(equation.outvars, found, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _literal(atom: Written) -> Soft:
    array = jnp.asarray(atom.val, atom.aval.dtype)
    return Soft(array, everywhere=float(atom.val) if array.ndim == 0 and array.dtype != jnp.bool_ else None)


def _compute(equation: core.JaxprEqn, given: list[Soft], surrogate: Surrogate) -> list[Soft]:
    name, params = equation.primitive.name, equation.params
    if name in CALLS:
        return _call(equation, given, surrogate)
    if name == "cond":
        return _cond(params["branches"], given, surrogate)
    if name in _COMPARED and jnp.issubdtype(given[0].value.dtype, jnp.floating):
        return [_compared(name, equation, given, surrogate)]
    if name == "convert_element_type" and _to_spikes(params["new_dtype"], given[0]):
        return [Soft(_bound(equation, given)[0].value, given[0].value.astype(jnp.float32))]
    if all(not g.follows for g in given) or name in _WITHOUT:
        everywhere = given[0].everywhere if name in _SPREAD else None
        return [replace(found, everywhere=everywhere) for found in _bound(equation, given)]
    return _computed_twice(equation, given)


def _call(equation: core.JaxprEqn, given: list[Soft], surrogate: Surrogate) -> list[Soft]:
    """What a jaxpr inside a jaxpr gives; of an operation, its formula in floats."""
    name, params = equation.primitive.name, equation.params
    called, inner = params.get("name", ""), params[CALLS[name]]
    if called == "push_history" and given[1].smooth is not None:
        # The one operation whose result is bits: its floats are laid out in another way, for `deliver_edges` alone.
        before = given[0].value if given[0].smooth is None else given[0].smooth
        return [Soft(_bound(equation, given)[0].value, SMOOTH[called](before, given[1].smooth)[0])]
    if called in SMOOTH and given[0].smooth is not None:
        spikes = given[0].magnitude if called in OF_SIZES else given[0].smooth
        return [Soft(found) for found in SMOOTH[called](spikes, *(g.value for g in given[1:]))]
    if called in WITHOUT_DERIVATIVE or called in SMOOTH or _opaque(name, given):
        return _bound(equation, given)
    if isinstance(inner, core.ClosedJaxpr):
        return soft_call(inner, given, surrogate)
    return _walk(inner, [], given, surrogate)


def _computed_twice(equation: core.JaxprEqn, given: list[Soft]) -> list[Soft]:
    """The value, and the same in floats.

    Raises:
        ModuleError: There is no formula in floats.
    """
    name = equation.primitive.name
    if name in _FORMULAS and not (name in _LOGICAL and given[0].value.dtype != jnp.bool_):
        value = _bound(equation, given)[0].value
        smooth = _FORMULAS[name](given)
        size = _SIZES[name](given) if name in _SIZES and smooth is not None else None
        return [Soft(value) if smooth is None else _as_told(value, smooth, size)]
    if name in _LINEAR:
        return _linear(equation, given)
    raise ModuleError(Problem(name, "has no derivative by spikes, and is given spikes", _HINT, "gradient"))


def _opaque(name: str, given: list[Soft]) -> bool:
    """Whether a call has derivatives of its own, and takes nothing that has some only here."""
    return name.startswith("custom") and all(g.smooth is None for g in given)


def _to_spikes(dtype: DTypeLike, given: Soft) -> bool:
    """Whether floats become spikes: those that come in as floats keep their derivatives."""
    return dtype == jnp.int8 and jnp.issubdtype(given.value.dtype, jnp.floating)


_HINT = "Write it as array code without a loop; or stop the derivative before it: `jax.lax.stop_gradient`"


def _bound(equation: core.JaxprEqn, given: list[Soft]) -> list[Soft]:
    found = _bind(equation.primitive, equation.params, [g.value for g in given])
    return [Soft(value) for value in found]


def _bind(primitive: core.Primitive, params: Mapping[str, object], arrays: list[jax.Array]) -> list[jax.Array]:
    """What a primitive makes of arrays, as a list."""
    bound = primitive.get_bind_params(params)
    # Before JAX 0.10 functions stood beside the parameters.
    functions, params = bound if isinstance(bound, tuple) else ((), bound)
    found = primitive.bind(*functions, *arrays, **params)
    return list(found) if primitive.multiple_results else [found]


def _as_told(value: jax.Array, smooth: jax.Array, size: jax.Array | None = None) -> Soft:
    """A result: floats carry their derivatives themselves."""
    if jnp.issubdtype(value.dtype, jnp.floating):
        return Soft(smooth.astype(value.dtype))
    return Soft(value, smooth, size=size)


def _linear(equation: core.JaxprEqn, given: list[Soft]) -> list[Soft]:
    """The same primitive, of floats."""
    params = dict(equation.params)
    if params.get("preferred_element_type") is not None:
        params["preferred_element_type"] = jnp.dtype("float32")
    whole = _bound(equation, given)
    indexed = _LINEAR[equation.primitive.name]

    def of(part: Callable[[Soft], jax.Array]) -> list[jax.Array]:
        operands = [g.value if number in indexed(given) else part(g) for number, g in enumerate(given)]
        return _bind(equation.primitive, params, operands)

    sums = equation.primitive.name in _SUMS
    smooth = of(lambda soft: soft.number)
    sizes = [None] * len(whole) if sums else of(lambda soft: soft.magnitude)
    return [_as_told(w.value, s, size) for w, s, size in zip(whole, smooth, sizes, strict=True)]


def _cond(branches: Sequence[core.ClosedJaxpr], given: list[Soft], surrogate: Surrogate) -> list[Soft]:
    """All branches, of which the wanted one is picked."""
    which, *rest = given
    results = [soft_call(branch, rest, surrogate) for branch in branches]
    index = which.value.astype(jnp.int32)
    picked = []
    for cases in zip(*results, strict=True):
        value = jax.lax.select_n(jnp.broadcast_to(index, cases[0].value.shape), *(c.value for c in cases))
        if all(case.smooth is None for case in cases):
            picked.append(Soft(value))
            continue
        at = jnp.broadcast_to(index, value.shape)
        smooth, size = (
            jax.lax.select_n(at, *each) for each in ([c.number for c in cases], [c.magnitude for c in cases])
        )
        picked.append(_as_told(value, smooth, size))
    return picked


# Comparisons, and which way a growing left side changes them.
_COMPARED = {"gt": 1.0, "ge": 1.0, "lt": -1.0, "le": -1.0}


def _compared(name: str, equation: core.JaxprEqn, given: list[Soft], surrogate: Surrogate) -> Soft:
    left, right = (g.value.astype(jnp.float32) for g in given)
    value = _bound(equation, given)[0].value
    spike = surrogate.step(value, _COMPARED[name] * (left - right))
    return Soft(value, spike, size=spike)


def _select(given: list[Soft]) -> jax.Array | None:
    which, *cases = given
    numbers = [case.everywhere for case in cases if case.everywhere is not None]
    if which.smooth is not None and len(cases) == len(numbers) == 2:
        # One number where it fired and another where it did not is a spike of another size.
        return numbers[0] + which.smooth * (numbers[1] - numbers[0])
    if all(case.smooth is None for case in cases):
        return None
    return jax.lax.select_n(which.value, *(case.number for case in cases))


def _against_zero(of_spikes: Callable[[Soft], jax.Array]) -> Callable[[list[Soft]], jax.Array | None]:
    """The formula of a comparison of spikes with zero; a comparison of counts has no derivative."""
    return lambda given: of_spikes(given[0]) if given[1].everywhere == 0 and given[0].smooth is not None else None


# Of truth values; of numbers they are bits.
_LOGICAL = frozenset({"and", "or", "not"})


def _converted(given: list[Soft]) -> jax.Array | None:
    return given[0].smooth


_FORMULAS: Mapping[str, Callable[[list[Soft]], jax.Array | None]] = {
    "and": lambda g: g[0].number * g[1].number,
    "or": lambda g: g[0].number + g[1].number - g[0].number * g[1].number,
    "not": lambda g: 1 - g[0].number,
    "mul": lambda g: g[0].number * g[1].number,
    "add": lambda g: g[0].number + g[1].number,
    "sub": lambda g: g[0].number - g[1].number,
    "neg": lambda g: -g[0].number,
    "max": lambda g: jnp.maximum(g[0].number, g[1].number),
    "min": lambda g: jnp.minimum(g[0].number, g[1].number),
    "abs": lambda g: g[0].magnitude,
    "sign": _converted,
    "convert_element_type": _converted,
    "select_n": _select,
    # Of spikes, 0 and 1 or -1: whether there is one, and of which sign.
    "ne": _against_zero(lambda spikes: spikes.magnitude),
    "eq": _against_zero(lambda spikes: 1 - spikes.magnitude),
    "gt": _against_zero(lambda spikes: 0.5 * (spikes.magnitude + spikes.number)),
    "lt": _against_zero(lambda spikes: 0.5 * (spikes.magnitude - spikes.number)),
}
# What the sizes of spikes become.
_SIZES: Mapping[str, Callable[[list[Soft]], jax.Array]] = {
    **dict.fromkeys(["sign", "neg", "abs", "convert_element_type"], lambda g: g[0].magnitude),
    "mul": lambda g: g[0].magnitude * g[1].magnitude,
    "select_n": lambda g: jax.lax.select_n(g[0].value, *(case.magnitude for case in g[1:])),
}


def _no_index(given: list[Soft]) -> frozenset[int]:
    return frozenset()


def _all_but_first(given: list[Soft]) -> frozenset[int]:
    return frozenset(range(1, len(given)))


# Primitives that are linear in floats, and which of their arguments say where.
_LINEAR: Mapping[str, Callable[[list[Soft]], frozenset[int]]] = {
    **dict.fromkeys(
        ["reshape", "broadcast_in_dim", "concatenate", "slice", "squeeze", "expand_dims", "transpose", "rev", "copy",
         "pad", "reduce_sum", "cumsum", "dot_general", "stop_gradient", "split"],
        _no_index,
    ),
    **dict.fromkeys(["dynamic_slice", "gather"], _all_but_first),
    "dynamic_update_slice": lambda given: frozenset(range(2, len(given))),
}  # fmt: skip
# Those that add several up, so that the size of what they give is not made of the sizes of these.
_SUMS = frozenset({"reduce_sum", "cumsum", "dot_general"})
# Primitives that keep what is the same number everywhere.
_SPREAD = frozenset({"broadcast_in_dim", "convert_element_type", "reshape"})
# What has no derivative by spikes, as it has none by floats.
_WITHOUT = frozenset({"ge", "le", "rem", "div", "argmax", "argmin", "sort", "reduce_or", "reduce_and", "reduce_max",
                      "reduce_min", "xor", "stop_gradient"})  # fmt: skip
