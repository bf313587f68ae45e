"""What an initializer is: a config that draws connections and numbers for them."""

import numbers
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import BeforeValidator, WithJsonSchema

from spark.core.config import Config, field
from spark.core.errors import Problem
from spark.core.names import suggestion
from spark.core.values import Number
from spark.nn.initializers.scaling import Groups, scaled

# Every initializer by the name of its class.
kinds: dict[str, Any] = {}


class Connections(NamedTuple):
    """A list of connections.

    Attributes:
        pre: Presynaptic unit of each, int64.
        post: Postsynaptic unit of each, int64.
        values: Number of each, float64.
        dense: Whether every pair is there, in the order (pre, post).
    """

    pre: np.ndarray
    post: np.ndarray
    values: np.ndarray
    dense: bool


class Initializer(Config):
    """Draws numbers for connections between units.

    Every postsynaptic unit gets the same number of inputs, `round(density * pre)` of them, chosen without
    replacement: the number of connections does not depend on the seed.
    """

    tag = "initializer"
    # Fields that are in the unit of the number that is drawn.
    in_unit: ClassVar[tuple[str, ...]] = ("total", "minimum", "maximum")

    density: Number = field(1.0, above=0, most=1, description="Fraction of all possible connections that exist.")
    total: Number | None = field(
        None,
        description="If given, each unit's incoming values are scaled to this sum, whatever the number of inputs.",
    )
    minimum: Number | None = field(None, description="Values below, once they are scaled, are raised to this.")
    maximum: Number | None = field(None, description="Values above, once they are scaled, are lowered to this.")

    def problems(self) -> list[Problem]:
        """Bounds in order."""
        if self.minimum is None or self.maximum is None or self.minimum <= self.maximum:
            return []
        text = f"must not be above maximum ({self.maximum:g}), got {self.minimum:g}"
        return [Problem("minimum", text, "Swap them, or leave one out", "bounds")]

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers of this distribution; subclasses write it."""
        raise NotImplementedError

    def values(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers within the bounds."""
        return self._bounded(self.draw(generator, shape))

    def listed(self, generator: np.random.Generator, post: np.ndarray, units: int) -> np.ndarray:
        """Numbers within the bounds for a list of connections; with `total`, those of each unit add up to it.

        Args:
            generator: Draws.
            post: Postsynaptic unit of each connection.
            units: Number of postsynaptic units.

        Raises:
            ConfigError: The numbers of a unit cannot be scaled to `total`.
        """
        drawn = self.draw(generator, (post.size,))
        return self._bounded(drawn) if self.total is None else self._scaled(drawn, Groups.listed(post, units))

    def incoming(self, pre: int) -> int:
        """How many of `pre` units each postsynaptic unit is connected with."""
        return max(1, round(self.density * pre))

    def connect(self, generator: np.random.Generator, pre: int, post: int) -> Connections:
        """Draw the connections from `pre` units onto `post` units.

        Raises:
            ConfigError: The numbers of a unit cannot be scaled to `total`.
        """
        incoming = self.incoming(pre)
        values = self.draw(generator, (post, incoming))
        values = self._bounded(values) if self.total is None else self._scaled(values, Groups.rows(values.shape))
        if incoming == pre:
            return Connections(np.repeat(np.arange(pre), post), np.tile(np.arange(post), pre), values.T.ravel(), True)
        chosen = np.stack([generator.permutation(pre)[:incoming] for _ in range(post)])
        return Connections(chosen.ravel(), np.repeat(np.arange(post), incoming), values.ravel(), False)

    def _bounded(self, values: np.ndarray) -> np.ndarray:
        if self.minimum is None and self.maximum is None:
            return values
        return np.clip(values, self.minimum, self.maximum)

    def _scaled(self, values: np.ndarray, groups: Groups) -> np.ndarray:
        assert self.total is not None
        return scaled(values, self.total, (self.minimum, self.maximum), groups)

    def to_dict(self) -> dict[str, Any]:
        """Plain data with the kind of initializer."""
        return {"initializer": type(self).__name__, **super().to_dict()}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        kinds[cls.__name__] = cls


def to_initializer(value: Any) -> Any:
    """An initializer from itself, from its plain data, from a number, or from an array.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(value, Initializer):
        return value
    if isinstance(value, dict) and "initializer" in value:
        name = str(value["initializer"])
        if name not in kinds:
            raise ValueError(f"{name!r} is no initializer. {suggestion(name, kinds)}")
        return kinds[name](**{k: v for k, v in value.items() if k != "initializer"})
    if isinstance(value, (bool, str, dict)) or value is None:
        raise ValueError(f"expected an initializer, a number or an array, got {value!r}")
    if isinstance(value, numbers.Real) or (hasattr(value, "dtype") and np.ndim(value) == 0):
        return kinds["ConstantInitializer"](value=float(value))
    return kinds["ArrayInitializer"](array=value)


AnyInitializer = Annotated[
    Any, BeforeValidator(to_initializer), WithJsonSchema({"type": "object", "title": "Initializer"})
]
