"""Whether a world says of itself what everybody reads of it, and its methods return what they are to.

Shapes and dtypes are known while a step is traced, so looking at them costs a compiled step nothing.
"""

import inspect
import math
import numbers

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.errors import ModuleError, Problem
from spark.core.names import did_you_mean

_COUNTS = ("actions", "numbers", "observations")
_RETURNS = ("best_return", "worst_return", "solved_return", "best_value")
_EXAMPLES = {**dict.fromkeys(_COUNTS, "2"), "spans": "(1.0, 1.0)", **dict.fromkeys(_RETURNS, "1.0")}


def require_described(cls: type, base: type, methods: tuple[str, ...]) -> None:
    """See that a class of worlds has the attributes and the methods that all have, and that they agree.

    Args:
        cls: The class.
        base: The class whose methods say nothing.
        methods: Those that a subclass writes.

    Raises:
        ModuleError: Names each that is missing or wrong.
    """
    added = {name for one in cls.__mro__[: cls.__mro__.index(base)] for name in vars(one) if name[0] != "_"}
    own = sorted(added - set(_EXAMPLES) - set(dir(base)))
    problems = []
    for name, example in _EXAMPLES.items():
        text = _wrong(name, inspect.getattr_static(cls, name, None))
        fix = f"Write `{name} = {example}` in the class, with numbers of its own"
        if text:
            problems.append(Problem(f"{cls.__name__}.{name}", text, did_you_mean(name, own, fix), "world"))
    for name in methods:
        if inspect.getattr_static(cls, name) is vars(base)[name]:
            text, fix = "is not written", f"Write `{name}`; see `spark.worlds.World.{name}`"
            problems.append(Problem(f"{cls.__name__}.{name}", text, did_you_mean(name, own, fix), "missing"))
    spans, shown = (inspect.getattr_static(cls, name, None) for name in ("spans", "observations"))
    if not problems and len(spans) != shown:
        text = f"has another length than there are observations, got {len(spans)}; expected {shown}"
        fix = "Give the greatest size of each number that `observed` returns"
        problems.append(Problem(f"{cls.__name__}.spans", text, fix, "world"))
    if problems:
        raise ModuleError(problems)


def _wrong(name: str, value: object) -> str:
    """What is wrong with an attribute; nothing where it is right."""
    if value is None:
        return "is missing"
    if name in _COUNTS:
        right = isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= 1
        return "" if right else f"must be a whole number of at least 1, got {value!r}"
    if name in _RETURNS:
        return "" if _is_finite(value) else f"must be a finite number, got {value!r}"
    right = isinstance(value, tuple | list | np.ndarray) and all(_is_finite(one) and one > 0 for one in value)
    return "" if right else f"must be numbers above 0, one for each observation, got {value!r}"


def _is_finite(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def an_array(address: str, given: object, shape: tuple[int, ...], meaning: str) -> jax.Array:
    """What a method of a world returned, as an array of this shape.

    Args:
        address: Of what was returned, for errors.
        given: That.
        shape: What it is to have.
        meaning: What the shape is of.

    Raises:
        ModuleError: It is no array of numbers, or has another shape.
    """
    fix = f"Return {meaning}"
    try:
        made = jnp.asarray(given)
    except (TypeError, ValueError) as error:
        text = f"is no array of numbers, got {type(given).__name__}; expected shape {shape}"
        raise ModuleError(Problem(address, text, fix, "world")) from error
    if made.shape != shape:
        text = f"has the wrong shape, got {made.shape}; expected {shape}"
        raise ModuleError(Problem(address, text, fix, "world"))
    return made


def three(address: str, given: object) -> tuple[object, object, object]:
    """What `after` returned: what the world keeps, the reward, and whether that ended the episode.

    Raises:
        ModuleError: It is something else.
    """
    if isinstance(given, tuple) and len(given) == 3:
        return given
    got = f"a tuple of {len(given)}" if isinstance(given, tuple) else type(given).__name__
    text = f"does not return three things, got {got}; expected what the world keeps, the reward, and a truth value"
    raise ModuleError(Problem(address, text, "Write `return physical, reward, terminated`", "world"))
