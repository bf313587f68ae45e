"""Connections without chance: one to one, all to all, and from a matrix."""

from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, WithJsonSchema

from spark.core.config import field
from spark.core.errors import ConfigError, Problem
from spark.core.values import to_times
from spark.nn.connections.base import ConnectionList, Connectivity, from_counts, sizes


class OneToOne(Connectivity):
    """Unit i onto unit i; both pools have as many units."""

    def expected_number(self, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]) -> int:
        """One for each unit."""
        return min(sizes(pre_shape, post_shape))

    def draw(
        self, generator: np.random.Generator, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> ConnectionList:
        """One connection for each unit.

        Raises:
            ConfigError: The pools differ in size.
        """
        pre, post = sizes(pre_shape, post_shape)
        if pre != post:
            raise ConfigError(
                Problem(
                    "connections",
                    f"connects unit by unit, but the pools differ in size, got {pre} and {post} units",
                    "Make the pools equal, or choose another connectivity",
                    "shape",
                )
            )
        return ConnectionList(np.arange(pre + 1), np.arange(pre, dtype=np.int32))


class AllToAll(Connectivity):
    """Every unit onto every unit."""

    self_connections: bool = field(True, description="Whether unit i connects to unit i; for a pool wired to itself.")

    def draw(
        self, generator: np.random.Generator, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> ConnectionList:
        """All pairs."""
        pre, post = sizes(pre_shape, post_shape)
        targets = np.tile(np.arange(post, dtype=np.int32), pre)
        counts = np.full(pre, post)
        if not self.self_connections:
            own = np.arange(min(pre, post))
            targets = np.delete(targets, own * post + own)
            counts[own] -= 1
        return ConnectionList(from_counts(counts), targets)


def _to_matrix(value: Any) -> object:
    """Compressed rows by postsynaptic unit as a dict of plain arrays, from a scipy matrix, an array or that dict."""
    # First: one kind of sparse matrices of scipy is a dict too.
    if hasattr(value, "tocoo"):
        found = value.tocoo()
        shape, post, pre, weights = found.shape, found.row, found.col, found.data
    elif isinstance(value, dict):
        missing = [name for name in ("shape", "post", "pre", "weights") if name not in value]
        if missing:
            raise ValueError(f"expected a matrix with shape, post, pre and weights, got none of {missing}")
        shape, post, pre, weights = (value[name] for name in ("shape", "post", "pre", "weights"))
    else:
        # Lists may hold anything, in rows of any length: what is wrong with them is said.
        dense = np.asarray(to_times(value) if isinstance(value, list | tuple) else value)
        if dense.ndim != 2:
            raise ValueError(f"expected a matrix (post, pre), got shape {dense.shape}")
        _numbers(dense)
        shape = dense.shape
        post, pre = np.nonzero(dense)
        weights = dense[post, pre]
    made = {
        "shape": tuple(int(n) for n in _whole("shape", shape)),
        "post": _whole("post", post),
        "pre": _whole("pre", pre),
        "weights": _numbers(np.asarray(weights)),
    }
    if len(made["shape"]) != 2 or not made["post"].shape == made["pre"].shape == made["weights"].shape:
        raise ValueError("expected as many rows as columns and weights")
    if not np.isfinite(made["weights"]).all():
        raise ValueError("expected finite weights, got NaN or infinity")
    for name, most in (("post", made["shape"][0]), ("pre", made["shape"][1])):
        if made[name].size and not (made[name].min() >= 0 and made[name].max() < most):
            raise ValueError(f"expected {name} from 0 to {most - 1}")
        made[name] = made[name].astype(np.int32)
    return Matrix(made)


def _numbers(values: np.ndarray) -> np.ndarray:
    """Weights as float64; an empty list has no type of its own."""
    if values.size and values.dtype.kind not in "biuf":
        raise ValueError(f"expected a matrix of numbers, got dtype {values.dtype}")
    return values.astype(np.float64)


def _whole(name: str, values: object) -> np.ndarray:
    """A list of whole numbers; an empty one has no type of its own."""
    listed = np.asarray(values)
    if listed.ndim != 1 or (listed.size and listed.dtype.kind not in "iu"):
        raise ValueError(f"expected {name} to be a list of whole numbers, got {listed.dtype} of shape {listed.shape}")
    return listed.astype(np.int64)


class Matrix(dict):
    """A sparse matrix (post, pre): `shape`, and aligned lists `post`, `pre`, `weights`."""

    def to_dict(self) -> dict[str, object]:
        """Plain data."""
        return {name: list(np.asarray(value).tolist()) for name, value in self.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matrix) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]


class FromMatrix(Connectivity):
    """Connections and weights from a matrix (post, pre): a scipy sparse matrix, or an array whose zeros are none.

    Explicit zeros of a sparse matrix are connections of weight zero; entries given twice are two connections.
    """

    matrix: Annotated[Any, BeforeValidator(_to_matrix), WithJsonSchema({"type": "object"})] = field(
        description="Weights, (post, pre)."
    )

    def expected_number(self, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]) -> int:
        """The matrix's entries."""
        return len(self.matrix["post"])

    def draw(
        self, generator: np.random.Generator, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> ConnectionList:
        """The matrix's entries.

        Raises:
            ConfigError: The matrix has another shape than the pools.
        """
        pre, post = sizes(pre_shape, post_shape)
        if self.matrix["shape"] != (post, pre):
            raise ConfigError(
                Problem(
                    "connections.matrix",
                    f"has the wrong shape, got {self.matrix['shape']}; expected {(post, pre)}: (post, pre)",
                    "Transpose it, or give one row for each unit of the pool",
                    "shape",
                )
            )
        order = np.lexsort((self.matrix["post"], self.matrix["pre"]))
        counts = np.bincount(self.matrix["pre"], minlength=pre)
        return ConnectionList(from_counts(counts), self.matrix["post"][order], self.matrix["weights"][order])
