"""`Draw`: what stands in a config for numbers that are drawn, one for each unit, when its module is built."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from spark.core.errors import ArgumentError, ConfigError, Problem
from spark.core.names import suggestion

# Of how many numbers the median is taken where a distribution does not say its own: odd, so that it is one of them.
_SAMPLE = 10_001
_UNREAD = "a parameter that is drawn for each unit has no number in the config that a step reads"


class Draw:
    """What a parameter of units may be beside a number and an array: see `spark.Quantity`.

    Class attributes:
        kinds: Every class of draws by its name.
        tag: Under which name plain data says of which kind it is.
    """

    kinds: ClassVar[dict[str, Any]] = {}
    tag: ClassVar[str] = "initializer"

    def values(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers of its distribution, float64 of this shape."""
        raise NotImplementedError

    def unfit(self) -> list[Problem]:
        """Why it is no draw of one number for each unit."""
        return []

    def median(self) -> float:
        """A number that half of its distribution lies below: here that of many numbers of one seed."""
        drawn = np.asarray(self.values(np.random.default_rng(0), (_SAMPLE,)), np.float64)
        return float(np.sort(drawn.reshape(-1))[drawn.size // 2])


class Unread(Draw):
    """What a step finds in its config where numbers are drawn: they belong to one seed, so it can be asked for none.

    Arithmetic with it, and orders, fail as those of any other object; a comparison and its truth would not.
    """

    # What has no equality has no hash; typeshed knows no way to say so.
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise TypeError(_UNREAD)

    def __bool__(self) -> bool:
        raise TypeError(_UNREAD)


def is_draw(value: Any) -> bool:
    """Whether it is a draw or the plain data of one."""
    return isinstance(value, Draw) or (isinstance(value, dict) and Draw.tag in value)


def require_numbers(address: str, values: Mapping[str, object]) -> None:
    """See that a method that computes with these fields of the config at `address` finds no draw in them.

    Raises:
        ArgumentError: One of them is drawn once the module is built.
    """
    text = "is drawn for each unit once it is built, got {}; expected one number, or one for each unit"
    fix = "Give a number, or take the config of the part of the built brain, which has the numbers"
    problems = [
        Problem(f"{address}.{name}", text.format(type(value).__name__), fix, "type")
        for name, value in values.items()
        if isinstance(value, Draw)
    ]
    if problems:
        raise ArgumentError(problems)


def draw_from_dict(data: Mapping[str, object]) -> Draw:
    """The draw that plain data with `Draw.tag` in it describes.

    Raises:
        ValueError: It is of no known kind.
    """
    name = str(data[Draw.tag])
    if name not in Draw.kinds:
        raise ValueError(f"{name!r} is no {Draw.tag}. {suggestion(name, Draw.kinds)}")
    return Draw.kinds[name](**{k: v for k, v in data.items() if k != Draw.tag})


def to_draw(value: Any) -> Draw:
    """A draw of one number for each unit, from itself or from its plain data.

    Raises:
        ValueError: It is of no known kind.
        ConfigError: It does not draw a number for each unit.
    """
    if isinstance(value, dict):
        value = draw_from_dict(value)
    problems = value.unfit()
    if problems:
        raise ConfigError(problems).under(type(value).__name__)
    return value
