"""How many examples a random test draws, and which entries of a table `make test` takes."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings

# What the profile of `make test` draws of a test that does not say; a thorough one draws more.
USUAL = 20


def examples(quick: int, thorough: int) -> settings:
    """For a test whose every example compiles: few in `make test`, more in `make verify`."""
    return settings(max_examples=thorough if settings.default.max_examples > USUAL else quick)


def some(values: Iterable[Any], one_of: int, first: int = 0, thorough: int | None = None) -> list[Any]:
    """Entries of a table of near copies, for tests that compile anew for each and look at code that most share.

    `make test` takes one of `one_of`, from `first` on. With those that `make test-thorough` takes they are one of
    `thorough`, which divides `one_of`; without it there are no others. `make test-all` takes all of them.
    """

    def marks(number: int) -> Any:
        if number % one_of == first:
            return []
        return pytest.mark.thorough if thorough and number % thorough == first % thorough else pytest.mark.slow

    return [pytest.param(value, marks=marks(number)) for number, value in enumerate(values)]


@dataclass(frozen=True)
class Share:
    """One of so many shares of the files of tests, as `--share=2/4` says it.

    Attributes:
        number: Which, from 1 on.
        of: How many there are.
    """

    number: int
    of: int

    @classmethod
    def named(cls, text: str) -> "Share":
        """The share that `2/4` is: the second of four.

        Raises:
            ValueError: It is none of them.
        """
        number, of = map(int, text.split("/"))
        if not 1 <= number <= of:
            raise ValueError(text)
        return cls(number, of)

    def holds(self, file: str) -> bool:
        """Whether the file of this name is in it."""
        return zlib.crc32(file.encode()) % self.of == self.number - 1
