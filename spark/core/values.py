"""Values that a config may hold beside plain numbers: arrays; and their JSON forms."""

import math
import numbers
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from spark.core.draws import is_draw, to_draw
from spark.core.errors import in_short

PLAIN = (bool, int, float, str, type(None))


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") and hasattr(value, "dtype")


# What is computed with in a step has this type, whatever a config holds.
_MOST = float(np.finfo(np.float32).max)


def to_number(value: Any) -> Any:
    """A Python number from a number, a NumPy scalar or an array without dimensions."""
    if isinstance(value, (bool, str)):
        raise ValueError(f"expected a number, got {in_short(value)}")
    if _is_array(value) and np.ndim(value) == 0:
        return np.asarray(value).item()
    return value


def to_real(value: object) -> object:
    """As `to_number`, of a number that float32 holds: beyond it a step would compute with infinity."""
    number = to_number(value)
    if isinstance(number, (int, float)) and _MOST < abs(number) < math.inf:
        raise ValueError(f"expected a number that float32 holds, of at most {_MOST:g} in size, got {number:g}")
    return number


def to_whole(value: object) -> object:
    """As `to_number`, of a whole number of at most 64 bits: files hold no other."""
    number = to_number(value)
    if isinstance(number, int) and number.bit_length() > 64:
        raise ValueError(f"expected a whole number of at most 64 bits, got {number:.6g}")
    return number


def to_array(value: Any) -> Any:
    """A read-only NumPy array from a number, a nested list, an array, or an array's JSON form.

    Python floats become float32, Python integers int32, booleans bool; arrays keep their dtype. Memory is taken for
    numbers only: what a file gives as text, or as numbers that its dtype does not hold, is refused before.
    """
    if isinstance(value, dict) and set(value) == {"array", "dtype"}:
        made = _listed(value["array"], _numeric(value["dtype"]))
    elif isinstance(value, (bool, int, float, list, tuple)):
        made = _listed(value, None)
    elif _is_array(value):
        made = np.asarray(value)
        _numeric(made.dtype)
        made = made.copy()
    else:
        raise ValueError(f"expected a number or an array, got {type(value).__name__}")
    if made.dtype.kind == "f" and not np.isfinite(made).all():
        raise ValueError("expected finite numbers, got NaN or infinity")
    made.flags.writeable = False
    return made


def to_times(value: Any) -> Any:
    """As `to_array`, but Python's numbers become float64: after an hour float32 no longer tells steps apart."""
    made = to_array(value)
    return to_array(np.array(value, np.float64)) if isinstance(value, (int, float, list, tuple)) else made


def _numeric(dtype: Any) -> np.dtype:
    try:
        found = np.dtype(str(dtype))
    except (TypeError, ValueError, SyntaxError) as error:
        raise ValueError(f"expected a dtype of numbers, got {str(dtype)[:40]!r}") from error
    if found.kind not in "fiub" or found.itemsize > 8:
        raise ValueError(f"expected an array of numbers, got dtype {str(dtype)[:40]}")
    return found


