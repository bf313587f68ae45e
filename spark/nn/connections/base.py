"""What a connectivity is: a config that draws which units are connected, with memory that follows their number."""

import math
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import BeforeValidator, WithJsonSchema

from spark.core.config import Config
from spark.core.errors import in_short
from spark.core.names import suggestion

# Every connectivity by the name of its class.
kinds: dict[str, Any] = {}


class ConnectionList(NamedTuple):
    """Connections in compressed rows, one for each presynaptic unit.

    Attributes:
        starts: int64 (pre + 1,): unit j connects to `post[starts[j]:starts[j + 1]]`.
        post: int32 (connections,), ascending within each row.
        values: Weights that the connectivity brings, (connections,), or None.
    """

    starts: np.ndarray
    post: np.ndarray
    values: np.ndarray | None = None


class Connectivity(Config):
    """Draws connections between two pools. Flat indices run over a pool's shape in row-major order."""

    tag = "connectivity"

    def draw(
        self, generator: np.random.Generator, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> ConnectionList:
        """The connections from a pool of `pre_shape` onto one of `post_shape`; subclasses write it."""
        raise NotImplementedError

    def expected_number(self, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]) -> int:
        """About how many connections `draw` makes, so that nobody builds by mistake what no memory holds."""
        pre, post = sizes(pre_shape, post_shape)
        return pre * post

    def to_dict(self) -> dict[str, object]:
        """Plain data with the kind of connectivity."""
        return {"connectivity": type(self).__name__, **super().to_dict()}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        kinds[cls.__name__] = cls


def sizes(pre_shape: tuple[int, ...], post_shape: tuple[int, ...]) -> tuple[int, int]:
    """Numbers of units of two pools."""
    return math.prod(pre_shape), math.prod(post_shape)


def from_counts(counts: np.ndarray) -> np.ndarray:
    """Row starts, int64, from the number of connections of each unit."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


def ascending(found: ConnectionList) -> ConnectionList:
    """The same connections with the targets of each row in ascending order, and those onto one target in theirs."""
    descents = np.flatnonzero(found.post[1:] < found.post[:-1]) + 1
    # Where a row begins nothing need ascend.
    if np.isin(descents, found.starts).all():
        return found
    rows = np.repeat(np.arange(found.starts.size - 1), np.diff(found.starts))
    order = np.lexsort((found.post, rows))
    return ConnectionList(found.starts, found.post[order], None if found.values is None else found.values[order])


_SHORT = {"one_to_one": "OneToOne", "all_to_all": "AllToAll"}


def _to_connectivity(value: object) -> "Connectivity":
    if isinstance(value, Connectivity):
        return value
    if isinstance(value, dict) and "connectivity" in value:
        name = str(value["connectivity"])
        if name not in kinds:
            # A file names no module to import: one of the user's own is known only once it was imported.
            fix = "Import the module that defines it, if it is your own, before you open what names it"
            close = suggestion(name, kinds)
            close = close if close.endswith("?") else f"{close}."
            raise ValueError(f"{name!r} is no connectivity that is known here. {close} {fix}")
        return kinds[name](**{k: v for k, v in value.items() if k != "connectivity"})
    if isinstance(value, str):
        if value not in _SHORT:
            raise ValueError(f"{value!r} is no connectivity. {suggestion(value, _SHORT)}")
        return kinds[_SHORT[value]]()
    if hasattr(value, "tocsr") or hasattr(value, "__array__") or isinstance(value, list | tuple):
        return kinds["FromMatrix"](matrix=value)
    expected = "a connectivity such as FixedProbability(...), 'one_to_one', 'all_to_all' or a matrix"
    raise ValueError(f"expected {expected}, got {in_short(value)}")


AnyConnectivity = Annotated[
    Any, BeforeValidator(_to_connectivity), WithJsonSchema({"type": "object", "title": "Connectivity"})
]
