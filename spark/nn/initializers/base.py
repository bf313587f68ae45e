"""What an initializer is: a config that draws connections and numbers for them."""

from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import BeforeValidator, WithJsonSchema

from spark.core.config import Config, field
from spark.core.names import suggestion
from spark.core.values import Number

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

    # Fields that are in the unit of the number that is drawn.
    in_unit: ClassVar[tuple[str, ...]] = ("total", "minimum", "maximum")

    density: Number = field(1.0, above=0, most=1, description="Fraction of all possible connections that exist.")
    total: Number | None = field(
        None,
        description="If given, each unit's incoming values are scaled to this sum, whatever the number of inputs.",
    )
    minimum: Number | None = field(None, description="Values below are raised to this.")
    maximum: Number | None = field(None, description="Values above are lowered to this.")

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers of this distribution; subclasses write it."""
        raise NotImplementedError

    def values(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers within the bounds."""
        drawn = self.draw(generator, shape)
        if self.minimum is not None or self.maximum is not None:
            drawn = np.clip(drawn, self.minimum, self.maximum)
        return drawn

    def connect(self, generator: np.random.Generator, pre: int, post: int) -> Connections:
        """Draw the connections from `pre` units onto `post` units."""
        incoming = max(1, round(self.density * pre))
        values = self.values(generator, (post, incoming))
        if self.total is not None:
            values = values * (self.total / values.sum(axis=1, keepdims=True))
        if incoming == pre:
            return Connections(np.repeat(np.arange(pre), post), np.tile(np.arange(post), pre), values.T.ravel(), True)
        chosen = np.stack([generator.permutation(pre)[:incoming] for _ in range(post)])
        return Connections(chosen.ravel(), np.repeat(np.arange(post), incoming), values.ravel(), False)

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
    if isinstance(value, (int, float)):
        return kinds["ConstantInitializer"](value=float(value))
    return kinds["ArrayInitializer"](array=value)


AnyInitializer = Annotated[
    Any, BeforeValidator(to_initializer), WithJsonSchema({"type": "object", "title": "Initializer"})
]
