"""What a connectivity of an author's own draws is held to its promise before a kernel reads it."""

from typing import Any

import numpy as np
import pytest
from builders import prepared, refused, spikes

from spark import ConfigError, merge, split
from spark.nn.connection_table import connection_table
from spark.nn.connections import ConnectionList, Connectivity
from spark.nn.connections.base import ascending
from spark.nn.neurons import DeltaLIFNeuron

ORIGINS, UNITS = 50, 40
STARTS, POST = np.arange(ORIGINS + 1), np.full(ORIGINS, 3, np.int32)


class Given(Connectivity):
    """Draws the list that it was given."""

    starts: Any
    post: Any
    weights: Any = None

    def draw(
        self, generator: np.random.Generator, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> ConnectionList:
        return ConnectionList(self.starts, self.post, self.weights)


def build(starts: Any = STARTS, post: Any = POST, weights: Any = None) -> int:
    """Number of the connections of a pool that is made of this list."""
    connections = Given(starts=starts, post=post, weights=weights)
    pool = DeltaLIFNeuron(units=(UNITS,), excitatory__connections=connections)
    prepared(pool, excitation=spikes(np.zeros(ORIGINS)))
    return len(connection_table(merge(*split(pool)), "excitation"))


def with_one(array: np.ndarray, place: int, value: float) -> np.ndarray:
    changed = array.copy()
    changed[place] = value
    return changed


WEIGHTS = np.ones(ORIGINS, np.float32)
UNSOUND = {
    "target beyond the pool": (
        {"post": np.full(ORIGINS, 41, np.int32)},
        "a target that there is not, got unit 41; expected units from 0 to 39",
    ),
    "target below 0": (
        {"post": with_one(POST, 7, -1)},
        "a target that there is not, got unit -1; expected units from 0 to 39",
    ),
    "fractions as targets": (
        {"post": POST + 0.5},
        "targets that are no list, got float64 of shape (50,); expected a row of whole numbers",
    ),
    "a row missing": (
        {"starts": STARTS[:-1]},
        "starts of rows that do not fit, got int64 of shape (50,); "
        "expected 51 whole numbers, one more than there are origins",
    ),
    "connections in no row": (
        {"starts": with_one(STARTS, -1, 49)},
        "starts of rows from 0 to 49; expected them to go from 0 to 50, the number of connections",
    ),
    "rows that descend": (
        {"starts": with_one(STARTS, 10, 60)},
        "starts of rows that descend, got 11 after 60; expected ascending ones",
    ),
    "a weight missing": (
        {"weights": WEIGHTS[1:]},
        "weights that do not fit, got float32 of shape (49,); expected 50 numbers, one for each connection",
    ),
    "a weight that is no number": (
        {"weights": with_one(WEIGHTS, 4, np.nan)},
        "a weight that is no number, got nan; expected finite ones",
    ),
}


@pytest.mark.parametrize(("drawn", "text"), UNSOUND.values(), ids=UNSOUND)
def test_an_unsound_list_of_connections_is_refused_by_name(drawn: dict[str, Any], text: str) -> None:
    with refused(ConfigError, f"excitatory.config.connections: drew {text}. Mend `draw` of Given"):
        build(**drawn)


def test_a_sound_list_is_taken() -> None:
    assert build() == ORIGINS
    assert build(weights=WEIGHTS) == ORIGINS
    assert build(starts=np.zeros(ORIGINS + 1, np.int64), post=np.zeros(0, np.int32)) == 0


def test_targets_ascend_within_a_row_in_whatever_order_they_were_drawn():
    """Two onto one target stay in their order, and each weight stays with its connection."""
    starts, post = np.array([0, 4, 4, 6]), np.array([3, 1, 3, 0, 2, 0], np.int32)
    found = ascending(ConnectionList(starts, post, np.arange(6.0)))
    assert found.post.tolist() == [0, 1, 3, 3, 0, 2] and found.starts is starts
    assert found.values is not None and found.values.tolist() == [3.0, 1.0, 0.0, 2.0, 5.0, 4.0]
    again = ascending(found)
    assert again is found, "what ascends is left as it is"


def test_a_pool_has_a_row_that_was_drawn_in_another_order_ascending():
    starts, post = np.arange(ORIGINS + 1) * 3, np.tile([9, 2, 5], ORIGINS)
    pool = DeltaLIFNeuron(units=(UNITS,), excitatory__connections=Given(starts=starts, post=post))
    prepared(pool, excitation=spikes(np.zeros(ORIGINS)))
    table = connection_table(merge(*split(pool)), "excitation")
    assert table.targets[:6].tolist() == [2, 5, 9, 2, 5, 9]


class Matrix(Connectivity):
    """Draws a matrix."""

    def draw(self, generator: Any, pre_shape: Any, post_shape: Any) -> Any:
        return np.ones((UNITS, ORIGINS))


class Pairs(Connectivity):
    """Draws pairs."""

    def draw(self, generator: Any, pre_shape: Any, post_shape: Any) -> Any:
        return [(0, 1)]


class Silent(Connectivity):
    """Draws nothing."""


class Short(Connectivity):
    """Takes one shape."""

    def draw(self, generator: Any, shape: Any) -> Any:  # type: ignore[override]
        return None


@pytest.mark.parametrize(
    ("connectivity", "text"),
    [
        (
            Matrix(),
            "drew no ConnectionList, got ndarray; expected ConnectionList(starts, post, values). Mend `draw` of "
            "Matrix: return `FromMatrix(matrix=...).draw(generator, pre_shape, post_shape)`",
        ),
        (
            Pairs(),
            "drew no ConnectionList, got list; expected ConnectionList(starts, post, values). Mend `draw` of Pairs",
        ),
        (
            Silent(),
            "Silent does not say which connections there are, got no `draw`. "
            "Write `draw(self, generator, pre_shape, post_shape)`",
        ),
        (
            Short(),
            "Short does not take what it is given, got ['generator', 'shape']; expected "
            "['generator', 'pre_shape', 'post_shape']. Write `draw(self, generator, pre_shape, post_shape)`",
        ),
    ],
)
def test_what_is_no_list_of_connections_is_refused(connectivity: Connectivity, text: str) -> None:
    with refused(ConfigError, f"excitatory.config.connections: {text}"):
        pool = DeltaLIFNeuron(units=(UNITS,), excitatory__connections=connectivity)
        prepared(pool, excitation=spikes(np.zeros(ORIGINS)))


def test_lists_of_python_are_as_good_as_arrays() -> None:
    assert build(STARTS.tolist(), POST.tolist(), WEIGHTS.tolist()) == ORIGINS
