"""What an environment gives, looked at before a brain sees it: NumPy would broadcast, wrap and cut it in silence."""

from dataclasses import replace

import numpy as np

from spark.core.errors import LoopError, Problem
from spark.core.narrowing import beyond

OBSERVATION = "environment.observation"
# What Gymnasium's methods give.
_RESET = ("observation", "info")
_STEP = ("observation", "reward", "terminated", "truncated", "info")
_FIX = "Wrap the environment so that it gives what its space says"


def require_reset(given: object, fix: str = _FIX) -> None:
    """See that what a reset gave is an observation and what else there is to know.

    Raises:
        LoopError: It is not.
    """
    _require_values("environment.reset", given, _RESET, fix)


def require_step(given: object, fix: str = _FIX) -> None:
    """See that a step gave the five values that one gives.

    Raises:
        LoopError: It did not.
    """
    _require_values("environment.step", given, _STEP, fix)


def _require_values(address: str, given: object, names: tuple[str, ...], fix: str) -> None:
    # An array of as many numbers would be taken apart in silence.
    if isinstance(given, (tuple, list)) and len(given) == len(names):
        return
    found = f"{len(given)} values" if isinstance(given, (tuple, list)) else f"one {type(given).__name__}"
    text = f"gave {found}; expected {len(names)}: {', '.join(names)}"
    raise LoopError(Problem(address, text, fix.replace("what its space says", "that"), "values"))


def finite(address: str, seen: object, shape: tuple[int, ...], fix: str = _FIX) -> np.ndarray:
    """Numbers of the shape that a space says, in their own dtype.

    Raises:
        LoopError: It has another shape, or holds what is no finite number.
    """
    array = _array(address, seen, fix)
    if array.shape != shape:
        text = f"has another shape than its space says, got {array.shape}; expected {shape}"
        raise LoopError(Problem(address, text, fix, "shape"))
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise LoopError(Problem(address, f"holds what is no number, got {array}", fix, "numbers"))
    return array


def single(address: str, seen: object, shape: tuple[int, ...], fix: str = _FIX) -> np.ndarray:
    """Numbers of the shape that a space says, float32.

    Raises:
        LoopError: As of `finite`, or one is more than float32 holds.
    """
    array = finite(address, seen, shape, fix)
    problems = beyond(address, array, np.float32)
    if problems:
        raise LoopError(replace(problems[0], fix=fix))
    return array.astype(np.float32)


def whole(address: str, seen: object, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whole numbers of the shape of `low`, int64, none below it and none above `high`.

    Raises:
        LoopError: As of `finite`, or one is no whole number or out of its range.
    """
    array = finite(address, seen, low.shape)
    wrong = (array != np.rint(array)) | (array < low) | (array > high)
    if wrong.any():
        least, most = low[wrong][0], high[wrong][0]
        text = f"is not in its space, got {array[wrong][0]}; expected a whole number from {least} to {most}"
        raise LoopError(Problem(address, text, _FIX, "bounds"))
    return array.astype(np.int64)


def check_entries(address: str, seen: object, keys: list[str] | list[int], named: bool) -> None:
    """See that what has parts is a dict with these keys where they are `named`, else a tuple or a list of so many.

    Raises:
        LoopError: It is neither, or has other parts.
    """
    if not isinstance(seen, dict if named else (tuple, list)):
        text = f"is no {'dict' if named else 'tuple'}, got {type(seen).__name__}; expected parts {keys}"
        raise LoopError(Problem(address, text, _FIX, "type"))
    own = list(seen) if isinstance(seen, dict) else list(range(len(seen)))
    if set(own) != set(keys):
        text = f"has other parts than its space, got {own}; expected {keys}"
        raise LoopError(Problem(address, text, _FIX, "parts"))


def reward(given: object, fix: str = _FIX) -> float:
    """What a step brought, as a number.

    Raises:
        LoopError: It is not one finite number.
    """
    array = _array("environment.step", given, fix)
    if array.size != 1 or array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        text = f"gave a reward that is no number, got {given}"
        raise LoopError(Problem("environment.step", text, fix, "reward"))
    return float(array.reshape(()))


def ends(name: str, given: object, fix: str = _FIX) -> bool:
    """Whether a step ended the episode, as it says under `name`.

    Raises:
        LoopError: It is neither true nor false.
    """
    array = _array("environment.step", given, fix)
    if array.size != 1 or array.dtype.kind not in "biu" or array.reshape(()) not in (0, 1):
        text = f"gave a `{name}` that is neither true nor false, got {given}"
        raise LoopError(Problem("environment.step", text, fix, "flag"))
    return bool(array.reshape(()))


def _array(address: str, given: object, fix: str) -> np.ndarray:
    try:
        return np.asarray(given)
    except (ValueError, TypeError):
        text = f"is no array of numbers, got a {type(given).__name__} whose rows differ in length"
        raise LoopError(Problem(address, text, fix, "shape")) from None