def _listed(value: Any, dtype: np.dtype | None) -> np.ndarray:
    """An array from nested lists of numbers, in a dtype that holds them, or in that of Python's numbers."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, (list, tuple)):
            waiting += found
        elif _is_array(found):
            _numeric(found.dtype)
        elif not isinstance(found, (bool, int, float)):
            raise ValueError(f"expected numbers, got {type(found).__name__}")
    try:
        made = np.array(value)
    except ValueError as error:
        raise ValueError("expected numbers in rows of one length") from error
    if made.dtype.kind not in "fiub":
        raise ValueError("expected numbers of at most 64 bits in rows of one length")
    if dtype is None:
        dtype = np.dtype({"float64": np.float32, "int64": np.int32}.get(made.dtype.name, made.dtype))
    with np.errstate(over="ignore", invalid="ignore"):
        cast = made.astype(dtype)
    if dtype.kind != "f" and made.size and not np.array_equal(cast.astype(made.dtype), made):
        raise ValueError(f"expected numbers that {dtype} holds, got others")
    return cast


def to_quantity(value: Any) -> Any:
    """A float from anything without dimensions; a draw; else a read-only float32 array, one for each unit."""
    if is_draw(value):
        return to_draw(value)
    if isinstance(value, (bool, str)):
        raise ValueError(f"expected a number, got {in_short(value)}")
    if isinstance(value, (int, float)):
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"expected a finite number, got {value!r}")
        to_real(value)
        return float(value)
    made = to_array(value)
    if not made.size:
        raise ValueError("expected a number, or one for each unit, got an empty array")
    if made.dtype.kind == "f":
        to_real(made.reshape(-1)[np.abs(made).argmax()])
    return float(made) if made.ndim == 0 else to_array(made.astype(np.float32))


def to_shape(value: Any) -> Any:
    """A tuple of sizes from an int or a sequence of ints."""
    if _is_whole(value):
        value = (value,)
    if not isinstance(value, (tuple, list)):
        raise ValueError(f"expected a tuple of sizes, got {in_short(value)}")
    if not value or any(not _is_whole(n) or n < 1 for n in value):
        raise ValueError(f"expected sizes of at least 1, got {in_short(tuple(value))}")
    return tuple(int(n) for n in value)


def _is_whole(value: Any) -> bool:
    """Whether it is a whole number, Python's or NumPy's; truth values are none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def to_dtype(value: Any) -> Any:
    """The NumPy name of a floating dtype."""
    if value is None:
        # NumPy reads it as float64.
        raise ValueError("expected float16, bfloat16, float32 or float64, got None")
    if isinstance(value, (np.generic, np.ndarray)):
        # Of a number NumPy reads its own type.
        raise ValueError(f"expected float16, bfloat16, float32 or float64, got {in_short(value)}")
    try:
        name = str(np.dtype(value)) if not isinstance(value, str) else value
    except TypeError:
        name = value
    if name not in ("float16", "bfloat16", "float32", "float64"):
        raise ValueError(f"expected float16, bfloat16, float32 or float64, got {in_short(name)}")
    return name


_ARRAY_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "array"}, {"type": "object"}]}
# An array's JSON form is an object, as is that of what draws.
_QUANTITY_SCHEMA = {"anyOf": [*_ARRAY_SCHEMA["anyOf"], {"type": "object", "title": "Initializer"}]}

Number = Annotated[float, BeforeValidator(to_real)]
Whole = Annotated[int, BeforeValidator(to_whole)]
Array = Annotated[Any, BeforeValidator(to_array), WithJsonSchema(_ARRAY_SCHEMA)]
Times = Annotated[Any, BeforeValidator(to_times), WithJsonSchema(_ARRAY_SCHEMA)]
Quantity = Annotated[Any, BeforeValidator(to_quantity), WithJsonSchema(_QUANTITY_SCHEMA)]
Shape = Annotated[
    tuple[int, ...],
    BeforeValidator(to_shape),
    WithJsonSchema({"type": "array", "items": {"type": "integer", "minimum": 1}}),
]
FloatType = Annotated[
    str,
    BeforeValidator(to_dtype),
    WithJsonSchema({"enum": ["float16", "bfloat16", "float32", "float64"]}),
]


def by_name(given: dict[str, Any]) -> dict[str, Any]:
    """The same in the order of the names: for what says the same in any order, so that files that sort it are equal."""
    return dict(sorted(given.items()))


Texts = Annotated[dict[str, str], AfterValidator(by_name)]


def first_wrong(value: Any, right: Any) -> float:
    """A parameter's number; of one for each unit that of the first unit where `right` does not hold.

    Args:
        value: One number, or one for each unit.
        right: Booleans: whether it is as it should be, for all units or for each.
    """
    if not np.ndim(right):
        return float(value)
    return float(np.broadcast_to(value, np.shape(right))[_at(right)])


def at_wrong(right: Any) -> str:
    """Where the first unit is at which `right` does not hold, to stand behind its number; nothing where one number is
    for all units.
    """
    if not np.ndim(right):
        return ""
    at = _at(right)
    return f" at unit {at[0] if len(at) == 1 else at}"


def _at(right: Any) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(~np.asarray(right))[0])


def encode(value: Any) -> Any:
    """The JSON form of a config's value; `to_array` and pydantic read it back without loss."""
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": str(value.dtype)}
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, (tuple, list)):
        return [encode(v) for v in value]
    if isinstance(value, dict):
        return {k: encode(v) for k, v in value.items()}
    if isinstance(value, PLAIN):
        return value
    raise TypeError(f"a config cannot hold a {type(value).__name__}")
