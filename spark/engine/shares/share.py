"""What a share of a pool's units keeps of a module's arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spark.core.errors import ModuleError, Problem
from spark.core.ring import Ring
from spark.core.variable import Constant, RandomKey, Variable


@dataclass(frozen=True)
class Kept:
    """Which elements of an array a part keeps: `array.reshape(view)[at]`."""

    view: tuple[int, ...]
    at: tuple[Any, ...] = ()

    def take(self, whole: np.ndarray) -> np.ndarray:
        """The part's elements."""
        return np.ascontiguousarray(whole.reshape(self.view)[self.at])

    def put(self, whole: np.ndarray, part: np.ndarray) -> None:
        """Write the part's elements into the whole array, which must be contiguous."""
        whole.reshape(self.view)[self.at] = part[: len(self.at[0])] if self.is_list else part

    @property
    def is_list(self) -> bool:
        """Whether the elements are listed by number, so that shares may keep different numbers of them."""
        return len(self.at) == 1 and isinstance(self.at[0], np.ndarray)


@dataclass(frozen=True)
class Share:
    """Units `first` up to, not including, `last` of the `total` units of a pool, counted in the flattened pool."""

    first: int
    last: int
    total: int

    @property
    def count(self) -> int:
        """Number of units."""
        return self.last - self.first

    @property
    def units(self) -> Kept:
        """The share of an array with one element for each unit."""
        return Kept((self.total,), (slice(self.first, self.last),))

    def columns(self, rows: int) -> Kept:
        """The share of an array of `rows` rows with one element for each unit."""
        return Kept((rows, self.total), (slice(None), slice(self.first, self.last)))


@dataclass(frozen=True)
class Cut:
    """What a share of a module's units keeps; variables and constants that are not named stay whole.

    Attributes:
        kept: Elements that are kept, by name of the variable or constant.
        constants: Constants that are made anew for the share.
        attributes: Plain attributes that have another value in the share, such as `units`.
        fill: Constants and variables that are lists of connections, and a number that, behind the list's end, has no
            effect. Shares' lists are made equally long with it: equal shapes need not be copied in a step.
    """

    kept: Mapping[str, Kept] = field(default_factory=dict)
    constants: Mapping[str, np.ndarray] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    fill: Mapping[str, int] = field(default_factory=dict)


def cut_every_array(address: str, attributes: Mapping[str, Any], share: Share) -> Cut:
    """The cut of a module whose variables and constants say along which axis its units lie.

    A single number is everybody's; of a `Ring` each row is as other arrays are.

    Args:
        address: Names the module in errors.
        attributes: Of the module, by name.
        share: Which units.

    Raises:
        ModuleError: An array has another size.
    """
    kept, problems = {}, []
    for name, held in attributes.items():
        if not isinstance(held, (Variable, Constant)) or isinstance(held, RandomKey) or held.shape == ():
            continue
        if held.unit_axis is None:
            continue
        axis = held.unit_axis + isinstance(held, Ring)
        if len(held.shape) > axis and int(np.prod(held.shape[axis:])) == share.total:
            rows = int(np.prod(held.shape[:axis]))
            kept[name] = share.columns(rows) if axis else share.units
            continue
        problems.append(
            Problem(
                f"{address}.{name}",
                f"cannot be cut by unit, got shape {held.shape}; expected one element for each of {share.total} units",
                "Say `unit_axis=1` where the units lie along the second axis, `unit_axis=None` of what all units share",
                "cut",
            )
        )
    if problems:
        raise ModuleError(problems)
    return Cut(kept)
