"""What an initializer is: a config that draws connections and numbers for them."""

import numbers
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from jax.typing import DTypeLike
from pydantic import BeforeValidator, WithJsonSchema

from spark.core.config import Config, field
from spark.core.draws import Draw, draw_from_dict
from spark.core.errors import ConfigError, Problem, in_short
from spark.core.values import Number
from spark.nn.initializers.scaling import Groups, scaled

# How many numbers are drawn at once, in 64 bits, on their way to the dtype that they are kept in.
AT_ONCE = 1 << 20

# Every initializer by the name of its class.
kinds = Draw.kinds


class Connections(NamedTuple):
    """A list of connections.

    Attributes:
        pre: Presynaptic unit of each, a whole number.
        post: Postsynaptic unit of each, a whole number.
        values: Number of each.
    """

    pre: np.ndarray
    post: np.ndarray
    values: np.ndarray


class AllPairs(NamedTuple):
    """Every pair of units is connected: a matrix of numbers, and no list unless one asks for it.

    Attributes:
        matrix: Number of each pair, shape (pre, post).
    """

    matrix: np.ndarray

    @property
    def pre(self) -> np.ndarray:
        """Presynaptic unit of each connection, int64 (connections,)."""
        return np.repeat(np.arange(self.matrix.shape[0]), self.matrix.shape[1])

    @property
    def post(self) -> np.ndarray:
        """Postsynaptic unit of each connection, int64 (connections,)."""
        return np.tile(np.arange(self.matrix.shape[1]), self.matrix.shape[0])

    @property
    def values(self) -> np.ndarray:
        """Number of each connection, (connections,), in the dtype of the matrix."""
        return self.matrix.reshape(-1)


