"""Connections by chance, drawn in time and memory that follow their number."""

import math

import numpy as np

from spark.core.config import field
from spark.core.errors import ConfigError, Problem
from spark.core.values import Number, Whole
from spark.nn.connections.base import ConnectionList, Connectivity, from_counts, sizes
from spark.nn.connections.choice import bernoulli_rows, distinct_rows, sorted_rows, without_self


class FixedProbability(Connectivity):
    """Every pair is connected with the same probability, independently."""

    probability: Number = field(0.1, least=0, most=1, description="Probability of each connection.")
    self_connections: bool = field(
        True, description="Whether unit i may connect to unit i; for a pool wired to itself."
    )

    def expected_number(self, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]) -> int:
        """That share of all pairs."""
        pre, post = sizes(pre_shape, post_shape)
        return round(pre * post * self.probability)

    def draw(
        self, generator: np.random.Generator, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> ConnectionList:
        """One look at each connection there is: the pairs passed over between two have a geometric distribution."""
        pre, post = sizes(pre_shape, post_shape)
        choices = np.full(pre, post)
        if not self.self_connections:
            choices[: min(pre, post)] -= 1
        return without_self(bernoulli_rows(generator, self.probability, choices), choices < post)


class FixedOutDegree(Connectivity):
    """Every presynaptic unit has as many targets."""

    degree: Whole = field(description="Connections of each presynaptic unit.")
    multapses: bool = field(False, description="Whether a pair may be connected more than once.")
    self_connections: bool = field(
        True, description="Whether unit i may connect to unit i; for a pool wired to itself."
    )

    def expected_number(self, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]) -> int:
        """As many for each presynaptic unit."""
        return sizes(pre_shape, post_shape)[0] * self.degree

    def draw(
        self, generator: np.random.Generator, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> ConnectionList:
        """The same number of targets for each unit.

        Raises:
            ConfigError: More targets than units, without multapses.
        """
        pre, post = sizes(pre_shape, post_shape)
        return _fixed(generator, pre, post, self.degree, self.multapses, self.self_connections)


class FixedInDegree(Connectivity):
    """Every postsynaptic unit has as many inputs."""

    degree: Whole = field(description="Connections onto each postsynaptic unit.")
    multapses: bool = field(False, description="Whether a pair may be connected more than once.")
    self_connections: bool = field(
        True, description="Whether unit i may connect to unit i; for a pool wired to itself."
    )

    def expected_number(self, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]) -> int:
        """As many for each postsynaptic unit."""
        return sizes(pre_shape, post_shape)[1] * self.degree

    def draw(
        self, generator: np.random.Generator, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> ConnectionList:
        """The same number of inputs for each unit.

        Raises:
            ConfigError: More inputs than units, without multapses.
        """
        pre, post = sizes(pre_shape, post_shape)
        found = _fixed(generator, post, pre, self.degree, self.multapses, self.self_connections)
        targets = np.repeat(np.arange(post), np.diff(found.starts))
        return sorted_rows(found.post, targets, pre, post)


class FixedTotalNumber(Connectivity):
    """So many connections in all; both ends of each are drawn anew, so a pair may be connected more than once."""

    number: Whole = field(least=0, description="Connections in all.")

    def expected_number(self, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]) -> int:
        """As many as asked for."""
        return self.number

    def draw(
        self, generator: np.random.Generator, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> ConnectionList:
        """Multinomial numbers of targets, and targets drawn with replacement."""
        pre, post = sizes(pre_shape, post_shape)
        counts = np.bincount(generator.integers(0, pre, self.number, dtype=np.int32), minlength=pre)
        targets = generator.integers(0, post, self.number, dtype=np.int32)
        starts = from_counts(counts)
        for begin, end in zip(starts[:-1], starts[1:], strict=True):
            targets[begin:end].sort()
        return ConnectionList(starts, targets)


class AtLeastOnce(Connectivity):
    """So many connections in all that a pair is connected at least once with a probability; otherwise at random.

    There are ln(1 - probability) / ln(1 - 1 / (pre post)) of them, drawn as those of `FixedTotalNumber`.

    Source: Potjans & Diesmann 2014, doi:10.1093/cercor/bhs358, equation 1.
    """

    probability: Number = field(
        0.1, least=0, below=1, description="Probability that a pair is connected, once or more."
    )

    def expected_number(self, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]) -> int:
        """As many as follow from the probability and the numbers of units."""
        pre, post = sizes(pre_shape, post_shape)
        if pre * post <= 1:
            return pre * post * round(self.probability)
        return round(math.log1p(-self.probability) / math.log1p(-1.0 / (pre * post)))

    def draw(
        self, generator: np.random.Generator, pre_shape: tuple[int, ...], post_shape: tuple[int, ...]
    ) -> ConnectionList:
        """As of `FixedTotalNumber`."""
        number = self.expected_number(pre_shape, post_shape)
        return FixedTotalNumber(number=number).draw(generator, pre_shape, post_shape)


def _fixed(
    generator: np.random.Generator, rows: int, columns: int, degree: int, multapses: bool, own: bool
) -> ConnectionList:
    choices = np.full(rows, columns)
    if not own:
        choices[: min(rows, columns)] -= 1
    least = int(choices.min(initial=columns))
    if degree < 0 or (degree > least and not multapses) or (degree > 0 and least == 0):
        raise ConfigError(
            Problem(
                "connections.degree",
                f"must be at least 0 and at most the number of units to choose from, got {degree}; "
                f"expected at most {least}",
                "Lower it, or allow `multapses`",
                "bounds",
            )
        )
    counts = np.full(rows, degree)
    if multapses:
        drawn = generator.integers(0, np.repeat(choices, counts), dtype=np.int64).astype(np.int32)
        found = sorted_rows(np.repeat(np.arange(rows), counts), drawn, rows, columns)
    else:
        found = distinct_rows(generator, counts, choices)
    return without_self(found, choices < columns)
