"""Whether what a rule of somebody's own computes for a weight follows from that connection alone, and has its shape."""

from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
from jax.extend.core import Jaxpr, JaxprEqn

from spark.arrays import Numeric
from spark.core.callbacks import inner_code
from spark.core.errors import ModuleError, Problem
from spark.core.inference import asked_too_early

# So many connections stand for all: arrays of which an axis is as long are values of connections.
_MANY = 1009
_REDUCED = {
    "reduce_sum": "a sum over them",
    "reduce_prod": "a product of them",
    "reduce_max": "the greatest of them",
    "reduce_min": "the least of them",
    "reduce_and": "whether all of them are so",
    "reduce_or": "whether any of them is so",
    "argmax": "which is the greatest of them",
    "argmin": "which is the least of them",
}
_ALONG = {
    "cumsum": ("axis", "a sum of those before"),
    "cumprod": ("axis", "a product of those before"),
    "cummax": ("axis", "the greatest of those before"),
    "cummin": ("axis", "the least of those before"),
    "cumlogsumexp": ("axis", "a sum of those before"),
    "sort": ("dimension", "them in another order"),
}
_PICKED = {"gather", "slice", "dynamic_slice", "rev", "scatter", "scatter-add", "concatenate"}


def require_single(address: str, change: Callable[..., Numeric | None], values: int) -> None:
    """See that a change is computed element by element, and has the shape of the weights or is one number.

    Of code that asks for other shapes than these nothing is known here: it says so itself where it runs.

    Args:
        address: Of the method, for errors.
        change: From the weights and so many values of their shape to the changes; None for none.
        values: How many.

    Raises:
        ModuleError: It mixes connections, asks in Python for a value, or gives no number or another shape.
    """
    given = [jax.ShapeDtypeStruct((_MANY,), jnp.float32)] * (1 + values)
    found: list[object] = []

    def traced(*arrays: jax.Array) -> Numeric | None:
        found[:] = [change(*arrays)]
        made = found[0]
        return jnp.asarray(made) if _is_number(made) else None

    try:
        code = jax.make_jaxpr(traced)(*given)
    except Exception:  # What somebody wrote may raise anything, and raises it again where it runs.
        _require_not_asked(address, change, values)
        return
    mixed = next(_mixing(code.jaxpr), None)
    if mixed is not None:
        text = f"mixes connections, got {mixed}; expected only what is computed element by element"
        fix = "Compute in `units` what connections have in common, or write a `Rule` with a port `kernel`"
        raise ModuleError(Problem(address, text, fix, "mixes"))
    made = found[0]
    if made is None:
        return
    if not _is_number(made):
        text = f"gives no change, got a {type(made).__name__}; expected numbers of the shape of the weights, or None"
        raise ModuleError(Problem(address, text, "", "type"))
    if jnp.shape(code.out_avals[0]) not in ((), (_MANY,)):
        text = f"gives a change of another shape than the weights, got {code.out_avals[0].shape}"
        fix = "Compute it from `weight` and the values, which have the shape of the weights"
        raise ModuleError(Problem(address, f"{text}; expected one number for each connection", fix, "shape"))


def _is_number(made: object) -> bool:
    try:
        return jnp.result_type(made).kind in "biuf"  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _require_not_asked(address: str, change: Callable[..., Numeric | None], values: int) -> None:
    """See that a change does not fail since it asks in Python for a number, which of one connection is said plainly."""

    def of_one(*arrays: jax.Array) -> None:
        change(*arrays)

    try:
        jax.eval_shape(of_one, *[jax.ShapeDtypeStruct((), jnp.float32)] * (1 + values))
    except Exception as error:  # As above: what is nothing of this kind is raised where it runs.
        problem = asked_too_early(address, error)
        if problem is not None:
            raise ModuleError(problem) from error


def _mixing(code: Jaxpr) -> Iterator[str]:
    """What is computed of several connections together, in words."""
    for equation in code.eqns:
        name, words = equation.primitive.name, _of_equation(equation)
        if words is not None:
            yield words or f"`{name}` of them"
        for part in inner_code(equation.params):
            yield from _mixing(part)


def _of_equation(equation: JaxprEqn) -> str | None:
    """How an equation mixes connections; empty where there are no words for it, None where it does not."""
    name, params = equation.primitive.name, equation.params
    shapes = [tuple(read.aval.shape) for read in equation.invars]  # type: ignore[attr-defined]
    if not any(_MANY in shape for shape in shapes):
        return None
    if name in _REDUCED:
        return _REDUCED[name] if any(shapes[0][axis] == _MANY for axis in params["axes"]) else None
    if name in _ALONG:
        parameter, words = _ALONG[name]
        return words if shapes[0][params[parameter]] == _MANY else None
    if name == "dot_general":
        (first, second), _ = params["dimension_numbers"]
        along = [shapes[0][axis] for axis in first] + [shapes[1][axis] for axis in second]
        return "a sum over them" if _MANY in along else None
    if any(True for _ in inner_code(params)):
        return None
    if name == "rev":
        return "them in another order" if any(shapes[0][axis] == _MANY for axis in params["dimensions"]) else None
    lost = not all(_MANY in tuple(made.aval.shape) for made in equation.outvars)  # type: ignore[attr-defined]
    if name in _PICKED:
        return "some of them by their number" if lost else None
    return "" if lost else None