class Initializer(Config, Draw):
    """Draws numbers: for connections between units, or one for each unit where it stands for a parameter of a pool.

    Every postsynaptic unit gets the same number of inputs, `round(density * pre)` of them, chosen without
    replacement: the number of connections does not depend on the seed.
    """

    tag = Draw.tag
    # Fields that are in the unit of the number that is drawn.
    in_unit: ClassVar[tuple[str, ...]] = ("total", "minimum", "maximum")
    # Whether each number that `draw` gives is drawn apart from the others, so that they may be drawn some at a time.
    # The class that writes `draw` says so; one that writes it anew and says nothing is asked for all at once.
    independent: ClassVar[bool] = False
    # Whether only the classes below it are for use: then nobody finds it by its name.
    is_base: ClassVar[bool] = False

    density: Number = field(1.0, above=0, most=1, description="Fraction of all possible connections that exist.")
    total: Number | None = field(
        None,
        description="If given, each unit's incoming values are scaled to this sum, in the unit of what is drawn, "
        "whatever the number of inputs.",
    )
    minimum: Number | None = field(
        None, description="Values below, once they are scaled, are raised to this; in their unit."
    )
    maximum: Number | None = field(
        None, description="Values above, once they are scaled, are lowered to this; in their unit."
    )

    def problems(self) -> list[Problem]:
        """Bounds in order."""
        if self.minimum is None or self.maximum is None or self.minimum <= self.maximum:
            return []
        text = f"must not be above maximum ({self.maximum:g}), got {self.minimum:g}"
        return [Problem("minimum", text, "Swap them, or leave one out", "bounds")]

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers of this distribution; subclasses write it.

        It is asked for all numbers at once, unless the class says `independent = True`.
        """
        raise NotImplementedError

    def middle(self) -> float:
        """The median of what `draw` gives; of many numbers, where the class that writes `draw` does not say it."""
        return super().median()

    def median(self) -> float:
        """The median of what is drawn, within the bounds."""
        return float(self._bounded(np.asarray(self.middle(), np.float64)))

    def values(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers within the bounds."""
        return self._bounded(self.draw(generator, shape))

    def unfit(self) -> list[Problem]:
        """Settings of connections mean nothing where there is a number for each unit."""
        text = "means nothing where a number for each unit is drawn, got {:g}"
        given = {"density": self.density != 1.0, "total": self.total is not None}
        return [Problem(n, text.format(vars(self)[n]), "Leave it out", "unused") for n, bad in given.items() if bad]

    def parts(self, generator: np.random.Generator, post: np.ndarray, units: int) -> Iterator[np.ndarray]:
        """Numbers within the bounds for a list of connections, some after the other.

        Memory for a few of them is used again and again, which also saves the time that new pages cost. All are
        drawn at once with `total`, to which the numbers of each unit add up, and where they are not `independent`.

        Args:
            generator: Draws.
            post: Postsynaptic unit of each connection.
            units: Number of postsynaptic units.

        Yields:
            The numbers of the next connections, float64.

        Raises:
            ConfigError: The numbers of a unit cannot be scaled to `total`.
        """
        if self.total is not None:
            yield self._scaled(self.draw(generator, (post.size,)), Groups.listed(post, units))
            return
        most = AT_ONCE if self.independent else post.size
        for first in range(0, post.size, max(most, 1)):
            yield self._bounded(self.draw(generator, (min(most, post.size - first),)))

    def incoming(self, pre: int) -> int:
        """How many of `pre` units each postsynaptic unit is connected with."""
        return max(1, round(self.density * pre))

    def expected_number(self, pre: int, post: int) -> int:
        """How many connections `connect` makes."""
        return self.incoming(pre) * post

    def connect(
        self, generator: np.random.Generator, pre: int, post: int, dtype: DTypeLike = np.float64
    ) -> Connections | AllPairs:
        """Draw the connections from `pre` units onto `post` units, some units at a time where numbers are independent.

        What is drawn is the same in every dtype, but for rounding; memory for more than the result is taken for few
        units only. Numbers that are not `independent` are drawn at once, (post, inputs of a unit).

        Raises:
            ConfigError: The numbers of a unit cannot be scaled to `total`, or the dtype cannot hold them.
        """
        incoming = self.incoming(pre)
        everything = incoming == pre
        values = np.empty((pre, post) if everything else (post, incoming), dtype)
        units = max(1, AT_ONCE // max(incoming, 1) if self.independent else post)
        for first in range(0, post, units):
            last = min(first + units, post)
            drawn = self.draw(generator, (last - first, incoming))
            groups = Groups.rows(drawn.shape, first)
            drawn = self._bounded(drawn) if self.total is None else self._scaled(drawn, groups)
            part = (slice(None), slice(first, last)) if everything else slice(first, last)
            values[part] = held(drawn.T if everything else drawn, dtype)
        if everything:
            return AllPairs(values)
        chosen = np.empty((post, incoming), np.int32)
        for unit in range(post):
            chosen[unit] = generator.permutation(pre)[:incoming]
        return Connections(chosen.reshape(-1), np.repeat(np.arange(post, dtype=np.int32), incoming), values.reshape(-1))

    def _bounded(self, values: np.ndarray) -> np.ndarray:
        if self.minimum is None and self.maximum is None:
            return values
        return np.clip(values, self.minimum, self.maximum)

    def _scaled(self, values: np.ndarray, groups: Groups) -> np.ndarray:
        assert self.total is not None
        return scaled(values, self.total, (self.minimum, self.maximum), groups)

    def to_dict(self) -> dict[str, object]:
        """Plain data with the kind of initializer."""
        return {"initializer": type(self).__name__, **super().to_dict()}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "draw" in vars(cls) and "independent" not in vars(cls):
            cls.independent = False
        if {"draw", "values"} & vars(cls).keys() and "middle" not in vars(cls):
            cls.middle = Initializer.middle
        if not vars(cls).get("is_base", False):
            kinds[cls.__name__] = cls


def held(values: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    """The numbers in the dtype that they are kept in.

    Raises:
        ConfigError: It has no room for one of them.
    """
    with np.errstate(over="ignore"):
        cast = values.astype(dtype, copy=False)
    bad = ~np.isfinite(cast) & np.isfinite(values)
    if bad.any():
        text = f"makes numbers that {np.dtype(dtype)} cannot hold, got {values[bad][0]:g}"
        raise ConfigError(Problem("", text, "Store them in float32, or make them smaller", "bounds"))
    return cast


def to_initializer(value: Any) -> "Initializer":
    """An initializer from itself, from its plain data, from a number, or from an array.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(value, Initializer):
        return value
    if isinstance(value, dict) and Draw.tag in value:
        made = draw_from_dict(value)
        # Every class that is known by a name here is one.
        assert isinstance(made, Initializer)
        return made
    if isinstance(value, (bool, str, dict)) or value is None:
        raise ValueError(f"expected an initializer, a number or an array, got {in_short(value)}")
    if isinstance(value, numbers.Real) or (hasattr(value, "dtype") and np.ndim(value) == 0):
        return kinds["ConstantInitializer"](value=float(value))
    return kinds["ArrayInitializer"](array=value)


AnyInitializer = Annotated[
    Any, BeforeValidator(to_initializer), WithJsonSchema({"type": "object", "title": "Initializer"})
]
