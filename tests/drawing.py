"""How many examples a random test draws, and which entries of a table `make test` takes."""

from collections.abc import Iterable
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
