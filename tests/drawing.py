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


def some(values: Iterable[Any], one_of: int, first: int = 0) -> list[Any]:
    """Entries of a table of near copies: one of so many in `make test`, from `first` on; all of them with the others.

    For tests that compile anew for each entry and look at code that most entries share.
    """
    return [
        pytest.param(value, marks=[] if number % one_of == first else pytest.mark.slow)
        for number, value in enumerate(values)
    ]
